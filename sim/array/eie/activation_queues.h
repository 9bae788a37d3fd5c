// The PEs' queues of broadcast activations: an activation goes into all of them in one cycle, if none is
// full.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/actions.h"
#include "sim/array/eie/clock.h"
#include "sim/array/eie/leading_non_zero.h"
#include "sim/array/eie/registers.h"

namespace heddle::sim::eie {

class PointerRead;

class ActivationQueues : public sc_core::sc_module {
 public:
  ActivationQueues(sc_core::sc_module_name name, std::size_t pes, std::size_t depth, const Clock& clock,
                   const LeadingNonZero& detection, arch::ActionCounts& actions);
  void connect(const PointerRead& pointers) { pointers_ = &pointers; }

  /// No queue is full; one from which an entry leaves in this cycle is not.
  bool ready() const;
  /// What the PE takes from its queue in this cycle, if it can: the head, or what is just being broadcast.
  std::optional<Activation> taken(std::size_t pe) const;
  bool empty() const;

 private:
  void edge();
  std::size_t slot(std::size_t pe, std::size_t index) const { return pe * slots_ + index % slots_; }

  struct Fill {
    std::uint32_t head = 0, size = 0;
  };
  const std::size_t depth_, slots_;  ///< a slot more than the depth: the one that is being taken
  const Clock& clock_;
  const LeadingNonZero& detection_;
  const PointerRead* pointers_ = nullptr;
  arch::ActionCounts& actions_;
  std::vector<Activation> ring_;
  Registers<Fill> fill_;
  mutable Cycle known_at_ = -1;  ///< the cycle in which ready() was worked out
  mutable bool ready_ = false;
};

}  // namespace heddle::sim::eie
