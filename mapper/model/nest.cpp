#include "mapper/model/nest.h"

#include <algorithm>

namespace heddle::mapper {

using workload::Dim;

void Nest::assign(const arch::LayerMapping& mapping, const workload::MacShape& shape) {
  shape_ = &shape;
  loops_.clear();
  depth_of_.clear();
  for (const arch::LevelMapping& level : mapping.memory) {
    for (const arch::Loop& loop : level.temporal) {
      if (loop.factor > 1) loops_.push_back({loop.dim, loop.factor});
    }
    depth_of_.push_back(static_cast<int>(loops_.size()));
  }
  for (const arch::Loop& loop : mapping.registers) {
    if (loop.factor > 1) loops_.push_back({loop.dim, loop.factor});
  }
  sizes_.resize(loops_.size() + 1);
  sizes_.back() = arch::spatial_extent(mapping);
  for (std::size_t i = loops_.size(); i-- > 0;) {
    sizes_[i] = sizes_[i + 1];
    sizes_[i][loops_[i].dim] *= loops_[i].factor;
  }
  for (auto& sizes : sizes_) {
    for (Dim d : workload::kDims) sizes[d] = std::min(sizes[d], shape.size[d]);
  }
}

Positions Nest::positions(int depth, Dim d) const {
  Positions result;
  result.size = size(depth, d);
  result.count = count(depth, d);
  result.last_size = shape_->size[d] - (result.count - 1) * result.size;
  if (result.count == 1) return result;
  std::int64_t tiles = result.count;  // at the depth of the loop that is looked at
  for (int i = depth - 1; i >= 0; --i) {
    const FlatLoop& loop = loops_[static_cast<std::size_t>(i)];
    if (loop.dim != d) continue;
    if (result.moved_by < 0) result.moved_by = i;
    const std::int64_t outer_tiles = (tiles + loop.factor - 1) / loop.factor;
    if (tiles - (outer_tiles - 1) * loop.factor > 1) {
      result.last_moved_by = i;
      return result;
    }
    tiles = outer_tiles;
  }
  return result;
}

}  // namespace heddle::mapper
