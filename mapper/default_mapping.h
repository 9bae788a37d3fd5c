// A plain, decent mapping for any layer, found without a search of the whole space: fill the axes, reuse
// registers, then grow tiles while they save traffic. docs/default-mapping.md tells how.
#pragma once

#include "arch/legality.h"

namespace heddle::mapper {

/// Always legal. Throws InputError when the layer cannot run at all: operands too wide, or a memory level
/// that is too small for the smallest tile (it says by how much).
arch::LayerMapping default_mapping(const arch::LayerProblem& problem, const arch::Accelerator& accelerator);

}  // namespace heddle::mapper
