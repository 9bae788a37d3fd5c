// A genetic algorithm: a population of points, parents by tournament, children that cross them and are
// mutated by annealing's moves. Sizes and rates are in docs/searches.md.
#pragma once

#include "mapper/search/search.h"

namespace heddle::mapper {

/// Ends with its budget; the certificate proves nothing. Deterministic for a seed when the budget is a number
/// of evaluations alone. Throws InputError when no legal mapping is found.
Found search_genetic(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options);

}  // namespace heddle::mapper
