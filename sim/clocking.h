// Time in the machine. One clock; a cycle is one nanosecond of SystemC time, whatever the accelerator's clock
// is. A process sees in cycle t + 1 what another one did in cycle t (registered control), so results never
// depend on the order in which the kernel runs the processes of one cycle.
#pragma once

#include <cstdint>
#include <systemc>

namespace heddle::sim {

using Cycle = std::int64_t;

/// Of a cycle, in units of the kernel's resolution.
inline std::int64_t one_cycle() {
  static const auto value = static_cast<std::int64_t>(sc_core::sc_time(1, sc_core::SC_NS).value());
  return value;
}
inline sc_core::sc_time cycles(Cycle n) {
  return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(n * one_cycle()));
}
inline Cycle now() { return static_cast<Cycle>(sc_core::sc_time_stamp().value()) / one_cycle(); }

/// A count that one process advances and others wait for; an advance is seen one cycle later.
class Milestone {
 public:
  void reset() {
    count_ = before_ = 0;
    changed_at_ = -1;
  }
  void advance() {
    const Cycle t = now();
    if (t != changed_at_) before_ = count_;
    changed_at_ = t;
    ++count_;
    seen_.notify(cycles(1));
  }
  /// Advances made in earlier cycles.
  std::int64_t seen() const { return changed_at_ == now() ? before_ : count_; }
  /// Fires in the cycle in which an advance becomes visible.
  const sc_core::sc_event& event() const { return seen_; }

 private:
  std::int64_t count_ = 0, before_ = 0;
  Cycle changed_at_ = -1;
  sc_core::sc_event seen_;
};

}  // namespace heddle::sim
