// How fast is the eie machine? Alex-6 and all multiply-accumulate layers of the pruned AlexNet and VGG-16 on
// eie-64, fast and clocked, on one core. Weights are clustered, encoded and laid out beforehand: what is
// timed is the machine alone. Every clocked run is compared with the fast one's outputs, counts and cycles.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <map>

#include "app/layer_simulation.h"
#include "app/mapper_setup.h"
#include "arch/layer_problem.h"
#include "sim/accelerator.h"
#include "sim/array/eie_bulk.h"
#include "workload/compress/prune.h"
#include "workload/compress/quantize.h"
#include "workload/reference/integer_reference.h"

namespace {

using namespace heddle;

struct Layer {
  workload::IntTensor inputs;
  sim::LayerProgram program;
};

struct Network {
  std::vector<Layer> layers;
  std::int64_t macs = 0;
};

/// Both machines: SystemC elaborates before the first of them runs.
struct Machines {
  arch::Accelerator description =
      arch::read_accelerator(std::string(HEDDLE_SOURCE_DIR) + "/configs/accelerators/eie-64.yaml");
  sim::Accelerator fast{"fast", description, sim::Fidelity::fast};
  sim::Accelerator clocked{"clocked", description, sim::Fidelity::clocked};
};

Machines& machines() {
  static Machines both;
  return both;
}

/// Of this process: other load on the machine does not count.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

sim::LayerProgram make_program(const app::RunPlan& plan, const workload::Layer& layer,
                               const workload::QuantizedLayer& quantized, const workload::IntTensor& inputs,
                               arch::LayerProblem problem) {
  const arch::Accelerator& accelerator = plan.accelerator;
  problem.shared->pe_density =
      app::pe_density(quantized.weights, problem.shape.size[workload::Dim::G], accelerator.array.rows);
  sim::LayerProgram program =
      sim::make_program(layer, quantized, {&inputs}, problem, app::mapping_of(plan, layer, problem),
                        accelerator, workload::accumulator_bits(quantized, problem.shape));
  program.eie->bulk =
      std::make_shared<const sim::EieBulk>(*program.eie, accelerator.array.eie->entries_per_word());
  return program;
}

/// The network's layers with the activations that the ones before give.
Network prepare(const std::string& name, const std::string& recipe) {
  app::RunOptions options;
  options.network = name;
  options.arch = "eie-64";
  options.recipe = recipe;
  options.quiet = true;
  const app::ConfigLibrary library({std::string(HEDDLE_SOURCE_DIR) + "/configs"});
  const app::RunPlan plan = app::plan_run(options, library);
  const workload::Network& network = plan.network();
  const workload::Calibration calibration = app::calibrate_workload(plan.workload, options, library);
  const auto quantizations = workload::tensor_quantizations(network, calibration, plan.workload.recipe);
  const auto parameters = workload::pruned_parameters(network, plan.workload.recipe, options.seed);
  std::map<workload::TensorId, workload::IntTensor> tensors;
  for (const auto& [id, values] : plan.workload.inputs)
    tensors[id] = workload::quantize(values, quantizations[static_cast<std::size_t>(id)]);
  Network result;
  for (const int index : plan.live.order) {
    const workload::Layer& layer = network.layers()[static_cast<std::size_t>(index)];
    const workload::QuantizedLayer quantized = workload::quantize_layer(
        network, index, calibration, quantizations, plan.workload.recipe, parameters);
    std::vector<const workload::IntTensor*> inputs;
    for (const workload::TensorId input : layer.inputs) inputs.push_back(&tensors.at(input));
    tensors[layer.output] = workload::reference_layer(network, index, quantized, inputs);
    const auto problem = arch::make_problem(network, layer, workload::format_of(quantized), plan.accelerator);
    if (!problem) continue;
    Layer& prepared = result.layers.emplace_back();
    prepared.inputs = *inputs.front();
    prepared.program = make_program(plan, layer, quantized, prepared.inputs, *problem);
    result.macs += problem->shape.macs();
  }
  for (Layer& layer : result.layers)  // they stay where they are from here on
    layer.program.inputs.data = layer.inputs.codes.data();
  return result;
}

Network& network(const std::string& name, const std::string& recipe) {
  static std::map<std::string, Network> all;
  machines();
  if (!all.count(name)) {
    all.clear();
    all[name] = prepare(name, recipe);
  }
  return all[name];
}

void report(benchmark::State& state, const Network& network, std::int64_t multiplies, std::int64_t cycles,
            double least_seconds) {
  state.counters["MMACs"] = 1e-6 * static_cast<double>(network.macs);
  state.counters["effective_MMACs"] = 1e-6 * static_cast<double>(multiplies);
  state.counters["cycles"] = static_cast<double>(cycles);
  state.counters["ms_least"] = 1e3 * least_seconds;
  state.counters["effective_MACs/s"] = static_cast<double>(multiplies) / least_seconds;
  state.counters["MACs/s"] = static_cast<double>(network.macs) / least_seconds;
  state.counters["cycles/s"] = static_cast<double>(cycles) / least_seconds;
}

/// Runs all layers; the sums over them, and each layer's outcome if `outcomes` is given.
void run(benchmark::State& state, const Network& network, sim::Accelerator& machine,
         std::vector<sim::LayerOutcome>* outcomes = nullptr) {
  std::int64_t multiplies = 0, cycles = 0;
  double least = 1e9;
  for (auto _ : state) {
    multiplies = cycles = 0;
    double seconds = 0;
    for (const Layer& layer : network.layers) {
      const double begin = cpu_seconds();
      sim::LayerOutcome outcome = machine.run(layer.program);
      seconds += cpu_seconds() - begin;
      multiplies += outcome.actions.multiplies;
      cycles += outcome.cycles.total;
      if (outcomes) outcomes->push_back(std::move(outcome));
    }
    least = std::min(least, seconds);
  }
  report(state, network, multiplies, cycles, least);
}

void fast(benchmark::State& state, const std::string& name, const std::string& recipe) {
  run(state, network(name, recipe), machines().fast);
}

void clocked(benchmark::State& state, const std::string& name, const std::string& recipe) {
  const Network& all = network(name, recipe);
  std::vector<sim::LayerOutcome> outcomes;
  run(state, all, machines().clocked, &outcomes);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const sim::LayerProgram& program = all.layers[i % all.layers.size()].program;
    const sim::LayerOutcome expected = machines().fast.run(program);
    if (outcomes[i].output != expected.output || outcomes[i].actions != expected.actions ||
        outcomes[i].cycles != expected.cycles)
      state.SkipWithError(("fast and clocked differ in " + program.problem.name).c_str());
  }
}

/// The sums alone, without passes: what of the fast machine's time is arithmetic.
void sums(benchmark::State& state, const std::string& name, const std::string& recipe) {
  const Network& all = network(name, recipe);
  for (auto _ : state) {
    for (const Layer& layer : all.layers)
      benchmark::DoNotOptimize(layer.program.eie->bulk->outputs(layer.program));
  }
}

#define HEDDLE_EIE_NETWORK(NAME, NETWORK, RECIPE)                                \
  BENCHMARK_CAPTURE(fast, NAME, NETWORK, RECIPE)->Unit(benchmark::kMillisecond); \
  BENCHMARK_CAPTURE(sums, NAME, NETWORK, RECIPE)->Unit(benchmark::kMillisecond); \
  BENCHMARK_CAPTURE(clocked, NAME, NETWORK, RECIPE)->Unit(benchmark::kMillisecond)->Iterations(1)

HEDDLE_EIE_NETWORK(alex_6, "eie-alex-6", "eie");
HEDDLE_EIE_NETWORK(alexnet, "alexnet", "deep-compression-alexnet");
HEDDLE_EIE_NETWORK(vgg16, "vgg16", "deep-compression-vgg16");

}  // namespace
