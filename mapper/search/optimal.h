// Exact branch and bound: the cheapest mapping of a space, and the proof that none is cheaper.
// docs/mapspace.md tells how and why it is exact.
#pragma once

#include <optional>

#include "mapper/search/search.h"

namespace heddle::mapper {

struct Optimum {
  Certificate certificate;
  /// The cheapest mapping, if the space has one that costs less than what was to be beaten.
  struct Better {
    Point point;
    Cost cost;
  };
  std::optional<Better> better;
};

/// Only mappings that cost less than `beat` are looked for. A value that some mapping has speeds the search
/// up; infinity finds the cheapest of any. The result is the same for any number of threads unless the time
/// budget ends the search.
Optimum search_optimal(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options,
                       double beat);

}  // namespace heddle::mapper
