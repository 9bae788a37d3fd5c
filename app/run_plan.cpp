#include "app/run_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/edited_files.h"
#include "app/mapper_setup.h"
#include "app/select_layers.h"
#include "app/version.h"
#include "mapper/default_mapping.h"
#include "support/error.h"

namespace heddle::app {
namespace {

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

}  // namespace

bool RunPlan::runs(std::size_t step) const {
  return std::binary_search(selected.begin(), selected.end(), static_cast<int>(step));
}

RunPlan plan_run(const RunOptions& options, const ConfigLibrary& library) {
  const std::filesystem::path arch_file = library.find(ConfigKind::accelerator, options.arch);
  arch::Accelerator accelerator = arch::read_accelerator(edited_document(arch_file, "arch", options.edits));
  arch::EnergyTable table = arch::read_energy_table(
      edited_document(energy_table_of(accelerator.energy, arch_file, library), "energy", options.edits));
  Workload workload = load_workload(options, library, accelerator);
  RunPlan plan{std::move(accelerator), std::move(table), std::move(workload), {}, {}, {}, {}, {}, {}, {}};
  plan.live = workload::live_ranges(plan.network());
  std::vector<std::string> names;
  for (std::size_t step = 0; step < plan.live.order.size(); ++step) names.push_back(plan.layer_of(step).name);
  plan.selected = select_layers(options.layers, names);
  plan.mappings = load_mappings(options, library, plan.accelerator, plan.network(), names);
  plan.mapping_file = options.mapping.value_or("").string();
  plan.mapper = make_mapper(options, library, plan.accelerator, plan.table);
  plan.stated = stated_on_chip(plan.network(), plan.live, plan.mappings, plan.mapping_file);
  for (const auto& [tensor, on_chip] : plan.stated) {
    if (on_chip) plan.on_chip.insert(tensor);
  }
  return plan;
}

RunResult describe_run(const RunOptions& options, const RunPlan& plan) {
  const workload::Network& network = plan.network();
  RunResult result;
  result.network = network.name();
  result.accelerator = plan.accelerator;
  result.energy_table = plan.table.name;
  result.energy_table_version = plan.table.version;
  result.fidelity = options.fidelity;
  result.seed = options.seed;
  result.version = kVersion;
  result.recipe = options.recipe.value_or("");
  const workload::Shape& input = network.shape(network.inputs().front());
  result.batch = input.empty() ? 1 : input.front();
  if (options.mapping) result.options.emplace_back("mapping", options.mapping->string());
  result.options.emplace_back("search", options.mapper.search);
  if (plan.mapper) result.options.emplace_back("objective", options.mapper.objective);
  if (options.mapper.keep_on_chip) result.options.emplace_back("keep_on_chip", "true");
  if (options.mapper.constraints)
    result.options.emplace_back("constraints", options.mapper.constraints->string());
  if (options.mapper.seconds > 0)
    result.options.emplace_back("seconds", fmt::format("{:g}", options.mapper.seconds));
  if (options.mapper.evaluations > 0)
    result.options.emplace_back("evaluations", fmt::format("{}", options.mapper.evaluations));
  for (const yaml::Edit& edit : options.edits) result.options.emplace_back(edit.key, edit.value);
  if (options.input) result.options.emplace_back("input", options.input->string());
  if (options.calibration) result.options.emplace_back("calibration", options.calibration->string());
  if (!options.layers.empty()) result.options.emplace_back("layers", options.layers);
  return result;
}

arch::LayerMapping mapping_of(const RunPlan& plan, const workload::Layer& layer,
                              const arch::LayerProblem& problem) {
  const auto given = plan.mappings.find(problem.name);
  if (given == plan.mappings.end()) {
    const workload::PerOperand<bool> on_chip = operands_on_chip(layer, plan.on_chip);
    if (!plan.mapper) {
      if (on_chip != workload::PerOperand<bool>{}) {
        throw InputError(
            plan.mapping_file,
            fmt::format("layer {}: a neighbour keeps a tensor on chip, which the default mapping "
                        "does not; expected a mapping of this layer, or --search optimal",
                        layer.name));
      }
      return mapper::default_mapping(problem, plan.accelerator);
    }
    mapper::LayerAnswer answer = plan.mapper->map({problem, on_chip});
    mapper::require_all_mapped({answer});
    return std::move(answer.mapped.value().mapping);
  }
  const std::vector<std::string> wrong = arch::illegalities(given->second, problem, plan.accelerator);
  if (wrong.empty()) return given->second;
  std::vector<Problem> problems;
  for (const std::string& message : wrong) {
    problems.push_back({plan.mapping_file, 0, 0, "layer " + problem.name, message});
  }
  throw InputError(problems);
}

std::optional<arch::LayerMapping> resident_mapping_of(const RunPlan& plan, const workload::Layer& layer,
                                                      const arch::LayerProblem& problem,
                                                      const arch::LayerMapping& cold) {
  if (!plan.accelerator.array.eie) return std::nullopt;
  arch::LayerMapping mapping = cold;
  mapping.on_chip[workload::Operand::weights] = true;
  if (arch::illegalities(mapping, problem, plan.accelerator).empty()) return mapping;
  if (!plan.mapper || plan.mappings.contains(problem.name)) return std::nullopt;
  workload::PerOperand<bool> on_chip = operands_on_chip(layer, plan.on_chip);
  on_chip[workload::Operand::weights] = true;
  mapper::LayerAnswer answer = plan.mapper->map({problem, on_chip});
  if (!answer.mapped) return std::nullopt;
  return std::move(answer.mapped->mapping);
}

LayerResult priced_layer(const RunPlan& plan, const workload::Layer& layer,
                         const workload::LayerFormat& format,
                         const std::optional<arch::LayerProblem>& problem,
                         std::optional<arch::LayerMapping> mapping, arch::ActionCounts actions,
                         arch::CycleCounts cycles) {
  const int weight_bits = problem ? problem->weight_bits : 8;
  const int input_bits = problem ? problem->input_bits : format.input_bits.front();
  LayerResult result;
  result.name = layer.name;
  result.op = std::string(workload::name(layer.operation));
  result.macs = problem ? problem->shape.macs() : 0;
  result.effective_macs = actions.multiplies;
  result.cycles = std::move(cycles);
  result.actions = std::move(actions);
  result.mapping = std::move(mapping);
  if (problem) {
    // The eie unit does nothing for zeros; the others are judged by what the layer's shape asks for.
    result.utilization =
        utilization(plan.accelerator.array.eie ? result.effective_macs : result.macs, result.cycles.total,
                    peak_macs_per_cycle(plan.accelerator, weight_bits, input_bits));
  }
  result.energy =
      arch::price(result.actions, result.cycles.total, plan.accelerator, plan.table, weight_bits, input_bits);
  result.bound_by = bound_by(result.cycles, plan.accelerator);
  return result;
}

}  // namespace heddle::app
