#include "mapper/model/eie_pass_cost.h"

#include <algorithm>
#include <cmath>

#include "arch/eie_storage.h"

namespace heddle::mapper {

using arch::Stall;
using workload::Dim;
using workload::Operand;

EiePassCosts::EiePassCosts(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                           const TileTraffic& traffic)
    : unit_(accelerator.array),
      traffic_(traffic),
      port_(accelerator.memory.back()),
      density_(problem.shared.value_or(arch::SharedWeights{}).density),
      input_density_(problem.input_density),
      detection_(std::max<Cycle>(1, arch::detection_levels(unit_.rows))),
      model_(eie_shape(unit_)) {}

void EiePassCosts::start(const arch::LayerMapping& /*mapping*/) {}

const PassCost& EiePassCosts::of(const TileRange& tile) {
  const std::array<std::int64_t, 2> key{tile.extent[Dim::M], traffic_.elements(Operand::inputs, tile)};
  const auto known = costs_.find(key);
  return known != costs_.end() ? known->second : costs_.emplace(key, compute(key[0], key[1])).first->second;
}

PassCost EiePassCosts::compute(std::int64_t rows, std::int64_t inputs) {
  PassCost cost;
  const EiePass pass =
      model_.pass_of_columns(static_cast<int>(rows), density_, static_cast<int>(inputs), input_density_);
  const double steps = static_cast<double>(detection_) + pass.cycles + 1;
  cost.steps = std::llround(steps);
  cost.rest = cost.steps - 1;
  cost.fraction = std::llround((steps - static_cast<double>(cost.steps)) * (1 << 20));

  arch::LoadCost load;
  const std::int64_t bits = inputs * traffic_.bits(Operand::inputs);
  load.cycles = arch::divided_up(arch::divided_up(bits, 8), unit_.ports.inputs);
  load.cause = inputs > 0 ? Stall::input_port : Stall::weight_port;
  load.input_busy = port_.cycles_for(bits);
  if (load.input_busy > load.cycles) {
    load.cycles = load.input_busy;
    load.cause = Stall::bandwidth;
  }
  cost.first[2] = cost.first[3] = load;

  const auto move = [&](bool final_outputs) {
    return std::max(arch::divided_up(rows, unit_.ports.outputs),
                    port_.cycles_for(rows * traffic_.bits(Operand::outputs, final_outputs)));
  };
  cost.drain_final = move(true);
  cost.drain_partial = cost.restore = move(false);
  return cost;
}

}  // namespace heddle::mapper
