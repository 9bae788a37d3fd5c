// The second look: points on or near the fronts are simulated, and what both looks say of them is compared.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/sweep/campaign.h"

namespace heddle::sweep {

/// One point, twice.
struct Comparison {
  std::size_t candidate = 0;  ///< of Campaign::candidates()
  std::string simulated;      ///< its key
  Verdict analyzed;
  std::optional<Verdict> measured;  ///< nothing: the simulation failed
};

/// How well one objective's order holds within one workload: of all pairs that differ, those that simulation
/// puts the same way round.
struct Order {
  std::string workload, objective;
  std::int64_t pairs = 0, kept = 0;
  double largest_difference = 0;  ///< relative to the simulated value
};

struct RefinementResult {
  std::vector<Comparison> points;
  std::vector<Order> orders;
  std::size_t left_out = 0;  ///< points on or near fronts, beyond `most`
};

RefinementResult refine(const SweepFile& file, Campaign& campaign);

}  // namespace heddle::sweep
