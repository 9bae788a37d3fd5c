// How many of a layer's multiplies have an input that is not zero: the others are gated. Zeros are codes
// equal to the zero point, and padding. Exact, without walking the multiplies: each input counts as often as
// kernel positions reach it and weights select it.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/layer_program.h"

namespace heddle::sim {

/// Stored weights that multiply the input of a kernel position, by (g, c, r, s); for dense layers always M,
/// and empty.
using PositionUses = std::vector<std::int32_t>;
PositionUses position_uses(const LayerProgram& program);

/// Multiplies of the whole layer, by stored weights, gated ones included.
std::int64_t layer_multiplies(const LayerProgram& program);
/// Those whose input is not zero.
std::int64_t nonzero_multiplies(const LayerProgram& program, const PositionUses& uses);

}  // namespace heddle::sim
