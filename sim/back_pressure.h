// Cycles by which the array's surroundings make it wait, drawn from a seed: an operand, a partial sum or a
// pass comes later than the memories would bring it, results are taken later. Two machines with the same seed
// draw the same ones, whenever they ask: each kind has a sequence of its own.
#pragma once

#include <cstdint>
#include <random>

#include "sim/clocking.h"

namespace heddle::sim {

class BackPressure {
 public:
  /// `share` of the transfers wait, for 1 to `longest` cycles.
  BackPressure(std::uint64_t seed, double share, Cycle longest)
      : loads_(seed * 4),
        restores_(seed * 4 + 1),
        drains_(seed * 4 + 2),
        passes_(seed * 4 + 3),
        wait_(share),
        cycles_(1, longest) {}

  Cycle of_load() { return draw(loads_); }
  Cycle of_restore() { return draw(restores_); }
  Cycle of_drain() { return draw(drains_); }
  Cycle of_pass() { return draw(passes_); }

 private:
  Cycle draw(std::mt19937_64& from) { return wait_(from) ? cycles_(from) : 0; }

  std::mt19937_64 loads_, restores_, drains_, passes_;
  std::bernoulli_distribution wait_;
  std::uniform_int_distribution<Cycle> cycles_;
};

}  // namespace heddle::sim
