// The socket: what every array unit shares with the others and shows the rest of the machine. Passes come
// from the sequencer, one at a time; each begins when the last step of the one before has issued. A unit runs
// the steps of a pass; the base class holds the ports that the pass streams from, opens accumulator banks,
// accounts for every cycle, and hands closed banks to the post-processing unit.
//
// A unit may be ahead of the kernel's time: what it does next depends on nobody, and nobody on it, until it
// asks for a port, for a bank that is not free, or ends an iteration of a memory level. Only there the base
// class waits for the cycle that the unit has come to. (A clocked unit, which waits for every step, is never
// ahead.)
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "arch/accelerator.h"
#include "sim/layer_run.h"
#include "sim/memory_port.h"
#include "sim/sequencer.h"

namespace heddle::sim {

class PostProcessingUnit;

/// What the machine offers the array.
struct Socket {
  LayerRun& run;
  Sequencer& sequencer;
  PostProcessingUnit& ppu;
  const std::vector<std::unique_ptr<MemoryPort>>& ports;  ///< by memory level
};

class ArrayUnit : public sc_core::sc_module {
 public:
  /// In what the units' common rules differ.
  struct Traits {
    Cycle stages = 3;  ///< from the issue of a pass's last step until its sums are complete
    int banks = 2;     ///< of accumulators; with one, a pass that opens waits until it has been drained
  };

  ArrayUnit(sc_core::sc_module_name name, const Traits& traits, const arch::Ports& array_ports,
            const Socket& socket);
  ArrayUnit(const ArrayUnit&) = delete;
  ArrayUnit& operator=(const ArrayUnit&) = delete;

  /// Begins the layer in progress in this cycle.
  void start() { start_.notify(sc_core::SC_ZERO_TIME); }
  /// The sums that a closed bank holds, in (n, g, m, p, q) order of its output tile. Asked for only where
  /// data moves (LayerRun::moves_data).
  virtual std::vector<std::int64_t> sums(int /*bank*/) { return {}; }
  /// The codes of the whole layer, which has been run, in (n, g, m, p, q) order: what the passes left in the
  /// DRAM's store. A unit that works without moving data computes them here, all at once.
  virtual std::vector<std::int16_t> outputs();
  /// The results of the pass that the post-processing unit drains now leave in `cycles` cycles, the last of
  /// them in the last one.
  virtual void drain(const Pass& /*pass*/, Cycle /*cycles*/) {}
  /// Have they left (in an earlier cycle)?
  virtual bool drained() { return true; }

 protected:
  /// Bits that a load brings into the operand registers; 0 for an operand that is there already.
  struct LoadBits {
    std::int64_t weights = 0;
    std::int64_t inputs = 0;
  };
  struct LoadTime {
    Cycle cycles = 0;
    arch::Stall cause = arch::Stall::weight_port;
    Cycle weights = 0, inputs = 0;  ///< until the last beat of each operand has been taken; 0: none comes
  };

  /// A new layer begins: registers hold nothing.
  virtual void begin_layer() = 0;
  /// A pass begins. Comes before anything waits for its sake.
  virtual void begin_pass(const Pass& pass) = 0;
  /// The unit takes the pass in this cycle, or as soon as it can.
  virtual void accept(const Pass& /*pass*/) {}
  /// Runs the pass's steps, first load to last issue: loads (time_of), opens the bank (open_bank) before the
  /// first step if the pass opens, issues every step (issued). It may wait for each step's cycle
  /// (wait_until), or for none and be ahead.
  virtual void run_steps(const Pass& pass) = 0;
  /// Clears a bank; the pass, and those that follow it on the same outputs, add up there.
  virtual void clear_bank(int /*bank*/) {}
  /// Puts the partial sums of the pass's output tile back into the bank that was just cleared. Asked for only
  /// where data moves; cycles and actions are counted by the base class.
  virtual void restore(const Pass& /*pass*/, int /*bank*/) {}
  /// They are on their way: the last ones arrive in `cycles` - 1 cycles.
  virtual void restoring(Cycle /*cycles*/) {}

  /// Waits for the pass's accumulator bank, clears it, and puts partial sums back where there are any.
  /// Returns the first cycle in which a step may add to it.
  Cycle open_bank(const Pass& pass);
  /// Cycles that a load takes: each operand at its array port, and what comes from one memory at that
  /// memory's bandwidth. Counts the memories' busy cycles and bursts.
  LoadTime time_of(const Pass& pass, const LoadBits& load);
  /// Cycles up to `until` that nobody has accounted for yet belong to `cause`.
  void account(arch::Stall cause, Cycle until);
  /// `steps` steps issued, the last one in cycle `last`; the cycles before are accounted for.
  void issued(std::int64_t steps, Cycle last);
  /// The cycle that the unit has come to: the kernel's, or that of the last issue if it is ahead.
  Cycle here() const { return std::max(now(), last_issue_); }
  void wait_until(Cycle t);
  void wait_for(const MemoryPort::Ticket& ticket, bool granted);
  MemoryPort& port(int level) { return *socket_.ports[static_cast<std::size_t>(level)]; }
  int bank() const { return bank_; }                ///< of the pass in progress
  Cycle last_issue() const { return last_issue_; }  ///< one before the layer's begin, until a step has issued

  const Socket socket_;
  LayerRun& run_;

 private:
  void process();
  void run_layer();
  void run_pass(const Pass& pass);
  void hold_streamed_levels(const Pass& pass);
  Requester rank() const { return run_.innermost() + 2; }  ///< after the post-processing unit
  bool is_adjacent(int level) const { return level == run_.innermost() && level > 0; }

  const Traits traits_;
  const arch::Ports array_ports_;
  sc_core::sc_event start_;

  void watch_pass(const Pass& pass);

  Cycle last_issue_ = -1;
  Cycle accounted_ = 0;  ///< first cycle that no one has accounted for yet
  int bank_ = 0;
  std::vector<std::pair<int, MemoryPort::Ticket>> held_;  ///< ports held for the pass in progress
};

/// The partial sums of the pass's output tile, from the level that keeps them, in (n, g, m, p, q) order.
std::vector<std::int64_t> partial_sums(LayerRun& run, const Pass& pass);

}  // namespace heddle::sim
