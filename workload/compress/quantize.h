// Post-training quantization: a float network in, codes and integer constants out. Formulas in
// docs/compression.md (after Jacob et al., CVPR 2018).
#pragma once

#include <cstdint>
#include <vector>

#include "workload/compress/calibrate.h"
#include "workload/compress/recipe.h"

namespace heddle::workload {

/// Asymmetric over the range, zero exactly a code; symmetric for 16 bits or on demand (zero point 0). A range
/// of nothing but zero has the scale 1.
Quantization activation_quantization(const Range& range, int bits, bool symmetric = false);

/// 16 bits with zero point 0 and the least power of two as scale with which the range fits; 1 for nothing but
/// zeros.
Quantization fixed_point_quantization(const Range& range);

/// Width of every tensor, by TensorId: what tensor_quantizations() gives them, known without calibration.
std::vector<int> tensor_bits(const Network& network, const Recipe& recipe);
/// The format that quantize_layer() gives the layer, known from the recipe alone (`weight_density` as far as
/// the network and the recipe say: weights that come as values are counted, drawn and pruned ones are taken
/// to be as many as asked for). `bits`: tensor_bits().
LayerFormat layer_format(const Network& network, int layer, const std::vector<int>& bits,
                         const Recipe& recipe);

/// Quantization of every tensor, by TensorId. A layer's recipe rules the tensor it produces, the defaults the
/// network's inputs; in fixed arithmetic all have 16 bits and a power of two as scale. Outputs of reshape,
/// transpose, slice and max_pool are quantized like their input; the second operand of a matmul
/// symmetrically, with whatever it shares codes with; indices of an embedding are code - (-32768).
std::vector<Quantization> tensor_quantizations(const Network& network, const Calibration& calibration,
                                               const Recipe& recipe);

/// One layer's integers; its parameters are asked for and dropped again, so a caller may hold one layer at a
/// time. Throws InputError (the network's name and the layer) for what cannot be quantized: parameters that
/// are not finite, an embedding of more than 65536 rows, a normalization that leaves 64 bits.
QuantizedLayer quantize_layer(const Network& network, int layer, const Calibration& calibration,
                              const std::vector<Quantization>& tensors, const Recipe& recipe,
                              const ParameterSource& parameters);

/// All layers at once. The network must outlive the result.
QuantizedNetwork quantize_network(const Network& network, const Calibration& calibration,
                                  const Recipe& recipe, const ParameterSource& parameters);

}  // namespace heddle::workload
