// What the dot unit's registers and multipliers do, without time: operand vectors are loaded from the tiles,
// steps multiply and add, accumulators are filled and emptied. It counts every action; dot_array.h gives each
// its cycle.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/array/dot_plan.h"
#include "sim/layer_run.h"
#include "sim/sequencer.h"

namespace heddle::sim {

/// Bits that a load brings into the operand registers; 0 for an operand that is there already.
struct DotLoad {
  std::int64_t weight_bits = 0;
  std::int64_t input_bits = 0;
};

class DotDatapath {
 public:
  DotDatapath(const arch::ArrayUnit& unit, LayerRun& run);

  /// New layer: registers hold nothing.
  void start();
  /// Chooses the pass's steps and sources.
  void begin_pass(const Pass& pass);
  /// Clears a bank of accumulators and adds up the pass (and those that follow it) there.
  void open(int bank);
  std::size_t step_count() const { return plan_->steps.size(); }

  /// Loads what step `index` needs and the operand registers do not hold. The first step of a pass also loads
  /// the vectors that stay in larger registers for the whole pass.
  DotLoad load(std::size_t index);
  /// Runs the loaded step `index`.
  void execute(std::size_t index);

  /// The steps of the pass, and the coordinates of one of them.
  const DotPlan& plan() const { return *plan_; }
  Tile absolute(const DotStep& step) const;
  /// What the operand registers hold: weights [row][lane], of n:m weights the position of each in the input
  /// vector, inputs [position][column] less the zero point.
  const std::vector<std::int32_t>& weight_registers() const { return weight_registers_; }
  const std::vector<std::uint16_t>& select_registers() const { return select_registers_; }
  const std::vector<std::int32_t>& input_registers() const { return input_registers_; }

  /// Puts the partial sums of the pass's output tile back into the open accumulators.
  void restore();
  /// The sums of a bank's output tile, in (n, g, m, p, q) order.
  std::vector<std::int64_t> sums(int bank) const;

 private:
  void load_weights(const DotStep& step);
  void load_inputs(const DotStep& step);
  std::int64_t weights_in(const DotStep& step) const;
  std::int64_t inputs_in_range(const DotStep& step) const;
  std::int64_t resident_inputs() const;

  struct Bank {
    std::vector<std::int32_t> narrow;
    std::vector<std::int64_t> wide;
    std::vector<bool> touched;  ///< by accumulator: has a sum been started?
    const DotPlan* plan = nullptr;
  };

  const arch::ArrayUnit unit_;
  LayerRun& run_;
  std::vector<std::unique_ptr<DotPlan>> plans_;  ///< of this layer, one for each pass shape met
  const DotPlan* plan_ = nullptr;
  Pass pass_;
  int bank_ = 0;
  std::array<Bank, 2> banks_;

  View<const std::int16_t> weights_, inputs_;
  View<const std::uint8_t> indices_;
  TileStore stream_;  ///< a pass's inputs, when they come straight from DRAM

  // Operand registers.
  workload::PerOperand<Tile> held_;           ///< coordinates of the step loaded last
  workload::PerOperand<Tile> held_for_pass_;  ///< of resident operands
  workload::PerOperand<bool> holds_{}, holds_for_pass_{};
  std::vector<std::int32_t> weight_registers_;   ///< [row][lane]
  std::vector<std::uint16_t> select_registers_;  ///< [row][lane]: position in the input vector
  std::vector<std::int64_t> position_uses_;      ///< [position]: multiplexers that select it
  std::vector<std::int32_t> input_registers_;    ///< [position][column], zero point subtracted
  std::vector<std::int64_t> position_zeros_;     ///< [position]: active columns with a zero there
};

}  // namespace heddle::sim
