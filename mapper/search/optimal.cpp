#include "mapper/search/optimal.h"

#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <stdexcept>

#include "mapper/search/completion.h"
#include "mapper/search/outer_floor.h"
#include "support/error.h"

namespace heddle::mapper {
namespace {

using Clock = std::chrono::steady_clock;

/// Choices of the array that are looked at together, from the same best mapping: what comes of them does not
/// depend on the number of threads. Small at first, when the best still falls fast.
std::size_t batch_size(std::size_t done) { return std::clamp<std::size_t>(done / 2, 1, 64); }

/// With three memory levels and more the tiles between the outermost buffer and the array are too many for a
/// proof in reasonable time: unless a time is given the search then ends after so many points, and in one
/// choice of the array after so many.
constexpr std::int64_t kDeepPoints = 10'000'000, kDeepPointsOfChoice = 400'000;

/// What one thread needs; a space's tables belong to one thread.
struct Worker {
  Mapspace space;
  Completion completion;
  Worker(const Mapspace& of, const arch::EnergyTable& table, const SearchOptions& options)
      : space(of), completion(space, table, options.objective, options.gap) {}
};

class BranchAndBound {
 public:
  BranchAndBound(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options,
                 double beat)
      : space_(space),
        options_(options),
        prices_(space.accelerator(), table, space.problem()),
        arrays_(space, prices_, options.objective),
        begin_(Clock::now()),
        workers_([this, &table] { return std::make_unique<Worker>(space_, table, options_); }) {
    best_.value = beat;
    rest_.beat = beat / (1 + options.gap);
    rest_.energy = space.levels() > 1 ? OuterBound(space, prices_).least_energy() : 0;
  }

  Optimum run() {
    if (options_.seconds > 0)
      budget_.end = begin_ + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(options_.seconds));
    if (options_.evaluations > 0) points_left_ = options_.evaluations;
    if (options_.evaluations == 0 && options_.seconds == 0 && space_.levels() > 2) {
      points_left_ = kDeepPoints;
      budget_.points = kDeepPointsOfChoice;
    }
    choices_ = arrays_.find(rest_, removed_);
    find_floors();
    std::size_t next = 0;
    while (next < choices_.size() && points_left_ > 0 && Clock::now() < budget_.end) {
      const std::size_t end = std::min(choices_.size(), next + batch_size(next));
      look_at(next, end);
      next = end;
    }
    for (std::size_t i = next; i < choices_.size(); ++i)
      leave_open(choices_[i], arrays_.mappings(choices_[i]));
    return report();
  }

 private:
  /// Least value of any mapping with the choice.
  double least_value(const ArrayChoice& choice) const {
    double least = std::numeric_limits<double>::infinity();
    for (const workload::Operand stays : workload::kOperands) {
      const ArrayChoice::Around& around = choice.around[stays];
      const Cost cost{(around.energy + rest_.energy) * (1 - 1e-12) +
                          prices_.cycle * static_cast<double>(around.least_cycles()),
                      around.least_cycles()};
      least = std::min(least, value(options_.objective, cost));
    }
    return least;
  }

  /// The traffic that no mapping can do without, as far as it leaves any choice of the array.
  void find_floors() {
    if (space_.levels() == 1 || choices_.empty()) return;
    Cost array{std::numeric_limits<double>::infinity(), std::numeric_limits<std::int64_t>::max()};
    for (const ArrayChoice& choice : choices_) {
      for (const workload::Operand stays : workload::kOperands) {
        array.energy_pj = std::min(array.energy_pj, choice.around[stays].energy);
        array.cycles = std::min(array.cycles, choice.around[stays].least_cycles());
      }
    }
    double most = std::numeric_limits<double>::infinity();
    if (options_.objective == Objective::edp)
      most = best_.value / static_cast<double>(array.cycles) - array.energy_pj;
    if (options_.objective == Objective::energy) most = best_.value - array.energy_pj;
    most *= 1 + 1e-9;  // of sums in another order
    OuterFloor floor(space_, prices_);
    for (const auto& keep : space_.keep(1)) {
      floors_.emplace_back();
      for (const workload::Operand stays : space_.stationary(0))
        floors_.back().push_back(floor.find(keep, stays, most));
    }
  }

  void look_at(std::size_t begin, std::size_t end) {
    struct Outcome {
      Best best;
      Tally tally;
      bool bounded = false, complete = true;
      std::int64_t points = 0;
    };
    std::vector<Outcome> outcomes(end - begin);
    tbb::parallel_for(begin, end, [&](std::size_t i) {
      Outcome& outcome = outcomes[i - begin];
      outcome.best.value = best_.value;
      Completion& completion = workers_.local()->completion;
      if (!floors_.empty()) completion.use(&floors_);
      outcome.bounded = least_value(choices_[i]) * (1 + options_.gap) >= best_.value ||
                        completion.out_of_question(choices_[i], outcome.best);
      if (!outcome.bounded) {
        outcome.complete = completion.run(choices_[i], outcome.best, outcome.tally, budget_);
        outcome.points = completion.points();
      }
    });
    for (std::size_t i = begin; i < end; ++i) {
      const Outcome& outcome = outcomes[i - begin];
      const Count mappings = arrays_.mappings(choices_[i]), seen = outcome.tally.total();
      if (outcome.bounded) {
        removed_.bound += mappings;
      } else if (!outcome.complete) {
        leave_open(choices_[i], mappings - seen);
      } else if (seen != mappings) {
        throw std::logic_error(fmt::format("{} mappings of a choice of the array, {} accounted for",
                                           to_string(mappings), to_string(seen)));
      }
      points_left_ -= outcome.points;
      tally_.add(outcome.tally);
      if (outcome.best.found && outcome.best.value < best_.value) best_ = outcome.best;
    }
  }

  void leave_open(const ArrayChoice& choice, Count mappings) {
    open_ += mappings;
    open_bound_ = std::min(open_bound_, least_value(choice));
  }

  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

  Optimum report() const {
    Optimum optimum;
    if (best_.found) optimum.better = Optimum::Better{best_.point, best_.cost};
    Certificate& certificate = optimum.certificate;
    certificate.best = best_.value;
    certificate.lower_bound = std::min(best_.value / (1 + options_.gap), open_bound_);
    certificate.proved = certificate.lower_bound == best_.value;
    certificate.space = space_.size();
    certificate.evaluated = tally_.evaluated;
    certificate.removed = {{"repeated", removed_.repeated + tally_.repeated},
                           {"axes", removed_.axes},
                           {"registers", removed_.registers},
                           {"utilization", removed_.utilization},
                           {"capacity", tally_.capacity},
                           {"array bound", removed_.bound},
                           {"outer bound", tally_.outer},
                           {"traffic bound", tally_.traffic},
                           {"cycle bound", tally_.cycles},
                           {"not looked at", open_}};
    certificate.seconds = seconds();
    return optimum;
  }

  const Mapspace& space_;
  SearchOptions options_;
  Prices prices_;
  ArrayChoices arrays_;
  Clock::time_point begin_;
  tbb::enumerable_thread_specific<std::unique_ptr<Worker>> workers_;
  Rest rest_;
  std::vector<ArrayChoice> choices_;
  Completion::Floors floors_;
  ArrayChoices::Removed removed_;
  Tally tally_;
  Best best_;
  Budget budget_;
  std::int64_t points_left_ = std::numeric_limits<std::int64_t>::max();
  Count open_ = 0;  ///< mappings that the budgets left
  double open_bound_ = std::numeric_limits<double>::infinity();
};

}  // namespace

Optimum search_optimal(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options,
                       double beat) {
  return BranchAndBound(space, table, options, beat).run();
}

}  // namespace heddle::mapper
