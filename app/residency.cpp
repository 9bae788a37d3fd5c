#include "app/residency.h"

#include <algorithm>

#include "app/mapper_setup.h"
#include "arch/layer_problem.h"
#include "mapper/model/vector_model.h"
#include "mapper/search/evaluator.h"
#include "support/error.h"
#include "workload/compress/quantize.h"

namespace heddle::app {
namespace {

using mapper::Cost;
using mapper::ResidencyStep;
using workload::Layer;
using workload::TensorId;

/// Each layer's costs, in two passes: all questions to the mapper are collected, then asked at once.
class StepCosts {
 public:
  explicit StepCosts(const RunPlan& plan)
      : plan_(plan), bits_(workload::tensor_bits(plan.network(), plan.workload.recipe)) {}

  /// The layer of a step with these tensors on chip, beside those that are anyway.
  void add(std::size_t step, bool before, bool after, TensorSet on_chip) {
    on_chip.insert(plan_.on_chip.begin(), plan_.on_chip.end());
    const int index = plan_.live.order[step];
    const Layer& layer = plan_.layer_of(step);
    if (steps_.size() <= step) steps_.resize(step + 1);
    std::optional<Cost>& cost = steps_[step].cost[before ? 1 : 0][after ? 1 : 0];
    if (!plan_.runs(step)) {
      cost = Cost{};
    } else if (moves_nothing(plan_.network(), index)) {
      if (on_chip.contains(layer.inputs.front()) == on_chip.contains(layer.output)) cost = Cost{};
    } else if (auto problem = problem_of(plan_, index, bits_); !problem) {
      cost = on_vector_unit(index, on_chip);
    } else if (const auto given = plan_.mappings.find(layer.name); given != plan_.mappings.end()) {
      cost = of_mapping(*problem, given->second);
    } else {
      questions_.push_back({std::move(*problem), operands_on_chip(layer, on_chip)});
      asked_.push_back({step, before, after});
    }
  }

  std::vector<ResidencyStep> ask(Progress& progress) {
    const auto answers = plan_.mapper->map(questions_, [&](const std::string& layer, double share) {
      progress.update("mapping " + layer, share);
    });
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto& [step, before, after] = asked_[i];
      if (answers[i].mapped) steps_[step].cost[before ? 1 : 0][after ? 1 : 0] = answers[i].mapped->cost;
    }
    progress.clear();
    return std::move(steps_);
  }

 private:
  std::optional<Cost> on_vector_unit(int index, const TensorSet& on_chip) const {
    const Layer& layer = plan_.network().layers()[static_cast<std::size_t>(index)];
    const workload::LayerFormat format = format_of(plan_, index, bits_);
    arch::VectorLayer work = arch::make_vector_layer(
        plan_.network(), layer, format, workload::VectorOp::without_constants(plan_.network(), index));
    place(work, on_chip);
    try {
      const mapper::VectorCosts costs = mapper::vector_costs(work, plan_.accelerator);
      const LayerResult result = priced_layer(plan_, layer, format, {}, {}, costs.actions, costs.cycles);
      return Cost{result.energy.total, result.cycles.total};
    } catch (const InputError&) {
      return {};
    }
  }

  std::optional<Cost> of_mapping(const arch::LayerProblem& problem, const arch::LayerMapping& mapping) const {
    if (!arch::illegalities(mapping, problem, plan_.accelerator).empty()) return {};
    return mapper::Evaluator(problem, plan_.accelerator, plan_.table).cost(mapping);
  }

  struct Place {
    std::size_t step = 0;
    bool before = false, after = false;
  };
  const RunPlan& plan_;
  const std::vector<int> bits_;
  std::vector<ResidencyStep> steps_;
  std::vector<mapper::LayerQuestion> questions_;
  std::vector<Place> asked_;  ///< where the answers go
};

/// Does the layer read the tensor, and only as what may be on chip?
bool reads_as_inputs(const RunPlan& plan, const Layer& layer, TensorId tensor) {
  const bool reads = std::find(layer.inputs.begin(), layer.inputs.end(), tensor) != layer.inputs.end();
  if (!reads || !workload::mac_shape(plan.network(), layer)) return reads;
  return std::find(layer.inputs.begin() + 1, layer.inputs.end(), tensor) == layer.inputs.end();
}

std::int64_t bytes_of(const RunPlan& plan, const std::vector<int>& bits, TensorId tensor) {
  return (workload::element_count(plan.network().shape(tensor)) * bits[static_cast<std::size_t>(tensor)] +
          7) /
         8;
}

}  // namespace

std::vector<bool> candidates(const RunPlan& plan) {
  const workload::Network& network = plan.network();
  const std::vector<TensorId> outputs = network.outputs();
  const std::vector<int> bits = workload::tensor_bits(network, plan.workload.recipe);
  std::vector<bool> result(plan.live.order.size(), false);
  if (plan.accelerator.memory.size() < 2) return result;
  for (std::size_t step = 0; step + 1 < result.size(); ++step) {
    const TensorId tensor = plan.layer_of(step).output;
    const workload::LiveRange& range = plan.live.ranges[static_cast<std::size_t>(tensor)];
    result[step] = plan.runs(step) && plan.runs(step + 1) && range.dies == static_cast<int>(step) + 1 &&
                   std::find(outputs.begin(), outputs.end(), tensor) == outputs.end() &&
                   reads_as_inputs(plan, plan.layer_of(step + 1), tensor) && !plan.stated.contains(tensor) &&
                   bytes_of(plan, bits, tensor) <= plan.accelerator.memory[1].size_bytes;
  }
  return result;
}

std::vector<ResidencyStep> residency_steps(const RunPlan& plan, const std::vector<bool>& candidates,
                                           Progress& progress) {
  StepCosts costs(plan);
  for (std::size_t step = 0; step < candidates.size(); ++step) {
    for (const bool before : {false, true}) {
      for (const bool after : {false, true}) {
        if ((before && (step == 0 || !candidates[step - 1])) || (after && !candidates[step])) continue;
        TensorSet on_chip;
        if (before) on_chip.insert(plan.layer_of(step - 1).output);
        if (after) on_chip.insert(plan.layer_of(step).output);
        costs.add(step, before, after, std::move(on_chip));
      }
    }
  }
  std::vector<ResidencyStep> steps = costs.ask(progress);
  for (ResidencyStep& step : steps) {
    const auto& cost = step.cost;
    if (!cost[0][0] && !cost[0][1] && !cost[1][0] && !cost[1][1]) step.cost[0][0] = Cost{};
  }
  return steps;
}

StayOnChip keep_on_chip(RunPlan& plan, Progress& progress) {
  const std::vector<ResidencyStep> steps = residency_steps(plan, candidates(plan), progress);
  StayOnChip result;
  for (const ResidencyStep& step : steps) {
    const Cost none = step.cost[0][0].value_or(Cost{});
    result.before.energy_pj += none.energy_pj;
    result.before.cycles += none.cycles;
  }
  result.after = result.before;
  const auto path = mapper::shortest_residency(steps, plan.mapper->options().options.objective);
  if (!path) return result;
  result.after = path->cost;
  const std::vector<int> bits = workload::tensor_bits(plan.network(), plan.workload.recipe);
  for (std::size_t step = 0; step < path->stays.size(); ++step) {
    if (!path->stays[step]) continue;
    const TensorId tensor = plan.layer_of(step).output;
    plan.on_chip.insert(tensor);
    result.tensors.push_back(plan.network().values()[static_cast<std::size_t>(tensor)].name);
    result.bytes += bytes_of(plan, bits, tensor);
  }
  return result;
}

}  // namespace heddle::app
