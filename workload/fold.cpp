#include "workload/fold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "support/error.h"
#include "workload/synthetic.h"

namespace heddle::workload {
namespace {

bool is_mac(const Operation& operation) {
  return std::holds_alternative<Convolution>(operation) || std::holds_alternative<Linear>(operation) ||
         std::holds_alternative<MatMul>(operation);
}

/// Its channels are the indices of axis 0 of the weights.
bool takes_batch_norm(const Network& network, const Layer& layer) {
  if (layer.activation != Activation::none) return false;
  if (std::holds_alternative<Convolution>(layer.operation)) return true;
  return std::holds_alternative<Linear>(layer.operation) && network.shape(layer.output).size() == 2;
}

bool takes_activation(const Layer& layer) {
  return layer.activation == Activation::none &&
         (is_mac(layer.operation) || std::holds_alternative<Add>(layer.operation) ||
          std::holds_alternative<BatchNorm>(layer.operation));
}

Parameter with_values(std::vector<float> values, const Shape& shape) {
  return {.shape = shape, .values = std::make_shared<const std::vector<float>>(std::move(values))};
}

void fold_batch_norm(Layer& layer, const Layer& norm, std::uint64_t seed) {
  const std::vector<float> scale = parameter_values(norm, *norm.weights, Role::weights, seed).values;
  const std::vector<float> shift = parameter_values(norm, *norm.bias, Role::bias, seed).values;
  std::vector<float> weights = parameter_values(layer, *layer.weights, Role::weights, seed).values;
  std::vector<float> bias(scale.size(), 0.0F);
  if (layer.bias) bias = parameter_values(layer, *layer.bias, Role::bias, seed).values;

  const std::size_t row = weights.size() / scale.size();
  for (std::size_t m = 0; m < scale.size(); ++m) {
    for (std::size_t i = m * row; i < (m + 1) * row; ++i) weights[i] *= scale[m];
    bias[m] = static_cast<float>(static_cast<double>(scale[m]) * bias[m] + shift[m]);
  }
  const auto finite = [](float value) { return std::isfinite(value); };
  if (!std::all_of(weights.begin(), weights.end(), finite) ||
      !std::all_of(bias.begin(), bias.end(), finite)) {
    throw InputError(
        "", fmt::format("folding {} into {} gives weights that are not finite, expected smaller scales",
                        norm.name, layer.name));
  }
  const Shape bias_shape = {static_cast<std::int64_t>(bias.size())};
  layer.weights = with_values(std::move(weights), layer.weights->shape);
  layer.bias = with_values(std::move(bias), bias_shape);
}

/// The same without values.
void fold_batch_norm_shapes(Layer& layer, const Layer& norm) {
  layer.weights = Parameter{.shape = layer.weights->shape};
  layer.bias = Parameter{.shape = norm.bias->shape};
}

/// The only layer that reads the tensor; nothing if there are others, or if the tensor leaves the network.
const Layer* only_reader(const Network& network, TensorId tensor, const std::vector<TensorId>& outputs) {
  const Value& value = network.values()[static_cast<std::size_t>(tensor)];
  if (value.consumers.size() != 1 || std::find(outputs.begin(), outputs.end(), tensor) != outputs.end())
    return nullptr;
  return &network.layers()[static_cast<std::size_t>(value.consumers[0])];
}

/// `fold` makes a batch_norm part of the layer before it.
Network prepared(const Network& network, const std::function<void(Layer&, const Layer&)>& fold) {
  const std::vector<TensorId> outputs = network.outputs();
  Network result(network.name());
  std::vector<TensorId> renamed(network.values().size(), -1);  // tensor here -> tensor there
  for (const TensorId input : network.inputs()) {
    const Value& value = network.values()[static_cast<std::size_t>(input)];
    renamed[static_cast<std::size_t>(input)] = result.add_input(value.name, value.shape);
  }
  for (const int index : network.topological_order()) {
    Layer layer = network.layers()[static_cast<std::size_t>(index)];
    TensorId made = layer.output;
    if (renamed[static_cast<std::size_t>(made)] >= 0) continue;  // already part of its producer
    const auto absorb = [&](const Layer& reader) {
      renamed[static_cast<std::size_t>(reader.output)] = 0;  // its layer is not added; the id follows below
      made = reader.output;
    };
    const Layer* reader = only_reader(network, made, outputs);
    if (reader != nullptr && std::holds_alternative<BatchNorm>(reader->operation) &&
        takes_batch_norm(network, layer)) {
      fold(layer, *reader);
      layer.activation = reader->activation;
      absorb(*reader);
      reader = only_reader(network, made, outputs);
    }
    if (reader != nullptr && std::holds_alternative<Activate>(reader->operation) && takes_activation(layer)) {
      layer.activation = reader->activation;
      absorb(*reader);
    }
    for (TensorId& input : layer.inputs) input = renamed[static_cast<std::size_t>(input)];
    const std::string output_name = network.values()[static_cast<std::size_t>(made)].name;
    renamed[static_cast<std::size_t>(made)] = result.add_layer(std::move(layer), output_name);
  }
  for (const TensorId output : outputs) result.mark_output(renamed[static_cast<std::size_t>(output)]);
  return result;
}

}  // namespace

Network prepared_for_execution(const Network& network, std::uint64_t seed) {
  return prepared(network, [seed](Layer& layer, const Layer& norm) { fold_batch_norm(layer, norm, seed); });
}

Network prepared_for_counting(const Network& network) { return prepared(network, fold_batch_norm_shapes); }

}  // namespace heddle::workload
