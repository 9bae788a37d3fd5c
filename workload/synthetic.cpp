#include "workload/synthetic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "workload/random.h"

namespace heddle::workload {
namespace {

bool is_norm(const Operation& operation) {
  return std::holds_alternative<BatchNorm>(operation) || std::holds_alternative<LayerNorm>(operation);
}

std::string_view name(Role role) {
  switch (role) {
    case Role::weights:
      return "weights";
    case Role::bias:
      return "bias";
    case Role::extra:
      return "extra";
  }
  return "";
}

/// Products that one output sums up: the elements of one row of the weights.
double fan_in(const Layer& layer, const Parameter& parameter) {
  const Shape& shape = layer.weights ? layer.weights->shape : parameter.shape;
  if (shape.empty()) return 1;
  return static_cast<double>(element_count(shape) / shape[0]);
}

/// Leaves n of every m weights along the channels (axis 1), at random positions of the group; of a last group
/// that is shorter than m at most n.
void keep_structured(FloatTensor& weights, const StructuredSparsity& sparsity, std::uint64_t seed) {
  const Shape& shape = weights.shape;
  const std::int64_t channels = shape.size() < 2 ? 1 : shape[1];
  const std::int64_t taps = element_count(shape) / (shape.at(0) * channels);
  RandomStream positions(seed);
  for (std::int64_t row = 0; row < shape[0]; ++row) {
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      for (std::int64_t group = 0; group < channels; group += sparsity.m) {
        const std::int64_t size = std::min<std::int64_t>(sparsity.m, channels - group);
        std::int64_t wanted = std::min<std::int64_t>(sparsity.n, size);
        for (std::int64_t c = 0; c < size; ++c) {  // selection sampling, as in synthetic()
          if (static_cast<std::int64_t>(positions.below(static_cast<std::uint64_t>(size - c))) < wanted) {
            --wanted;
          } else {
            weights.values[static_cast<std::size_t>((row * channels + group + c) * taps + tap)] = 0;
          }
        }
      }
    }
  }
}

}  // namespace

FloatTensor synthetic(const Shape& shape, double density, Distribution distribution, double scale,
                      std::uint64_t seed) {
  if (!(density >= 0 && density <= 1)) {
    throw std::invalid_argument(fmt::format("a density of {}, expected 0 to 1", density));
  }
  if (!(scale > 0) || !std::isfinite(scale)) {
    throw std::invalid_argument(fmt::format("a scale of {}, expected a positive finite number", scale));
  }
  const auto count = static_cast<std::uint64_t>(element_count(shape));
  auto wanted = static_cast<std::uint64_t>(std::llround(density * static_cast<double>(count)));
  FloatTensor result{shape, std::vector<float>(count)};
  RandomStream positions(tensor_seed(seed, "", "positions"));
  RandomStream values(tensor_seed(seed, "", "values"));
  for (std::uint64_t i = 0; i < count && wanted > 0; ++i) {
    // Selection sampling (Knuth, TAOCP 3.4.2, algorithm S): every set of positions is equally likely.
    const std::uint64_t left = count - i;
    if (wanted < left && positions.below(left) >= wanted) continue;
    --wanted;
    const double p = values.uniform();
    const double value = distribution == Distribution::normal ? normal_quantile(p) : 2.0 * p - 1.0;
    result.values[i] = static_cast<float>(scale * value);
  }
  return result;
}

FloatTensor parameter_values(const Layer& layer, const Parameter& parameter, Role role, std::uint64_t seed) {
  if (parameter.values) return {parameter.shape, *parameter.values};
  const std::string& owner = parameter.tied_to.empty() ? layer.name : parameter.tied_to;
  const std::uint64_t own_seed = tensor_seed(seed, owner, name(role));
  if (is_norm(layer.operation) && role != Role::extra) {
    FloatTensor result = synthetic(parameter.shape, 1.0, Distribution::uniform, 0.1, own_seed);
    if (role == Role::weights) {
      for (float& value : result.values) value += 1.0F;
    }
    return result;
  }
  if (role != Role::weights) {
    return synthetic(parameter.shape, 1.0, Distribution::uniform, 1.0 / std::sqrt(fan_in(layer, parameter)),
                     own_seed);
  }
  const double deviation = std::sqrt(2.0 / fan_in(layer, parameter));
  const bool uniform = layer.distribution == Distribution::uniform;
  // A uniform distribution within [-a, a] has the standard deviation a / sqrt(3).
  const auto& structured = layer.density.structured;
  FloatTensor weights =
      synthetic(parameter.shape, structured ? 1.0 : layer.density.weights.value_or(1.0), layer.distribution,
                uniform ? deviation * std::sqrt(3.0) : deviation, own_seed);
  if (structured) keep_structured(weights, *structured, tensor_seed(own_seed, "", "groups"));
  return weights;
}

FloatTensor synthetic_input(const Network& network, TensorId input, std::uint64_t seed) {
  const Value& value = network.values().at(static_cast<std::size_t>(input));
  const std::uint64_t own_seed = tensor_seed(seed, value.name, "input");
  double density = 1.0;
  for (const int consumer : value.consumers) {
    const Layer& layer = network.layers()[static_cast<std::size_t>(consumer)];
    if (const auto* embedding = std::get_if<Embedding>(&layer.operation)) {
      FloatTensor indices{value.shape,
                          std::vector<float>(static_cast<std::size_t>(element_count(value.shape)))};
      RandomStream stream(own_seed);
      for (float& index : indices.values) {
        index = static_cast<float>(stream.below(static_cast<std::uint64_t>(embedding->rows)));
      }
      return indices;
    }
    if (layer.inputs[0] == input && layer.density.activations) {
      density = *layer.density.activations;
      break;
    }
  }
  return synthetic(value.shape, density, Distribution::normal, 1.0, own_seed);
}

}  // namespace heddle::workload
