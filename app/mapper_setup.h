// The mapper as the options ask for it, and the layers that it is asked about.
#pragma once

#include <memory>

#include "app/progress.h"
#include "app/run_plan.h"

namespace heddle::app {

/// Null for the default mapping. Throws InputError for constraints that cannot be read.
std::shared_ptr<mapper::NetworkMapper> make_mapper(const RunOptions& options, const ConfigLibrary& library,
                                                   const arch::Accelerator& accelerator,
                                                   const arch::EnergyTable& table);

/// How wide a layer's numbers are, and how its weights are stored, as far as is known without tensors: as the
/// recipe says, or the network of weights that came pruned. `tensor_bits`: of workload::tensor_bits.
workload::LayerFormat format_of(const RunPlan& plan, int layer, const std::vector<int>& tensor_bits);

/// The loops and widths of a layer as its recipe says, without tensors; nothing for layers of the vector
/// unit. `tensor_bits`: of workload::tensor_bits.
std::optional<arch::LayerProblem> problem_of(const RunPlan& plan, int layer,
                                             const std::vector<int>& tensor_bits);

/// Maps the layers that the plan runs and that no file maps, in parallel, so that mapping_of() finds them. A
/// layer that cannot be mapped says so when its turn comes.
void map_ahead(const RunPlan& plan, Progress& progress);

/// What to tell the user of a cache that could not be used; empty: it could, or should not.
std::string cache_warning(const RunOptions& options, const RunPlan& plan);

}  // namespace heddle::app
