// Leading-non-zero detection: a tree of nodes with four children over the PEs' source registers offers the
// inputs of a pass that are not zero, in ascending column order, one a cycle.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/actions.h"
#include "sim/array/eie/clock.h"
#include "sim/array/eie/registers.h"
#include "sim/array/eie/stages.h"

namespace heddle::sim::eie {

class ActivationQueues;

class LeadingNonZero : public sc_core::sc_module {
 public:
  LeadingNonZero(sc_core::sc_module_name name, std::size_t pes, const Clock& clock);
  void connect(const ActivationQueues& queues) { queues_ = &queues; }

  /// A new pass: `source` (by column; column c in PE c mod P) stays as it is until the last offer has been
  /// taken. Offers begin in cycle `first_broadcast`, which is later than this one.
  void begin(const std::vector<std::int16_t>& source, Cycle first_broadcast);
  /// In this cycle.
  std::optional<Activation> offer() const;
  /// Nothing is offered in this cycle, nor will be in this pass.
  bool exhausted() const { return clock_.cycle() >= first_broadcast_ && !offer_[0]; }

 private:
  void edge();
  void move_leaf(std::size_t pe);
  std::optional<Activation> leading();

  const Clock& clock_;
  const std::vector<std::int16_t>* source_ = nullptr;
  const ActivationQueues* queues_ = nullptr;
  Cycle first_broadcast_ = 0;
  std::vector<std::vector<std::int32_t>>
      tree_;  ///< [0]: each PE's leading column; [i + 1]: the least of four
  Registers<std::optional<Activation>> offer_{1};
};

}  // namespace heddle::sim::eie
