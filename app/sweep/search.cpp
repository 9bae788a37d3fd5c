// Searching a space instead of going through it: NSGA-II, and drawing at random as what it has to beat.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "app/sweep/campaign.h"
#include "app/sweep/nsga2.h"

namespace heddle::sweep {
namespace {

/// Axes that change the work and not the machine: points are compared, and searched for, within one workload.
std::vector<std::size_t> workload_axes(const Space& space) {
  std::vector<std::size_t> axes;
  for (std::size_t i = 0; i < space.axes().size(); ++i) {
    const auto& keys = space.axes()[i].keys;
    const bool work = std::any_of(keys.begin(), keys.end(), [](const std::string& key) {
      return key == "network" || key == "layers" || key.starts_with("network.");
    });
    if (work) axes.push_back(i);
  }
  return axes;
}

/// All ways to choose on these axes; elsewhere 0.
std::vector<Point> combinations(const Space& space, const std::vector<std::size_t>& axes) {
  std::vector<Point> all{Point(space.axes().size(), 0)};
  for (const std::size_t axis : axes) {
    std::vector<Point> longer;
    for (const Point& point : all) {
      for (std::size_t choice = 0; choice < space.axes()[axis].choices.size(); ++choice) {
        longer.push_back(point);
        longer.back()[axis] = choice;
      }
    }
    all = std::move(longer);
  }
  return all;
}

/// One method on one workload: the positions of its points, generation by generation.
struct Course {
  std::string method;
  std::vector<std::vector<std::size_t>> generations;
};

Course walk(const Sample& sample, const Space& space, const std::vector<std::size_t>& fixed,
            const Point& workload, Campaign& campaign, bool searches) {
  Course course{searches ? "nsga2" : "random", {}};
  Nsga2 population(space.genes(), sample.population, sample.seed + (searches ? 0 : 1));
  std::set<std::uint64_t> seen;
  const auto decoded = [&](const Genome& genome) {
    Point point = space.decode(genome);
    for (const std::size_t axis : fixed) point[axis] = workload[axis];
    return point;
  };
  std::size_t left = sample.points;
  while (left > 0) {
    const std::vector<Genome> genomes = population.next(left, [&](const Genome& genome) {
      const Point point = decoded(genome);
      return !seen.contains(space.position(point)) && space.allowed(point) &&
             seen.insert(space.position(point)).second;
    });
    if (genomes.empty()) break;
    left -= genomes.size();
    std::vector<Point> points;
    for (const Genome& genome : genomes) points.push_back(decoded(genome));
    course.generations.push_back(campaign.add(points, course.method));
    if (!searches) continue;
    std::vector<Individual> children;
    for (std::size_t i = 0; i < genomes.size(); ++i) {
      const Candidate& candidate = campaign.candidates()[course.generations.back()[i]];
      children.push_back(
          {genomes[i], candidate.counts(), candidate.counts() ? candidate.verdict->costs : Values{}});
    }
    population.select(children);
  }
  return course;
}

/// Objectives on a scale from 0, the best that any method saw, to 1, the worst; of logarithms where all
/// values are positive (or all negative, as those to be maximised are).
class Scale {
 public:
  explicit Scale(const std::vector<Values>& seen) {
    for (std::size_t i = 0; i < seen.front().size(); ++i) {
      Range range;
      for (const Values& values : seen) {
        range.positive &= values[i] > 0;
        range.negative &= values[i] < 0;
      }
      for (const Values& values : seen) {
        const double value = range.shown(values[i]);
        range.least = std::min(range.least, value);
        range.most = std::max(range.most, value);
      }
      ranges_.push_back(range);
    }
  }

  Values of(const Values& costs) const {
    Values scaled;
    for (std::size_t i = 0; i < costs.size(); ++i) {
      const Range& range = ranges_[i];
      scaled.push_back(
          range.most > range.least ? (range.shown(costs[i]) - range.least) / (range.most - range.least) : 0);
    }
    return scaled;
  }

 private:
  struct Range {
    bool positive = true, negative = true;
    double least = std::numeric_limits<double>::infinity();
    double most = -std::numeric_limits<double>::infinity();
    double shown(double value) const {
      return positive ? std::log(value) : negative ? -std::log(-value) : value;
    }
  };
  std::vector<Range> ranges_;
};

void measure(const std::vector<Course>& courses, const Campaign& campaign, std::vector<Volume>& volumes) {
  std::vector<Values> seen;
  for (const Course& course : courses) {
    for (const auto& generation : course.generations) {
      for (const std::size_t i : generation) {
        if (campaign.candidates()[i].counts()) seen.push_back(campaign.candidates()[i].verdict->costs);
      }
    }
  }
  if (seen.empty()) return;
  const Scale scale(seen);
  const Values reference(seen.front().size(), 1.0);
  for (const Course& course : courses) {
    std::vector<Values> found;
    std::int64_t evaluations = 0;
    std::string workload;
    for (const auto& generation : course.generations) {
      for (const std::size_t i : generation) {
        const Candidate& candidate = campaign.candidates()[i];
        workload = candidate.workload;
        ++evaluations;
        if (candidate.counts()) found.push_back(scale.of(candidate.verdict->costs));
      }
      volumes.push_back({workload, course.method, evaluations, hypervolume(found, reference)});
    }
  }
}

}  // namespace

std::vector<Volume> search(const SweepFile& file, const Space& space, Campaign& campaign) {
  std::vector<Volume> volumes;
  const std::vector<std::size_t> fixed = workload_axes(space);
  for (const Point& workload : combinations(space, fixed)) {
    std::vector<Course> courses;
    courses.push_back(walk(file.sample, space, fixed, workload, campaign, true));
    if (file.sample.compares_to_random)
      courses.push_back(walk(file.sample, space, fixed, workload, campaign, false));
    measure(courses, campaign, volumes);
  }
  return volumes;
}

}  // namespace heddle::sweep
