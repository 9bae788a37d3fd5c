#include "app/mapper_setup.h"

#include <fmt/format.h>

#include <stdexcept>

#include "app/edited_files.h"
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

/// The array's n:m for weights that a network says keep to it, without a recipe: what the simulated machine
/// finds by looking at them (where it saves anything).
std::optional<workload::StructuredSparsity> stated_sparsity(const workload::Layer& layer,
                                                            const arch::Accelerator& accelerator) {
  const auto& nm = accelerator.array.sparsity;
  const auto& stated = layer.density.structured;
  if (!nm || !stated || !layer.weights || layer.weights->shape.at(1) <= nm->n) return std::nullopt;
  const bool coarser = stated->m % nm->m == 0 && stated->n <= nm->n;
  const bool finer = nm->m % stated->m == 0 && stated->n * (nm->m / stated->m) <= nm->n;
  return coarser || finer ? nm : std::nullopt;
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
  how.options.gap = choice.gap;
  if (const auto constraints = constraints_document(choice.constraints, options.edits, library))
    how.constraints = mapper::read_constraints(*constraints, accelerator);
  std::shared_ptr<mapper::MappingCache> cache;
  if (choice.cache) {
    if (const auto folder = mapper::default_cache_folder())
      cache = std::make_shared<mapper::MappingCache>(*folder, kVersion);
  }
  return std::make_shared<mapper::NetworkMapper>(accelerator, table, std::move(how), options.jobs,
                                                 std::move(cache));
}

workload::LayerFormat format_of(const RunPlan& plan, int index, const std::vector<int>& tensor_bits) {
  workload::LayerFormat format =
      workload::layer_format(plan.network(), index, tensor_bits, plan.workload.recipe);
  const workload::Layer& layer = plan.network().layers()[static_cast<std::size_t>(index)];
  if (!format.sparsity) format.sparsity = stated_sparsity(layer, plan.accelerator);
  return format;
}

std::optional<arch::LayerProblem> problem_of(const RunPlan& plan, int index,
                                             const std::vector<int>& tensor_bits) {
  const workload::Layer& layer = plan.network().layers()[static_cast<std::size_t>(index)];
  return arch::make_problem(plan.network(), layer, format_of(plan, index, tensor_bits), plan.accelerator);
}

void map_ahead(const RunPlan& plan, Progress& progress) {
  if (!plan.mapper || plan.accelerator.array.eie) return;  // eie: tiles depend on how many weights there are
  const std::vector<int> bits = workload::tensor_bits(plan.network(), plan.workload.recipe);
  std::vector<mapper::LayerQuestion> questions;
  for (const int step : plan.selected) {
    const auto problem = problem_of(plan, plan.live.order[static_cast<std::size_t>(step)], bits);
    if (problem && !plan.mappings.contains(problem->name)) {
      questions.push_back(
          {*problem, operands_on_chip(plan.layer_of(static_cast<std::size_t>(step)), plan.on_chip)});
    }
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
