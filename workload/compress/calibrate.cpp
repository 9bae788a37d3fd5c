#include "workload/compress/calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "support/error.h"
#include "workload/compress/prune.h"

namespace heddle::workload {
namespace {

class RangeVisitor : public FloatVisitor {
 public:
  explicit RangeVisitor(const Network& network) : network_(network) {
    result.tensors.resize(network.values().size());
    result.pre_activations.resize(network.layers().size());
  }

  void tensor(TensorId id, const FloatTensor& values) override {
    const auto index = static_cast<std::size_t>(id);
    include(values, result.tensors[index], network_.values()[index].name);
  }
  void pre_activation(int layer, const FloatTensor& values) override {
    const auto index = static_cast<std::size_t>(layer);
    include(values, result.pre_activations[index], network_.layers()[index].name);
  }

  Calibration result;

 private:
  void include(const FloatTensor& tensor, Range& range, const std::string& name) const {
    for (const float value : tensor.values) {
      if (!std::isfinite(value)) {
        throw InputError(
            network_.name(),
            fmt::format("calibration: the tensor \"{}\" holds {}, expected finite values", name, value));
      }
      range.low = std::min(range.low, value);
      range.high = std::max(range.high, value);
    }
  }

  const Network& network_;
};

}  // namespace

ParameterSource pruned_parameters(const Network& network, const Recipe& recipe, std::uint64_t seed) {
  return [source = parameter_source(network, seed), &network, &recipe](int index, Role role) {
    FloatTensor values = source(index, role);
    const Layer& layer = network.layers().at(static_cast<std::size_t>(index));
    const bool prunable = std::holds_alternative<Convolution>(layer.operation) ||
                          std::holds_alternative<Linear>(layer.operation);
    if (role != Role::weights || !prunable) return values;
    const Pruning pruning = recipe.of(layer.name).pruning;
    if (pruning.density) prune_to_density(values, *pruning.density);
    if (pruning.structured) prune_structured(values, *pruning.structured);
    return values;
  };
}

Calibration calibrate(const Network& network, const std::vector<std::map<TensorId, FloatTensor>>& samples,
                      const ParameterSource& parameters) {
  if (samples.empty()) throw std::invalid_argument("calibration without samples");
  RangeVisitor visitor(network);
  for (const auto& sample : samples) run_float(network, sample, parameters, &visitor);
  return std::move(visitor.result);
}

}  // namespace heddle::workload
