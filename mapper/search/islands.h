// Searches that draw run as islands: independent streams of random numbers, each with a part of the budget,
// on as many threads as there are, merged in order. Their number and their seeds do not depend on the
// threads, so that the result does not either - except when the budget is a time, which no two runs spend
// alike.
#pragma once

#include <chrono>
#include <functional>

#include "mapper/search/moves.h"
#include "mapper/search/scorer.h"

namespace heddle::mapper {

/// One island at work: what it draws from, what it may spend, what it has found.
class Island {
 public:
  using Clock = std::chrono::steady_clock;
  struct Budget {
    std::int64_t points = INT64_MAX;  ///< to look at
    Clock::time_point end = Clock::time_point::max();
  };

  Island(const Mapspace& space, const arch::EnergyTable& table, Objective objective, std::uint64_t seed,
         const Budget& budget);

  /// Nothing left to spend.
  bool spent() const;
  Moves& moves() { return moves_; }
  /// The value of a point if it is legal and below `beat`. Remembers the best of all.
  std::optional<double> look_at(const Point& point, double beat);
  /// A legal point, with its value: drawn, and made smaller when draw after draw does not fit. Nothing when
  /// even the smallest does not, or nothing is left to spend.
  std::optional<std::pair<Point, double>> legal_point();

  bool found() const { return found_; }
  const Point& best() const { return best_; }
  const Cost& cost() const { return cost_; }
  double best_value() const { return value_; }
  const Scores& scores() const { return scorer_.scores(); }
  /// Why the smallest of the points that were looked at is not legal.
  const std::string& reasons() const { return reasons_; }

 private:
  Mapspace space_;  // a space belongs to one thread
  Scorer scorer_;
  Moves moves_;
  Budget budget_;
  bool found_ = false;
  Point best_;
  Cost cost_;
  double value_;
  std::string reasons_;
};

/// Runs `search` on every island. Throws InputError when none of them found a legal mapping.
Found search_islands(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options,
                     const std::function<void(Island&)>& search);

}  // namespace heddle::mapper
