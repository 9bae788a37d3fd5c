// Exact branch and bound: the cheapest mapping of a space, and the proof that none is cheaper.
// docs/mapspace.md tells how and why it is exact.
#pragma once

#include "mapper/search/search.h"

namespace heddle::mapper {

/// Throws InputError when no mapping of the space is legal. The result is the same for any number of threads
/// unless the time budget ends it. `beat`: a value that some legal mapping has (perhaps of another space); it
/// speeds the search up.
Found search_optimal(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options,
                     double beat);

}  // namespace heddle::mapper
