// A run without tensors: every layer's actions and cycles from its loop nest, priced like those of the
// machine.
#pragma once

#include "app/progress.h"
#include "app/run_plan.h"

namespace heddle::app {

/// One layer's entry in the result. Widths are the recipe's; weights are n:m where the recipe prunes them so
/// and the array runs it. Of the layer's inputs the share that its `density: activations` gives is taken not
/// to be zero (all, if it gives none), so that `effective_macs` are expected ones. `tensor_bits`: of
/// workload::tensor_bits. Throws InputError when the layer cannot run on this accelerator.
LayerResult analyzed_layer(const RunPlan& plan, int layer, const std::vector<int>& tensor_bits);

/// Adds the layers that the plan runs to the result; those before one that cannot run, if there is one
/// (RunResult::incomplete).
void analyze(const RunPlan& plan, Progress& progress, RunResult& result);

}  // namespace heddle::app
