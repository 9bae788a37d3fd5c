// The points of a sweep and what they are worth, while they come in: samples, searches, the fronts of each
// workload.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/sweep/engine.h"
#include "app/sweep/evaluate.h"
#include "app/sweep/judge.h"
#include "app/sweep/space.h"
#include "app/sweep/store.h"

namespace heddle::sweep {

/// A point that is part of the sweep, worked out.
struct Candidate {
  Point point;
  std::string key, workload, origin;
  std::vector<yaml::Edit> settings;
  std::optional<Verdict> verdict;  ///< nothing: it failed
  bool front = false;              ///< of its workload, among the points within budget

  bool counts() const { return verdict && verdict->within_budget; }
};

class Campaign {
 public:
  Campaign(const SweepFile& file, const Space& space, Store& store, Engine& engine,
           const app::ConfigLibrary& library);

  /// Works points out and adds them. `origin`: of the database's members. Positions in candidates() of the
  /// points.
  std::vector<std::size_t> add(const std::vector<Point>& points, const std::string& origin);
  /// Marks the fronts and writes all members to the database.
  void settle();

  const std::vector<Candidate>& candidates() const { return candidates_; }
  /// Runs points once more at another fidelity; their verdicts, in order, and the keys they are stored under.
  struct Simulated {
    std::string key;
    std::optional<Verdict> verdict;
  };
  std::vector<Simulated> simulate(const std::vector<std::size_t>& candidates, const std::string& fidelity);

 private:
  /// How many points are on fronts, while points come in.
  class Fronts {
   public:
    std::size_t add(const std::string& workload, const Values& costs);

   private:
    std::map<std::string, std::vector<Values>> fronts_;
  };

  std::string fidelity_of(const std::vector<yaml::Edit>& settings) const;
  std::string key_of(const std::vector<yaml::Edit>& settings);

  const SweepFile& file_;
  const Space& space_;
  Store& store_;
  Engine& engine_;
  PointKeys keys_;
  Judge judge_;
  Fronts fronts_;
  std::vector<Candidate> candidates_;
};

/// Searches each workload of the space by NSGA-II, and, if the file says so, draws as many points at random
/// for comparison. Returns how the hypervolume grew.
std::vector<Volume> search(const SweepFile& file, const Space& space, Campaign& campaign);

}  // namespace heddle::sweep
