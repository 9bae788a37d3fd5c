#include "mapper/mapper.h"

#include <limits>
#include <stdexcept>

#include "mapper/default_mapping.h"
#include "mapper/search/evaluator.h"
#include "mapper/search/optimal.h"
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

MappedLayer map_layer(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                      const arch::EnergyTable& table, const MapperOptions& options,
                      const workload::PerOperand<bool>&) {
  const Mapspace space(problem, accelerator, options.constraints);
  const Found found = search_optimal(space, table, options.options, std::numeric_limits<double>::infinity());
  return {space.mapping(found.point), found.cost, found.certificate};
}

}  // namespace heddle::mapper
