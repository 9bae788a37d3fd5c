// The mappings of a layer on the eie unit that a search chooses from. Passes are blocks of compressed
// columns, as large as the register files allow; what is free are the tiles of the matrix and activation
// SRAMs and what stays there while the innermost loops run. docs/eie-model.md.
#pragma once

#include <array>
#include <vector>

#include "arch/legality.h"

namespace heddle::mapper {

class EieMapspace {
 public:
  /// The accelerator has an eie unit. Both must outlive the space.
  EieMapspace(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
              const workload::PerOperand<bool>& on_chip);

  /// Elements of G, M, C, R, S that a tile of weights has.
  using Extent = workload::PerDim<std::int64_t>;
  /// Tiles of weights: their M is a multiple of the PEs, ascending; the reduction from the smallest to the
  /// whole.
  const std::vector<Extent>& weight_tiles() const { return weight_tiles_; }
  /// Tiles of output positions: whole images, whole rows of one, or parts of one row. Smallest first.
  const std::vector<Extent>& position_tiles() const { return position_tiles_; }
  /// What stays at the dram and at the SRAM: loops that leave it alone are innermost.
  struct Order {
    workload::Operand dram, sram;
  };
  static const std::array<Order, 9>& orders();

  /// Is this order of the level's loops the same as an earlier one for these tiles?
  bool repeats(const arch::LayerMapping& mapping, const Order& order) const;
  arch::LayerMapping mapping(const Extent& weights, const Extent& positions, const Order& order) const;
  /// What a pass covers of a tile: the fewest passes, evenly cut.
  Extent pass_of(const Extent& weights) const;

 private:
  std::vector<Extent> reduction_tiles() const;
  void add_loops(std::vector<arch::Loop>& loops, const Extent& factor, workload::Operand stays) const;

  const arch::LayerProblem& problem_;
  const arch::Accelerator& accelerator_;
  const workload::PerOperand<bool> on_chip_;
  std::vector<Extent> weight_tiles_, position_tiles_;
};

/// The mapping that moves least through the dram without a search: the largest tiles that fit, weights before
/// positions. Throws InputError when the layer cannot run at all, not even with the smallest tiles: it says
/// why.
arch::LayerMapping default_eie_mapping(const arch::LayerProblem& problem,
                                       const arch::Accelerator& accelerator);

}  // namespace heddle::mapper
