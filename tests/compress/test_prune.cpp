// Does pruning keep exactly the weights it should?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "workload/compress/prune.h"
#include "workload/synthetic.h"

using namespace heddle::workload;

namespace {

FloatTensor weights(const Shape& shape, std::uint64_t seed) {
  return synthetic(shape, 1.0, Distribution::normal, 1.0, seed);
}

std::int64_t nonzero(const FloatTensor& tensor) {
  return std::count_if(tensor.values.begin(), tensor.values.end(), [](float w) { return w != 0; });
}

}  // namespace

TEST_CASE("pruning to a density keeps round(density * count) weights, the greatest ones") {
  for (const double density : {0.0, 0.1, 0.333, 0.5, 0.999, 1.0}) {
    const FloatTensor before = weights({7, 11, 3, 3}, 3);
    FloatTensor after = before;
    prune_to_density(after, density);
    INFO("density " << density);
    CHECK(nonzero(after) == std::llround(density * 7 * 11 * 9));
    float least_kept = INFINITY, greatest_gone = 0;
    for (std::size_t i = 0; i < before.values.size(); ++i) {
      const float magnitude = std::abs(before.values[i]);
      if (after.values[i] != 0) {
        CHECK(after.values[i] == before.values[i]);
        least_kept = std::min(least_kept, magnitude);
      } else {
        greatest_gone = std::max(greatest_gone, magnitude);
      }
    }
    CHECK(greatest_gone <= least_kept);
  }
}

TEST_CASE("of equal magnitudes the first stay") {
  FloatTensor w{{2, 4}, {1, -1, 2, 1, -1, 1, 1, -2}};
  prune_to_density(w, 0.5);  // four: both 2s, and the first two 1s
  CHECK(w.values == std::vector<float>{1, -1, 2, 0, 0, 0, 0, -2});
  FloatTensor group{{1, 4}, {1, -1, 1, 1}};
  prune_structured(group, {2, 4});
  CHECK(group.values == std::vector<float>{1, -1, 0, 0});
}

TEST_CASE("n:m keeps the n greatest of every m channels, at every kernel position") {
  for (const auto& [n, m] :
       {std::pair{2, 4}, std::pair{1, 4}, std::pair{1, 2}, std::pair{3, 7}, std::pair{4, 4}}) {
    for (const Shape& shape :
         {Shape{5, 16, 3, 3}, Shape{3, 13, 1, 2}, Shape{4, 1, 3, 3}, Shape{6, 10}, Shape{1, 1}}) {
      const FloatTensor before = weights(shape, 5);
      FloatTensor after = before;
      prune_structured(after, {n, m});
      INFO(n << ":" << m << " of " << to_string(shape));
      CHECK(keeps_to(after, {n, m}));
      const std::int64_t channels = shape[1], window = element_count(shape) / shape[0] / channels;
      std::int64_t kept = 0;
      for (std::int64_t c = 0; c < channels; c += m)
        kept += std::min<std::int64_t>(n, std::min<std::int64_t>(m, channels - c));
      CHECK(nonzero(after) == shape[0] * window * kept);
      for (std::int64_t o = 0; o < shape[0]; ++o) {
        for (std::int64_t c = 0; c < channels; ++c) {
          for (std::int64_t k = 0; k < window; ++k) {
            const auto at = [&](std::int64_t channel) {
              return static_cast<std::size_t>((o * channels + channel) * window + k);
            };
            // Kept exactly when fewer than n of its group are greater (the random weights have no ties).
            int greater = 0;
            for (std::int64_t other = c / m * m; other < std::min(channels, c / m * m + m); ++other) {
              greater += std::abs(before.values[at(other)]) > std::abs(before.values[at(c)]) ? 1 : 0;
            }
            CHECK(after.values[at(c)] == (greater < n ? before.values[at(c)] : 0.0F));
          }
        }
      }
    }
  }
}

TEST_CASE("a group with one weight too many is found, with its output channel") {
  FloatTensor w = weights({3, 6, 2, 2}, 9);
  prune_structured(w, {2, 4});
  REQUIRE(keeps_to(w, {2, 4}));
  for (std::int64_t c = 0; c < 3; ++c) w.values[static_cast<std::size_t>((1 * 6 + c) * 4 + 3)] = 1;
  CHECK(first_violation(w, {2, 4}) == 1);
  IntTensor codes;
  codes.shape = {1, 4};
  codes.codes = {1, 0, 2, 3};
  CHECK(first_violation(codes, {2, 4}) == 0);
  CHECK(keeps_to(codes, {3, 4}));
}

TEST_CASE("densities and ratios out of range are refused") {
  FloatTensor w = weights({2, 4}, 1);
  CHECK_THROWS_AS(prune_to_density(w, -0.1), std::invalid_argument);
  CHECK_THROWS_AS(prune_to_density(w, std::nan("")), std::invalid_argument);
  CHECK_THROWS_AS(prune_structured(w, {5, 4}), std::invalid_argument);
  CHECK_THROWS_AS(prune_structured(w, {0, 4}), std::invalid_argument);
  FloatTensor line{{4}, {1, 2, 3, 4}};
  CHECK_THROWS_AS(prune_structured(line, {2, 4}), std::invalid_argument);
}
