// What a search of the mapspace is asked for, and what it answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/energy.h"
#include "mapper/mapspace.h"

namespace heddle::mapper {

enum class Objective : std::uint8_t { edp, energy, latency };
std::string_view name(Objective objective);

struct Cost {
  double energy_pj = 0;
  std::int64_t cycles = 0;
};
/// pJ x cycles, pJ, or cycles.
inline double value(Objective objective, const Cost& cost) {
  const auto cycles = static_cast<double>(cost.cycles);
  return objective == Objective::edp      ? cost.energy_pj * cycles
         : objective == Objective::energy ? cost.energy_pj
                                          : cycles;
}

/// What is known about the mapping that a search returns.
struct Certificate {
  bool proved = false;
  double lower_bound = 0;  ///< no mapping of the space costs less
  double best = 0;
  Count space = 0;      ///< mappings in the space
  Count evaluated = 0;  ///< of them, those whose exact cost was worked out
  /// Of them, those that were left out, by reason. With the evaluated ones they add up to the space if
  /// `proved`.
  struct Removed {
    std::string reason;
    Count mappings = 0;
  };
  std::vector<Removed> removed;
  double seconds = 0;
};

struct SearchOptions {
  Objective objective = Objective::edp;
  std::uint64_t seed = 1;        ///< of searches that draw
  double seconds = 0;            ///< time budget; 0: none (searches that never know when they are done: 1 s)
  std::int64_t evaluations = 0;  ///< points to look at; 0: as many as the time allows
  /// Of the optimal search: it leaves out what is shown to cost no less than the best / (1 + gap). The
  /// answer's lower bound says so; at 0 it is proved.
  double gap = 0;
};

struct Found {
  Point point;
  Cost cost;
  Certificate certificate;
};

}  // namespace heddle::mapper
