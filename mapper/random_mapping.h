// Random legal mappings, for property tests: ragged factors, any loop order, loops split over levels,
// bypasses.
#pragma once

#include <random>

#include "arch/legality.h"

namespace heddle::mapper {

/// A legal mapping drawn from `random` (the same on every machine for the same state). Falls back on the
/// default mapping when several draws are illegal; throws InputError when that does not exist.
arch::LayerMapping random_mapping(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                                  std::mt19937_64& random);

}  // namespace heddle::mapper
