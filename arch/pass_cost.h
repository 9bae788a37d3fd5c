// What one pass of an array unit takes and moves: cycles between its first and its last step, loads, drains,
// and what docs/counting.md counts of them.
#pragma once

#include <array>
#include <cstdint>

#include "arch/actions.h"
#include "arch/tile_traffic.h"

namespace heddle::arch {

/// What loads of weights and inputs bring, in elements.
struct LoadCounts {
  std::int64_t weights = 0, inputs = 0;              ///< read at the memory levels that keep them
  std::int64_t weight_copies = 0, input_copies = 0;  ///< written into the registers of all PEs
  std::int64_t dram_bursts = 0;

  void add(const LoadCounts& load);
};

/// Operands' first load of a pass, for the operands that it needs.
struct LoadCost {
  Cycle cycles = 0;
  Stall cause = Stall::weight_port;
  Cycle weight_busy = 0, input_busy = 0;  ///< of the ports of the memories that they come from
  LoadCounts counts;
};

struct PassCost {
  std::int64_t steps = 0;
  std::array<LoadCost, 4> first;          ///< by (weights needed) + 2 (inputs needed)
  Cycle rest = 0;                         ///< from the first step's issue to the last one's
  std::array<Cycle, 3> stalls{};          ///< of these: weight port, input port, bandwidth
  Cycle weight_busy = 0, input_busy = 0;  ///< of the loads after the first
  LoadCounts counts;                      ///< likewise
  std::int64_t results = 0;               ///< outputs of the pass, each in an accumulator
  std::int64_t updates = 0;               ///< of accumulators, by all steps
  Cycle drain_final = 0, drain_partial = 0, restore = 0;
  bool many_weights = false, many_inputs = false;  ///< do its steps need several (streamed operands)?
  std::int64_t fraction = 0;  ///< expected steps less `steps`, in 2^-20: passes take whole cycles
};

/// Costs of passes under one mapping after the other.
class PassCosts {
 public:
  virtual ~PassCosts() = default;

  /// Takes a mapping; costs of the one before are forgotten.
  virtual void start(const LayerMapping& mapping) = 0;
  /// The cost of a pass over this tile. The reference holds until start().
  virtual const PassCost& of(const TileRange& tile) = 0;
  /// Steps of all passes of the layer, or fewer.
  virtual std::int64_t layer_steps() const = 0;
  /// Do the PEs hold the operand for a whole pass?
  virtual bool weights_resident() const = 0;
  virtual bool inputs_resident() const = 0;
};

}  // namespace heddle::arch
