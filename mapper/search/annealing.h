// Simulated annealing (Kirkpatrick, Gelatt, Vecchi, Science 1983): one point, changed a little; what is worse
// is accepted with a probability that falls with the temperature. The schedule is in docs/searches.md.
#pragma once

#include "mapper/search/search.h"

namespace heddle::mapper {

/// Ends with its budget; the certificate proves nothing. Deterministic for a seed when the budget is a number
/// of evaluations alone. Throws InputError when no legal mapping is found.
Found search_annealing(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options);

}  // namespace heddle::mapper
