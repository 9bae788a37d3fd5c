// The untimed reference: what a quantized layer computes, in exact integers or, where its sums are narrow, by
// the rules of docs/eie.md, by plain loops that know nothing of any hardware. Every fidelity of the machine
// is compared with it.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "workload/network.h"
#include "workload/quantized.h"

namespace heddle::workload {

/// Accumulators of a conv, linear or matmul layer before requantization, in the order of the output tensor:
///   bias[ch] + sum over the reduction of weight code * (input code - input zero point),
/// where positions in the padding add nothing. `inputs` are the layer's input tensors (codes; the second one
/// of a matmul takes the part of the weights). Exact: 64 bits wherever 32 may not do. With a fixed_sum, the
/// terms are rounded and added with saturation in ascending order of c, r, s, and the bias comes last. Throws
/// std::invalid_argument if the layer is no such layer or a tensor has not the shape the network says.
std::vector<std::int64_t> reference_accumulators(const Network& network, int layer,
                                                 const QuantizedLayer& quantized,
                                                 const std::vector<const IntTensor*>& inputs);

/// Output codes of any layer. Errors as above.
IntTensor reference_layer(const Network& network, int layer, const QuantizedLayer& quantized,
                          const std::vector<const IntTensor*>& inputs);

/// Runs the whole network on codes of its inputs; returns the network's outputs. Tensors that no later layer
/// reads are freed on the way.
std::map<TensorId, IntTensor> reference_network(const QuantizedNetwork& network,
                                                std::map<TensorId, IntTensor> inputs);

/// Bits (with the sign) that hold every value an accumulator can take, partial sums in any order included:
/// from the greatest sum over a channel of |weight| * max|input - zero point|, plus |bias|. 64 if even that
/// is not enough. Those of fixed_sum, without the bias, if there is one.
int accumulator_bits(const QuantizedLayer& quantized, const MacShape& shape);

}  // namespace heddle::workload
