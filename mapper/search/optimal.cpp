#include "mapper/search/optimal.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>

#include "mapper/search/completion.h"
#include "support/error.h"

namespace heddle::mapper {
namespace {

using workload::Operand;

class BranchAndBound {
 public:
  BranchAndBound(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options,
                 double beat)
      : space_(space),
        options_(options),
        prices_(space.accelerator(), table, space.problem()),
        arrays_(space, prices_, options.objective),
        completion_(space, table, options.objective) {
    best_.value = beat;
    if (space.levels() > 1) outer_choices_.emplace(space, prices_, options.objective);
  }

  Found run() {
    const auto begin = std::chrono::steady_clock::now();
    ArrayChoices::Removed removed;
    Rest rest;
    rest.beat = best_.value;
    rest.energy = outer_choices_ ? outer_choices_->least_energy() : 0;
    std::vector<ArrayChoice> choices = arrays_.find(rest, removed);
    std::vector<OuterTiles> tiles;
    if (outer_choices_ && !choices.empty()) {
      // Each side's cheapest narrows the other's choice, until nothing changes.
      Least array = least_of(choices);
      tiles = outer_choices_->find(array.energy, array.cycles, best_.value);
      for (std::size_t before = 0;
           before != choices.size() + tiles.size() && !tiles.empty() && !choices.empty();) {
        if (getenv("DBG")) fprintf(stderr, "  choices %zu tiles %zu\n", choices.size(), tiles.size());
        before = choices.size() + tiles.size();
        const Least outer = least_of(tiles);
        std::erase_if(choices, [&](const ArrayChoice& choice) {
          if (!beaten({choice.energy + outer.energy, std::max(choice.cycles, outer.cycles)})) return false;
          removed.bound += arrays_.mappings(choice);
          return true;
        });
        if (choices.empty()) break;
        array = least_of(choices);
        std::erase_if(tiles, [&](const OuterTiles& each) {
          return beaten({array.energy + each.energy, std::max(array.cycles, each.cycles)});
        });
      }
    }
    if (getenv("DBG"))
      fprintf(stderr, "choices %zu tiles %zu %.3fs\n", choices.size(), tiles.size(),
              std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    Tally tally;
    Count memory = 0;
    long pairs = 0, checks = 0;
    for (const ArrayChoice& choice : choices) {
      const Count all = arrays_.mappings(choice);
      const Count before = tally.total();
      completion_.begin(choice, outer_choices_ ? &*outer_choices_ : nullptr);
      if (!outer_choices_) {
        completion_.run(nullptr, best_, tally);
      }
      for (const OuterTiles& outer : tiles) {
        ++checks;
        if (options_.objective == Objective::latency ? beaten({choice.energy, outer.cycles})
                                                     : beaten({choice.energy + outer.energy, choice.cycles}))
          break;  // the tiles that follow have no less of it
        if (beaten(completion_.least(outer))) continue;
        ++pairs;
        if (completion_.chains(&outer) > 0) completion_.run(&outer, best_, tally);
      }
      memory += all - (tally.total() - before);
    }
    Found found;
    if (!best_.found) throw InputError("no", "x");
    found.point = best_.point;
    found.cost = best_.cost;
    Certificate& certificate = found.certificate;
    certificate.proved = true;
    certificate.best = certificate.lower_bound = best_.value;
    certificate.space = space_.size();
    certificate.evaluated = tally.evaluated;
    certificate.removed = {{"axes", removed.axes},
                           {"registers", removed.registers},
                           {"utilization", removed.utilization},
                           {"array bound", removed.bound},
                           {"memory bound", memory},
                           {"repeated", removed.repeated + tally.repeated},
                           {"capacity", tally.capacity},
                           {"traffic", tally.traffic},
                           {"energy", tally.energy},
                           {"cycles", tally.cycles}};
    certificate.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (getenv("DBG")) fprintf(stderr, "checks %ld pairs %ld\n", checks, pairs);
    return found;
  }

 private:
  using Least = Completion::Least;

  bool beaten(const Least& least) const {
    return value(options_.objective, {least.energy + prices_.cycle * static_cast<double>(least.cycles),
                                      least.cycles}) >= best_.value;
  }
  template <class Choices>
  static Least least_of(const Choices& choices) {
    Least least{std::numeric_limits<double>::max(), std::numeric_limits<std::int64_t>::max()};
    for (const auto& choice : choices) {
      least.energy = std::min(least.energy, choice.energy);
      least.cycles = std::min(least.cycles, choice.cycles);
    }
    return least;
  }

  const Mapspace& space_;
  SearchOptions options_;
  Prices prices_;
  ArrayChoices arrays_;
  std::optional<OuterTileChoices> outer_choices_;
  Completion completion_;
  Best best_;
};

}  // namespace

Found search_optimal(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options,
                     double beat) {
  return BranchAndBound(space, table, options, beat).run();
}

}  // namespace heddle::mapper
