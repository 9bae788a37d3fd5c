// A layer's weights as the eie unit stores them: cut into the blocks of its passes, each in compressed sparse
// columns.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/legality.h"
#include "sim/loop_walk.h"
#include "workload/encode/csc.h"

namespace heddle::sim {

/// Elements and bits of a tile, as memories hold and movers move it.
struct TileSize {
  std::int64_t elements = 0, bits = 0;
};

/// The blocks of a tile (or of the whole layer), by group, rows and range of the reduction.
class EieBlocks {
 public:
  EieBlocks() = default;
  /// Encodes all blocks of a layer. `codes`: codebook indices in (g, m, c, r, s) order. The mapping must be
  /// legal.
  EieBlocks(const std::vector<std::uint8_t>& codes, const arch::LayerProblem& problem,
            const arch::LayerMapping& mapping, const arch::ArrayUnit& unit);

  /// The block of a pass.
  const workload::CscMatrix& at(const Tile& pass) const { return blocks_[index_of(pass)]; }
  std::size_t index_of(const Tile& pass) const;
  /// Copies of the blocks that make up a tile of a memory level.
  EieBlocks within(const Tile& tile) const;
  /// What the tile's blocks take: entries (padding included), and their bits with the pointers'.
  TileSize size_of(const Tile& tile, int pointer_bits) const;
  /// Room for entries that the PE needs which stores most of the tile: every block begins with a word of its
  /// own.
  std::int64_t most_entries(const Tile& tile) const;

  const std::vector<workload::CscMatrix>& all() const { return blocks_; }
  /// Where a block begins in the layer.
  workload::PerDim<std::int64_t> start_of(std::size_t index) const;

 private:
  template <class Visit>
  void for_each_index(const Tile& tile, const Visit& visit) const;

  workload::PerDim<std::int64_t> size_{1};   ///< of a full block
  workload::PerDim<std::int64_t> first_{0};  ///< numbers of the first block of each dimension
  workload::PerDim<std::int64_t> count_{0};  ///< blocks of each dimension
  std::int64_t entries_per_word_ = 1;
  std::vector<workload::CscMatrix> blocks_;  ///< [g][m][c][r][s]
};

}  // namespace heddle::sim
