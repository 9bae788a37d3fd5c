// What a layer on the eie unit computes, from the definition.
#pragma once

#include "rtl/verify/eie_cases.h"

namespace heddle::tests {

using verify::EieCase;

/// Output codes in (n, g, m, p, q) order, from the definition: a saturating sum for each output.
std::vector<std::int16_t> compute(const EieCase& test);

}  // namespace heddle::tests
