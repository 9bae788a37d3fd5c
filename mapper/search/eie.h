// The best mapping of a layer on the eie unit: every mapping of its space is priced, and timed unless a bound
// on its cycles shows that it is no better.
#pragma once

#include "mapper/eie_mapspace.h"
#include "mapper/mapper.h"

namespace heddle::mapper {

/// As map_layer(). The certificate speaks of expected costs (docs/eie-model.md).
MappedLayer search_eie(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                       const arch::EnergyTable& table, const SearchOptions& options,
                       const workload::PerOperand<bool>& on_chip);

}  // namespace heddle::mapper
