// A plain nested-loop walk of a mapping that counts what the machine must count. It visits every
// multiply-accumulate, keeps sets of elements, and shares no code with the machine: the only thing it knows
// is docs/counting.md.
#pragma once

#include "arch/actions.h"
#include "rtl/verify/random_cases.h"
#include "sim/layer_program.h"

namespace heddle::tests {

using verify::LayerData;

arch::ActionCounts walk(const arch::LayerMapping& mapping, const arch::LayerProblem& problem,
                        const arch::Accelerator& accelerator, const LayerData& data,
                        std::int32_t input_zero_point);

/// Output codes (n, g, m, p, q) by the definition of the layer.
std::vector<std::int16_t> compute(const arch::LayerProblem& problem, const LayerData& data,
                                  std::int32_t input_zero_point, const std::vector<std::int64_t>& bias,
                                  const workload::Requantization& requantization);

}  // namespace heddle::tests
