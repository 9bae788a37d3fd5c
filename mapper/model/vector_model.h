// What a layer of the vector unit costs, from its shapes alone: the same counts and cycles as the clocked
// machine's, chunk by chunk instead of cycle by cycle. The method is in docs/vector-unit.md.
#pragma once

#include "arch/actions.h"
#include "arch/vector_layer.h"

namespace heddle::mapper {

struct VectorCosts {
  arch::ActionCounts actions;
  arch::CycleCounts cycles;
};

/// Needs no constants in the layer's operation. A layer whose operation costs nothing (a change of shape)
/// moves nothing and takes no cycle. Throws InputError when the layer does not fit (arch::vector_chunks).
VectorCosts vector_costs(const arch::VectorLayer& layer, const arch::Accelerator& accelerator);

}  // namespace heddle::mapper
