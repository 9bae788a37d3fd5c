#include "workload/compress/quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "support/error.h"
#include "workload/compress/fixed_point.h"
#include "workload/compress/prune.h"
#include "workload/compress/quantize_parts.h"

namespace heddle::workload {
namespace compress {

void Context::fail(const std::string& message) const {
  throw InputError(network.name(), layer.name + ": " + message);
}

double set_final_stage(Activation activation, const Quantization& output, const Quantization& before,
                       Requantization& stage) {
  const double scale = output.scale[0];
  stage.zero_point = output.zero_point;
  stage.low = output.lowest();
  stage.high = output.highest();
  switch (activation) {
    case Activation::none:
      return scale;
    case Activation::relu6:
      stage.high = static_cast<std::int32_t>(
          std::min<std::int64_t>(stage.high, output.zero_point + rounded(6.0 / scale)));
      [[fallthrough]];
    case Activation::relu:
      stage.low = std::max(stage.low, output.zero_point);
      return scale;
    default:
      break;
  }
  stage.zero_point = before.zero_point;
  stage.low = -128;
  stage.high = 127;
  for (int code = -128; code < 128; ++code) {
    const double x = static_cast<double>(before.scale[0]) * (code - before.zero_point);
    const double y = apply(activation, static_cast<float>(x));
    const std::int64_t entry = rounded(y / scale) + output.zero_point;
    stage.table.push_back(
        static_cast<std::int16_t>(std::clamp<std::int64_t>(entry, output.lowest(), output.highest())));
  }
  return before.scale[0];
}

namespace {

// Biases stay below this in magnitude, so that 8-bit layers fit a 32-bit accumulator even where a channel's
// weights are all zero or tiny beside its bias (as folding a dead batch norm channel leaves them).
constexpr double kMostBias = 0x1p28;

/// Symmetric codes of each output channel, at most 2^(bits-1) - 1 in magnitude.
void quantize_weights(const Context& context, const FloatTensor& weights, const std::vector<float>& bias,
                      double input_scale, QuantizedLayer& result) {
  IntTensor& codes = result.weights;
  const int highest = codes.quantization.highest();
  const std::int64_t channels = weights.shape[0];
  const auto length = static_cast<std::int64_t>(weights.values.size()) / channels;
  codes.shape = weights.shape;
  codes.codes.resize(weights.values.size());
  codes.quantization.scale.assign(static_cast<std::size_t>(channels), 1.0F);
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    const float* w = weights.values.data() + channel * length;
    float greatest = 0;
    for (std::int64_t i = 0; i < length; ++i) {
      if (!std::isfinite(w[i]))
        context.fail(fmt::format("weight {} is {}, expected a finite number", channel * length + i, w[i]));
      greatest = std::max(greatest, std::abs(w[i]));
    }
    double scale = greatest / static_cast<double>(highest);
    if (!bias.empty()) {
      const double value = bias[static_cast<std::size_t>(channel)];
      if (!std::isfinite(value))
        context.fail(fmt::format("bias {} is {}, expected a finite number", channel, value));
      scale = std::max(scale, std::abs(value) / (input_scale * kMostBias));
    }
    if (scale < 1e-37) scale = 1;  // nothing but zeros, or nothing that a float scale can express
    const auto stored = static_cast<float>(scale);
    codes.quantization.scale[static_cast<std::size_t>(channel)] = stored;
    std::int16_t* code = codes.codes.data() + channel * length;
    const double inverse = 1.0 / stored;
    for (std::int64_t i = 0; i < length; ++i) {
      const double nearest = std::nearbyint(w[i] * inverse);
      code[i] = static_cast<std::int16_t>(std::clamp<double>(nearest, -highest, highest));
    }
  }
}

void quantize_mac_layer(const Context& context, const LayerRecipe& recipe, const MacShape& shape,
                        QuantizedLayer& result) {
  const double input_scale = result.inputs[0].scale[0];
  const std::int64_t channels = shape.size[Dim::G] * shape.size[Dim::M];
  const Quantization before = activation_quantization(
      context.calibration.pre_activations[static_cast<std::size_t>(context.index)], 8);
  const double output_scale =
      set_final_stage(context.layer.activation, result.output, before, result.requantization);
  std::vector<double> weight_scales;
  if (std::holds_alternative<MatMul>(context.layer.operation)) {
    weight_scales.assign(static_cast<std::size_t>(channels), result.inputs[1].scale[0]);
  } else {
    const FloatTensor weights = context.parameters(context.index, Role::weights);
    std::vector<float> bias;
    if (context.layer.bias) bias = context.parameters(context.index, Role::bias).values;
    result.weights.quantization.bits = recipe.weight_bits;
    quantize_weights(context, weights, bias, input_scale, result);
    weight_scales.assign(result.weights.quantization.scale.begin(), result.weights.quantization.scale.end());
    for (std::size_t i = 0; i < bias.size(); ++i)
      result.bias.push_back(rounded(bias[i] / (input_scale * weight_scales[i])));
    if (recipe.pruning.structured) {
      if (const auto channel = first_violation(result.weights, *recipe.pruning.structured)) {
        throw std::invalid_argument(fmt::format(
            "{}: output channel {} does not keep to {}:{}; were the weights pruned?", context.layer.name,
            *channel, recipe.pruning.structured->n, recipe.pruning.structured->m));
      }
      result.sparsity = recipe.pruning.structured;
    }
  }
  for (const double weight_scale : weight_scales) {
    const FixedPoint factor = fixed_point(input_scale * weight_scale / output_scale);
    result.requantization.multiplier.push_back(factor.multiplier);
    result.requantization.shift.push_back(factor.shift);
  }
}

/// Does the output hold the input's codes?
bool keeps_codes(const Layer& layer) {
  const auto* pool = std::get_if<Pool>(&layer.operation);
  return std::holds_alternative<Reshape>(layer.operation) ||
         std::holds_alternative<Transpose>(layer.operation) ||
         std::holds_alternative<Slice>(layer.operation) || (pool != nullptr && pool->kind == Pool::Kind::max);
}

/// By TensorId: the tensor that first held its codes. A producer's inputs have lower ids than its output.
std::vector<std::size_t> origins(const Network& network) {
  std::vector<std::size_t> origin(network.values().size());
  for (std::size_t id = 0; id < origin.size(); ++id) {
    const int producer = network.values()[id].producer;
    const Layer* layer = producer < 0 ? nullptr : &network.layers()[static_cast<std::size_t>(producer)];
    origin[id] =
        layer != nullptr && keeps_codes(*layer) ? origin[static_cast<std::size_t>(layer->inputs[0])] : id;
  }
  return origin;
}

/// By TensorId: are its codes the indices of an embedding?
std::vector<bool> embedding_indices(const Network& network, const std::vector<std::size_t>& origin) {
  std::vector<bool> indices(origin.size());
  for (const Layer& layer : network.layers()) {
    if (std::holds_alternative<Embedding>(layer.operation))
      indices[origin[static_cast<std::size_t>(layer.inputs[0])]] = true;
  }
  return indices;
}

constexpr int kIndexBits = 16;

/// Share of the layer's weights that is not zero after pruning.
double expected_density(const Layer& layer, const Pruning& pruning) {
  const auto count = static_cast<double>(element_count(layer.weights->shape));
  double kept = std::round(layer.density.weights.value_or(1) * count);
  if (const auto& values = layer.weights->values)
    kept = count - static_cast<double>(std::count(values->begin(), values->end(), 0.0F));
  if (pruning.density) kept = std::min(kept, std::round(*pruning.density * count));
  return kept / count;
}

}  // namespace
}  // namespace compress

Quantization activation_quantization(const Range& range, int bits, bool symmetric) {
  Quantization result;
  result.bits = bits;
  const double low = std::min(range.low, 0.0F), high = std::max(range.high, 0.0F);
  const bool centered = symmetric || bits > 8;
  const double scale = centered ? std::max(-low, high) / result.highest()
                                : (high - low) / (result.highest() - result.lowest());
  if (scale < 1e-37) {  // also where a float cannot express the scale
    result.zero_point = centered ? 0 : result.lowest();
    return result;
  }
  result.scale = {static_cast<float>(scale)};
  if (!centered) {
    const std::int64_t zero_point = result.lowest() + rounded(-low / result.scale[0]);
    result.zero_point =
        static_cast<std::int32_t>(std::clamp<std::int64_t>(zero_point, result.lowest(), result.highest()));
  }
  return result;
}

Quantization fixed_point_quantization(const Range& range) {
  const double greatest = std::max(-std::min<double>(range.low, 0), std::max<double>(range.high, 0));
  return {16, {static_cast<float>(std::ldexp(1.0, -binary_point(greatest, 16)))}, 0};
}

std::vector<Quantization> tensor_quantizations(const Network& network, const Calibration& calibration,
                                               const Recipe& recipe) {
  const std::size_t count = network.values().size();
  if (calibration.tensors.size() != count || calibration.pre_activations.size() != network.layers().size()) {
    throw std::invalid_argument("the calibration is that of another network");
  }
  const std::vector<std::size_t> origin = compress::origins(network);
  const std::vector<bool> indices = compress::embedding_indices(network, origin);
  const std::vector<int> bits = tensor_bits(network, recipe);
  std::vector<bool> symmetric(count);
  for (const Layer& layer : network.layers()) {
    if (std::holds_alternative<MatMul>(layer.operation))
      symmetric[origin[static_cast<std::size_t>(layer.inputs[1])]] = true;
  }
  std::vector<Quantization> result;
  for (std::size_t id = 0; id < count; ++id) {
    const std::size_t first = origin[id];
    if (first != id) {
      result.push_back(result[first]);
    } else if (indices[id]) {
      result.push_back({bits[id], {1.0F}, INT16_MIN});
    } else if (recipe.arithmetic == Arithmetic::fixed) {
      result.push_back(fixed_point_quantization(calibration.tensors[id]));
    } else {
      result.push_back(activation_quantization(calibration.tensors[id], bits[id], symmetric[id]));
    }
  }
  return result;
}

std::vector<int> tensor_bits(const Network& network, const Recipe& recipe) {
  const std::vector<std::size_t> origin = compress::origins(network);
  const std::vector<bool> indices = compress::embedding_indices(network, origin);
  std::vector<int> bits;
  for (std::size_t id = 0; id < origin.size(); ++id) {
    const int producer = network.values()[origin[id]].producer;
    if (origin[id] != id) {
      bits.push_back(bits[origin[id]]);
    } else if (indices[id]) {
      bits.push_back(compress::kIndexBits);
    } else if (recipe.arithmetic == Arithmetic::fixed) {
      bits.push_back(16);
    } else {
      bits.push_back(
          producer < 0
              ? recipe.defaults.activation_bits
              : recipe.of(network.layers()[static_cast<std::size_t>(producer)].name).activation_bits);
    }
  }
  return bits;
}

LayerFormat layer_format(const Network& network, int index, const std::vector<int>& bits,
                         const Recipe& recipe) {
  const Layer& layer = network.layers().at(static_cast<std::size_t>(index));
  LayerFormat format;
  for (const TensorId input : layer.inputs)
    format.input_bits.push_back(bits.at(static_cast<std::size_t>(input)));
  format.output_bits = bits.at(static_cast<std::size_t>(layer.output));
  if (std::holds_alternative<Embedding>(layer.operation)) {
    format.weight_bits = format.output_bits;  // its table holds output codes
  } else if (layer.weights && mac_shape(network, layer)) {
    const LayerRecipe own = recipe.of(layer.name);
    if (recipe.arithmetic == Arithmetic::fixed) {
      format.weight_bits = 16;
      format.code_bits = own.cluster ? own.cluster->bits : 0;
      format.weight_density = compress::expected_density(layer, own.pruning);
      return format;
    }
    format.weight_bits = own.weight_bits;
    format.sparsity = own.pruning.structured;
  }
  return format;
}

QuantizedLayer quantize_layer(const Network& network, int index, const Calibration& calibration,
                              const std::vector<Quantization>& tensors, const Recipe& recipe,
                              const ParameterSource& parameters) {
  const Layer& layer = network.layers().at(static_cast<std::size_t>(index));
  const compress::Context context{network, layer, index, calibration, parameters};
  QuantizedLayer result;
  for (const TensorId input : layer.inputs)
    result.inputs.push_back(tensors.at(static_cast<std::size_t>(input)));
  result.output = tensors.at(static_cast<std::size_t>(layer.output));
  if (const std::optional<MacShape> shape = mac_shape(network, layer)) {
    const bool fixed = recipe.arithmetic == Arithmetic::fixed;
    (fixed ? compress::quantize_fixed_mac_layer : compress::quantize_mac_layer)(
        context, recipe.of(layer.name), *shape, result);
  } else {
    compress::quantize_vector_operation(context, result);
  }
  return result;
}

QuantizedNetwork quantize_network(const Network& network, const Calibration& calibration,
                                  const Recipe& recipe, const ParameterSource& parameters) {
  QuantizedNetwork result;
  result.network = &network;
  result.tensors = tensor_quantizations(network, calibration, recipe);
  for (int index = 0; index < static_cast<int>(network.layers().size()); ++index) {
    result.layers.push_back(quantize_layer(network, index, calibration, result.tensors, recipe, parameters));
  }
  return result;
}

}  // namespace heddle::workload
