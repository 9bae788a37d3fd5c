// Which tensors stay on chip for the next layer, on the plan of a run: what the mapper answers for each layer
// and each place where its neighbours' tensors can be, and the shortest path through it. docs/residency.md.
#pragma once

#include <vector>

#include "app/progress.h"
#include "app/run_plan.h"
#include "mapper/residency.h"

namespace heddle::app {

/// By step of the order of execution: whether the step's output may stay in the outermost buffer for the next
/// layer. That layer alone reads it, not as weights; it is no output of the network and fits the buffer; both
/// layers run; and no mapping says where it is.
std::vector<bool> candidates(const RunPlan& plan);

/// What each step of the order of execution costs for each place of the tensors before and after it. Tensors
/// that are no candidates count as not on chip, where they are if no mapping says otherwise. Steps that do
/// not run cost nothing, and neither do layers that cannot be mapped: their turn will tell. Maps all layers.
std::vector<mapper::ResidencyStep> residency_steps(const RunPlan& plan, const std::vector<bool>& candidates,
                                                   Progress& progress);

/// Adds the tensors that are to stay to plan.on_chip. The plan has a mapper.
StayOnChip keep_on_chip(RunPlan& plan, Progress& progress);

}  // namespace heddle::app
