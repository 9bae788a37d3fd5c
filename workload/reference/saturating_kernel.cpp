#include "workload/reference/saturating_kernel.h"

#include <algorithm>

#include "workload/reference/clones.h"

namespace heddle::workload::reference {
namespace {

/// add(sums[j], term(weight, inputs[j])) in 32 bits. Half up without a sum that could overflow: >> s - 1, +
/// 1, >> 1.
inline void add_terms(std::int32_t weight, const std::int16_t* inputs, std::int64_t width, int shift,
                      std::int32_t lowest, std::int32_t highest, std::int32_t* sums) {
  if (shift == 0) {
    // A product of 2^30 at most and a sum below it: 32 bits hold what is clamped.
    for (std::int64_t j = 0; j < width; ++j)
      sums[j] = std::clamp(sums[j] + weight * inputs[j], lowest, highest);
    return;
  }
  for (std::int64_t j = 0; j < width; ++j) {
    const std::int32_t term = (((weight * inputs[j]) >> (shift - 1)) + 1) >> 1;
    sums[j] = std::clamp(sums[j] + term, lowest, highest);
  }
}

}  // namespace

HEDDLE_CLONES
void saturating_sums(const FixedPointSum& sum, const std::int16_t* weights, const std::int16_t* patches,
                     std::int64_t length, std::int64_t width, std::int32_t* sums) {
  const int shift = sum.product_shift;
  const std::int32_t lowest = sum.lowest(), highest = sum.highest();
  std::fill_n(sums, width, 0);
  for (std::int64_t k = 0; k < length; ++k) {
    if (weights[k] != 0) add_terms(weights[k], patches + k * width, width, shift, lowest, highest, sums);
  }
}

HEDDLE_CLONES
void saturating_sums_64(const FixedPointSum& sum, const std::int16_t* weights, const std::int16_t* patches,
                        std::int64_t length, std::int32_t* sums) {
  const int shift = sum.product_shift;
  const std::int32_t lowest = sum.lowest(), highest = sum.highest();
  std::int32_t own[64] = {};
  for (std::int64_t k = 0; k < length; ++k) {
    if (weights[k] != 0) add_terms(weights[k], patches + k * 64, 64, shift, lowest, highest, own);
  }
  std::copy_n(own, 64, sums);
}

}  // namespace heddle::workload::reference
