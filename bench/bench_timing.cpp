// How fast does the timing model judge mappings? All multiply-accumulate layers of ResNet-50 with their
// default mappings, and random ones, as a search would try them.
#include <benchmark/benchmark.h>

#include <random>

#include "arch/accelerator.h"
#include "mapper/default_mapping.h"
#include "mapper/model/timing.h"
#include "mapper/random_mapping.h"
#include "workload/readers/yaml_network.h"

namespace {

using namespace heddle;

struct Candidate {
  std::unique_ptr<mapper::TimingModel> model;
  std::vector<arch::LayerMapping> mappings;
};

/// Mappings by layer: the default one, or `draws` random ones.
std::vector<Candidate> candidates(const std::string& accelerator_name, const std::string& network_name,
                                  int draws) {
  const std::string configs = std::string(HEDDLE_SOURCE_DIR) + "/configs/";
  const arch::Accelerator accelerator =
      arch::read_accelerator(configs + "accelerators/" + accelerator_name + ".yaml");
  const workload::Network network =
      workload::read_yaml_network(configs + "networks/" + network_name + ".yaml");
  std::mt19937_64 random(1);
  std::vector<Candidate> result;
  for (const workload::Layer& layer : network.layers()) {
    const auto shape = workload::mac_shape(network, layer);
    if (!shape) continue;
    arch::LayerProblem problem;
    problem.name = layer.name;
    problem.shape = *shape;
    problem.sparsity = accelerator.array.sparsity;
    Candidate candidate{std::make_unique<mapper::TimingModel>(problem, accelerator), {}};
    if (draws == 0) candidate.mappings.push_back(mapper::default_mapping(problem, accelerator));
    for (int i = 0; i < draws; ++i)
      candidate.mappings.push_back(mapper::random_mapping(problem, accelerator, random));
    result.push_back(std::move(candidate));
  }
  return result;
}

void judge(benchmark::State& state, const std::string& accelerator, const std::string& network, int draws) {
  const std::vector<Candidate> all = candidates(accelerator, network, draws);
  std::int64_t mappings = 0, passes = 0, evaluated = 0, cycles = 0;
  for (auto _ : state) {
    for (const Candidate& candidate : all) {
      for (const arch::LayerMapping& mapping : candidate.mappings) {
        cycles += candidate.model->run(mapping).total;
        passes += candidate.model->effort().passes;
        evaluated += candidate.model->effort().evaluated;
        ++mappings;
      }
    }
  }
  const auto runs = static_cast<double>(state.iterations());
  state.counters["mappings/s"] =
      benchmark::Counter(static_cast<double>(mappings), benchmark::Counter::kIsRate);
  state.counters["mappings"] = static_cast<double>(mappings) / runs;
  state.counters["cycles"] = static_cast<double>(cycles) / runs;
  state.counters["passes"] = static_cast<double>(passes) / runs;
  state.counters["evaluated"] = static_cast<double>(evaluated) / runs;
}

}  // namespace

BENCHMARK_CAPTURE(judge, resnet50_default_nm, "nm-16x16", "resnet50", 0)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(judge, resnet50_default_dense, "dense-16x16", "resnet50", 0)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(judge, resnet50_random_nm, "nm-16x16", "resnet50", 20)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(judge, resnet50_random_dense, "dense-16x16", "resnet50", 20)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(judge, bert_random_dense, "dense-16x16", "bert-base", 20)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(judge, mobilenetv2_random_dense, "dense-16x16", "mobilenetv2", 20)
    ->Unit(benchmark::kMillisecond);
