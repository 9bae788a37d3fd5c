// How fast is the machine? All multiply-accumulate layers of ResNet-50 at batch 1, in 8 bits, on the mapper's
// mappings: clocked, fast, and, for comparison, the time that oneDNN alone needs for the same layers' sums.
// All on one core; tensors are synthetic, weights are packed and programs made beforehand.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <algorithm>
#include <ctime>
#include <oneapi/dnnl/dnnl.hpp>
#include <random>

#include "app/mapper_setup.h"
#include "sim/accelerator.h"
#include "sim/array/dot_bulk.h"
#include "sim/array/dot_kernel.h"
#include "workload/compress/quantize.h"

namespace {

using namespace heddle;
using workload::Dim;

/// A layer with its data; oneDNN's own primitive beside it.
struct Layer {
  std::vector<std::int16_t> inputs;
  sim::LayerProgram program;
  dnnl::convolution_forward convolution;
  dnnl::memory source, weights, sums;
};

struct Network {
  arch::Accelerator accelerator;
  std::vector<Layer> layers;
  std::int64_t macs = 0;
  double onednn_seconds = 0;  ///< the least of several runs
};

dnnl::engine& cpu() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

/// Activations as after a ReLU: half of them zero.
void draw_data(Layer& layer, std::mt19937& random) {
  sim::LayerProgram& program = layer.program;
  const auto& shape = program.problem.shape;
  const auto& size = shape.size;
  const std::int64_t C = size[Dim::C], RS = size[Dim::R] * size[Dim::S];
  program.input_zero_point = -128;
  for (std::int64_t i = 0; i < shape.input_count(); ++i)
    layer.inputs.push_back(
        static_cast<std::int16_t>(std::max<int>(0, static_cast<int>(random() % 256) - 128) * 2 - 128));
  std::vector<std::int16_t> codes;
  for (std::int64_t i = 0; i < shape.weight_count(); ++i)
    codes.push_back(static_cast<std::int16_t>(static_cast<int>(random() % 255) - 127));
  if (const auto& nm = program.problem.sparsity) {
    for (std::size_t i = 0; i < codes.size();
         ++i) {  // (m, c, r, s): the first n of each group of channels stay
      const auto c = static_cast<std::int64_t>(i) / RS % C;
      if (c % nm->m >= nm->n) codes[i] = 0;
    }
  }
  program.weights =
      sim::pack_weights(codes.data(), {size[Dim::M] * C * RS, C * RS, RS, size[Dim::S], 1}, program.problem);
  program.inputs.box = {{0, 0, 0, 0, 0}, {size[Dim::N], size[Dim::G], C, shape.input_h, shape.input_w}};
  program.inputs.stride = sim::row_major(program.inputs.box);
  const auto channels = static_cast<std::size_t>(size[Dim::G] * size[Dim::M]);
  program.bias.assign(channels, 1000);
  program.requantization.multiplier.assign(channels, 0x5a827999);
  program.requantization.shift.assign(channels, 44);
}

/// u8 x s8 to s32 with the layer's own padding, the layouts that oneDNN likes best.
void prepare_onednn(Layer& layer) {
  const auto& shape = layer.program.problem.shape;
  const auto& size = shape.size;
  using dnnl::memory;
  using Type = memory::data_type;
  using Tag = memory::format_tag;
  const auto end_pad = [](std::int64_t outputs, std::int64_t stride, std::int64_t taps, std::int64_t pad,
                          std::int64_t input) { return (outputs - 1) * stride + taps - pad - input; };
  const dnnl::convolution_forward::desc operation(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
      memory::desc({1, size[Dim::C], shape.input_h, shape.input_w}, Type::u8, Tag::any),
      memory::desc({size[Dim::M], size[Dim::C], size[Dim::R], size[Dim::S]}, Type::s8, Tag::any),
      memory::desc({1, size[Dim::M], size[Dim::P], size[Dim::Q]}, Type::s32, Tag::any),
      {shape.stride_h, shape.stride_w}, {shape.pad_top, shape.pad_left},
      {end_pad(size[Dim::P], shape.stride_h, size[Dim::R], shape.pad_top, shape.input_h),
       end_pad(size[Dim::Q], shape.stride_w, size[Dim::S], shape.pad_left, shape.input_w)});
  const dnnl::convolution_forward::primitive_desc chosen(operation, cpu());
  layer.convolution = dnnl::convolution_forward(chosen);
  const auto filled = [](const memory::desc& desc, int value) {
    memory result(desc, cpu());
    std::fill_n(static_cast<std::uint8_t*>(result.get_data_handle()), desc.get_size(),
                static_cast<std::uint8_t>(value));
    return result;
  };
  layer.source = filled(chosen.src_desc(), 7);
  layer.weights = filled(chosen.weights_desc(), 3);
  layer.sums = filled(chosen.dst_desc(), 0);
}

/// Of this process: other load on the machine does not count.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double run_onednn(Network& network) {
  dnnl::stream stream(cpu());
  const double begin = cpu_seconds();
  for (Layer& layer : network.layers) {
    layer.convolution.execute(
        stream,
        {{DNNL_ARG_SRC, layer.source}, {DNNL_ARG_WEIGHTS, layer.weights}, {DNNL_ARG_DST, layer.sums}});
  }
  stream.wait();
  return cpu_seconds() - begin;
}

Network prepare(const std::string& accelerator, const std::string& recipe) {
  app::RunOptions options;
  options.network = "resnet50";
  options.arch = accelerator;
  options.recipe = recipe;
  options.fidelity = app::kAnalytical;
  options.quiet = true;
  const app::RunPlan plan =
      app::plan_run(options, app::ConfigLibrary({std::string(HEDDLE_SOURCE_DIR) + "/configs"}));
  app::Progress progress(true);
  app::map_ahead(plan, progress);
  omp_set_num_threads(1);
  const std::vector<int> bits = workload::tensor_bits(plan.network(), plan.workload.recipe);
  Network network;
  network.accelerator = plan.accelerator;
  std::mt19937 random(1);
  for (std::size_t i = 0; i < plan.network().layers().size(); ++i) {
    const auto problem = app::problem_of(plan, static_cast<int>(i), bits);
    if (!problem) continue;
    Layer& layer = network.layers.emplace_back();
    layer.program.problem = *problem;
    layer.program.mapping = app::mapping_of(plan, plan.network().layers()[i], *problem);
    draw_data(layer, random);
    network.macs += problem->shape.macs();
    prepare_onednn(layer);
  }
  for (Layer& layer : network.layers) {  // they stay where they are from here on
    layer.program.inputs.data = layer.inputs.data();
    layer.program.bulk = std::make_shared<const sim::DotBulk>(layer.program);
  }
  network.onednn_seconds = 1;
  for (int i = 0; i < 20; ++i) network.onednn_seconds = std::min(network.onednn_seconds, run_onednn(network));
  return network;
}

/// Both networks and all machines: SystemC elaborates before the first of them runs.
struct Bench {
  Network dense = prepare("dense-16x16", "int8"), sparse = prepare("nm-16x16", "int8-2-4");
  sim::Accelerator clocked_dense{"clocked_dense", dense.accelerator, sim::Fidelity::clocked},
      clocked_sparse{"clocked_sparse", sparse.accelerator, sim::Fidelity::clocked},
      fast_dense{"fast_dense", dense.accelerator, sim::Fidelity::fast},
      fast_sparse{"fast_sparse", sparse.accelerator, sim::Fidelity::fast};
};

Bench& bench() {
  static Bench all;
  return all;
}

void report(benchmark::State& state, const Network& network, std::int64_t cycles, double least_seconds) {
  using benchmark::Counter;
  const auto runs = static_cast<double>(state.iterations());
  state.counters["MACs/s"] = Counter(static_cast<double>(network.macs) * runs, Counter::kIsRate);
  if (cycles > 0) {
    state.counters["cycles"] = static_cast<double>(cycles) / runs;
    state.counters["cycles/s"] = Counter(static_cast<double>(cycles), Counter::kIsRate);
  }
  state.counters["ms_least"] = 1e3 * least_seconds;
  state.counters["x_onednn"] = least_seconds / network.onednn_seconds;
}

void run_machine(benchmark::State& state, Network& network, sim::Accelerator& machine) {
  std::int64_t cycles = 0;
  double least = 1e9;
  for (auto _ : state) {
    const double begin = cpu_seconds();
    for (const Layer& layer : network.layers) cycles += machine.run(layer.program).cycles.total;
    least = std::min(least, cpu_seconds() - begin);
  }
  report(state, network, cycles, least);
}

/// Clocked, and every layer compared with the fast machine's: outputs, counts, cycles.
void run_clocked(benchmark::State& state, Network& network, sim::Accelerator& clocked,
                 sim::Accelerator& fast) {
  run_machine(state, network, clocked);
  for (const Layer& layer : network.layers) {
    const sim::LayerOutcome a = clocked.run(layer.program), b = fast.run(layer.program);
    if (a.output != b.output || a.actions != b.actions || a.cycles != b.cycles)
      state.SkipWithError(("fast and clocked differ in " + layer.program.problem.name).c_str());
  }
}

/// What a machine does first with a layer's weights, unless it was done beforehand.
void run_packing(benchmark::State& state, const Network& network) {
  for (auto _ : state) {
    for (const Layer& layer : network.layers) benchmark::DoNotOptimize(sim::DotBulk(layer.program));
  }
}

void run_alone(benchmark::State& state, Network& network) {
  double least = 1e9;
  for (auto _ : state) least = std::min(least, run_onednn(network));
  report(state, network, 0, least);
}

void BM_OneDnnAlone_Dense(benchmark::State& state) { run_alone(state, bench().dense); }
void BM_Fast_Dense(benchmark::State& state) { run_machine(state, bench().dense, bench().fast_dense); }
void BM_Clocked_Dense(benchmark::State& state) {
  run_clocked(state, bench().dense, bench().clocked_dense, bench().fast_dense);
}
void BM_OneDnnAlone_Sparse(benchmark::State& state) { run_alone(state, bench().sparse); }
void BM_Fast_Sparse(benchmark::State& state) { run_machine(state, bench().sparse, bench().fast_sparse); }
void BM_Clocked_Sparse(benchmark::State& state) {
  run_machine(state, bench().sparse, bench().clocked_sparse);
}
void BM_PackWeights_Dense(benchmark::State& state) { run_packing(state, bench().dense); }
void BM_PackWeights_Sparse(benchmark::State& state) { run_packing(state, bench().sparse); }
BENCHMARK(BM_OneDnnAlone_Dense)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Fast_Dense)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PackWeights_Dense)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Clocked_Dense)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(BM_OneDnnAlone_Sparse)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Fast_Sparse)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PackWeights_Sparse)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Clocked_Sparse)->Unit(benchmark::kMillisecond)->Iterations(1);

/// One step of 16 x 16 PEs with 8 lanes: the floor of a clocked cycle.
void BM_DotStep(benchmark::State& state) {
  std::vector<std::int32_t> weights(16 * 8, 3), inputs(8 * 16, 5), accumulators(16 * 16, 0);
  for (auto _ : state) {
    sim::dot_step(16, 8, 16, weights.data(), nullptr, inputs.data(), accumulators.data());
    benchmark::DoNotOptimize(accumulators.data());
  }
  state.counters["MACs/s"] =
      benchmark::Counter(static_cast<double>(2048 * state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_DotStep);

}  // namespace
