#include "app/on_chip.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <variant>

#include "support/error.h"
#include "workload/mac_shape.h"
#include "workload/reference/vector_ops.h"

namespace heddle::app {
namespace {

using workload::Layer;
using workload::Network;
using workload::Operand;
using workload::TensorId;

std::size_t index(TensorId tensor) { return static_cast<std::size_t>(tensor); }

/// One layer's word on one tensor.
struct Statement {
  const Layer* layer = nullptr;
  TensorId tensor = -1;
  bool on_chip = false;
  bool writes = false;  ///< the layer makes the tensor
};

class Statements {
 public:
  Statements(const Network& network, const workload::LiveRanges& live, std::string file)
      : network_(network), live_(live), file_(std::move(file)), same_(network.values().size()) {
    std::iota(same_.begin(), same_.end(), 0);
    for (const int each : live.order) {
      const Layer& layer = network.layers()[static_cast<std::size_t>(each)];
      if (moves_nothing(network, each)) same_[index(layer.output)] = same_[index(layer.inputs.front())];
    }
  }

  void add(const Layer& layer, const arch::LayerMapping* mapping) {
    if (mapping != nullptr) {
      add({&layer, layer.inputs.front(), mapping->on_chip[Operand::inputs], false});
      add({&layer, layer.output, mapping->on_chip[Operand::outputs], true});
    }
    if (std::holds_alternative<workload::MatMul>(layer.operation))
      add({&layer, layer.inputs.at(1), false, false});
  }

  std::map<TensorId, bool> result() {
    std::map<TensorId, bool> stated;
    for (TensorId tensor = 0; index(tensor) < same_.size(); ++tensor) {
      const auto found = first_.find(same_[index(tensor)]);
      if (found == first_.end()) continue;
      stated[tensor] = found->second.on_chip;
      if (found->second.on_chip) check_room(found->second, tensor);
    }
    if (!problems_.empty()) throw InputError(std::move(problems_));
    return stated;
  }

 private:
  void add(const Statement& statement) {
    const auto [first, is_new] = first_.try_emplace(same_[index(statement.tensor)], statement);
    if (is_new || first->second.on_chip == statement.on_chip) return;
    const bool keeps = statement.on_chip;
    disagree(keeps ? statement : first->second, keeps ? first->second : statement);
  }

  const Layer& layer_in(int step) const {
    return network_.layers()[static_cast<std::size_t>(live_.order[static_cast<std::size_t>(step)])];
  }
  std::string name_of(TensorId tensor) const { return network_.values()[index(tensor)].name; }

  void problem(const Statement& keeps, const std::string& message) {
    problems_.push_back({file_, 0, 0, "layer " + keeps.layer->name + ": on_chip", message});
  }

  void disagree(const Statement& keeps, const Statement& other) {
    const char* operand = keeps.writes ? "outputs" : "inputs";
    const char* at_other = other.writes ? "outputs" : "inputs";
    const bool as_weights = !other.writes && other.tensor != other.layer->inputs.front();
    problem(
        keeps,
        fmt::format("its {} are on chip, but layer {} {} the DRAM; expected {}", operand, other.layer->name,
                    as_weights     ? "reads them as its weights, which come from"
                    : other.writes ? "writes them to"
                                   : "reads them from",
                    as_weights ? fmt::format("no {} here", operand)
                               : fmt::format("on_chip: [{}] there too, or no {} here", at_other, operand)));
  }

  /// Every layer that runs while the tensor is needed must know of it.
  void check_room(const Statement& keeps, TensorId tensor) {
    const workload::LiveRange& range = live_.ranges[index(tensor)];
    for (int step = range.born; step <= range.dies; ++step) {
      const Layer& layer = layer_in(step);
      if (layer.output == tensor ||
          std::find(layer.inputs.begin(), layer.inputs.end(), tensor) != layer.inputs.end())
        continue;
      problem(keeps,
              fmt::format("tensor {} is needed until layer {} has run, and layer {}, which runs before "
                          "that, does not leave room for it; expected no {} here",
                          name_of(tensor), layer_in(range.dies).name, layer.name,
                          keeps.writes ? "outputs" : "inputs"));
      return;
    }
  }

  const Network& network_;
  const workload::LiveRanges& live_;
  const std::string file_;
  std::vector<TensorId> same_;           ///< by tensor: the one that it is in another shape, or itself
  std::map<TensorId, Statement> first_;  ///< what the first layer in the order of execution says
  std::vector<Problem> problems_;
};

}  // namespace

bool moves_nothing(const Network& network, int layer) {
  const Layer& which = network.layers()[static_cast<std::size_t>(layer)];
  return !workload::mac_shape(network, which) &&
         workload::VectorOp::without_constants(network, layer).operations() == 0;
}

std::map<TensorId, bool> stated_on_chip(const Network& network, const workload::LiveRanges& live,
                                        const std::map<std::string, arch::LayerMapping>& mappings,
                                        const std::string& file) {
  Statements statements(network, live, file);
  for (const int each : live.order) {
    const Layer& layer = network.layers()[static_cast<std::size_t>(each)];
    const auto mapping = mappings.find(layer.name);
    statements.add(layer, mapping == mappings.end() ? nullptr : &mapping->second);
  }
  return statements.result();
}

workload::PerOperand<bool> operands_on_chip(const Layer& layer, const TensorSet& on_chip) {
  workload::PerOperand<bool> result{};
  result[Operand::inputs] = on_chip.contains(layer.inputs.front());
  result[Operand::outputs] = on_chip.contains(layer.output);
  return result;
}

void place(arch::VectorLayer& layer, const TensorSet& on_chip) {
  for (arch::VectorLayer::Tensor& input : layer.inputs) input.on_chip = on_chip.contains(input.id);
  layer.output.on_chip = on_chip.contains(layer.output.id);
}

}  // namespace heddle::app
