// How good is the mapping that each search has after so many seconds, and how long does a proof take?
// script/compare_searches draws the answer.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <map>

#include "mapper/mapper.h"
#include "workload/readers/yaml_network.h"

namespace {

using namespace heddle;

/// One layer on one accelerator.
struct Case {
  std::string name;
  arch::Accelerator accelerator;
  arch::EnergyTable energy;
  arch::LayerProblem problem;
  mapper::Constraints constraints;
};

const std::string kConfigs = std::string(HEDDLE_SOURCE_DIR) + "/configs/";

Case on(const std::string& name, const std::string& accelerator) {
  Case result;
  result.name = name;
  result.accelerator = arch::read_accelerator(kConfigs + "accelerators/" + accelerator + ".yaml");
  result.energy = arch::read_energy_table(kConfigs + "energy/" + result.accelerator.energy + ".yaml");
  result.problem.name = name;
  result.problem.sparsity = result.accelerator.array.sparsity;
  return result;
}

Case layer_of(const std::string& network_name, const std::string& layer_name,
              const std::string& accelerator) {
  Case result = on(network_name + "-" + layer_name, accelerator);
  const workload::Network network =
      workload::read_yaml_network(kConfigs + "networks/" + network_name + ".yaml");
  for (const workload::Layer& layer : network.layers()) {
    if (layer.name == layer_name) result.problem.shape = workload::mac_shape(network, layer).value();
  }
  return result;
}

/// 512 x 768 x 768, rows over M and columns over N, all factors that divide.
Case matrix_product() {
  using workload::Dim;
  Case result = on("gemm-512x768x768", "gemm-16x16-shared");
  result.problem.shape.size[Dim::N] = 512;
  result.problem.shape.size[Dim::M] = result.problem.shape.size[Dim::C] = 768;
  result.constraints.name = "factors that divide";
  result.constraints.factors = mapper::Factors::perfect;
  return result;
}

const Case& case_of(std::int64_t index) {
  static const std::vector<Case> cases = {matrix_product(), layer_of("vgg16", "conv3_2", "nm-16x16"),
                                          layer_of("resnet50", "stage3_conv2.1", "nm-16x16")};
  return cases.at(static_cast<std::size_t>(index));
}

void count(benchmark::State& state, const mapper::MappedLayer& mapped) {
  state.counters["edp"] = mapper::value(mapper::Objective::edp, mapped.cost);
  state.counters["proved"] = mapped.certificate.proved ? 1 : 0;
  state.counters["evaluated"] = static_cast<double>(mapped.certificate.evaluated);
  mapper::Count removed = 0;
  for (const auto& each : mapped.certificate.removed) removed += each.mappings;
  state.counters["removed"] = static_cast<double>(removed);
  state.counters["space"] = static_cast<double>(mapped.certificate.space);
}

/// Arguments: case, search, milliseconds (0: until it is proved), seed.
void search(benchmark::State& state) {
  const Case& each = case_of(state.range(0));
  mapper::MapperOptions options;
  options.search = static_cast<mapper::Search>(state.range(1));
  options.options.seconds = static_cast<double>(state.range(2)) / 1000;
  options.options.seed = static_cast<std::uint64_t>(state.range(3));
  options.constraints = each.constraints;
  mapper::MappedLayer mapped;
  for (auto _ : state) mapped = mapper::map_layer(each.problem, each.accelerator, each.energy, options);
  state.SetLabel(fmt::format("{} {}", each.name, mapper::name(options.search)));
  count(state, mapped);
}

template <std::int64_t index>
void each_search_time_and_seed(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"case", "search", "ms", "seed"})->Unit(benchmark::kMillisecond);
  benchmark->UseRealTime()->Iterations(1);
  benchmark->Args({index, 0, 0, 1});  // the proof
  for (const std::int64_t ms : {100, 300, 1000, 3000, 10000, 30000}) {
    benchmark->Args({index, 0, ms, 1});
    for (std::int64_t drawing = 1; drawing < 4; ++drawing) {
      for (std::int64_t seed = 1; seed <= 3; ++seed) benchmark->Args({index, drawing, ms, seed});
    }
  }
}

/// How many points do the searches that draw look at in a second? Arguments: case, search.
void points(benchmark::State& state) {
  const Case& each = case_of(state.range(0));
  mapper::MapperOptions options;
  options.search = static_cast<mapper::Search>(state.range(1));
  options.options.evaluations = 20000;
  options.constraints = each.constraints;
  for (auto _ : state) {
    const auto mapped = mapper::map_layer(each.problem, each.accelerator, each.energy, options);
    ++options.options.seed;
    count(state, mapped);
  }
  state.counters["points/s"] = benchmark::Counter(20000, benchmark::Counter::kIsIterationInvariantRate);
  state.SetLabel(fmt::format("{} {}", each.name, mapper::name(options.search)));
}

}  // namespace

BENCHMARK(points)
    ->ArgNames({"case", "search"})
    ->ArgsProduct({{0, 1, 2}, {1, 2, 3}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(search)->Apply(each_search_time_and_seed<0>);
BENCHMARK(search)->Apply(each_search_time_and_seed<1>);
BENCHMARK(search)->Apply(each_search_time_and_seed<2>);
