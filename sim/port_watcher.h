// What the ports of an array show, cycle by cycle, as the clocked machine tells it: whoever checks a unit in
// RTL compares its ports with this. Port names and cycles: docs/socket.md.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/clocking.h"
#include "sim/sequencer.h"

namespace heddle::sim {

class PortWatcher {
 public:
  enum class Level : std::uint8_t { pass_ready, weights_ready, inputs_ready, sums_ready, results_valid };
  /// What a unit does in a cycle, and how often.
  enum class Event : std::uint8_t {
    start,  ///< eie: detection starts
    issue,  ///< dot: a step
    last,   ///< eie: the last issue of a pass
    multiplies,
    gated,
    broadcasts,
    queue_full,
    work,  ///< eie: of one PE
  };

  virtual ~PortWatcher() = default;
  virtual void begin_layer(const LayerProgram& program) = 0;
  /// From this cycle on the signal is high (low), until another call says something else. Each signal's calls
  /// come in the order of their cycles, no later than in the cycle itself.
  virtual void set(Level level, bool high, Cycle from) = 0;
  /// A pass is taken in this cycle.
  virtual void accepted(const Pass& pass, Cycle at) = 0;
  virtual void event(Event event, Cycle at, std::int64_t amount, std::size_t pe) = 0;
  /// A bank's sums, in (n, g, m, p, q) order, are what leaves next.
  virtual void results(const Pass& pass, const std::vector<std::int64_t>& sums) = 0;
};

}  // namespace heddle::sim
