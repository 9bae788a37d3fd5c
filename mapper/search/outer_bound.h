// What the traffic between DRAM and the outermost buffer costs at the least, from the numbers of tiles alone.
#pragma once

#include "mapper/search/evaluator.h"

namespace heddle::mapper {

/// A lower bound on a part of a mapping's cost.
struct Least {
  double energy = 0;        ///< pJ
  std::int64_t cycles = 0;  ///< in parallel with other parts
};

/// Of the traffic between DRAM and the outermost buffer.
struct TrafficBound {
  double energy = 0;                           ///< pJ
  std::int64_t mover = 0;                      ///< cycles of the mover that fills the buffer and empties it
  std::int64_t moved = 0;                      ///< cycles of the DRAM's port for that
  std::int64_t port = 0;                       ///< with operands that the buffer lacks
  workload::PerOperand<double> visits{};       ///< of each operand's tiles, kept or not
  workload::PerOperand<double> most_visits{};  ///< if the order spared none
};

/// For accelerators with a buffer.
class OuterBound {
 public:
  OuterBound(const Mapspace& space, const Prices& prices);

  /// When the DRAM's loops make so many `tiles` of each dimension, or more. `rows` and `columns`: input
  /// positions that all tiles touch together, each its own (input_positions).
  TrafficBound cost(const workload::PerDim<std::int64_t>& tiles, std::int64_t rows, std::int64_t columns,
                    workload::Operand stays, const workload::PerOperand<bool>& keep) const;
  /// Input rows (or columns) that the tiles touch, for those sizes with so many tiles that touch the fewest.
  std::int64_t input_positions(bool rows, std::int64_t output_tiles, std::int64_t tap_tiles);
  /// Cycles before the first tiles have arrived at the buffer and after the array's last step, at the least:
  /// tiles of at least these extents, the last ones of at least the others.
  std::int64_t ends(const workload::PerDim<std::int64_t>& extent, const workload::PerDim<std::int64_t>& last,
                    const workload::PerOperand<bool>& keep) const;
  /// Everything is moved once.
  double least_energy();
  /// Do tiles of these extents fit, with outputs at their final width? In bits to spare, negative if not.
  bool fits(const workload::PerDim<std::int64_t>& extent, const workload::PerOperand<bool>& keep) const;

 private:
  const Mapspace& space_;
  const Prices& prices_;
  double cheapest_memory_;
  workload::PerOperand<double> bits_;  ///< of the layer's tensors; inputs: for one row and column
  double partial_ratio_;               ///< accumulator bits, twice, to output bits
  WindowSums window_sums_;
  std::map<std::tuple<bool, std::int64_t, std::int64_t>, std::int64_t> input_positions_;
};

}  // namespace heddle::mapper
