#include "mapper/search/optimal.h"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>

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
  }

  Found run() {
    const auto begin = std::chrono::steady_clock::now();
    ArrayChoices::Removed removed;
    Rest rest;
    rest.beat = best_.value;
    rest.energy = space_.levels() > 1 ? OuterBound(space_, prices_).least_energy() : 0;
    const std::vector<ArrayChoice> choices = arrays_.find(rest, removed);
    if (getenv("DBG"))
      fprintf(stderr, "choices %zu %.3fs\n", choices.size(),
              std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    Tally tally;
    for (const ArrayChoice& choice : choices) {
      if (beaten({choice.energy + rest.energy, choice.cycles})) {
        removed.bound += arrays_.mappings(choice);
        continue;
      }
      const Count before = tally.total();
      const double bv = best_.value;
      const Count tt = tally.traffic;
      completion_.run(choice, best_, tally);
      if (getenv("DBG2") && (best_.value != bv || tally.traffic - tt > 100000))
        fprintf(stderr,
                "choice %ld best %.5g traffic %ld lb %.5g cyc %ld axes M%ld P%ld Q%ld C%ld R%ld S%ld regs "
                "M%ld P%ld Q%ld stays %d passes M%ld P%ld Q%ld C%ld\n",
                (long)(&choice - choices.data()), best_.value, (long)(tally.traffic - tt),
                choice.energy * choice.cycles, choice.cycles, choice.axis[workload::Dim::M],
                choice.axis[workload::Dim::P], choice.axis[workload::Dim::Q], choice.axis[workload::Dim::C],
                choice.axis[workload::Dim::R], choice.axis[workload::Dim::S],
                choice.registers[workload::Dim::M], choice.registers[workload::Dim::P],
                choice.registers[workload::Dim::Q], (int)choice.stays, choice.passes[workload::Dim::M],
                choice.passes[workload::Dim::P], choice.passes[workload::Dim::Q],
                choice.passes[workload::Dim::C]);
      if (tally.total() - before != arrays_.mappings(choice)) throw std::logic_error("mappings lost");
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
                           {"outer tiles", tally.outer},
                           {"repeated", removed.repeated + tally.repeated},
                           {"capacity", tally.capacity},
                           {"traffic", tally.traffic},
                           {"cycles", tally.cycles}};
    certificate.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return found;
  }

 private:
  bool beaten(const Least& least) const {
    return value(options_.objective, {least.energy + prices_.cycle * static_cast<double>(least.cycles),
                                      least.cycles}) >= best_.value;
  }

  const Mapspace& space_;
  SearchOptions options_;
  Prices prices_;
  ArrayChoices arrays_;
  Completion completion_;
  Best best_;
};

}  // namespace

Found search_optimal(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options,
                     double beat) {
  return BranchAndBound(space, table, options, beat).run();
}

}  // namespace heddle::mapper
