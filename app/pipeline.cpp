#include "app/pipeline.h"

#include <algorithm>
#include <memory>
#include <thread>

#include "app/accuracy.h"
#include "app/layer_simulation.h"
#include "app/select_layers.h"
#include "app/timeline.h"
#include "app/version.h"
#include "app/workload_setup.h"
#include "support/error.h"
#include "workload/compress/prune.h"
#include "workload/compress/quantize.h"
#include "workload/live_ranges.h"
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

/// The mappings of --mapping, by layer. Every one must be of a layer that runs a mapping.
std::map<std::string, arch::LayerMapping> load_mappings(const RunOptions& options,
                                                        const ConfigLibrary& library,
                                                        const arch::Accelerator& accelerator,
                                                        const workload::Network& network,
                                                        const std::vector<std::string>& names) {
  if (!options.mapping) return {};
  auto mappings =
      arch::read_mappings(library.find(ConfigKind::mapping, options.mapping->string()), accelerator);
  std::vector<Problem> problems;
  for (const auto& [name, mapping] : mappings) {
    const auto layer =
        std::find_if(network.layers().begin(), network.layers().end(),
                     [&n = name](const workload::Layer& candidate) { return candidate.name == n; });
    std::string message;
    if (layer == network.layers().end()) {
      message = "maps \"" + name + "\", which is no layer of " + network.name() + did_you_mean(name, names);
    } else if (!workload::mac_shape(network, *layer)) {
      message = "maps \"" + name + "\", a " + std::string(workload::name(layer->operation)) +
                " layer: the vector unit runs it, without a mapping";
    }
    if (!message.empty()) problems.push_back({options.mapping->string(), 0, 0, "", message});
  }
  if (!problems.empty()) throw InputError(std::move(problems));
  return mappings;
}

/// What the result says about where it comes from.
RunResult describe_run(const RunOptions& options, const Workload& workload,
                       const arch::Accelerator& accelerator, const arch::EnergyTable& table) {
  RunResult result;
  result.network = workload.network.name();
  result.accelerator = accelerator;
  result.energy_table = table.name;
  result.energy_table_version = table.version;
  result.fidelity = options.fidelity;
  result.seed = options.seed;
  result.version = kVersion;
  result.recipe = options.recipe.value_or("");
  const workload::Shape& input = workload.inputs.begin()->second.shape;
  result.batch = input.empty() ? 1 : input.front();
  if (options.mapping) result.options.emplace_back("mapping", options.mapping->string());
  if (options.input) result.options.emplace_back("input", options.input->string());
  if (options.calibration) result.options.emplace_back("calibration", options.calibration->string());
  if (!options.layers.empty()) result.options.emplace_back("layers", options.layers);
  return result;
}

}  // namespace

RunResult run(const RunOptions& options, const ConfigLibrary& library, Progress& progress) {
  // Load.
  const std::filesystem::path arch_file = library.find(ConfigKind::accelerator, options.arch);
  const arch::Accelerator accelerator = arch::read_accelerator(arch_file);
  const arch::EnergyTable table =
      arch::read_energy_table(library.find(ConfigKind::energy, accelerator.energy, arch_file.parent_path()));
  const Workload workload = load_workload(options, library);
  const workload::Network& network = workload.network;
  const workload::LiveRanges live = workload::live_ranges(network);
  std::vector<std::string> names;
  for (const int layer : live.order) names.push_back(network.layers()[static_cast<std::size_t>(layer)].name);
  const std::vector<int> selected = select_layers(options.layers, names);
  const auto mappings = load_mappings(options, library, accelerator, network, names);
  RunResult result = describe_run(options, workload, accelerator, table);

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

  // Map, simulate, check and price, layer by layer.
  const int threads = options.jobs > 0 ? options.jobs : static_cast<int>(std::thread::hardware_concurrency());
  LayerSimulator simulator(accelerator, table, mappings, options.mapping.value_or("").string(), threads > 1);
  Timeline timeline(options, accelerator);
  const auto total_macs = static_cast<double>(std::max<std::int64_t>(1, network.macs()));
  double macs_done = 0;
  try {
    for (std::size_t step = 0; step < live.order.size(); ++step) {
      const int index = live.order[step];
      const workload::Layer& layer = network.layers()[static_cast<std::size_t>(index)];
      progress.update(layer.name, macs_done / total_macs);
      workload::QuantizedLayer quantized =
          workload::quantize_layer(network, index, calibration, quantizations, workload.recipe, parameters);
      if (!quantized.sparsity) quantized.sparsity = found_sparsity(quantized, accelerator);
      std::vector<const IntTensor*> inputs;
      for (const TensorId input : layer.inputs) inputs.push_back(&tensors.at(input));

      if (std::binary_search(selected.begin(), selected.end(), static_cast<int>(step))) {
        SimulatedLayer simulated =
            simulator.run(network, index, quantized, inputs, timeline.of_layer(layer.name));
        tensors[layer.output] = std::move(simulated.output);
        result.layers.push_back(std::move(simulated.result));
      } else {
        tensors[layer.output] = workload::reference_layer(network, index, quantized, inputs);
      }
      macs_done += static_cast<double>(workload::macs(network, layer));
      for (const TensorId dead : live.dead_after(static_cast<int>(step))) tensors.erase(dead);
    }
  } catch (const InputError& error) {
    // What has been computed is kept: the caller reports it, and why it stops here.
    if (result.layers.empty()) throw;
    result.incomplete = error.what();
  }
  progress.clear();
  timeline.finish();

  if (!workload.labels.empty() && result.incomplete.empty()) {
    const TensorId scores = network.outputs().front();
    result.accuracy.images = static_cast<std::int64_t>(workload.labels.size());
    result.accuracy.of_integer = accuracy(tensors.at(scores).codes, workload.labels);
    const auto floats =
        workload::run_float(network, workload.inputs, workload::parameter_source(network, options.seed));
    result.accuracy.of_float = accuracy(floats.at(scores).values, workload.labels);
  }
  return result;
}

}  // namespace heddle::app
