// How large a tile a memory level holds, and the loops over such tiles outside: chosen for little traffic
// from the level above.
#pragma once

#include <optional>

#include "arch/legality.h"

namespace heddle::mapper {

/// A tile to be built from smaller ones. Extents are in elements of each dimension, unclipped.
struct TilingRequest {
  workload::PerDim<std::int64_t> unit{1};  ///< what the next level inside (or the pass) covers
  workload::PerDim<bool> fixed{false};     ///< dimensions that must keep the unit's extent
  double array_cycles = 0;                 ///< what the array needs for the layer: traffic hides behind it
  double outer_bandwidth = 1;              ///< bytes per cycle from the level above
  double bandwidth = 1;                    ///< bytes per cycle of the level itself
  double latency = 0;                      ///< cycles of one request to the level above
  std::int64_t capacity_bits = 0;          ///< for the tiles of one iteration
  bool overlapped = false;                 ///< double buffered: the next tiles arrive during the array's work
  bool partial_inside = false;             ///< the levels inside have room for unfinished outputs
};

struct Tiling {
  workload::PerDim<std::int64_t> factor{1};  ///< units in a tile
  bool inputs_stay = true;    ///< outside, M runs inside N P Q: inputs are fetched once; else weights are
  bool partial_sums = false;  ///< unfinished outputs reach the level
  double cost = 0;  ///< cycles that the layer takes, and half of those that traffic keeps the levels busy
};

/// The cheapest tile that fits; nothing when not even one unit does.
std::optional<Tiling> best_tiling(const arch::LayerProblem& problem, const arch::ArrayUnit& unit,
                                  const TilingRequest& request);

}  // namespace heddle::mapper
