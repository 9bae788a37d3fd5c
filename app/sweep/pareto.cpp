#include "app/sweep/pareto.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace heddle::sweep {
namespace {

std::vector<Values> only(const std::vector<Values>& points, const std::vector<std::size_t>& positions) {
  std::vector<Values> chosen;
  for (const std::size_t i : positions) chosen.push_back(points[i]);
  return chosen;
}

/// Volume in the first `dimensions` objectives: slices along the last of them, each as thick as the step to
/// the next point and as wide as what the points up to there dominate.
double sliced(std::vector<Values> points, const Values& reference, std::size_t dimensions) {
  if (points.empty()) return 0;
  const std::size_t last = dimensions - 1;
  std::sort(points.begin(), points.end(),
            [&](const Values& a, const Values& b) { return a[last] < b[last]; });
  if (dimensions == 1) return reference[0] - points.front()[0];
  double volume = 0;
  std::vector<Values> below;
  for (std::size_t i = 0; i < points.size(); ++i) {
    below.push_back(points[i]);
    below.back().resize(last);
    below = only(below, front(below));
    const double end = i + 1 < points.size() ? points[i + 1][last] : reference[last];
    if (end > points[i][last]) volume += (end - points[i][last]) * sliced(below, reference, last);
  }
  return volume;
}

}  // namespace

bool dominates(const Values& a, const Values& b) {
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better |= a[i] < b[i];
  }
  return better;
}

std::vector<std::size_t> front(const std::vector<Values>& points) {
  // In lexicographic order only an earlier point can dominate a later one.
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return points[a] < points[b]; });
  std::vector<std::size_t> best;
  for (const std::size_t i : order) {
    const bool beaten = std::any_of(best.begin(), best.end(),
                                    [&](std::size_t other) { return dominates(points[other], points[i]); });
    if (!beaten) best.push_back(i);
  }
  std::sort(best.begin(), best.end());
  return best;
}

std::vector<std::size_t> ranks(const std::vector<Values>& points) {
  std::vector<std::size_t> rank(points.size()), left(points.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  for (std::size_t level = 0; !left.empty(); ++level) {
    std::vector<std::size_t> rest;
    std::size_t next = 0;
    const std::vector<std::size_t> best = front(only(points, left));
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (next < best.size() && best[next] == i) {
        rank[left[i]] = level;
        ++next;
      } else {
        rest.push_back(left[i]);
      }
    }
    left = std::move(rest);
  }
  return rank;
}

std::vector<double> crowding_distances(const std::vector<Values>& points) {
  std::vector<double> distance(points.size(), 0);
  if (points.empty()) return distance;
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t objective = 0; objective < points.front().size(); ++objective) {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return points[a][objective] < points[b][objective];
    });
    const double range = points[order.back()][objective] - points[order.front()][objective];
    distance[order.front()] = distance[order.back()] = std::numeric_limits<double>::infinity();
    if (!(range > 0)) continue;
    for (std::size_t i = 1; i + 1 < order.size(); ++i) {
      distance[order[i]] += (points[order[i + 1]][objective] - points[order[i - 1]][objective]) / range;
    }
  }
  return distance;
}

double hypervolume(std::vector<Values> points, const Values& reference) {
  std::erase_if(points, [&](const Values& point) {
    for (std::size_t i = 0; i < reference.size(); ++i) {
      if (!(point[i] < reference[i])) return true;
    }
    return false;
  });
  if (reference.empty()) return 0;
  return sliced(only(points, front(points)), reference, reference.size());
}

}  // namespace heddle::sweep
