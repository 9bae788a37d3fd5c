// How many multiply-accumulates and cycles a second the clocked machine simulates, against what its
// arithmetic alone takes.
#include <benchmark/benchmark.h>

#include "arch/accelerator.h"
#include "mapper/default_mapping.h"
#include "sim/accelerator.h"
#include "sim/array/dot_kernel.h"

namespace {

using namespace heddle;
using workload::Dim;

/// conv4_2 of ResNet-50's third stage: 256 x 256 channels, 3 x 3, 14 x 14; all codes set.
arch::LayerProblem convolution() {
  arch::LayerProblem problem;
  problem.name = "conv";
  auto& size = problem.shape.size;
  size[Dim::M] = size[Dim::C] = 256;
  size[Dim::P] = size[Dim::Q] = 14;
  size[Dim::R] = size[Dim::S] = 3;
  problem.shape.pad_top = problem.shape.pad_left = 1;
  problem.shape.input_h = problem.shape.input_w = 14;
  return problem;
}

void run_layer(benchmark::State& state, const std::string& name) {
  static const arch::Accelerator description =
      arch::read_accelerator(std::string(HEDDLE_SOURCE_DIR) + "/configs/accelerators/" + name + ".yaml");
  static sim::Accelerator machine("machine", description);
  const arch::LayerProblem problem = convolution();
  const auto& shape = problem.shape;
  std::vector<std::int16_t> weights(static_cast<std::size_t>(shape.weight_count()), 3);
  std::vector<std::int16_t> inputs(static_cast<std::size_t>(shape.input_count()), 5);
  sim::LayerProgram program;
  program.problem = problem;
  program.mapping = mapper::default_mapping(problem, description);
  program.weights = sim::pack_weights(weights.data(), {256 * 256 * 9, 256 * 9, 9, 3, 1}, problem);
  program.inputs = {
      inputs.data(), {{0, 0, 0, 0, 0}, {1, 1, 256, 14, 14}}, {256 * 196, 256 * 196, 196, 14, 1}};
  program.requantization.multiplier.assign(256, 1 << 30);
  program.requantization.shift.assign(256, 40);
  std::int64_t cycles = 0;
  for (auto _ : state) cycles += machine.run(program).cycles.total;
  state.counters["MACs/s"] =
      benchmark::Counter(static_cast<double>(shape.macs() * state.iterations()), benchmark::Counter::kIsRate);
  state.counters["cycles/s"] = benchmark::Counter(static_cast<double>(cycles), benchmark::Counter::kIsRate);
}
void BM_Convolution(benchmark::State& state) { run_layer(state, "dense-16x16"); }
BENCHMARK(BM_Convolution)->Unit(benchmark::kMillisecond);

/// One step of 16 x 16 PEs with 8 lanes: the floor of a cycle.
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
