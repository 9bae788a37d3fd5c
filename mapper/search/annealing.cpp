#include "mapper/search/annealing.h"

#include <cmath>

#include "mapper/search/islands.h"

namespace heddle::mapper {
namespace {

// Temperatures are shares of the value: at temperature T a change from value v to w > v is accepted with the
// probability (v / w)^(1 / T), as if the logarithm of the value were the energy.
constexpr double kHottest = 0.5, kColdest = 0.003;
constexpr int kFirstRun = 1000;  ///< points of the first run; each run is twice as long as the one before

void anneal(Island& island) {
  std::int64_t length = kFirstRun;
  for (bool fresh = true; !island.spent(); fresh = !fresh) {
    // Runs begin at a new point and at the best of all runs, by turns.
    Point point = island.best();
    double reached = island.best_value();
    if (fresh || !island.found()) {
      const auto start = island.legal_point();
      if (!start) continue;
      std::tie(point, reached) = *start;
    }
    const std::int64_t steps = length;
    const double hottest = fresh ? kHottest : kHottest / 10;
    const double cooling = std::pow(kColdest / hottest, 1.0 / static_cast<double>(steps));
    double temperature = hottest;
    length *= 2;
    for (std::int64_t i = 0; i < steps && !island.spent(); ++i, temperature *= cooling) {
      Point next = point;
      island.moves().change(next);
      // Drawn first, the chance of acceptance is a value to be beaten, and cheap bounds can decide.
      const double beat = reached * std::pow(island.moves().uniform(), -temperature);
      if (const auto value = island.look_at(next, beat)) {
        point = next;
        reached = *value;
      }
    }
  }
}

}  // namespace

Found search_annealing(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options) {
  return search_islands(space, table, options, anneal);
}

}  // namespace heddle::mapper
