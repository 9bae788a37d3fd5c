// All outputs of an eie layer at once, without passes: what the fast unit answers in the end.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/array/eie_profile.h"
#include "sim/layer_program.h"

namespace heddle::sim {

/// Codes in (n, g, m, p, q) order. `blocks`: of the program's weights, in their order.
std::vector<std::int16_t> eie_outputs(const LayerProgram& program,
                                      const std::vector<std::unique_ptr<const EieProfile>>& blocks);

}  // namespace heddle::sim
