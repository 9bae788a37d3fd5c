#include "app/sweep/refine.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace heddle::sweep {
namespace {

/// Better by that share in every objective; costs that are to be made large are negative.
Values improved(const Values& costs, double share) {
  Values better;
  for (const double cost : costs) better.push_back(cost - std::abs(cost) * share);
  return better;
}

/// The front of a workload, in the order of its first objective, then points near it.
std::vector<std::size_t> chosen(const std::vector<Candidate>& candidates,
                                const std::vector<std::size_t>& group, const Refinement& how,
                                std::size_t& left_out) {
  std::vector<std::size_t> order;
  std::set<std::string> keys;
  const auto take = [&](bool front) {
    std::vector<std::size_t> some;
    for (const std::size_t i : group) {
      if (candidates[i].front != front) continue;
      const Values costs = front ? Values{} : improved(candidates[i].verdict->costs, how.within);
      const bool beaten = !front && std::any_of(group.begin(), group.end(), [&](std::size_t other) {
        return candidates[other].front && dominates(candidates[other].verdict->costs, costs);
      });
      if (!beaten && keys.insert(candidates[i].key).second) some.push_back(i);
    }
    std::stable_sort(some.begin(), some.end(), [&](std::size_t a, std::size_t b) {
      return candidates[a].verdict->costs < candidates[b].verdict->costs;
    });
    order.insert(order.end(), some.begin(), some.end());
  };
  take(true);
  if (how.within > 0) take(false);
  left_out += order.size() - std::min(order.size(), how.most);
  order.resize(std::min(order.size(), how.most));
  return order;
}

Order order_of(const std::string& workload, const Objective& objective, std::size_t index,
               const std::vector<const Comparison*>& points) {
  Order order{workload, objective.name, 0, 0, 0};
  const auto difference = [](double a, double b) { return a < b ? -1 : a > b ? 1 : 0; };
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double measured = points[i]->measured->objectives[index];
    const double analyzed = points[i]->analyzed.objectives[index];
    const double relative = measured == analyzed ? 0 : std::abs(analyzed - measured) / std::abs(measured);
    order.largest_difference = std::max(order.largest_difference, relative);
    for (std::size_t j = 0; j < i; ++j) {
      const int before = difference(points[j]->analyzed.objectives[index], analyzed);
      if (before == 0) continue;
      ++order.pairs;
      if (difference(points[j]->measured->objectives[index], measured) == before) ++order.kept;
    }
  }
  return order;
}

}  // namespace

RefinementResult refine(const SweepFile& file, Campaign& campaign) {
  RefinementResult result;
  std::map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < campaign.candidates().size(); ++i) {
    if (campaign.candidates()[i].counts()) groups[campaign.candidates()[i].workload].push_back(i);
  }
  std::vector<std::size_t> all;
  for (const auto& [workload, group] : groups) {
    const auto some = chosen(campaign.candidates(), group, *file.refine, result.left_out);
    all.insert(all.end(), some.begin(), some.end());
  }
  const auto simulated = campaign.simulate(all, file.refine->fidelity);
  std::map<std::string, std::vector<const Comparison*>> compared;
  result.points.reserve(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Candidate& candidate = campaign.candidates()[all[i]];
    result.points.push_back({all[i], simulated[i].key, *candidate.verdict, simulated[i].verdict});
    if (simulated[i].verdict) compared[candidate.workload].push_back(&result.points.back());
  }
  for (const auto& [workload, points] : compared) {
    for (std::size_t i = 0; i < file.objectives.size(); ++i)
      result.orders.push_back(order_of(workload, file.objectives[i], i, points));
  }
  return result;
}

}  // namespace heddle::sweep
