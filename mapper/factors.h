// Loop factors worth trying: those that split a dimension evenly.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace heddle::mapper {

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Every distinct ceil(size / k), at most `limit`, ascending: the smallest factor for each number of tiles.
/// Thinned to about `most` values, the first and the last kept.
inline std::vector<std::int64_t> even_factors(std::int64_t size, std::int64_t limit, std::size_t most) {
  std::vector<std::int64_t> factors;
  for (std::int64_t tiles = 1; tiles <= size;) {
    const std::int64_t factor = ceil_div(size, tiles);
    if (factor <= limit) factors.push_back(factor);
    if (factor == 1) break;
    tiles = std::max(tiles + 1, ceil_div(size, factor - 1));  // the first count with a smaller factor
  }
  if (factors.empty()) factors.push_back(1);
  std::reverse(factors.begin(), factors.end());
  if (factors.size() <= most) return factors;
  std::vector<std::int64_t> thinned;
  for (std::size_t i = 0; i < most; ++i) thinned.push_back(factors[i * (factors.size() - 1) / (most - 1)]);
  return thinned;
}

}  // namespace heddle::mapper
