// Points of a space, scored: the exact cost of those that are better than a given value, and an account of
// the others. Cheap tests come first: legality, energy with a bound on the cycles, then the timing model.
#pragma once

#include <optional>

#include "mapper/search/evaluator.h"

namespace heddle::mapper {

/// What became of the points that were looked at.
struct Scores {
  Count evaluated = 0;  ///< exact cost worked out
  Count illegal = 0;    ///< some level or axis is too small, or the array is used less than asked for
  Count bound = 0;      ///< shown to be no better than asked for without the exact cost
  Count total() const { return evaluated + illegal + bound; }
  void add(const Scores& other);
};

/// For one space; one thread at a time.
class Scorer {
 public:
  Scorer(const Mapspace& space, const arch::EnergyTable& table, Objective objective);

  /// The cost, if the point is legal and its value is below `beat`.
  std::optional<Cost> cost_below(const Point& point, double beat);
  bool is_legal(const Point& point) const;
  /// Why a point is not legal, one reason a line; empty if it is.
  std::string reasons(const Point& point) const;

  Objective objective() const { return objective_; }
  const Scores& scores() const { return scores_; }
  /// A point that was found to be illegal outside cost_below().
  void count_illegal() { ++scores_.illegal; }

 private:
  const Mapspace& space_;
  Objective objective_;
  Evaluator evaluator_;
  Scores scores_;
};

/// Does the point use the multipliers at least as well as the constraints ask for?
bool uses_enough(const Mapspace& space, const Point& point);

}  // namespace heddle::mapper
