#include "mapper/mapper.h"

#include <limits>
#include <stdexcept>

#include "mapper/default_mapping.h"
#include "mapper/search/annealing.h"
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

Found search(Search which, const Mapspace& space, const arch::EnergyTable& table,
             const SearchOptions& options) {
  switch (which) {
    case Search::optimal:
      return search_optimal(space, table, options, std::numeric_limits<double>::infinity());
    case Search::random:
      return search_random(space, table, options);
    case Search::annealing:
      return search_annealing(space, table, options);
    case Search::genetic:
      return search_genetic(space, table, options);
  }
  throw std::logic_error("no such search");
}

}  // namespace

MappedLayer map_layer(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                      const arch::EnergyTable& table, const MapperOptions& options,
                      const workload::PerOperand<bool>&) {
  const Mapspace space(problem, accelerator, options.constraints);
  const Found found = search(options.search, space, table, options.options);
  return {space.mapping(found.point), found.cost, found.certificate};
}

}  // namespace heddle::mapper
