#include "app/mapper_setup.h"

#include <fmt/format.h>

#include <stdexcept>

#include "app/version.h"
#include "arch/layer_problem.h"
#include "workload/compress/quantize.h"

namespace heddle::app {
namespace {

/// The enumerator of that name; the command line has checked it.
template <class Enum>
Enum named(const std::string& text, std::initializer_list<Enum> all) {
  for (const Enum each : all) {
    if (name(each) == text) return each;
  }
  throw std::invalid_argument("nothing is called " + text);
}

}  // namespace

std::shared_ptr<mapper::NetworkMapper> make_mapper(const RunOptions& options, const ConfigLibrary& library,
                                                   const arch::Accelerator& accelerator,
                                                   const arch::EnergyTable& table) {
  const MapperChoice& choice = options.mapper;
  if (choice.search == kDefaultMapping) return nullptr;
  using enum mapper::Search;
  using enum mapper::Objective;
  mapper::MapperOptions how;
  how.search = named(choice.search, {optimal, random, annealing, genetic});
  how.options.objective = named(choice.objective, {edp, energy, latency});
  how.options.seed = options.seed;
  how.options.seconds = choice.seconds;
  how.options.evaluations = choice.evaluations;
  if (choice.constraints) {
    how.constraints = mapper::read_constraints(
        library.find(ConfigKind::constraints, choice.constraints->string()), accelerator);
  }
  std::shared_ptr<mapper::MappingCache> cache;
  if (choice.cache) {
    if (const auto folder = mapper::default_cache_folder())
      cache = std::make_shared<mapper::MappingCache>(*folder, kVersion);
  }
  return std::make_shared<mapper::NetworkMapper>(accelerator, table, std::move(how), options.jobs,
                                                 std::move(cache));
}

std::optional<arch::LayerProblem> problem_of(const RunPlan& plan, int index,
                                             const std::vector<int>& tensor_bits) {
  const workload::Layer& layer = plan.network().layers()[static_cast<std::size_t>(index)];
  return arch::make_problem(plan.network(), layer,
                            workload::layer_format(plan.network(), index, tensor_bits, plan.workload.recipe),
                            plan.accelerator);
}

void map_ahead(const RunPlan& plan, Progress& progress) {
  if (!plan.mapper) return;
  const std::vector<int> bits = workload::tensor_bits(plan.network(), plan.workload.recipe);
  std::vector<mapper::LayerQuestion> questions;
  for (const int step : plan.selected) {
    const auto problem = problem_of(plan, plan.live.order[static_cast<std::size_t>(step)], bits);
    if (problem && !plan.mappings.contains(problem->name)) questions.push_back({*problem, {}});
  }
  plan.mapper->map(
      questions, [&](const std::string& layer, double share) { progress.update("mapping " + layer, share); });
  progress.clear();
}

std::string cache_warning(const RunOptions& options, const RunPlan& plan) {
  if (!options.mapper.cache || !plan.mapper) return "";
  constexpr const char* advice = "mappings are not kept for the next run (--no-cache: do not try)";
  if (plan.mapper->cache() == nullptr)
    return fmt::format("warning: neither XDG_CACHE_HOME nor HOME names a folder: {}", advice);
  const std::string trouble = plan.mapper->cache()->trouble();
  return trouble.empty() ? "" : fmt::format("warning: {}: {}", trouble, advice);
}

}  // namespace heddle::app
