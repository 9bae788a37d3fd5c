#include "mapper/search/optimal.h"

#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>

#include "mapper/search/completion.h"
#include "support/error.h"

namespace heddle::mapper {
namespace {

using Clock = std::chrono::steady_clock;

/// Choices of the array that are looked at together, from the same best mapping: what comes of them does not
/// depend on the number of threads. Small at first, when the best still falls fast.
std::size_t batch_size(std::size_t done) { return std::clamp<std::size_t>(done / 2, 1, 64); }

/// What one thread needs; a space's tables belong to one thread.
struct Worker {
  Mapspace space;
  Completion completion;
  Worker(const Mapspace& of, const arch::EnergyTable& table, Objective objective)
      : space(of), completion(space, table, objective) {}
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
        workers_([this, &table] { return std::make_unique<Worker>(space_, table, options_.objective); }) {
    best_.value = beat;
    rest_.beat = beat;
    rest_.energy = space.levels() > 1 ? OuterBound(space, prices_).least_energy() : 0;
  }

  Optimum run() {
    choices_ = arrays_.find(rest_, removed_);
    std::size_t next = 0;
    while (next < choices_.size() && !out_of_time()) {
      const std::size_t end = std::min(choices_.size(), next + batch_size(next));
      look_at(next, end);
      next = end;
    }
    return report(next);
  }

 private:
  /// Least value of any mapping with the choice.
  double least_value(const ArrayChoice& choice) const {
    return value(
        options_.objective,
        {choice.energy + rest_.energy + prices_.cycle * static_cast<double>(choice.cycles), choice.cycles});
  }

  void look_at(std::size_t begin, std::size_t end) {
    struct Outcome {
      Best best;
      Tally tally;
      bool bounded = false;
    };
    std::vector<Outcome> outcomes(end - begin);
    tbb::parallel_for(begin, end, [&](std::size_t i) {
      Outcome& outcome = outcomes[i - begin];
      outcome.best.value = best_.value;
      outcome.bounded = least_value(choices_[i]) >= best_.value;
      if (!outcome.bounded) workers_.local()->completion.run(choices_[i], outcome.best, outcome.tally);
    });
    for (std::size_t i = begin; i < end; ++i) {
      const Outcome& outcome = outcomes[i - begin];
      const Count mappings = arrays_.mappings(choices_[i]);
      if (outcome.bounded) {
        removed_.bound += mappings;
      } else if (outcome.tally.total() != mappings) {
        throw std::logic_error(fmt::format("{} mappings of a choice of the array, {} accounted for",
                                           to_string(mappings), to_string(outcome.tally.total())));
      }
      tally_.add(outcome.tally);
      if (outcome.best.found && outcome.best.value < best_.value) best_ = outcome.best;
    }
  }

  bool out_of_time() const { return options_.seconds > 0 && seconds() > options_.seconds; }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

  /// `looked_at`: of the choices, so many.
  Optimum report(std::size_t looked_at) const {
    Optimum optimum;
    if (best_.found) optimum.better = Optimum::Better{best_.point, best_.cost};
    Certificate& certificate = optimum.certificate;
    certificate.best = certificate.lower_bound = best_.value;
    Count open = 0;
    for (std::size_t i = looked_at; i < choices_.size(); ++i) {
      certificate.lower_bound = std::min(certificate.lower_bound, least_value(choices_[i]));
      open += arrays_.mappings(choices_[i]);
    }
    certificate.proved = open == 0 || certificate.lower_bound == best_.value;
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
                           {"not looked at", open}};
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
  ArrayChoices::Removed removed_;
  Tally tally_;
  Best best_;
};

}  // namespace

Optimum search_optimal(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options,
                       double beat) {
  return BranchAndBound(space, table, options, beat).run();
}

}  // namespace heddle::mapper
