// Offers the array its passes: walks all temporal loops and hands over a pass once the tiles it needs have
// arrived.
#pragma once

#include <optional>

#include "sim/layer_run.h"

namespace heddle::sim {

/// One uninterrupted run of the array: the registers' loops over a tile.
struct Pass {
  std::int64_t number = 0;
  Tile tile;
  workload::PerOperand<int> level;                ///< innermost memory level that keeps the operand
  workload::PerOperand<std::int64_t> generation;  ///< of that level's tile
  bool opens = false;                             ///< works on other outputs than the pass before
  bool resumes = false;                           ///< opens with partial sums that must be read back
  bool closes = false;                            ///< the next pass works on other outputs
  bool completes = false;                         ///< closes with complete sums
  std::uint32_t ends = 0;                         ///< bit by memory level whose iteration ends with this pass

  bool ends_iteration(int at) const { return (ends >> at & 1u) != 0; }
};

class Sequencer {
 public:
  explicit Sequencer(LayerRun& run) : run_(run) {}

  void start();
  bool exhausted() const { return walk_->done(); }
  /// Have the tiles of the next pass arrived (in an earlier cycle)?
  bool ready() const;
  /// Fires when ready() may have become true.
  const sc_core::sc_event& event() const { return run_.at(run_.innermost() - 1).delivered.event(); }
  /// The next pass; it stays until the next call.
  const Pass& take();
  /// The array has issued the last step of a pass: tells the movers which iterations are finished.
  void finish(const Pass& pass);

 private:
  LayerRun& run_;
  std::optional<LoopWalk> walk_;
  Pass pass_;               ///< taken last
  std::int64_t open_ = -1;  ///< generation of the outputs in the accumulators
};

}  // namespace heddle::sim
