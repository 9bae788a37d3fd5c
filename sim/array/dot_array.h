// The `dot` unit, clocked: gives every load, step and drain its cycle. docs/dot.md has the rules and a timing
// diagram.
#pragma once

#include <vector>

#include "sim/array/array_unit.h"
#include "sim/array/dot_datapath.h"

namespace heddle::sim {

/// Stages after issue: multiply, reduce, accumulate; two banks of accumulators.
inline constexpr ArrayUnit::Traits kDotTraits{.stages = 3, .banks = 2};

class DotArray : public ArrayUnit {
 public:
  DotArray(sc_core::sc_module_name name, const arch::ArrayUnit& unit, const Socket& socket)
      : ArrayUnit(name, kDotTraits, unit.ports, socket), datapath_(unit, socket.run) {}

  std::vector<std::int64_t> sums(int bank) override { return datapath_.sums(bank); }

 protected:
  void begin_layer() override { datapath_.start(); }
  void begin_pass(const Pass& pass) override { datapath_.begin_pass(pass); }
  void run_steps(const Pass& pass) override;
  void clear_bank(int bank) override { datapath_.open(bank); }
  void restore(const Pass& /*pass*/, int /*bank*/) override { datapath_.restore(); }
  /// The load of a step begins in this cycle.
  virtual void loading(std::size_t /*step*/, const LoadBits& /*load*/, const LoadTime& /*time*/) {}
  /// From this cycle on nothing that the unit waits for keeps the step from issuing.
  virtual void issue(std::size_t step) { datapath_.execute(step); }

  DotDatapath datapath_;

 private:
  void watch_load(const LoadTime& time);
};

}  // namespace heddle::sim
