#include "app/sweep/campaign.h"

#include <algorithm>

#include "app/sweep/settings.h"

namespace heddle::sweep {

Campaign::Campaign(const SweepFile& file, const Space& space, Store& store, Engine& engine,
                   const app::ConfigLibrary& library)
    : file_(file), space_(space), store_(store), engine_(engine), keys_(library), judge_(file, space) {}

std::size_t Campaign::Fronts::add(const std::string& workload, const Values& costs) {
  std::vector<Values>& front = fronts_[workload];
  const bool beaten =
      std::any_of(front.begin(), front.end(), [&](const Values& other) { return dominates(other, costs); });
  if (!beaten) {
    std::erase_if(front, [&](const Values& other) { return dominates(costs, other); });
    front.push_back(costs);
  }
  std::size_t size = 0;
  for (const auto& [name, points] : fronts_) size += points.size();
  return size;
}

std::string Campaign::fidelity_of(const std::vector<yaml::Edit>& settings) const {
  return run_options(settings, file_.folder).fidelity;
}

std::string Campaign::key_of(const std::vector<yaml::Edit>& settings) {
  return keys_.key(run_options(settings, file_.folder));
}

std::vector<std::size_t> Campaign::add(const std::vector<Point>& points, const std::string& origin) {
  std::vector<Task> tasks;
  std::vector<std::size_t> positions;
  for (const Point& point : points) {
    Candidate candidate{point, "", space_.workload(point), origin, space_.settings(point), {}, false};
    candidate.key = key_of(candidate.settings);
    tasks.push_back({candidate.key, candidate.settings, fidelity_of(candidate.settings)});
    positions.push_back(candidates_.size());
    candidates_.push_back(std::move(candidate));
  }
  std::size_t on_fronts = 0;
  engine_.complete(tasks, [&](std::size_t task, const StoredPoint& stored) {
    Candidate& candidate = candidates_[positions[task]];
    candidate.verdict = judge_.judge(candidate.point, stored);
    if (candidate.counts()) on_fronts = fronts_.add(candidate.workload, candidate.verdict->costs);
    return on_fronts;
  });
  return positions;
}

void Campaign::settle() {
  std::map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    candidates_[i].front = false;
    if (candidates_[i].counts()) groups[candidates_[i].workload].push_back(i);
  }
  for (const auto& [workload, group] : groups) {
    std::vector<Values> costs;
    for (const std::size_t i : group) costs.push_back(candidates_[i].verdict->costs);
    for (const std::size_t i : front(costs)) candidates_[group[i]].front = true;
  }
  std::vector<Member> members;
  for (const Candidate& candidate : candidates_) {
    Member member{candidate.key,
                  candidate.workload,
                  candidate.origin,
                  Json::object(),
                  Json::object(),
                  candidate.front,
                  {}};
    for (std::size_t axis = 0; axis < candidate.point.size(); ++axis) {
      const Axis& of = space_.axes()[axis];
      member.values[of.name] = json_of(of.choices[candidate.point[axis]].label);
    }
    const std::vector<double> derived = space_.derived(candidate.point);
    for (std::size_t i = 0; i < derived.size(); ++i)
      member.values[file_.derived[i].first] = json_of(derived[i]);
    if (candidate.verdict) {
      member.within_budget = candidate.verdict->within_budget;
      for (std::size_t i = 0; i < file_.objectives.size(); ++i)
        member.objectives[file_.objectives[i].name] = candidate.verdict->objectives[i];
    }
    members.push_back(std::move(member));
  }
  store_.set_members(members);
}

std::vector<Campaign::Simulated> Campaign::simulate(const std::vector<std::size_t>& candidates,
                                                    const std::string& fidelity) {
  std::vector<Task> tasks;
  std::vector<Simulated> simulated(candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    std::vector<yaml::Edit> settings = candidates_[candidates[i]].settings;
    settings.push_back({"fidelity", fidelity});
    simulated[i].key = key_of(settings);
    tasks.push_back({simulated[i].key, std::move(settings), fidelity});
  }
  engine_.complete(tasks, [&](std::size_t task, const StoredPoint& stored) {
    simulated[task].verdict = judge_.judge(candidates_[candidates[task]].point, stored);
    return candidates.size();
  });
  return simulated;
}

}  // namespace heddle::sweep
