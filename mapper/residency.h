// Which tensors stay on chip between layers: a shortest path through the layers, in the order in which they
// run, with a node for each place where the tensor between two of them can be. What the weights are for each
// objective, and why the answer is the least of all combinations: docs/residency.md.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "mapper/search/search.h"

namespace heddle::mapper {

/// What one layer costs: cost[before][after], where `before` is whether the tensor between it and the layer
/// before stays on chip, `after` the same of the tensor between it and the next layer. Nothing: it does not
/// fit so, or the tensor is none that could stay.
struct ResidencyStep {
  std::array<std::array<std::optional<Cost>, 2>, 2> cost;
};

struct ResidencyPath {
  std::vector<bool> stays;  ///< [i]: the tensor between steps i and i + 1
  Cost cost;                ///< all layers
};

/// The path with the least value of the objective, of all layers together (edp: their energy x their cycles).
/// Nothing when no path goes through all steps, or there are none. What comes before the first step and after
/// the last is not on chip.
std::optional<ResidencyPath> shortest_residency(const std::vector<ResidencyStep>& steps, Objective objective);

}  // namespace heddle::mapper
