// The mapper: the best mapping of a layer, by the search that is asked for, with what is known about it.
#pragma once

#include <string>
#include <vector>

#include "arch/energy.h"
#include "mapper/constraints.h"
#include "mapper/search/search.h"

namespace heddle::mapper {

enum class Search : std::uint8_t { optimal, random, annealing, genetic };
std::string_view name(Search search);

struct MapperOptions {
  Search search = Search::optimal;
  SearchOptions options;
  Constraints constraints;
};

struct MappedLayer {
  arch::LayerMapping mapping;
  Cost cost;
  Certificate certificate;
};

/// Finds a mapping of one layer. The same for the same options on any number of threads, unless a time budget
/// ends the search. `on_chip`: operands whose home is the outermost buffer. Throws InputError when no mapping
/// of the space is legal: it says which level is too small and by how much.
MappedLayer map_layer(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                      const arch::EnergyTable& table, const MapperOptions& options,
                      const workload::PerOperand<bool>& on_chip = {});

}  // namespace heddle::mapper
