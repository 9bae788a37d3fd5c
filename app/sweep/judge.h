// What a point is worth: its objectives, and whether it keeps to the budgets.
#pragma once

#include <optional>
#include <vector>

#include "app/sweep/pareto.h"
#include "app/sweep/space.h"
#include "app/sweep/store.h"

namespace heddle::sweep {

struct Verdict {
  bool within_budget = true;
  std::vector<double> objectives;  ///< as the user reads them, in the order of the file
  Values costs;                    ///< the same, to be made small
};

/// Not to be used by two threads at a time.
class Judge {
 public:
  Judge(const SweepFile& file, const Space& space);

  /// Nothing for a point that failed. Throws InputError for an objective or a budget that cannot be worked
  /// out, such as the name of nothing.
  std::optional<Verdict> judge(const Point& point, const StoredPoint& stored) const;

 private:
  const SweepFile& file_;
  const Space& space_;
  std::vector<Expression> objectives_, budgets_;
};

}  // namespace heddle::sweep
