#include "app/analytical_run.h"

#include "arch/layer_problem.h"
#include "mapper/model/counts.h"
#include "mapper/model/timing.h"
#include "mapper/model/vector_model.h"
#include "support/error.h"
#include "workload/compress/quantize.h"

namespace heddle::app {
namespace {

/// The array's n:m for weights that a network says keep to it, without a recipe: what the simulated machine
/// finds by looking at them (where it saves anything).
std::optional<workload::StructuredSparsity> stated_sparsity(const workload::Layer& layer,
                                                            const arch::Accelerator& accelerator) {
  const auto& nm = accelerator.array.sparsity;
  const auto& stated = layer.density.structured;
  if (!nm || !stated || !layer.weights || layer.weights->shape.at(1) <= nm->n) return std::nullopt;
  const bool coarser = stated->m % nm->m == 0 && stated->n <= nm->n;
  const bool finer = nm->m % stated->m == 0 && stated->n * (nm->m / stated->m) <= nm->n;
  return coarser || finer ? nm : std::nullopt;
}

}  // namespace

LayerResult analyzed_layer(const RunPlan& plan, int index, const std::vector<int>& tensor_bits) {
  const workload::Network& network = plan.network();
  const workload::Layer& layer = network.layers()[static_cast<std::size_t>(index)];
  workload::LayerFormat format = workload::layer_format(network, index, tensor_bits, plan.workload.recipe);
  if (!format.sparsity) format.sparsity = stated_sparsity(layer, plan.accelerator);
  const auto problem = arch::make_problem(network, layer, format, plan.accelerator);
  if (!problem) {
    const auto operation = workload::VectorOp::without_constants(network, index);
    mapper::VectorCosts costs =
        mapper::vector_costs(arch::make_vector_layer(network, layer, format, operation), plan.accelerator);
    return priced_layer(plan, layer, format, problem, {}, std::move(costs.actions), std::move(costs.cycles));
  }
  arch::LayerMapping mapping = mapping_of(plan, *problem);
  arch::ActionCounts actions =
      mapper::action_counts(*problem, mapping, plan.accelerator, layer.density.activations.value_or(1.0));
  arch::CycleCounts cycles = mapper::TimingModel(*problem, plan.accelerator).run(mapping);
  return priced_layer(plan, layer, format, problem, std::move(mapping), std::move(actions),
                      std::move(cycles));
}

void analyze(const RunPlan& plan, Progress& progress, RunResult& result) {
  const std::vector<int> bits = workload::tensor_bits(plan.network(), plan.workload.recipe);
  std::size_t done = 0;
  try {
    for (const int step : plan.selected) {
      const int layer = plan.live.order[static_cast<std::size_t>(step)];
      progress.update(plan.layer_of(static_cast<std::size_t>(step)).name,
                      static_cast<double>(done++) / static_cast<double>(plan.selected.size()));
      result.layers.push_back(analyzed_layer(plan, layer, bits));
    }
  } catch (const InputError& error) {
    if (result.layers.empty()) throw;
    result.incomplete = error.what();
  }
  progress.clear();
}

}  // namespace heddle::app
