// What a pass does inside the array: which dimensions lie on the axes, and which loops run from the
// registers.
#pragma once

#include <array>
#include <vector>

#include "arch/legality.h"

namespace heddle::mapper {

/// Axes and register loops of a mapping. A dimension lies on one axis only (M on rows, N P Q on columns, C R
/// S on lanes), so one factor each says everything.
struct ArrayPlan {
  workload::PerDim<std::int64_t> spatial{1};
  workload::PerDim<std::int64_t> registers{1};
  bool inputs_stay =
      true;           ///< the innermost register loop is over M; else over N, P, Q, and the weights stay
  double cycles = 0;  ///< estimate for the layer with all operands at the innermost memory: steps and loads
  double cost = 0;    ///< cycles, and a tenth of the cycles that the innermost memory's port is busy

  /// Elements of a dimension that one pass covers.
  std::int64_t extent(workload::Dim dim) const { return spatial[dim] * registers[dim]; }
};

/// Both operands stream through single operand registers: a pass may then be as long in the reduction as
/// memory allows.
bool streams(const arch::ArrayUnit& unit);
/// Register loops outermost first, for the factors of a plan: groups, the reduction, then the loops that
/// reuse accumulators.
std::array<workload::Dim, workload::kDimCount> register_order(bool inputs_stay);
/// Plans within the array's axes and registers, cheapest first, at most `most`; they differ in what they take
/// of M and of the output positions, since that is what memory capacity pulls at. In a streaming unit the
/// reduction's register factors are those that cover the whole layer.
std::vector<ArrayPlan> array_plans(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                                   std::size_t most);
/// One weight vector against one input vector, on the fewest lanes that the unit allows.
ArrayPlan smallest_plan(const arch::LayerProblem& problem, const arch::Accelerator& accelerator);

}  // namespace heddle::mapper
