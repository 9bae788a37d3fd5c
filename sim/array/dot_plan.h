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
  std::vector<DotStep> steps;

  DotPlan(const arch::LayerMapping& mapping, const workload::PerDim<std::int64_t>& pass_extent);

  /// Accumulator that adds up the output element at these coordinates relative to the pass.
  std::int64_t accumulator_of(const workload::PerDim<std::int64_t>& relative) const;
};

}  // namespace heddle::sim
