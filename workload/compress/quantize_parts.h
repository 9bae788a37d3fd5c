// Pieces of quantize_layer: constants of multiply-accumulate layers are in quantize.cpp and, for fixed
// arithmetic, in quantize_fixed.cpp, those of the vector operations in quantize_vector.cpp.
#pragma once

#include <string>

#include "workload/compress/quantize.h"

namespace heddle::workload::compress {

/// What the pieces of one layer need to know.
struct Context {
  const Network& network;
  const Layer& layer;
  int index;
  const Calibration& calibration;
  const ParameterSource& parameters;

  /// Throws InputError for this layer.
  [[noreturn]] void fail(const std::string& message) const;
};

/// Sets the layer's clamp bounds, zero point and table, and returns the scale that its results have before
/// them: the output's, or that of the 8-bit code in front of a table (`before`).
double set_final_stage(Activation activation, const Quantization& output, const Quantization& before,
                       Requantization& stage);

/// Weights, bias, sum and requantization of a conv, linear or matmul layer in fixed arithmetic; its tensors'
/// scales are powers of two. Throws std::invalid_argument for weights without clusters.
void quantize_fixed_mac_layer(const Context& context, const LayerRecipe& recipe, const MacShape& shape,
                              QuantizedLayer& result);

/// Constants of an operation that is no conv, linear or matmul layer, as vector_ops.h describes their use.
void quantize_vector_operation(const Context& context, QuantizedLayer& result);

}  // namespace heddle::workload::compress
