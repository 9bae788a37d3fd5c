// The plainest baseline: points drawn from the whole space, one independent of the other.
#pragma once

#include "mapper/search/search.h"

namespace heddle::mapper {

/// Ends with its budget; the certificate proves nothing. Deterministic for a seed when the budget is a number
/// of evaluations alone. Throws InputError when no legal mapping is found.
Found search_random(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options);

}  // namespace heddle::mapper
