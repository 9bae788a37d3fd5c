// Are fronts, ranks and volumes what their definitions say, on points small enough to go through all of them?
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "app/sweep/pareto.h"
#include "workload/random.h"

using namespace heddle;
using sweep::Values;

namespace {

/// Points on a small grid, so that many values are equal.
std::vector<Values> grid_points(std::uint64_t seed, std::size_t count, std::size_t objectives) {
  workload::RandomStream random(seed);
  std::vector<Values> points(count, Values(objectives));
  for (Values& point : points) {
    for (double& value : point) value = static_cast<double>(random.below(5));
  }
  return points;
}

/// Unit cells of the grid that some point dominates.
double counted_volume(const std::vector<Values>& points, std::size_t objectives, int side) {
  double cells = 0;
  const int all = static_cast<int>(std::pow(side, objectives));
  for (int cell = 0; cell < all; ++cell) {
    std::vector<int> corner;
    for (int rest = cell, i = 0; i < static_cast<int>(objectives); ++i, rest /= side)
      corner.push_back(rest % side);
    for (const Values& point : points) {
      bool covers = true;
      for (std::size_t i = 0; i < objectives; ++i) covers &= point[i] <= corner[i];
      if (covers) {
        ++cells;
        break;
      }
    }
  }
  return cells;
}

}  // namespace

TEST_CASE("a point dominates when it is nowhere worse and somewhere better") {
  CHECK(sweep::dominates({1, 2}, {1, 3}));
  CHECK_FALSE(sweep::dominates({1, 2}, {1, 2}));
  CHECK_FALSE(sweep::dominates({1, 4}, {2, 3}));
}

TEST_CASE("the front holds exactly the points that nothing dominates") {
  for (std::size_t objectives : {1U, 2U, 3U, 4U}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      CAPTURE(objectives, seed);
      const auto points = grid_points(seed, 40, objectives);
      std::vector<std::size_t> expected;
      for (std::size_t i = 0; i < points.size(); ++i) {
        bool beaten = false;
        for (const Values& other : points) beaten |= sweep::dominates(other, points[i]);
        if (!beaten) expected.push_back(i);
      }
      CHECK(sweep::front(points) == expected);
    }
  }
  CHECK(sweep::front({}).empty());
}

TEST_CASE("ranks peel fronts off one by one") {
  const auto points = grid_points(7, 60, 3);
  const auto rank = sweep::ranks(points);
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::size_t above =
        0;  // the longest chain of points that dominate each other, from the front down to here
    for (std::size_t j = 0; j < points.size(); ++j) {
      if (sweep::dominates(points[j], points[i])) {
        CHECK(rank[j] < rank[i]);
        above = std::max(above, rank[j] + 1);
      }
    }
    CHECK(rank[i] == above);
  }
}

TEST_CASE("the hypervolume counts every dominated cell once") {
  for (std::size_t objectives : {1U, 2U, 3U, 4U}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      CAPTURE(objectives, seed);
      const auto points = grid_points(seed, 12, objectives);
      CHECK(sweep::hypervolume(points, Values(objectives, 5)) ==
            Approx(counted_volume(points, objectives, 5)));
    }
  }
  CHECK(sweep::hypervolume({}, {1, 1}) == 0);
  CHECK(sweep::hypervolume({{2, 0}}, {1, 1}) == 0);  // outside
  CHECK(sweep::hypervolume({{0, 0}}, {3, 4}) == 12);
}

TEST_CASE("room is infinite at the ends and the neighbours' distance between them") {
  const auto room = sweep::crowding_distances({{0, 4}, {1, 2}, {4, 0}});
  CHECK(std::isinf(room[0]));
  CHECK(std::isinf(room[2]));
  CHECK(room[1] == Approx(4.0 / 4 + 4.0 / 4));
  CHECK(sweep::crowding_distances({}).empty());
}
