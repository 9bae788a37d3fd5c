// The least traffic between DRAM and the outermost buffer that any tiles cause that fit the buffer, whatever
// the array is used for.
#pragma once

#include <optional>
#include <vector>

#include "mapper/search/outer_bound.h"

namespace heddle::mapper {

/// For accelerators with a buffer.
class OuterFloor {
 public:
  OuterFloor(const Mapspace& space, const Prices& prices);

  /// At least, if the buffer keeps these operands and one stays in the DRAM's loops. Nothing if that costs no
  /// less than `most` pJ.
  std::optional<TrafficBound> find(const workload::PerOperand<bool>& keep, workload::Operand stays,
                                   double most);

 private:
  void descend(std::size_t index);

  /// Tiles along a dimension, and elements of the smallest that make so many.
  struct Split {
    std::int64_t tiles = 1, extent = 1;
  };
  const Mapspace& space_;
  OuterBound bound_;
  double both_;       ///< pJ of a bit moved
  double bandwidth_;  ///< bits a cycle
  workload::PerDim<std::vector<Split>> splits_;
  // Of the search in hand.
  workload::PerOperand<bool> keep_;
  workload::Operand stays_ = workload::Operand::weights;
  double least_ = 0;
  workload::PerDim<std::int64_t> tiles_{1}, extent_{1};
};

}  // namespace heddle::mapper
