#include "workload/reference/dot_kernels.h"

#include "workload/reference/clones.h"

namespace heddle::workload::reference {

// The sixteen sums are written out so that the compiler keeps each in a vector register and turns a step into
// multiply-and-add-pairs instructions.
HEDDLE_CLONES
void dot_block(const std::int16_t* const* weights, const std::int16_t* const* inputs, std::int64_t length,
               std::int32_t* sums) {
  const std::int16_t* w0 = weights[0];
  const std::int16_t* w1 = weights[1];
  const std::int16_t* w2 = weights[2];
  const std::int16_t* w3 = weights[3];
  const std::int16_t* x0 = inputs[0];
  const std::int16_t* x1 = inputs[1];
  const std::int16_t* x2 = inputs[2];
  const std::int16_t* x3 = inputs[3];
  std::int32_t s00 = 0, s01 = 0, s02 = 0, s03 = 0;
  std::int32_t s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  std::int32_t s20 = 0, s21 = 0, s22 = 0, s23 = 0;
  std::int32_t s30 = 0, s31 = 0, s32 = 0, s33 = 0;
  for (std::int64_t k = 0; k < length; ++k) {
    s00 += w0[k] * x0[k], s01 += w0[k] * x1[k], s02 += w0[k] * x2[k], s03 += w0[k] * x3[k];
    s10 += w1[k] * x0[k], s11 += w1[k] * x1[k], s12 += w1[k] * x2[k], s13 += w1[k] * x3[k];
    s20 += w2[k] * x0[k], s21 += w2[k] * x1[k], s22 += w2[k] * x2[k], s23 += w2[k] * x3[k];
    s30 += w3[k] * x0[k], s31 += w3[k] * x1[k], s32 += w3[k] * x2[k], s33 += w3[k] * x3[k];
  }
  sums[0] = s00, sums[1] = s01, sums[2] = s02, sums[3] = s03;
  sums[4] = s10, sums[5] = s11, sums[6] = s12, sums[7] = s13;
  sums[8] = s20, sums[9] = s21, sums[10] = s22, sums[11] = s23;
  sums[12] = s30, sums[13] = s31, sums[14] = s32, sums[15] = s33;
}

HEDDLE_CLONES
std::int32_t dot_narrow(const std::int16_t* weights, const std::int16_t* inputs, std::int64_t length) {
  std::int32_t sum = 0;
  for (std::int64_t k = 0; k < length; ++k) sum += weights[k] * inputs[k];
  return sum;
}

HEDDLE_CLONES
std::int64_t dot_wide(const std::int16_t* weights, const std::int32_t* inputs, std::int64_t length) {
  std::int64_t sum = 0;
  for (std::int64_t k = 0; k < length; ++k) sum += static_cast<std::int64_t>(weights[k]) * inputs[k];
  return sum;
}

}  // namespace heddle::workload::reference
