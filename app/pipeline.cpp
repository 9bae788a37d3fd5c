#include "app/pipeline.h"

#include <algorithm>
#include <thread>

#include "app/accuracy.h"
#include "app/analytical_run.h"
#include "app/layer_simulation.h"
#include "app/mapper_setup.h"
#include "app/residency.h"
#include "app/run_plan.h"
#include "app/timeline.h"
#include "support/error.h"
#include "workload/compress/prune.h"
#include "workload/compress/quantize.h"
#include "workload/reference/float_executor.h"
#include "workload/reference/integer_reference.h"

namespace heddle::app {
namespace {

using workload::IntTensor;
using workload::TensorId;

/// Weights that come pruned to the array's n:m run that way without a recipe that says so (where it saves
/// anything).
std::optional<workload::StructuredSparsity> found_sparsity(const workload::QuantizedLayer& layer,
                                                           const arch::Accelerator& accelerator) {
  const auto& nm = accelerator.array.sparsity;
  const bool worth_it = nm && layer.weights.shape.size() >= 2 && layer.weights.shape[1] > nm->n;
  return worth_it && workload::keeps_to(layer.weights, *nm) ? nm : std::nullopt;
}

/// Every layer's integers run on the machine, and every output is compared with the reference's.
void simulate(const RunOptions& options, const ConfigLibrary& library, const RunPlan& plan,
              Progress& progress, RunResult& result) {
  const Workload& workload = plan.workload;
  const workload::Network& network = plan.network();

  // Compress: ranges now, each layer's integers when its turn comes.
  progress.update("calibrating", 0);
  const workload::Calibration calibration = calibrate_workload(workload, options, library);
  const std::vector<workload::Quantization> quantizations =
      workload::tensor_quantizations(network, calibration, workload.recipe);
  const workload::ParameterSource parameters =
      workload::pruned_parameters(network, workload.recipe, options.seed);
  std::map<TensorId, IntTensor> tensors;
  for (const auto& [id, values] : workload.inputs) {
    tensors[id] = workload::quantize(values, quantizations[static_cast<std::size_t>(id)]);
  }

  // Simulate, check and price, layer by layer.
  const int threads = options.jobs > 0 ? options.jobs : static_cast<int>(std::thread::hardware_concurrency());
  LayerSimulator simulator(plan, options, threads > 1, progress);
  Timeline timeline(options, plan.accelerator);
  const auto total_macs = static_cast<double>(std::max<std::int64_t>(1, network.macs()));
  double macs_done = 0;
  std::size_t step = 0;
  try {
    for (; step < plan.live.order.size(); ++step) {
      const int index = plan.live.order[step];
      const workload::Layer& layer = plan.layer_of(step);
      progress.update(layer.name, macs_done / total_macs);
      workload::QuantizedLayer quantized =
          workload::quantize_layer(network, index, calibration, quantizations, workload.recipe, parameters);
      if (!quantized.sparsity) quantized.sparsity = found_sparsity(quantized, plan.accelerator);
      std::vector<const IntTensor*> inputs;
      for (const TensorId input : layer.inputs) inputs.push_back(&tensors.at(input));

      if (plan.runs(step)) {
        SimulatedLayer simulated = simulator.run(index, quantized, inputs, timeline.of_layer(layer.name));
        tensors[layer.output] = std::move(simulated.output);
        result.layers.push_back(std::move(simulated.result));
      } else {
        tensors[layer.output] = workload::reference_layer(network, index, quantized, inputs);
      }
      macs_done += static_cast<double>(workload::macs(network, layer));
      for (const TensorId dead : plan.live.dead_after(static_cast<int>(step))) tensors.erase(dead);
    }
  } catch (const rtl::Mismatch& mismatch) {
    const workload::Layer& layer = plan.layer_of(step);
    LayerResult& differs = result.layers.emplace_back();
    differs.name = layer.name;
    differs.op = std::string(workload::name(layer.operation));
    differs.check_rtl = mismatch.what();
    result.incomplete = "the run ends at layer " + layer.name + ", where model and RTL differ";
  } catch (const InputError& error) {
    // What has been computed is kept: the caller reports it, and why it stops here.
    if (result.layers.empty()) throw;
    result.incomplete = error.what();
  }
  progress.clear();
  timeline.finish();
  if (const rtl::Agreement* agreement = simulator.agreement()) result.rtl = *agreement;

  if (!workload.labels.empty() && result.incomplete.empty()) {
    const TensorId scores = network.outputs().front();
    result.accuracy.images = static_cast<std::int64_t>(workload.labels.size());
    result.accuracy.of_integer = accuracy(tensors.at(scores).codes, workload.labels);
    const auto floats =
        workload::run_float(network, workload.inputs, workload::parameter_source(network, options.seed));
    result.accuracy.of_float = accuracy(floats.at(scores).values, workload.labels);
  }
}

}  // namespace

RunResult run(const RunOptions& options, const ConfigLibrary& library, Progress& progress) {
  RunPlan plan = plan_run(options, library);
  RunResult result = describe_run(options, plan);
  if (options.mapper.keep_on_chip) result.stay_on_chip = keep_on_chip(plan, progress);
  map_ahead(plan, progress);
  if (options.fidelity == kAnalytical) {
    analyze(plan, progress, result);
  } else {
    simulate(options, library, plan, progress, result);
  }
  result.warning = cache_warning(options, plan);
  return result;
}

}  // namespace heddle::app
