#include "app/analytical_run.h"

#include "app/mapper_setup.h"
#include "arch/layer_problem.h"
#include "mapper/model/counts.h"
#include "mapper/model/timing.h"
#include "mapper/model/vector_model.h"
#include "support/error.h"
#include "workload/compress/quantize.h"

namespace heddle::app {
LayerResult analyzed_layer(const RunPlan& plan, int index, const std::vector<int>& tensor_bits) {
  const workload::Network& network = plan.network();
  const workload::Layer& layer = network.layers()[static_cast<std::size_t>(index)];
  const workload::LayerFormat format = format_of(plan, index, tensor_bits);
  const auto problem = arch::make_problem(network, layer, format, plan.accelerator);
  if (!problem) {
    const auto operation = workload::VectorOp::without_constants(network, index);
    arch::VectorLayer on_vector_unit = arch::make_vector_layer(network, layer, format, operation);
    place(on_vector_unit, plan.on_chip);
    mapper::VectorCosts costs = mapper::vector_costs(on_vector_unit, plan.accelerator);
    return priced_layer(plan, layer, format, problem, {}, std::move(costs.actions), std::move(costs.cycles));
  }
  arch::LayerMapping mapping = mapping_of(plan, layer, *problem);
  arch::ActionCounts actions =
      mapper::action_counts(*problem, mapping, plan.accelerator, layer.density.activations.value_or(1.0));
  arch::CycleCounts cycles = mapper::TimingModel(*problem, plan.accelerator).run(mapping);
  const auto resident = resident_mapping_of(plan, layer, *problem, mapping);
  LayerResult result =
      priced_layer(plan, layer, format, problem, std::move(mapping), std::move(actions), std::move(cycles));
  if (resident) {
    const LayerResult again =
        priced_layer(plan, layer, format, problem, {},
                     mapper::action_counts(*problem, *resident, plan.accelerator, problem->input_density),
                     mapper::TimingModel(*problem, plan.accelerator).run(*resident));
    result.weights_resident = {again.cycles.total, again.energy, again.actions.eie.value()};
  }
  return result;
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
