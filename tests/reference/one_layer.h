// Networks of one layer with random tensors, for the tests of the reference.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "workload/compress/quantize.h"
#include "workload/reference/float_executor.h"
#include "workload/reference/integer_reference.h"

namespace heddle::workload::test {

using Random = std::mt19937_64;

inline std::int64_t draw(Random& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
}

inline FloatTensor random_floats(Random& random, const Shape& shape, double low, double high) {
  FloatTensor result{shape, {}};
  for (std::int64_t i = 0; i < element_count(shape); ++i) {
    result.values.push_back(
        static_cast<float>(low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53));
  }
  return result;
}

inline IntTensor random_codes(Random& random, const Shape& shape, const Quantization& quantization,
                              std::int64_t low, std::int64_t high) {
  IntTensor result{shape, quantization, {}};
  for (std::int64_t i = 0; i < element_count(shape); ++i) {
    result.codes.push_back(static_cast<std::int16_t>(draw(random, low, high)));
  }
  return result;
}

inline Network one_layer(const Operation& operation, const std::vector<Shape>& inputs,
                         Activation activation = Activation::none, bool bias = false) {
  Network network("one");
  Layer layer;
  layer.name = "layer";
  layer.operation = operation;
  layer.activation = activation;
  if (bias) layer.bias.emplace();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    layer.inputs.push_back(network.add_input("input" + std::to_string(i), inputs[i]));
  }
  network.add_layer(layer);
  return network;
}

/// A network of one layer, quantized on the samples that it is then compared on.
struct Quantized {
  Network network;
  Recipe recipe;
  ParameterSource parameters;
  std::vector<Quantization> tensors;
  QuantizedLayer layer;
  std::vector<IntTensor> inputs;
  std::vector<double> exact;  ///< the layer in floats on the dequantized inputs, as real-valued output codes

  Quantized(const Quantized&) = delete;  // the sources keep pointers to the members
  Quantized(Network from, const std::vector<FloatTensor>& values, int bits) : network(std::move(from)) {
    recipe.defaults.activation_bits = recipe.defaults.weight_bits = bits;
    parameters = pruned_parameters(network, recipe, 7);
    std::map<TensorId, FloatTensor> sample;
    for (std::size_t i = 0; i < values.size(); ++i) sample[network.inputs()[i]] = values[i];
    const Calibration calibration = calibrate(network, {sample}, parameters);
    tensors = tensor_quantizations(network, calibration, recipe);
    layer = quantize_layer(network, 0, calibration, tensors, recipe, parameters);
    std::vector<FloatTensor> seen;
    for (std::size_t i = 0; i < values.size(); ++i) {
      inputs.push_back(quantize(values[i], layer.inputs[i]));
      seen.push_back(dequantize(inputs.back()));
    }
    std::vector<const FloatTensor*> pointers;
    for (const FloatTensor& tensor : seen) pointers.push_back(&tensor);
    const FloatTensor result = float_layer(network, 0, pointers, parameters);
    for (const float value : result.values) {
      exact.push_back(apply(network.layers()[0].activation, value) /
                          static_cast<double>(layer.output.scale[0]) +
                      layer.output.zero_point);
    }
  }

  IntTensor run() const {
    std::vector<const IntTensor*> pointers;
    for (const IntTensor& tensor : inputs) pointers.push_back(&tensor);
    return reference_layer(network, 0, layer, pointers);
  }
};

}  // namespace heddle::workload::test
