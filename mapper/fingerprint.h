// Everything that the mapping of a layer depends on, as text: equal text, equal mapping. Serves to solve
// equal layers once, and to find what an earlier run has solved.
#pragma once

#include <string>

#include "mapper/mapper.h"

namespace heddle::mapper {

/// The layer but for its name, and what of it is on chip.
std::string fingerprint(const arch::LayerProblem& problem, const workload::PerOperand<bool>& on_chip);
/// What all layers of a run share: every field of accelerator and energy table, the search and its
/// constraints. Without the budget of the search, and without the seed of one that does not draw.
std::string fingerprint(const arch::Accelerator& accelerator, const arch::EnergyTable& table,
                        const MapperOptions& options);
/// The budget of the search: what decides how good its answer is when that is not proved.
std::string budget_fingerprint(const SearchOptions& options);

}  // namespace heddle::mapper
