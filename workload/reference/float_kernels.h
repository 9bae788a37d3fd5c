// Float arithmetic of one operation, for the float executor. Shapes have been checked by the network.
#pragma once

#include <vector>

#include "workload/layer.h"

namespace heddle::workload::float_kernels {

struct Operands {
  std::vector<const FloatTensor*> inputs;
  FloatTensor weights;  ///< empty where the layer has none
  FloatTensor bias;
  Shape output;
};

/// Any operation, without the layer's activation.
FloatTensor run(const Operation& operation, const Operands& operands);

// By oneDNN (float_onednn.cpp).
FloatTensor convolution(const Convolution& conv, const Operands& operands);
FloatTensor linear(const Operands& operands);
FloatTensor matmul(const MatMul& matmul, const Operands& operands);

/// Frequency of pair i of a rotary embedding over d elements, in radians per position: 10000^(-2i/d)
/// (Su et al., RoFormer, 2021).
double rotary_frequency(std::int64_t pair, std::int64_t d);

}  // namespace heddle::workload::float_kernels
