// Which points of a space a sample takes.
#include <algorithm>
#include <numeric>
#include <set>

#include "app/sweep/space.h"
#include "support/error.h"
#include "workload/random.h"

namespace heddle::sweep {
namespace {

constexpr std::uint64_t kMostListed = 10'000'000;  ///< a space is gone through point by point up to here
constexpr int kDesigns = 50;                       ///< Latin hypercubes drawn until there are enough points
constexpr std::uint64_t kTries = 1000;  ///< for each point drawn from a space too large to go through

std::vector<std::uint64_t> all_allowed(const Space& space) {
  std::vector<std::uint64_t> positions;
  for (std::uint64_t i = 0; i < space.size(); ++i) {
    if (space.allowed(space.at(i))) positions.push_back(i);
  }
  return positions;
}

void shuffle(std::vector<std::uint64_t>& values, workload::RandomStream& random) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.below(i)]);
}

std::set<std::uint64_t> drawn(const Space& space, const Sample& sample) {
  workload::RandomStream random(sample.seed);
  std::set<std::uint64_t> taken;
  if (space.size() <= kMostListed) {
    std::vector<std::uint64_t> positions = all_allowed(space);
    shuffle(positions, random);
    positions.resize(std::min(positions.size(), sample.points));
    taken.insert(positions.begin(), positions.end());
    return taken;
  }
  for (std::uint64_t attempt = 0; taken.size() < sample.points && attempt < kTries * sample.points;
       ++attempt) {
    const std::uint64_t position = random.below(space.size());
    if (space.allowed(space.at(position))) taken.insert(position);
  }
  return taken;
}

/// Every axis is cut into as many strata as there are points, and each stratum is drawn once (McKay, Beckman,
/// Conover, Technometrics 1979). Conditions and equal points leave gaps, which further designs fill.
std::set<std::uint64_t> latin_hypercube(const Space& space, const Sample& sample) {
  workload::RandomStream random(sample.seed);
  std::set<std::uint64_t> taken;
  const std::size_t strata = sample.points;
  for (int design = 0; design < kDesigns && taken.size() < sample.points; ++design) {
    std::vector<Point> points(strata, Point(space.axes().size()));
    for (std::size_t axis = 0; axis < space.axes().size(); ++axis) {
      std::vector<std::uint64_t> order(strata);
      std::iota(order.begin(), order.end(), std::uint64_t{0});
      shuffle(order, random);
      const auto choices = static_cast<double>(space.axes()[axis].choices.size());
      for (std::size_t i = 0; i < strata; ++i) {
        const double share = (static_cast<double>(order[i]) + random.uniform()) / static_cast<double>(strata);
        points[i][axis] =
            std::min(static_cast<std::size_t>(share * choices), space.axes()[axis].choices.size() - 1);
      }
    }
    for (const Point& point : points) {
      if (taken.size() < sample.points && space.allowed(point)) taken.insert(space.position(point));
    }
  }
  return taken;
}

}  // namespace

std::vector<Point> sampled(const Space& space, const Sample& sample) {
  std::vector<Point> points;
  if (sample.method == Sampling::full) {
    if (space.size() > kMostListed) {
      throw InputError("sample", "the axes make " + std::to_string(space.size()) +
                                     " points; expected a sample (random, latin_hypercube) or a search");
    }
    for (const std::uint64_t position : all_allowed(space)) points.push_back(space.at(position));
    return points;
  }
  const auto positions =
      sample.method == Sampling::latin_hypercube ? latin_hypercube(space, sample) : drawn(space, sample);
  for (const std::uint64_t position : positions) points.push_back(space.at(position));
  return points;
}

}  // namespace heddle::sweep
