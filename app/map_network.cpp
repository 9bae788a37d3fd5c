#include "app/map_network.h"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <set>

#include "app/analytical_run.h"
#include "app/mapper_setup.h"
#include "app/residency.h"
#include "app/run_plan.h"
#include "arch/timeloop.h"
#include "mapper/fingerprint.h"
#include "support/error.h"
#include "support/write_file.h"
#include "workload/compress/quantize.h"
#include "workload/readers/plain_name.h"

namespace heddle::app {
namespace {

/// A folder of that layer's own: names may hold anything.
std::filesystem::path folder_of(const std::string& layer, std::set<std::string>& taken) {
  const std::string plain = workload::plain_name(layer);
  std::string name = plain;
  for (int number = 2; !taken.insert(name).second; ++number) name = plain + "_" + std::to_string(number);
  return name;
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) throw InputError(folder.string(), "cannot be made: " + code.message());
}

}  // namespace

MapResult map_network(const MapOptions& options, const ConfigLibrary& library, Progress& progress) {
  RunPlan plan = plan_run(options.run, library);
  if (plan.accelerator.array.eie && options.output && asks_for_folder(*options.output)) {
    throw InputError(
        options.output->string(),
        fmt::format("Timeloop has no array like the eie unit of {}; expected a file for the mappings",
                    plan.accelerator.name));
  }
  const workload::Network& network = plan.network();
  MapResult result;
  result.run = describe_run(options.run, plan);

  const std::vector<int> bits = workload::tensor_bits(network, plan.workload.recipe);
  const auto begin = std::chrono::steady_clock::now();
  if (options.run.mapper.keep_on_chip) result.run.stay_on_chip = keep_on_chip(plan, progress);
  std::vector<int> layers;
  std::vector<mapper::LayerQuestion> questions;
  for (const int step : plan.selected) {
    const int layer = plan.live.order[static_cast<std::size_t>(step)];
    if (auto problem = problem_of(plan, layer, bits)) {
      layers.push_back(layer);
      questions.push_back({std::move(*problem),
                           operands_on_chip(plan.layer_of(static_cast<std::size_t>(step)), plan.on_chip)});
    }
  }
  if (layers.empty()) {
    throw InputError(
        options.run.layers.empty() ? options.run.network : "--layers",
        "no layer with multiply-accumulates: the vector unit runs the others, without a mapping");
  }

  const auto answers = plan.mapper->map(
      questions, [&](const std::string& layer, double share) { progress.update("mapping " + layer, share); });
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  result.threads = plan.mapper->threads();
  mapper::require_all_mapped(answers);
  std::map<std::string, std::string> solved;  // the first layer of each kind
  for (std::size_t i = 0; i < layers.size(); ++i) {
    LayerResult layer = analyzed_layer(plan, layers[i], bits);
    layer.certificate = answers[i].mapped->certificate;
    result.run.layers.push_back(std::move(layer));
    // Layers that are equal to another one where their tensors are elsewhere may not be here.
    const auto& [problem, on_chip] = questions[i];
    const auto first = solved.try_emplace(mapper::fingerprint(problem, on_chip), problem.name).first;
    result.layers.push_back({problem, first->second, answers[i].cached});
  }
  progress.clear();
  result.run.warning = cache_warning(options.run, plan);
  return result;
}

bool asks_for_folder(const std::filesystem::path& output) {
  std::error_code code;
  return !output.has_filename() || std::filesystem::is_directory(output, code);
}

std::string mapping_file(const MapResult& result) {
  std::vector<arch::LayerMapping> mappings;
  for (const LayerResult& layer : result.run.layers) mappings.push_back(layer.mapping.value());
  return arch::to_yaml(mappings, result.run.accelerator);
}

void write_timeloop(const MapResult& result, const std::filesystem::path& output) {
  const arch::Accelerator& accelerator = result.run.accelerator;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    const arch::LayerProblem& problem = result.layers[i].problem;
    const std::filesystem::path folder = output / folder_of(problem.name, taken);
    make_folder(folder);
    write_file(folder / "problem.yaml", arch::to_timeloop_problem(problem));
    write_file(folder / "architecture.yaml", arch::to_timeloop_architecture(accelerator, problem));
    write_file(folder / "mapping.yaml",
               arch::to_timeloop_mapping(result.run.layers[i].mapping.value(), problem, accelerator));
  }
}

}  // namespace heddle::app
