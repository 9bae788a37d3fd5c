// Compares a unit in RTL with the clocked machine, port by port and cycle by cycle. The clocked machine tells
// what the ports must show (sim/port_watcher.h); the unit's device is looked at when a cycle of it is over.
#pragma once

#include <array>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "rtl/agreement.h"
#include "rtl/device.h"
#include "rtl/difference.h"
#include "sim/layer_program.h"
#include "sim/port_watcher.h"

namespace heddle::rtl {

/// The results of a pass in the order in which they leave the unit: places in (n, g, m, p, q) order.
std::vector<std::size_t> result_order(const sim::LayerProgram& program, const sim::Tile& pass);

class Lockstep : public sim::PortWatcher, public PortMonitor {
 public:
  /// `pes`: of an eie array; 0: a dot array. `strict`: cycles are compared, too, not only what comes out.
  Lockstep(const Device& device, std::int64_t pes, std::int64_t output_port, int sum_bits, bool strict);

  /// The layer's name and what both machines compared at its end.
  void begin(const std::string& layer) { layer_ = layer; }
  /// Everything that the clocked machine announced must have been seen.
  void end(const Device& device);
  /// Notes the first difference and throws Mismatch.
  [[noreturn]] void differ(Difference difference);
  const std::optional<Difference>& difference() const { return difference_; }
  Agreement& agreement() { return agreement_; }
  const Agreement& agreement() const { return agreement_; }

  void begin_layer(const sim::LayerProgram& program) override;
  void set(Level level, bool high, sim::Cycle from) override;
  void accepted(const sim::Pass& pass, sim::Cycle at) override;
  void event(Event event, sim::Cycle at, std::int64_t amount, std::size_t pe) override;
  void results(const sim::Pass& pass, const std::vector<std::int64_t>& sums) override;

  void sample(Cycle cycle, const Device& device) override;
  void rest(Cycle begin, Cycle end, const Device& device) override;

 private:
  struct Change {
    Cycle from = 0;
    bool high = false;
  };
  struct WatchedLevel {
    bool watched = false;
    Signal signal;
    bool high = false;
    std::deque<Change> changes;
  };
  struct Amount {
    Cycle at = 0;
    std::int64_t amount = 0;
  };
  struct WatchedEvent {
    bool watched = false;
    Signal signal;
    std::deque<Amount> amounts;
  };
  struct Bank {
    sim::Pass pass;
    std::vector<std::int64_t> sums;    ///< in the order of the port
    std::vector<std::size_t> indices;  ///< of each in (n, g, m, p, q) order
    std::size_t next = 0;
  };
  void compare(Cycle cycle, const Signal& signal, std::int64_t expected, std::int64_t got);
  void compare_results(Cycle cycle);
  Difference found(Cycle cycle, const std::string& signal) const;
  std::string pe_of(const Bank& bank, std::size_t result) const;

  const std::int64_t pes_, output_port_;
  const int sum_bits_;
  const bool strict_;
  Signal results_valid_, results_ready_, results_data_, results_last_;
  std::array<WatchedLevel, 5> levels_;
  std::array<WatchedEvent, 8> events_;
  std::deque<Bank> banks_;
  std::deque<std::pair<Cycle, sim::Pass>> passes_;  ///< accepted, the last few
  const sim::LayerProgram* program_ = nullptr;
  Cycle begin_ = 0;  ///< of the layer
  std::string layer_;
  std::optional<Difference> difference_;
  Agreement agreement_;
};

}  // namespace heddle::rtl
