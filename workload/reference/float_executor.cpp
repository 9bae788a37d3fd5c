#include "workload/reference/float_executor.h"

#include <fmt/format.h>

#include <stdexcept>

#include "workload/live_ranges.h"
#include "workload/reference/float_kernels.h"

namespace heddle::workload {
namespace {

const Layer& layer_at(const Network& network, int layer) {
  return network.layers().at(static_cast<std::size_t>(layer));
}

void check_shape(const std::string& what, const FloatTensor& tensor, const Shape& expected) {
  if (tensor.shape != expected ||
      static_cast<std::int64_t>(tensor.values.size()) != element_count(expected)) {
    throw std::invalid_argument(fmt::format("{} is {} with {} values, expected {}", what,
                                            to_string(tensor.shape), tensor.values.size(),
                                            to_string(expected)));
  }
}

}  // namespace

ParameterSource parameter_source(const Network& network, std::uint64_t seed) {
  return [&network, seed](int index, Role role) {
    const Layer& layer = layer_at(network, index);
    return parameter_values(layer, role == Role::weights ? layer.weights.value() : layer.bias.value(), role,
                            seed);
  };
}

FloatTensor float_layer(const Network& network, int index, const std::vector<const FloatTensor*>& inputs,
                        const ParameterSource& parameters) {
  const Layer& layer = layer_at(network, index);
  if (inputs.size() != layer.inputs.size()) {
    throw std::invalid_argument(
        fmt::format("{}: {} inputs, expected {}", layer.name, inputs.size(), layer.inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check_shape(fmt::format("{}: input {}", layer.name, i), *inputs[i], network.shape(layer.inputs[i]));
  }
  float_kernels::Operands operands{inputs, {}, {}, network.shape(layer.output)};
  if (layer.weights) operands.weights = parameters(index, Role::weights);
  if (layer.bias) operands.bias = parameters(index, Role::bias);
  return float_kernels::run(layer.operation, operands);
}

std::map<TensorId, FloatTensor> run_float(const Network& network, std::map<TensorId, FloatTensor> tensors,
                                          const ParameterSource& parameters, FloatVisitor* visitor) {
  for (const TensorId input : network.inputs()) {
    const std::string& name = network.values()[static_cast<std::size_t>(input)].name;
    const auto found = tensors.find(input);
    if (found == tensors.end())
      throw std::invalid_argument(fmt::format("no values for the input \"{}\"", name));
    check_shape(fmt::format("the input \"{}\"", name), found->second, network.shape(input));
    if (visitor != nullptr) visitor->tensor(input, found->second);
  }
  const LiveRanges live = live_ranges(network);
  for (int step = 0; step < static_cast<int>(live.order.size()); ++step) {
    const int index = live.order[static_cast<std::size_t>(step)];
    const Layer& layer = layer_at(network, index);
    std::vector<const FloatTensor*> inputs;
    for (const TensorId input : layer.inputs) inputs.push_back(&tensors.at(input));
    FloatTensor output = float_layer(network, index, inputs, parameters);
    if (layer.activation != Activation::none) {
      if (visitor != nullptr) visitor->pre_activation(index, output);
      for (float& value : output.values) value = apply(layer.activation, value);
    }
    if (visitor != nullptr) visitor->tensor(layer.output, output);
    tensors[layer.output] = std::move(output);
    for (const TensorId dead : live.dead_after(step)) tensors.erase(dead);
  }
  std::map<TensorId, FloatTensor> result;
  for (const TensorId output : network.outputs()) result[output] = std::move(tensors.at(output));
  return result;
}

std::map<TensorId, FloatTensor> synthetic_inputs(const Network& network, std::uint64_t seed) {
  std::map<TensorId, FloatTensor> result;
  for (const TensorId input : network.inputs()) result[input] = synthetic_input(network, input, seed);
  return result;
}

}  // namespace heddle::workload
