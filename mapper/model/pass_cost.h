// What one pass of an array unit takes, as the recurrence in time needs it: cycles between its first and its
// last step, loads, drains.
#pragma once

#include <array>
#include <cstdint>

#include "arch/actions.h"
#include "mapper/model/nest_walk.h"

namespace heddle::mapper {

/// Operands' first load of a pass, for the operands that it needs.
struct LoadCost {
  Cycle cycles = 0;
  arch::Stall cause = arch::Stall::weight_port;
  Cycle weight_busy = 0, input_busy = 0;  ///< of the ports of the memories that they come from
};

struct PassCost {
  std::int64_t steps = 0;
  std::array<LoadCost, 4> first;  ///< by (weights needed) + 2 (inputs needed)
  Cycle rest = 0;                 ///< from the first step's issue to the last one's
  std::array<Cycle, 3> stalls{};  ///< of these: weight port, input port, bandwidth
  Cycle weight_busy = 0, input_busy = 0;
  Cycle drain_final = 0, drain_partial = 0, restore = 0;
  bool many_weights = false, many_inputs = false;  ///< do its steps need several (streamed operands)?
  /// Expected steps less `steps`, in 2^-20: passes take whole cycles.
  std::int64_t fraction = 0;
};

/// Costs of passes under one mapping after the other.
class PassCosts {
 public:
  virtual ~PassCosts() = default;

  /// Takes a mapping; costs of the one before are forgotten.
  virtual void start(const arch::LayerMapping& mapping) = 0;
  /// The cost of a pass over this tile. The reference holds until start().
  virtual const PassCost& of(const TileRange& tile) = 0;
  /// Steps of all passes of the layer, or fewer.
  virtual std::int64_t layer_steps() const = 0;
  /// Do the PEs hold the operand for a whole pass?
  virtual bool weights_resident() const = 0;
  virtual bool inputs_resident() const = 0;
};

}  // namespace heddle::mapper
