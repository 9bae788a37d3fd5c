// The tiles that a mapping makes of each operand: how many there are of which size, and how often each is
// visited.
#pragma once

#include "mapper/model/nest.h"
#include "mapper/model/window_sums.h"

namespace heddle::mapper {

/// For one layer, under one mapping after the other. Not to be shared by threads. Tiles are those of the flat
/// nest (nest.h) at some depth.
class TileCensus {
 public:
  /// `problem` has its sparsity only if the array runs it. It must outlive the census.
  explicit TileCensus(const arch::LayerProblem& problem) : problem_(problem), window_sums_(problem.shape) {}

  void assign(const arch::LayerMapping& mapping);
  const Nest& nest() const { return nest_; }
  /// Elements of each dimension that the array's axes cover.
  const workload::PerDim<std::int64_t>& axes() const { return axes_; }
  WindowSums& window_sums() { return window_sums_; }

  /// Tiles that are visited equally often: which ones along each dimension, and the innermost loop that moves
  /// from one to the next (-1: there is only one).
  struct TileClass {
    workload::PerDim<std::uint8_t> parts{kInner | kLast};
    int moved_by = -1;
  };
  static constexpr std::uint8_t kInner = 1,
                                kLast = 2;  ///< all tiles along a dimension but the last, the last

  /// Calls visit(const TileClass&) for a partition of the operand's tiles at this depth; the functions below
  /// are for the class and the depth of the call they are made in.
  template <class Visit>
  void for_each_class(workload::Operand operand, int depth, const Visit& visit);

  /// How often each tile of the class is visited: once for every iteration of the loops outside the one that
  /// moves it over dimensions that the operand does not depend on.
  std::int64_t visits(workload::Operand operand, const TileClass& tiles) const;
  /// PEs that take a copy of an element of a tile, added up over the visits: those that differ in the
  /// dimensions that the operand does not depend on.
  std::int64_t copies(workload::Operand operand, const TileClass& tiles) const;
  /// Elements of all tiles of the class together, each tile once.
  std::int64_t elements(workload::Operand operand, const TileClass& tiles, WindowCount count);
  /// Elements of a tile, and the number of tiles of the class that have so many.
  Histogram volumes(workload::Operand operand, const TileClass& tiles, WindowCount count);
  /// Extents of the class's tiles in the dimensions that the operand depends on (1 in others), and how many
  /// have them.
  struct Extents {
    workload::PerDim<std::int64_t> extent{1};
    std::int64_t count = 1;
  };
  std::vector<Extents> extents(workload::Operand operand, const TileClass& tiles) const;

 private:
  void begin(workload::Operand operand, int depth);
  Histogram lengths(workload::Operand operand, const TileClass& tiles, workload::Dim d) const;
  const WindowSums::Table& window(bool rows, WindowCount count);
  template <class Visit>
  void for_each_part(const TileClass& tiles, bool rows, const Visit& visit) const;

  const arch::LayerProblem& problem_;
  WindowSums window_sums_;
  Nest nest_;
  workload::PerDim<std::int64_t> axes_;
  // Of the call of for_each_class in hand.
  int depth_ = 0;
  workload::PerDim<Positions> positions_;
  TileClass common_;
  std::array<workload::Dim, workload::kDimCount> alone_{};  ///< dimensions whose last tile another loop moves
  unsigned alone_count_ = 0;
};

template <class Visit>
void TileCensus::for_each_class(workload::Operand operand, int depth, const Visit& visit) {
  begin(operand, depth);
  for (unsigned choice = 0; choice < 1U << alone_count_; ++choice) {
    TileClass tiles = common_;
    for (unsigned i = 0; i < alone_count_; ++i) {
      const Positions& positions = positions_[alone_[i]];
      const bool last = (choice >> i & 1U) != 0;
      tiles.parts[alone_[i]] = last ? kLast : kInner;
      tiles.moved_by = std::max(tiles.moved_by, last ? positions.last_moved_by : positions.moved_by);
    }
    visit(static_cast<const TileClass&>(tiles));
  }
}

}  // namespace heddle::mapper
