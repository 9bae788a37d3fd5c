// The socket: what every array unit shows the rest of the machine. Passes come from the sequencer; sums stay
// in one of two accumulator banks until the post-processing unit has drained them.
#pragma once

#include <cstdint>
#include <vector>

namespace heddle::sim {

class ArrayUnit {
 public:
  virtual ~ArrayUnit() = default;

  /// Begins the layer in progress in this cycle.
  virtual void start() = 0;
  /// The sums that a closed bank holds, in (n, g, m, p, q) order of its output tile.
  virtual std::vector<std::int64_t> sums(int bank) const = 0;
};

}  // namespace heddle::sim
