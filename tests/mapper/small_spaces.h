// Spaces that are small enough to be enumerated: little layers on little accelerators of every kind, with or
// without constraints, and the plain enumeration itself.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "mapper/search/search.h"

namespace heddle::mapper {

/// A layer, an accelerator and constraints, and the space that they make. Not to be moved: the space refers
/// to the rest.
struct SmallSpace {
  arch::LayerProblem problem;
  arch::Accelerator accelerator;
  Constraints constraints;
  arch::EnergyTable energy;
  std::unique_ptr<Mapspace> space;

  /// The case in words, for a failure's message.
  std::string text() const;
};

struct SmallSpaceLimits {
  Count least = 2, most = 20000;  ///< points
  bool constrained = false;       ///< with random constraints
  std::optional<Factors> factors;
};

/// Draws until a space has a number of points within the limits.
std::unique_ptr<SmallSpace> random_small_space(std::mt19937_64& random, const SmallSpaceLimits& limits = {});

/// Calls `visit` for every point: all factors by slot, all operands that stay, all sets that are kept.
void each_point(const Mapspace& space, const std::function<void(const Point&)>& visit);

/// Do the axes use the multipliers as well as the constraints ask for?
bool is_used_enough(const Mapspace& space, const Point& point);

}  // namespace heddle::mapper
