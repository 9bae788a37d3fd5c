#include "mapper/search/scorer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;

void Scores::add(const Scores& other) {
  evaluated += other.evaluated;
  illegal += other.illegal;
  bound += other.bound;
}

bool uses_enough(const Mapspace& space, const Point& point) {
  const double least = space.constraints().least_utilization;
  if (least <= 0) return true;
  const arch::LayerProblem& problem = space.problem();
  const arch::ArrayUnit& unit = space.accelerator().array;
  double steps = 1;
  for (Dim d : kDims)
    steps *= static_cast<double>(space.left(problem.shape.size[d], point.factor[d][kAxisSlot]));
  const double peak =
      static_cast<double>(unit.rows * unit.columns *
                          arch::effective_lanes(unit, problem.weight_bits, problem.input_bits)) *
      (problem.sparsity ? static_cast<double>(problem.sparsity->m) / problem.sparsity->n : 1.0);
  return static_cast<double>(problem.shape.macs()) >= least * steps * peak;
}

Scorer::Scorer(const Mapspace& space, const arch::EnergyTable& table, Objective objective)
    : space_(space), objective_(objective), evaluator_(space.problem(), space.accelerator(), table) {}

bool Scorer::is_legal(const Point& point) const {
  return uses_enough(space_, point) &&
         arch::illegalities(space_.mapping(point), space_.problem(), space_.accelerator()).empty();
}

std::string Scorer::reasons(const Point& point) const {
  std::vector<std::string> found =
      arch::illegalities(space_.mapping(point), space_.problem(), space_.accelerator());
  if (!uses_enough(space_, point)) {
    found.push_back(
        fmt::format("the array's multipliers are used less than the constraints' utilization of {}",
                    space_.constraints().least_utilization));
  }
  return fmt::format("{}", fmt::join(found, "; "));
}

std::optional<Cost> Scorer::cost_below(const Point& point, double beat) {
  const arch::LayerMapping mapping = space_.mapping(point);
  if (!uses_enough(space_, point) ||
      !arch::illegalities(mapping, space_.problem(), space_.accelerator()).empty()) {
    ++scores_.illegal;
    return std::nullopt;
  }
  const double cycle_pj = evaluator_.prices().cycle;
  const double energy = evaluator_.energy(mapping);
  const auto cost = [&](std::int64_t cycles) {
    return Cost{energy + cycle_pj * static_cast<double>(cycles), cycles};
  };
  if (value(objective_, cost(evaluator_.least_cycles(mapping))) >= beat) {
    ++scores_.bound;
    return std::nullopt;
  }
  // With more cycles than this it is no better. (Energy: only as far as a cycle costs some.)
  double most = beat;
  if (objective_ == Objective::edp) most = beat / energy;
  if (objective_ == Objective::energy) most = cycle_pj > 0 ? (beat - energy) / cycle_pj : INFINITY;
  const std::int64_t limit = most < 1e18 ? static_cast<std::int64_t>(std::ceil(most)) : INT64_MAX;
  const Cost exact = cost(evaluator_.cycles(mapping, limit));
  if (exact.cycles > limit) {
    ++scores_.bound;
    return std::nullopt;
  }
  ++scores_.evaluated;
  if (value(objective_, exact) >= beat) return std::nullopt;
  return exact;
}

}  // namespace heddle::mapper
