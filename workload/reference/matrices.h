// Which matrices a product of stacks of matrices multiplies.
#pragma once

#include <cstdint>
#include <vector>

#include "workload/tensor.h"

namespace heddle::workload {

/// For every matrix of a stack `a` (all axes but the last two, row-major), the index of its partner in `b`,
/// whose leading axes are broadcast by numpy's rule.
std::vector<std::int64_t> second_matrices(const Shape& a, const Shape& b);

}  // namespace heddle::workload
