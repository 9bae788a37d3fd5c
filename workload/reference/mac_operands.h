// The operands of a multiply-accumulate layer as pointers, for the loops of the reference.
#pragma once

#include <cstdint>
#include <vector>

#include "workload/mac_shape.h"
#include "workload/quantized.h"

namespace heddle::workload::reference {

/// Weights of group g and output channel m begin at weights[weight_group[g] * M * K + m * K] and are K =
/// C*R*S long, in the order c, r, s.
struct MacOperands {
  MacShape shape;
  const std::int16_t* weights = nullptr;
  std::vector<std::int64_t> weight_group;
  const std::int16_t* inputs = nullptr;
  std::int32_t input_zero_point = 0;
  const std::int64_t* bias = nullptr;  ///< one for each g * M + m, or null
  bool group_outermost = false;        ///< matmul: tensors are [g][n][...] rather than [n][g][...]

  /// Plane of channel 0 in group g and image n: channels follow each other.
  std::int64_t image(std::int64_t group, std::int64_t n) const {
    return group_outermost ? group * shape.size[Dim::N] + n : n * shape.size[Dim::G] + group;
  }
};

/// Saturating sums, each output's from 0 in ascending order of c, r, s, then the bias; in the order of the
/// output tensor. Throws std::invalid_argument unless the input's zero point is 0 and the sum has 2 to 31
/// bits and a shift from 0 to 31.
std::vector<std::int64_t> fixed_point_accumulators(const MacOperands& operands, const FixedPointSum& sum);

}  // namespace heddle::workload::reference
