#include "mapper/model/nest_walk.h"

#include <algorithm>

namespace heddle::mapper {

using workload::Dim;

void NestWalk::start(const workload::MacShape& shape, const arch::LayerMapping& mapping) {
  workload::PerDim<std::int64_t> covered = arch::pass_extent(mapping);
  loops_.clear();
  depth_.assign(mapping.memory.size(), 0);
  ragged_ = 0;
  for (std::size_t level = mapping.memory.size(); level-- > 0;) {
    const auto& temporal = mapping.memory[level].temporal;
    for (auto loop = temporal.rbegin(); loop != temporal.rend(); ++loop) {
      const std::int64_t size = covered[loop->dim], whole = shape.size[loop->dim];
      if (loop->factor > 1 && size < whole) {
        loops_.push_back({static_cast<int>(level), loop->dim, size});
        if (whole % size != 0) ragged_ |= bit(loop->dim);
      }
      // Beyond the layer's size the product no longer matters.
      covered[loop->dim] = size >= whole ? size : size * std::min(loop->factor, divided_up(whole, size));
    }
  }
  std::reverse(loops_.begin(), loops_.end());
  for (const NestLoop& loop : loops_) {
    for (std::size_t level = static_cast<std::size_t>(loop.level); level < depth_.size(); ++level)
      ++depth_[level];
  }
  index_.assign(loops_.size(), 0);
  count_.assign(loops_.size(), 0);
  tiles_.resize(loops_.size() + 1);
  tiles_[0] = TileRange{};
  tiles_[0].extent = shape.size;
  to_first(0);
}

void NestWalk::narrow(TileRange& tile, const NestLoop& loop, std::int64_t index) {
  const std::int64_t offset = index * loop.size;
  tile.start[loop.dim] += offset;
  tile.extent[loop.dim] = std::min(loop.size, tile.extent[loop.dim] - offset);
}

void NestWalk::set(std::size_t l, std::int64_t index) {
  index_[l] = index;
  count_[l] = divided_up(tiles_[l].extent[loops_[l].dim], loops_[l].size);
  tiles_[l + 1] = tiles_[l];
  narrow(tiles_[l + 1], loops_[l], index);
}

void NestWalk::to_first(std::size_t l) {
  for (; l < loops_.size(); ++l) set(l, 0);
}

void NestWalk::to_last(std::size_t l) {
  for (; l < loops_.size(); ++l) set(l, divided_up(tiles_[l].extent[loops_[l].dim], loops_[l].size) - 1);
}

int NestWalk::next_loop(std::size_t depth) const {
  for (std::size_t l = depth; l-- > 0;) {
    if (index_[l] + 1 < count_[l]) return static_cast<int>(l);
  }
  return -1;
}

DimMask NestWalk::changes(std::size_t loop, std::size_t depth) const {
  DimMask mask = bit(loops_[loop].dim);
  for (std::size_t l = loop + 1; l < depth; ++l) {
    if (index_[l] > 0) mask |= bit(loops_[l].dim);
  }
  return mask;
}

TileRange NestWalk::next_tile(std::size_t loop, std::size_t depth) const {
  TileRange tile = tiles_[loop];
  narrow(tile, loops_[loop], index_[loop] + 1);
  for (std::size_t l = loop + 1; l < depth; ++l) narrow(tile, loops_[l], 0);
  return tile;
}

}  // namespace heddle::mapper
