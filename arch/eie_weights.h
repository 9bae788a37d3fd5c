// What tiles of a pruned layer's weights take as the eie unit stores them: compressed columns of blocks,
// expected for weights that lie at random. docs/eie.md has the encoding.
#pragma once

#include <cstdint>

#include "arch/legality.h"

namespace heddle::arch {

/// For one layer with shared weights, under one mapping after the other.
class EieWeights {
 public:
  EieWeights(const LayerProblem& problem, const ArrayUnit& unit);

  /// Takes a mapping: its passes cut the weights into blocks.
  void start(const LayerMapping& mapping);

  struct Size {
    std::int64_t entries = 0;  ///< padding included, rounded
    std::int64_t bits = 0;     ///< of entries, pointers and the codebook: what moving the tile takes
  };
  /// Of a tile of so many elements in each dimension, which begins where a pass's does.
  Size size_of(const workload::PerDim<std::int64_t>& extent) const;

 private:
  const ArrayUnit unit_;
  const double density_;
  const std::int64_t codebook_bits_;
  workload::PerDim<std::int64_t> pass_;
};

}  // namespace heddle::arch
