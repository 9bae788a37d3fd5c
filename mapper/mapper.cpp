#include "mapper/mapper.h"

#include <limits>
#include <stdexcept>

#include "mapper/default_mapping.h"
#include "mapper/search/annealing.h"
#include "mapper/search/eie.h"
#include "mapper/search/evaluator.h"
#include "mapper/search/genetic.h"
#include "mapper/search/optimal.h"
#include "mapper/search/random.h"
#include "support/error.h"

namespace heddle::mapper {

std::string_view name(Search search) {
  switch (search) {
    case Search::optimal:
      return "optimal";
    case Search::random:
      return "random";
    case Search::annealing:
      return "annealing";
    case Search::genetic:
      return "genetic";
  }
  throw std::logic_error("no such search");
}

namespace {

/// Branch and bound. The default mapping is what must be beaten at first, unless constraints may forbid it;
/// if nothing of the space beats it (its factors may be ragged where the space's are not), it is the answer.
MappedLayer optimal(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options) {
  if (!restricts(space.constraints()) && space.on_chip() == workload::PerOperand<bool>{}) {
    const arch::LayerMapping start = default_mapping(space.problem(), space.accelerator());
    const Cost cost = Evaluator(space.problem(), space.accelerator(), table).cost(start);
    Optimum optimum = search_optimal(space, table, options, value(options.objective, cost));
    if (optimum.better)
      return {space.mapping(optimum.better->point), optimum.better->cost, std::move(optimum.certificate)};
    return {start, cost, std::move(optimum.certificate)};
  }
  Optimum optimum = search_optimal(space, table, options, std::numeric_limits<double>::infinity());
  if (!optimum.better) {
    const std::string& file = space.constraints().name;
    throw InputError(file.empty() ? space.accelerator().name : file,
                     "no mapping of layer " + space.problem().name + " that is left fits the accelerator");
  }
  return {space.mapping(optimum.better->point), optimum.better->cost, std::move(optimum.certificate)};
}

MappedLayer drawn(Search which, const Mapspace& space, const arch::EnergyTable& table,
                  const SearchOptions& options) {
  Found found = which == Search::random      ? search_random(space, table, options)
                : which == Search::annealing ? search_annealing(space, table, options)
                                             : search_genetic(space, table, options);
  return {space.mapping(found.point), found.cost, std::move(found.certificate)};
}

}  // namespace

MappedLayer map_layer(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                      const arch::EnergyTable& table, const MapperOptions& options,
                      const workload::PerOperand<bool>& on_chip) {
  if (accelerator.array.eie) {
    if (restricts(options.constraints)) {
      throw InputError(options.constraints.name,
                       "constraints are for the dot unit; " + accelerator.name +
                           " has the eie unit, whose passes are fixed (docs/eie-model.md)");
    }
    return search_eie(problem, accelerator, table, options.options, on_chip);
  }
  const Mapspace space(problem, accelerator, options.constraints, on_chip);
  if (options.search == Search::optimal) return optimal(space, table, options.options);
  return drawn(options.search, space, table, options.options);
}

}  // namespace heddle::mapper
