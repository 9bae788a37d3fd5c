// A multiply-accumulate layer as a loop nest: what the mapper, the machine and the cost models see of it.
#pragma once

#include <cstdint>

#include "workload/dimension.h"

namespace heddle::workload {

/// outputs[n,g,m,p,q] = sum over c,r,s of weights[g,m,c,r,s] * inputs[n,g,c, p*stride_h + r*dilation_h -
/// pad_top, q*stride_w + s*dilation_w - pad_left]; input positions outside [0,input_h) x [0,input_w) are
/// zero. A linear layer has N, M, C; a matrix product has G (batch, heads), N, M, C and reads its "weights"
/// from memory too.
struct MacShape {
  PerDim<std::int64_t> size{1};
  std::int64_t stride_h = 1, stride_w = 1;
  std::int64_t dilation_h = 1, dilation_w = 1;
  std::int64_t pad_top = 0, pad_left = 0;
  std::int64_t input_h = 1, input_w = 1;

  /// Multiply-accumulates of the dense layer, padding positions included.
  std::int64_t macs() const;
  std::int64_t weight_count() const;
  std::int64_t input_count() const;
  std::int64_t output_count() const;
  std::int64_t element_count(Operand operand) const;
  friend bool operator==(const MacShape&, const MacShape&) = default;
};

}  // namespace heddle::workload
