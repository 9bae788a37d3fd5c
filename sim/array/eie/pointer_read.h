// Pointer read: a PE that has walked its slice takes the next activation from its queue and reads both ends
// of that column's slice, one from each of its two pointer banks; then it issues an entry a cycle to the
// matrix SRAM.
#pragma once

#include <vector>

#include "arch/actions.h"
#include "sim/array/eie/activation_queues.h"
#include "sim/array/eie/clock.h"
#include "sim/array/eie/registers.h"
#include "sim/array/eie/stages.h"

namespace heddle::sim::eie {

class PointerRead : public sc_core::sc_module {
 public:
  PointerRead(sc_core::sc_module_name name, std::size_t pes, const Clock& clock,
              const LeadingNonZero& detection, const ActivationQueues& queues, arch::ActionCounts& actions);

  /// The block whose columns are broadcast from the next cycle on.
  void select(const CscMatrix& block) { block_ = &block; }
  /// The PE takes an activation in this cycle, if its queue has one.
  bool is_free(std::size_t pe) const { return slices_[pe].left() <= 1; }
  /// The entry that the PE issues in this cycle.
  Issue issue(std::size_t pe) const;
  /// No entry is left to issue after this cycle, if no activation is taken in it.
  bool is_last_cycle() const;

 private:
  void edge();

  const LeadingNonZero& detection_;
  const ActivationQueues& queues_;
  arch::ActionCounts& actions_;
  const CscMatrix* block_ = nullptr;
  Registers<Slice> slices_;
};

}  // namespace heddle::sim::eie
