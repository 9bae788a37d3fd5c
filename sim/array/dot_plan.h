// The steps of one pass of the dot unit: the registers' loops unrolled, for a pass of given extents.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/legality.h"
#include "arch/mapping.h"

namespace heddle::sim {

/// One step: every PE makes one dot product.
struct DotStep {
  workload::PerDim<std::int64_t> start;   ///< relative to the pass
  workload::PerDim<std::int64_t> extent;  ///< what the axes cover, cut at the pass's end
  std::int64_t accumulator = 0;           ///< which of the PE's accumulators it adds to
};

struct DotPlan {
  workload::PerDim<std::int64_t> extent;  ///< of the pass
  workload::PerDim<std::int64_t> axes;    ///< spatial extent of each dimension
  std::int64_t accumulators = 1;          ///< of each PE that the pass uses
  std::int64_t columns = 1;               ///< of the axes, padded for the arithmetic
  /// Where the sum of an output is in a bank laid out [accumulator][row][column]: the sum over the output's
  /// dimensions of its offset at the coordinate relative to the pass.
  workload::PerDim<std::vector<std::int64_t>> bank_offset;
  std::vector<DotStep> steps;

  DotPlan(const arch::LayerMapping& mapping, const workload::PerDim<std::int64_t>& pass_extent);

  std::int64_t bank_size() const { return accumulators * axes[workload::Dim::M] * columns; }

 private:
  void lay_out_bank();
  void unroll(const arch::LayerMapping& mapping);
};

}  // namespace heddle::sim
