// The temporal loops of all memory levels, flattened, and where the array is in them. Positions ahead of the
// array (what a mover fetches next) are worked out from there. Same iterations as sim/loop_walk.h.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/tile_traffic.h"

namespace heddle::mapper {

using arch::Cycle;
using arch::divided_up;
using arch::PortRate;
using arch::TileRange;
using arch::TileTraffic;
using arch::WindowAxis;

using DimMask = std::uint32_t;  ///< bit by Dim
constexpr DimMask bit(workload::Dim d) { return DimMask{1} << static_cast<unsigned>(d); }
constexpr DimMask dims_of(workload::Operand operand) {
  DimMask mask = 0;
  for (workload::Dim d : workload::kDims) mask |= workload::depends_on(operand, d) ? bit(d) : 0;
  return mask;
}
constexpr DimMask kAllDims = (DimMask{1} << workload::kDimCount) - 1;

struct NestLoop {
  int level;
  workload::Dim dim;
  std::int64_t size;  ///< elements of `dim` that one iteration covers
};

class NestWalk {
 public:
  /// Takes a mapping and stands at its first pass. Loops that can never repeat are left out.
  void start(const workload::MacShape& shape, const arch::LayerMapping& mapping);

  /// Loops, outermost first. `depth` d is a place inside loops 0 .. d - 1.
  std::size_t loops() const { return loops_.size(); }
  const NestLoop& loop(std::size_t l) const { return loops_[l]; }
  /// Depth of an iteration of memory level `level`.
  std::size_t depth_of(int level) const { return depth_[static_cast<std::size_t>(level)]; }

  /// What is inside the current iterations of loops 0 .. depth - 1.
  const TileRange& tile(std::size_t depth) const { return tiles_[depth]; }
  const TileRange& pass() const { return tiles_[loops_.size()]; }
  std::int64_t index(std::size_t l) const { return index_[l]; }
  std::int64_t count(std::size_t l) const { return count_[l]; }

  /// Sets loop l's index; the loops inside stay where they were until they are set.
  void set(std::size_t l, std::int64_t index);
  /// Sets all loops from `l` on to their first or last iteration.
  void to_first(std::size_t l);
  void to_last(std::size_t l);

  /// The innermost of loops 0 .. depth - 1 that has another iteration: the one that moves on when the
  /// iteration at `depth` ends. -1: none, the layer ends.
  int next_loop(std::size_t depth) const;
  /// Dimensions whose start at `depth` changes when `loop` (of next_loop(depth)) moves on.
  DimMask changes(std::size_t loop, std::size_t depth) const;
  /// The tile at `depth` after the current one. `loop` as above.
  TileRange next_tile(std::size_t loop, std::size_t depth) const;

  /// Does the extent of tiles vary along the dimension, at any depth?
  bool is_ragged(workload::Dim d) const { return (ragged_ & bit(d)) != 0; }
  DimMask ragged() const { return ragged_; }

 private:
  static void narrow(TileRange& tile, const NestLoop& loop, std::int64_t index);

  std::vector<NestLoop> loops_;
  std::vector<std::size_t> depth_;
  std::vector<std::int64_t> index_, count_;
  std::vector<TileRange> tiles_;
  DimMask ragged_ = 0;
};

}  // namespace heddle::mapper
