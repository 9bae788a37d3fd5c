// The temporal loops of a mapping as one flat nest, and how often a tile of it changes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "arch/legality.h"

namespace heddle::mapper {

/// Positions of one dimension at some depth of the nest: all tiles but the last are full.
struct Positions {
  std::int64_t count = 1;      ///< tiles along the dimension
  std::int64_t size = 1;       ///< elements of a full tile
  std::int64_t last_size = 1;  ///< elements of the last one
  int moved_by = -1;           ///< the innermost loop that moves a tile that is not the last; -1: none does
  int last_moved_by = -1;      ///< ... that moves to the last tile, which may be alone within its outer tile
};

/// Loops with one iteration only are left out. Depth i is inside the first i loops: depth 0 is the whole
/// layer.
class Nest {
 public:
  void assign(const arch::LayerMapping& mapping, const workload::MacShape& shape);

  /// Depth inside all loops of memory levels 0 to `level`.
  int depth_of(std::size_t level) const { return depth_of_[level]; }
  int pass_depth() const { return depth_of_.back(); }
  int step_depth() const { return static_cast<int>(loops_.size()); }

  /// Elements of the dimension that a full tile at this depth covers, at most the layer's.
  std::int64_t size(int depth, workload::Dim d) const { return sizes_[static_cast<std::size_t>(depth)][d]; }
  /// Tiles along the dimension at this depth.
  std::int64_t count(int depth, workload::Dim d) const {
    return (shape_->size[d] + size(depth, d) - 1) / size(depth, d);
  }
  Positions positions(int depth, workload::Dim d) const;

 private:
  struct FlatLoop {
    workload::Dim dim;
    std::int64_t factor;
  };
  const workload::MacShape* shape_ = nullptr;
  std::vector<FlatLoop> loops_;
  std::vector<int> depth_of_;
  std::vector<workload::PerDim<std::int64_t>> sizes_;
};

}  // namespace heddle::mapper
