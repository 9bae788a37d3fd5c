// The `eie` unit, what its clocked and its fast form share: loading the source registers, opening the
// destination registers, the frame of a pass. docs/eie.md has the rules.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/array/array_unit.h"

namespace heddle::sim {

class EieUnit : public ArrayUnit {
 public:
  /// Stages after issue: matrix read, look-up, multiply, add, write; one destination register file.
  static constexpr Traits kTraits{.stages = 5, .banks = 1};

  EieUnit(sc_core::sc_module_name name, const arch::ArrayUnit& array, const Socket& socket);

 protected:
  void begin_layer() override;
  void begin_pass(const Pass& /*pass*/) final {}
  void run_steps(const Pass& pass) final;

  /// The pass's inputs by column; padding is zero.
  virtual void load_source(const Pass& pass) = 0;
  /// They arrive from this cycle on, for `time.inputs` cycles.
  virtual void loading(const LoadTime& /*time*/) {}
  /// Detection begins in cycle `begin`. Returns the cycle of the last issue; the clocked form has come to it
  /// then.
  virtual Cycle walk(const Pass& pass, Cycle begin) = 0;

  /// Cycles from here until the first broadcast.
  Cycle detection_cycles() const { return detection_cycles_; }

  /// Do the source registers hold the pass's inputs?
  bool holds_source(const Pass& pass) const {
    return holds_ && held_.same_start(pass.tile, workload::Operand::inputs);
  }

  const arch::ArrayUnit array_;

 private:
  const Cycle detection_cycles_;
  Tile held_;  ///< whose inputs the source registers hold
  bool holds_ = false;
};

/// The input vector of a pass, in column order (c, r, s). `inputs` covers at least its positions inside the
/// input.
void gather_source(const View<const std::int16_t>& inputs, const workload::MacShape& shape, const Tile& pass,
                   std::vector<std::int16_t>& source);

}  // namespace heddle::sim
