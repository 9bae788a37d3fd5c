#include "mapper/search/array_choices.h"

#include <algorithm>
#include <functional>

#include "mapper/factors.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::Operand;
using workload::PerDim;

namespace {

constexpr std::array<Dim, 3> kColumnDims = {Dim::N, Dim::P, Dim::Q}, kLaneDims = {Dim::C, Dim::R, Dim::S};

}  // namespace

ArrayChoices::ArrayChoices(const Mapspace& space, const Prices& prices, Objective objective)
    : space_(space),
      prices_(prices),
      objective_(objective),
      weights_resident_(arch::is_resident(space.accelerator().array, Operand::weights)),
      inputs_resident_(arch::is_resident(space.accelerator().array, Operand::inputs)),
      cheapest_memory_(*std::min_element(prices.memory.begin(), prices.memory.end())),
      may_be_ragged_(space.constraints().factors == Factors::ragged || restricts(space.constraints())),
      window_sums_(space.problem().shape) {
  const arch::LayerProblem& problem = space.problem();
  weight_bits_ = problem.weight_bits + (problem.sparsity ? arch::index_bits(*problem.sparsity) : 0);
  input_bits_ = problem.input_bits;
  CountModel model(problem, space.accelerator());
  // Multiplies, adds, requantizations and the registers that multiplies read are the same under every
  // mapping.
  arch::LayerMapping any;
  any.memory.resize(space.accelerator().memory.size());
  for (Dim d : kDims) any.memory[0].temporal.push_back({d, problem.shape.size[d]});
  if (problem.sparsity) {  // not legal channel by channel
    any.memory[0].temporal[static_cast<std::size_t>(Dim::C)].factor = 1;
    any.lanes.push_back({Dim::C, problem.shape.size[Dim::C]});
  }
  arch::ActionCounts counts = model.run(any);
  arch::ActionCounts constant;
  constant.memory.resize(counts.memory.size());
  constant.multiplies = counts.multiplies;
  constant.adds = counts.adds;
  constant.requantizations = counts.requantizations;
  for (Operand operand : {Operand::weights, Operand::inputs})
    constant.registers[operand].read_bits = counts.registers[operand].read_bits;
  constant_energy_ = prices.of(constant);
}

bool allows(const ArrayChoice& choice, Dim d, std::int64_t factor) {
  if (!choice.first_reduction || d < *choice.first_reduction) return factor == 1;
  return d > *choice.first_reduction || factor > 1;
}

Count ArrayChoices::ways(const ArrayChoice& choice, Dim d) const {
  if (!streams_reduction() || !workload::is_reduction(d))
    return space_.chains(d, kRegisterSlot + 1, choice.passes[d]);
  Count result = 0;
  for (const std::int64_t f : space_.factors(d, kRegisterSlot, choice.passes[d])) {
    if (allows(choice, d, f)) result += space_.chains(d, kRegisterSlot + 1, space_.left(choice.passes[d], f));
  }
  return result;
}

Count ArrayChoices::mappings(const ArrayChoice& choice) const {
  Count result = space_.order_choices() / space_.register_stationary().size() * space_.keep_choices();
  for (Dim d : kDims) result *= ways(choice, d);
  return result;
}

std::vector<ArrayChoice> ArrayChoices::find(const Rest& rest, Removed& removed) const {
  const arch::LayerProblem& problem = space_.problem();
  const arch::ArrayUnit& unit = space_.accelerator().array;
  const auto& size = problem.shape.size;
  const Count per_chain = space_.order_choices() * space_.keep_choices();
  const std::int64_t lanes = arch::effective_lanes(unit, problem.weight_bits, problem.input_bits);
  const double peak =
      static_cast<double>(unit.rows * unit.columns * lanes) *
      (problem.sparsity ? static_cast<double>(problem.sparsity->m) / problem.sparsity->n : 1.0);
  const double macs = static_cast<double>(problem.shape.macs());
  const auto beaten = [&](double energy, std::int64_t cycles) {
    const std::int64_t total = std::max(cycles, rest.cycles);
    return value(objective_, {energy + rest.energy + prices_.cycle * static_cast<double>(total), total}) >=
           rest.beat;
  };

  std::vector<ArrayChoice> found;
  ArrayChoice choice;
  Loads weights, inputs;  // of the steps of the axes in hand

  const auto each_register_choice = [&](const auto& self, std::size_t index, Count chains) -> void {
    static constexpr std::array<Dim, 8> kOrder = {Dim::M, Dim::P, Dim::Q, Dim::N,
                                                  Dim::C, Dim::R, Dim::S, Dim::G};
    if (index == kOrder.size()) {
      Loads pass_weights, pass_inputs;
      if (weights_resident_ || inputs_resident_) {
        PerDim<std::int64_t> pass;
        for (Dim d : kDims) pass[d] = choice.axis[d] * choice.registers[d];
        if (weights_resident_) pass_weights = loads_of(Operand::weights, weight_volumes(pass));
        if (inputs_resident_) pass_inputs = loads_of(Operand::inputs, input_volumes(pass, true, choice.axis));
      }
      const auto moves = [&](Operand operand) {
        const auto& group = reuse_group(operand);
        return std::any_of(group.begin(), group.end(), [&](Dim d) { return choice.registers[d] > 1; });
      };
      const auto each_stays = [&] {
        for (const Operand stays : space_.register_stationary()) {
          choice.stays = stays;
          const Count mappings_here = mappings(choice);
          if (mappings_here == 0) continue;
          if (space_.register_stationary().size() > 1 && !moves(stays) &&
              (moves(stays == Operand::weights ? Operand::inputs : Operand::weights) ||
               stays != space_.register_stationary().front())) {
            removed.repeated += mappings_here;
            continue;
          }
          bound(choice, weights_resident_ ? pass_weights : weights, inputs_resident_ ? pass_inputs : inputs);
          if (beaten(choice.energy, choice.cycles)) {
            removed.bound += mappings_here;
          } else {
            found.push_back(choice);
          }
        }
      };
      choice.first_reduction.reset();
      each_stays();
      if (!streams_reduction()) return;
      for (Dim d : kLaneDims) {
        choice.first_reduction = d;
        each_stays();
      }
      choice.first_reduction.reset();
      return;
    }
    const Dim d = kOrder[index];
    const std::int64_t count = ceil_div(size[d], choice.axis[d]);
    if (d == Dim::G || (streams_reduction() && workload::is_reduction(d))) {
      choice.registers[d] = 1;
      choice.passes[d] = count;
      self(self, index + 1, chains * space_.chains(d, kRegisterSlot, count));
      return;
    }
    for (const std::int64_t f : space_.factors(d, kRegisterSlot, count)) {
      choice.registers[d] = f;
      choice.passes[d] = ceil_div(count, f);
      const Count chosen = chains * space_.chains(d, kRegisterSlot + 1, choice.passes[d]);
      if (!fits_registers(choice, index, kOrder)) {
        Count open = chosen;
        for (std::size_t i = index + 1; i < kOrder.size(); ++i)
          open *= space_.chains(kOrder[i], kRegisterSlot, ceil_div(size[kOrder[i]], choice.axis[kOrder[i]]));
        removed.registers += open * per_chain;
        continue;
      }
      self(self, index + 1, chosen);
    }
    choice.registers[d] = 1;
  };

  const auto each_axis_choice = [&](const auto& self, std::size_t index, std::int64_t columns,
                                    std::int64_t used_lanes, double steps) -> void {
    static constexpr std::array<Dim, 8> kOrder = {Dim::G, Dim::M, Dim::Q, Dim::P,
                                                  Dim::N, Dim::C, Dim::R, Dim::S};
    const auto below = [&](std::size_t from) {  // mappings of all choices for the dimensions from here on
      Count chains = per_chain;
      for (std::size_t i = 0; i < from; ++i)
        chains *= space_.chains(kOrder[i], kRegisterSlot, ceil_div(size[kOrder[i]], choice.axis[kOrder[i]]));
      for (std::size_t i = from; i < kOrder.size(); ++i)
        chains *= space_.chains(kOrder[i], kAxisSlot, size[kOrder[i]]);
      return chains;
    };
    if (columns > unit.columns || used_lanes > lanes) {
      removed.axes += below(index);
      return;
    }
    if (index == kOrder.size()) {
      if (macs < space_.constraints().least_utilization * steps * peak) {
        removed.utilization += below(index);
        return;
      }
      double reductions = 1;
      for (Dim d : kLaneDims) reductions *= static_cast<double>(ceil_div(size[d], choice.axis[d]));
      const double updates = 2 * static_cast<double>(problem.shape.output_count()) * reductions *
                             unit.bits.accumulators * prices_.registers;
      if (beaten(constant_energy_ + updates, static_cast<std::int64_t>(steps))) {
        removed.bound += below(index);
        return;
      }
      if (!weights_resident_) weights = loads_of(Operand::weights, weight_volumes(choice.axis));
      if (!inputs_resident_)
        inputs = loads_of(Operand::inputs, input_volumes(choice.axis, false, choice.axis));
      each_register_choice(each_register_choice, 0, 1);
      return;
    }
    const Dim d = kOrder[index];
    for (const std::int64_t f : space_.factors(d, kAxisSlot, size[d])) {
      choice.axis[d] = f;
      const std::int64_t kept = d == Dim::C ? arch::kept_channels(f, problem.sparsity) : f;
      const bool column = std::find(kColumnDims.begin(), kColumnDims.end(), d) != kColumnDims.end();
      self(self, index + 1, column ? columns * f : columns,
           workload::is_reduction(d) ? used_lanes * kept : used_lanes,
           steps * static_cast<double>(ceil_div(size[d], f)));
    }
    choice.axis[d] = 1;
  };
  each_axis_choice(each_axis_choice, 0, 1, 1, 1);

  std::stable_sort(found.begin(), found.end(), [&](const ArrayChoice& a, const ArrayChoice& b) {
    const auto cost = [&](const ArrayChoice& c) {
      return value(objective_, {c.energy + rest.energy, std::max(c.cycles, rest.cycles)});
    };
    return cost(a) < cost(b);
  });
  return found;
}

/// Do the registers hold what the factors chosen so far (the first `chosen` + 1 of `order`) need at the
/// least?
bool ArrayChoices::fits_registers(const ArrayChoice& choice, std::size_t chosen,
                                  const std::array<Dim, 8>& order) const {
  const arch::LayerProblem& problem = space_.problem();
  const arch::ArrayUnit& unit = space_.accelerator().array;
  workload::PerOperand<std::int64_t> vectors;
  for (Operand operand : workload::kOperands) {
    vectors[operand] = 1;
    for (std::size_t i = 0; i <= chosen; ++i) {
      if (depends_on(operand, order[i])) vectors[operand] *= choice.registers[order[i]];
    }
  }
  const arch::Registers& registers = unit.registers;
  if (!registers.shared_bytes) {
    return vectors[Operand::outputs] <= registers.outputs &&
           (registers.weights == 1 || vectors[Operand::weights] <= registers.weights) &&
           (registers.inputs == 1 || vectors[Operand::inputs] <= registers.inputs);
  }
  const std::int64_t lanes = arch::effective_lanes(unit, problem.weight_bits, problem.input_bits);
  const std::int64_t positions = problem.sparsity ? lanes / problem.sparsity->n * problem.sparsity->m : lanes;
  const double bits =
      static_cast<double>(vectors[Operand::weights]) * static_cast<double>(lanes * weight_bits_) +
      static_cast<double>(vectors[Operand::inputs]) * static_cast<double>(positions * input_bits_) +
      static_cast<double>(vectors[Operand::outputs]) * unit.bits.accumulators;
  return bits <= static_cast<double>(*registers.shared_bytes) * 8;
}

}  // namespace heddle::mapper
