// Walks the temporal loops of a mapping, outermost level first, ragged ends included. Every process of the
// machine that follows the mapping owns one, so all of them see the same iterations with the same numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/tile_traffic.h"

namespace heddle::sim {

using Tile = arch::TileRange;

/// Iterations of memory levels 0 to `last_level`, flattened.
class LoopWalk {
 public:
  LoopWalk(const workload::MacShape& shape, const arch::LayerMapping& mapping, int last_level);

  bool done() const { return done_; }
  /// The next iteration. Only while not done().
  void next();

  /// What the current iteration of `level` hands to the next inner level.
  const Tile& tile(int level) const { return inside_[depth_[static_cast<std::size_t>(level)]]; }
  /// Number of the current iteration of levels 0 to `level`, from 0.
  std::int64_t iteration(int level) const { return iteration_[static_cast<std::size_t>(level)]; }
  /// How many times the operand's tile below `level` has changed so far.
  std::int64_t generation(int level, workload::Operand operand) const {
    return generation_[static_cast<std::size_t>(level)][operand];
  }
  /// Will next() leave the current iteration of `level` (or end the walk)?
  bool last_of(int level) const;

 private:
  struct Step {
    int level;
    workload::Dim dim;
    std::int64_t size;  ///< elements of `dim` that one iteration covers
  };

  void enter(std::size_t loop);

  std::vector<Step> loops_;
  std::vector<std::int64_t> index_, count_;
  std::vector<Tile> inside_;        ///< [l + 1]: what is inside loop l; [0]: the whole layer
  std::vector<std::size_t> depth_;  ///< by level: how many loops belong to levels 0 to it
  std::vector<std::int64_t> iteration_;
  std::vector<workload::PerOperand<std::int64_t>> generation_;
  bool done_ = false;
};

}  // namespace heddle::sim
