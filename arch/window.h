// One axis of a sliding window: which input positions outputs i and kernel taps j touch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace heddle::arch {

/// Distinct values of i * stride + j * dilation for i < outputs, j < taps. With stride and dilation divided
/// by their common divisor, (i, j) and (i + dilation, j - stride) meet and nothing else does: each such pair
/// saves one.
inline std::int64_t distinct_positions(std::int64_t outputs, std::int64_t taps, std::int64_t stride,
                                       std::int64_t dilation) {
  const std::int64_t common = std::gcd(stride, dilation);
  const std::int64_t shared_outputs = std::max<std::int64_t>(0, outputs - dilation / common);
  const std::int64_t shared_taps = std::max<std::int64_t>(0, taps - stride / common);
  return outputs * taps - shared_outputs * shared_taps;
}

/// How many of the positions start + i*step_i + j*step_j (i < count_i, j < count_j) within [0, limit) are
/// distinct.
inline std::int64_t distinct_positions(std::int64_t start, std::int64_t count_i, std::int64_t step_i,
                                       std::int64_t count_j, std::int64_t step_j, std::int64_t limit) {
  const std::int64_t span = (count_i - 1) * step_i + (count_j - 1) * step_j + 1;
  if (step_i <= (count_j - 1) * step_j + 1 && step_j == 1) {  // no holes: a range, cut at both ends
    return std::max<std::int64_t>(0, std::min(start + span, limit) - std::max<std::int64_t>(start, 0));
  }
  std::vector<bool> seen(static_cast<std::size_t>(span), false);
  std::int64_t distinct = 0;
  for (std::int64_t i = 0; i < count_i; ++i) {
    for (std::int64_t j = 0; j < count_j; ++j) {
      const std::int64_t offset = i * step_i + j * step_j;
      if (start + offset < 0 || start + offset >= limit || seen[static_cast<std::size_t>(offset)]) continue;
      seen[static_cast<std::size_t>(offset)] = true;
      ++distinct;
    }
  }
  return distinct;
}

/// Pairs (i, j) whose position start + i*step_i + j*step_j lies within [0, limit).
inline std::int64_t pairs_in_range(std::int64_t start, std::int64_t count_i, std::int64_t step_i,
                                   std::int64_t count_j, std::int64_t step_j, std::int64_t limit) {
  if (start >= 0 && start + (count_i - 1) * step_i + (count_j - 1) * step_j < limit) return count_i * count_j;
  std::int64_t pairs = 0;
  for (std::int64_t j = 0; j < count_j; ++j) {
    // first <= i < last: those that are not before 0, and not beyond the limit
    const std::int64_t at = start + j * step_j;
    const std::int64_t first = at >= 0 ? 0 : (-at + step_i - 1) / step_i;
    const std::int64_t last = at >= limit ? 0 : (limit - at + step_i - 1) / step_i;
    pairs += std::max<std::int64_t>(0, std::min(last, count_i) - first);
  }
  return pairs;
}

}  // namespace heddle::arch
