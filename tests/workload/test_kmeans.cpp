// Are shared values the clusters' means, as good as they can be where that can be known, and complete?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <stdexcept>

#include "workload/encode/kmeans.h"
#include "workload/synthetic.h"

namespace heddle::workload {
namespace {

using enum Initialization;
constexpr Initialization kAll[] = {linear, density, random};

double cost(const std::vector<float>& weights, const SharedValues& shared) {
  double sum = 0;
  for (const float weight : weights) {
    if (weight == 0) continue;
    const double distance = weight - static_cast<double>(shared.values[shared.nearest(weight)]);
    sum += distance * distance;
  }
  return sum;
}

/// Least sum of squares of so many clusters: the best of all ways to cut the sorted weights (Fisher, 1958).
double least_cost(std::vector<float> weights, std::size_t clusters) {
  std::erase(weights, 0.0F);
  std::sort(weights.begin(), weights.end());
  const std::size_t n = weights.size();
  std::vector<double> best(n + 1, INFINITY);
  best[0] = 0;
  for (std::size_t c = 0; c < clusters; ++c) {
    std::vector<double> next(n + 1, INFINITY);
    next[0] = 0;
    for (std::size_t end = 1; end <= n; ++end) {
      for (std::size_t begin = 0; begin < end; ++begin) {
        double mean = 0, sum = 0;
        for (std::size_t i = begin; i < end; ++i) mean += weights[i];
        mean /= static_cast<double>(end - begin);
        for (std::size_t i = begin; i < end; ++i) sum += (weights[i] - mean) * (weights[i] - mean);
        next[end] = std::min(next[end], best[begin] + sum);
      }
    }
    best = next;
  }
  return best[n];
}

std::vector<float> normal(std::int64_t count, double density, std::uint64_t seed) {
  return synthetic({count}, density, Distribution::normal, 0.05, seed).values;
}

/// The properties of any result: ascending, distinct, not zero, and every value near the mean of the weights
/// nearest to it.
void check_fixed_point(const std::vector<float>& weights, const SharedValues& shared, int bits) {
  REQUIRE(shared.values.size() == (std::size_t{1} << bits) - 1);
  std::vector<double> sums(shared.values.size());
  std::vector<std::int64_t> sizes(shared.values.size());
  float greatest = 0;
  for (const float weight : weights) {
    if (weight == 0) continue;
    const std::size_t index = shared.nearest(weight);
    for (const float value : shared.values)
      REQUIRE(std::abs(weight - shared.values[index]) <= std::abs(weight - value));
    sums[index] += weight;
    ++sizes[index];
    greatest = std::max(greatest, std::abs(weight));
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    REQUIRE(sizes[i] > 0);
    REQUIRE(shared.values[i] != 0);
    if (i > 0) REQUIRE(shared.values[i - 1] < shared.values[i]);
    // Sums of prefixes and a float's rounding, relative to the greatest weight.
    REQUIRE(std::abs(sums[i] / static_cast<double>(sizes[i]) - shared.values[i]) <= 1e-6 * greatest);
  }
}

}  // namespace

TEST_CASE("few distinct values are kept exactly") {
  const std::vector<float> weights = {0.5F, 0, -0.25F, 0.5F, 1e-30F, 0, 3, -0.0F, 7, 7, -0.25F};
  for (const Initialization initialization : kAll) {
    const SharedValues shared = share_values(weights, {3, initialization});
    CHECK(shared.exact);
    CHECK(shared.values == std::vector<float>{-0.25F, 1e-30F, 0.5F, 3, 7});
    for (const float weight : weights) {
      if (weight != 0) CHECK(shared.values[shared.nearest(weight)] == weight);
    }
  }
  const std::vector<float> four = {1, 2, 3, 4};
  CHECK_FALSE(share_values(four, {2}).exact);
  CHECK(share_values({1, 2, 3}, {2}).exact);
  CHECK(share_values({0, 0}, {2}).values.empty());
  CHECK(share_values({}, {2}).exact);
}

TEST_CASE("the result is a fixed point of Lloyd's algorithm") {
  for (const Initialization initialization : kAll) {
    for (const int bits : {2, 3, 4, 5, 8}) {
      INFO(name(initialization) << ", " << bits << " bits");
      const std::vector<float> weights = normal(20000, 0.3, 9);
      const SharedValues shared = share_values(weights, {bits, initialization});
      check_fixed_point(weights, shared, bits);
      CHECK(shared.iterations < 1000);
    }
  }
}

TEST_CASE("small sets come close to the best clusters there are, and well separated ones reach them") {
  std::mt19937_64 draws(5);
  double sum = 0, least_sum = 0;
  for (int round = 0; round < 30; ++round) {
    const std::vector<float> weights = normal(24, 1, 100 + static_cast<std::uint64_t>(round));
    const double least = least_cost(weights, 3);
    double best = INFINITY;
    for (const Initialization initialization : kAll) {
      const double reached = cost(weights, share_values(weights, {2, initialization}));
      CHECK(reached >= least * (1 - 1e-5));
      best = std::min(best, reached);
    }
    sum += best;
    least_sum += least;

    // Three groups, each narrower than a tenth of its distance to the next: any start ends there, as the
    // cluster that spans two groups is cut by the empty or the crowded one. With one value in each group
    // Lloyd does not move on.
    std::vector<float> groups;
    for (const float center : {-2.0F, 0.5F, 3.0F}) {
      for (int i = 0; i < 8; ++i) groups.push_back(center + static_cast<float>(draws() % 100) / 1000);
    }
    for (const Initialization initialization : {linear, density})
      CHECK(cost(groups, share_values(groups, {2, initialization})) ==
            Approx(least_cost(groups, 3)).epsilon(1e-5));
  }
  CHECK(sum < 1.1 * least_sum);
}

TEST_CASE("clusters that lose all their weights are used elsewhere") {
  // Linear values of 4 bits stand at -1, -6/7 ... 1; nearly all weights are within 0.01.
  std::vector<float> weights = synthetic({400}, 1, Distribution::uniform, 0.01, 4).values;
  weights.insert(weights.end(), {-1, 1});
  for (const Initialization initialization : kAll) {
    INFO(name(initialization));
    const SharedValues shared = share_values(weights, {4, initialization});
    check_fixed_point(weights, shared, 4);
    std::set<std::size_t> used;
    for (const float weight : weights) used.insert(shared.nearest(weight));
    CHECK(used.size() == 15);
    // Thirteen values for a range of 0.02: within 0.02 / 13 of each weight, by far.
    for (const float weight : weights)
      CHECK(std::abs(weight - shared.values[shared.nearest(weight)]) < 0.02 / 13);
  }
  // One value dominates: density and random start with equal values.
  std::vector<float> same(1000, 0.5F);
  for (int i = 0; i < 20; ++i) same.push_back(static_cast<float>(i + 1));
  for (const Initialization initialization : kAll)
    check_fixed_point(same, share_values(same, {4, initialization}), 4);
}

TEST_CASE("no shared value is zero") {
  // The middle one of three clusters has the mean 0.
  const std::vector<float> weights = {-10, -10.5F, -1, 1, 10, 10.5F};
  const SharedValues shared = share_values(weights, {2});
  REQUIRE(shared.values.size() == 3);
  CHECK(shared.values[1] == Approx(1));
  CHECK(shared.values[0] == -10.25F);
}

TEST_CASE("the seed decides, and the order of the weights does not") {
  std::vector<float> weights = normal(5000, 1, 3);
  const SharedValues first = share_values(weights, {7, random, 1});
  CHECK(share_values(weights, {7, random, 1}).values == first.values);
  CHECK(share_values(weights, {7, random, 2}).values != first.values);
  std::mt19937_64 draws(1);
  std::shuffle(weights.begin(), weights.end(), draws);
  CHECK(share_values(weights, {7, random, 1}).values == first.values);
}

TEST_CASE("more values share better, and extreme weights are no obstacle") {
  const std::vector<float> weights = normal(3000, 1, 8);
  double before = INFINITY;
  for (int bits = 2; bits <= 8; ++bits) {
    const double reached = cost(weights, share_values(weights, {bits}));
    CHECK(reached < before);
    before = reached;
  }
  std::vector<float> extreme = {-3e38F, 3e38F, 1e-45F, -1e-45F, 1e-38F, 2e-38F};
  const SharedValues shared = share_values(extreme, {2});
  CHECK(shared.values.size() == 3);
  CHECK(shared.values.front() == -3e38F);
  CHECK(shared.values.back() == 3e38F);
}

TEST_CASE("what cannot be shared is refused") {
  CHECK_THROWS_AS(share_values({1}, {1}), std::invalid_argument);
  CHECK_THROWS_AS(share_values({1}, {9}), std::invalid_argument);
  CHECK_THROWS_AS(share_values({1, NAN}, {4}), std::invalid_argument);
  CHECK_THROWS_AS(share_values({std::numeric_limits<float>::infinity()}, {4}), std::invalid_argument);
}

}  // namespace heddle::workload
