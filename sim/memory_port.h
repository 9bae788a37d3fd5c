// The port of one memory level towards the array: serves one request at a time, at the level's bandwidth.
#pragma once

#include <deque>
#include <memory>

#include "arch/accelerator.h"
#include "sim/clocking.h"

namespace heddle::sim {

/// Who asks; of those that wait the lowest goes first: movers from the outermost, post-processing unit,
/// array.
using Requester = int;

class MemoryPort : public sc_core::sc_module {
 public:
  /// A request in the port's queue. Block requests end after `occupancy` cycles; held ones when release() is
  /// called.
  struct Request {
    Requester requester = 0;
    Cycle occupancy = 0;
    bool held = false;
    Cycle made = 0;
    Cycle granted = -1;  ///< -1 until it is its turn
    Cycle ended = -1;    ///< last data cycle + 1; -1 until then
    sc_core::sc_event changed;
  };
  using Ticket = std::shared_ptr<Request>;

  MemoryPort(sc_core::sc_module_name name, const arch::MemoryLevel& level);
  MemoryPort(const MemoryPort&) = delete;
  MemoryPort& operator=(const MemoryPort&) = delete;

  /// Cycles that so many bits take: whole words (sram) or bursts (dram), at the bandwidth.
  Cycle cycles_for(std::int64_t bits) const;
  /// Words or bursts that so many bits take, and the cycles of so many words or bursts.
  std::int64_t units_for(std::int64_t bits) const;
  Cycle cycles_for_units(std::int64_t units) const;
  Cycle latency() const { return level_.latency_cycles; }
  bool is_dram() const { return level_.kind == arch::MemoryLevel::Kind::dram; }

  Ticket request(Requester requester, Cycle occupancy);
  /// Holds the port until release(); the holder accounts its data cycles with add_busy().
  Ticket hold(Requester requester);
  void release(const Ticket& ticket);

  void reset() { busy_cycles_ = 0; }
  void add_busy(Cycle cycles) { busy_cycles_ += cycles; }
  Cycle busy_cycles() const { return busy_cycles_; }

 private:
  void arbitrate();
  Ticket enqueue(Requester requester, Cycle occupancy, bool held);

  const arch::MemoryLevel level_;
  std::int64_t unit_bits_;
  std::deque<Ticket> queue_;
  Ticket current_;
  Cycle busy_cycles_ = 0;
  sc_core::sc_event arbitrate_event_;
};

}  // namespace heddle::sim
