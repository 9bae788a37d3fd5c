// The array's clock: an edge in every cycle from start() until the parts have nothing left to do.
#pragma once

#include <functional>
#include <utility>

#include "sim/clocking.h"

namespace heddle::sim::eie {

class Clock : public sc_core::sc_module {
 public:
  /// `busy`: is there anything to do in the next cycle? Asked at the end of each.
  Clock(sc_core::sc_module_name name, std::function<bool()> busy) : sc_module(name), busy_(std::move(busy)) {
    SC_HAS_PROCESS(Clock);
    SC_METHOD(tick);
    dont_initialize();
    sensitive << tick_;
  }

  /// The next edge is in the next cycle.
  void start() {
    if (!running_) tick_.notify(cycles(1));
    running_ = true;
  }
  const sc_core::sc_event& edge() const { return edge_; }
  /// Of the edge in progress.
  Cycle cycle() const { return cycle_; }

 private:
  void tick() {
    cycle_ = now();
    edge_.notify(sc_core::SC_ZERO_TIME);
    running_ = busy_();
    if (running_) tick_.notify(cycles(1));
  }

  const std::function<bool()> busy_;
  bool running_ = false;
  Cycle cycle_ = 0;
  sc_core::sc_event tick_, edge_;
};

}  // namespace heddle::sim::eie
