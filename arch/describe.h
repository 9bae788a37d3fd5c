// Accelerators, energy tables and mappings in words and figures, as `heddle show` prints them.
#pragma once

#include <string>

#include "arch/energy.h"
#include "arch/legality.h"

namespace heddle::arch {

/// Peak rate, what the ports and memories deliver against what a step takes, capacities.
std::string describe(const Accelerator& accelerator);
/// Picojoules of 8-, 16- and 32-bit operations, and of 32 bits read from or written to each storage: the
/// table's own rows, or the levels of an accelerator when one is given.
std::string describe(const EnergyTable& table, const Accelerator* accelerator = nullptr);
/// The mapping's layer, and its loop nest.
std::string describe(const LayerMapping& mapping, const Accelerator& accelerator,
                     const LayerProblem* problem = nullptr);
/// An indented loop nest, outermost first, with the tile that each level holds: extents, and bytes by tensor
/// when the layer is given. Only level names of the accelerator are read without a layer.
std::string describe_nest(const LayerMapping& mapping, const Accelerator& accelerator,
                          const LayerProblem* problem = nullptr);

}  // namespace heddle::arch
