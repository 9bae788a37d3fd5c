#include "app/pipeline.h"

#include <algorithm>
#include <thread>

#include "app/analytical_run.h"
#include "app/integer_run.h"
#include "app/layer_simulation.h"
#include "app/mapper_setup.h"
#include "app/residency.h"
#include "app/run_plan.h"
#include "app/timeline.h"
#include "support/error.h"

namespace heddle::app {
namespace {

/// Every layer's integers run on the machine, and every output is compared with the reference's.
void simulate(const RunOptions& options, const ConfigLibrary& library, const RunPlan& plan,
              Progress& progress, RunResult& result) {
  const workload::Network& network = plan.network();

  // Compress: ranges now, each layer's integers when its turn comes.
  progress.update("calibrating", 0);
  IntegerRun integers(plan, options, library);

  // Simulate, check and price, layer by layer.
  const int threads = options.jobs > 0 ? options.jobs : static_cast<int>(std::thread::hardware_concurrency());
  LayerSimulator simulator(plan, options, threads > 1, progress);
  Timeline timeline(options, plan.accelerator);
  const auto total_macs = static_cast<double>(std::max<std::int64_t>(1, network.macs()));
  double macs_done = 0;
  std::size_t step = 0;
  try {
    for (; step < plan.live.order.size(); ++step) {
      const workload::Layer& layer = plan.layer_of(step);
      progress.update(layer.name, macs_done / total_macs);
      const workload::QuantizedLayer quantized = integers.quantize(step);
      if (plan.runs(step)) {
        SimulatedLayer simulated = simulator.run(plan.live.order[step], quantized, integers.inputs(step),
                                                 timeline.of_layer(layer.name));
        integers.finish(step, std::move(simulated.output));
        result.layers.push_back(std::move(simulated.result));
      } else {
        integers.finish(step, integers.reference(step, quantized));
      }
      macs_done += static_cast<double>(workload::macs(network, layer));
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

  if (result.incomplete.empty()) result.accuracy = integers.accuracy(options);
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
  if (plan.mapper) result.mapped = plan.mapper->work();
  result.warning = cache_warning(options, plan);
  return result;
}

}  // namespace heddle::app
