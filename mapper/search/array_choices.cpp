#include "mapper/search/array_choices.h"

#include <algorithm>
#include <functional>
#include <map>

#include "mapper/factors.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::kOperands;
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
  const auto outputs = static_cast<double>(problem.shape.output_count());
  const double macs = static_cast<double>(problem.shape.macs());
  const auto beaten = [&](double energy, std::int64_t cycles) {
    const std::int64_t total = std::max(cycles, rest.cycles);
    return value(objective_,
                 {(energy + rest.energy) * (1 - 1e-12) + prices_.cycle * static_cast<double>(total),
                  total}) >= rest.beat;
  };

  // What the registers can hold of the iterations that the axes leave of a dimension.
  struct Registers {
    std::int64_t factor, passes;
    Count chains;  ///< outwards
  };
  PerDim<std::map<std::int64_t, std::vector<Registers>>> known;
  const auto registers_of = [&](Dim d, std::int64_t count) -> const std::vector<Registers>& {
    const auto [entry, fresh] = known[d].try_emplace(count);
    if (fresh) {
      for (const std::int64_t f : space_.factors(d, kRegisterSlot, count)) {
        const std::int64_t passes = ceil_div(count, f);
        entry->second.push_back({f, passes, space_.chains(d, kRegisterSlot + 1, passes)});
      }
    }
    return entry->second;
  };

  std::vector<ArrayChoice> found;
  ArrayChoice choice;
  // Of the axes in hand: ways outwards along the reduction, by what a streaming array's pass has of it.
  std::array<Count, kLaneDims.size() + 1> reductions_open{};
  LoadPair loads;  // of the steps of the axes in hand; of its passes, for a resident operand

  const auto each_register_choice = [&](const auto& self, std::size_t index, Count chains) -> void {
    static constexpr std::array<Dim, 8> kOrder = {Dim::M, Dim::P, Dim::Q, Dim::N,
                                                  Dim::C, Dim::R, Dim::S, Dim::G};
    if (index == kOrder.size()) {
      if (weights_resident_ || inputs_resident_) {
        PerDim<std::int64_t> pass;
        for (Dim d : kDims) pass[d] = choice.axis[d] * choice.registers[d];
        if (weights_resident_) loads.of[Operand::weights] = loads_of(Operand::weights, weight_volumes(pass));
        if (inputs_resident_)
          loads.of[Operand::inputs] = loads_of(Operand::inputs, input_volumes(pass, true, choice.axis));
        complete(loads);
      }
      const auto moves = [&](Operand operand) {
        const auto& group = reuse_group(operand);
        return std::any_of(group.begin(), group.end(), [&](Dim d) { return choice.registers[d] > 1; });
      };
      const auto each_stays = [&](Count mappings_here) {
        if (mappings_here == 0) return;
        for (const Operand stays : space_.register_stationary()) {
          choice.stays = stays;
          if (space_.register_stationary().size() > 1 && !moves(stays) &&
              (moves(stays == Operand::weights ? Operand::inputs : Operand::weights) ||
               stays != space_.register_stationary().front())) {
            removed.repeated += mappings_here;
            continue;
          }
          bound_in_pass(choice, loads);
          if (beaten(choice.energy, choice.cycles)) {
            removed.bound += mappings_here;
            continue;
          }
          bound_around(choice, loads);
          if (std::all_of(kOperands.begin(), kOperands.end(), [&](Operand around) {
                return beaten(choice.around[around].energy, choice.around[around].least_cycles());
              })) {
            removed.bound += mappings_here;
          } else {
            found.push_back(choice);
          }
        }
      };
      const Count outwards = chains * (per_chain / space_.register_stationary().size());
      if (!streams_reduction()) {
        each_stays(outwards);
        return;
      }
      each_stays(outwards * reductions_open.back());
      for (std::size_t i = 0; i < kLaneDims.size(); ++i) {
        choice.first_reduction = kLaneDims[i];
        each_stays(outwards * reductions_open[i]);
      }
      choice.first_reduction.reset();
      return;
    }
    const Dim d = kOrder[index];
    const std::int64_t count = ceil_div(size[d], choice.axis[d]);
    if (d == Dim::G || (streams_reduction() && workload::is_reduction(d))) {
      choice.registers[d] = 1;
      choice.passes[d] = count;
      // Ways along the reduction are counted by what the pass has of it.
      self(self, index + 1, d == Dim::G ? chains * space_.chains(d, kRegisterSlot, count) : chains);
      return;
    }
    for (const auto& [factor, passes, outwards] : registers_of(d, count)) {
      choice.registers[d] = factor;
      choice.passes[d] = passes;
      const Count chosen = chains * outwards;
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
      const double updates = 2 * outputs * reductions * unit.bits.accumulators * prices_.registers;
      if (beaten(constant_energy_ + updates, static_cast<std::int64_t>(steps))) {
        removed.bound += below(index);
        return;
      }
      if (!weights_resident_)
        loads.of[Operand::weights] = loads_of(Operand::weights, weight_volumes(choice.axis));
      if (!inputs_resident_)
        loads.of[Operand::inputs] = loads_of(Operand::inputs, input_volumes(choice.axis, false, choice.axis));
      if (!weights_resident_ && !inputs_resident_) {
        complete(loads);
        // Each tile loaded once, each output drained once.
        double least = constant_energy_ + updates + outputs * problem.output_bits * cheapest_memory_;
        double cycles = std::max(steps, outputs / static_cast<double>(unit.ports.outputs));
        for (const Operand operand : {Operand::weights, Operand::inputs}) {
          const Loads& once = loads.of[operand];
          least += static_cast<double>(once.elements) *
                   (operand == Operand::weights ? weight_bits_ : input_bits_) *
                   (cheapest_memory_ + prices_.registers);
          cycles = std::max(cycles, steps + static_cast<double>(once.busy - once.tiles));
        }
        if (beaten(least * (1 - 1e-12), static_cast<std::int64_t>(cycles * (1 - 1e-12)))) {
          removed.bound += below(index);
          return;
        }
      }
      if (streams_reduction()) {
        for (Dim d : kLaneDims) choice.passes[d] = ceil_div(size[d], choice.axis[d]);
        for (std::size_t i = 0; i <= kLaneDims.size(); ++i) {
          if (i < kLaneDims.size()) choice.first_reduction = kLaneDims[i];
          reductions_open[i] = 1;
          for (Dim d : kLaneDims) reductions_open[i] *= ways(choice, d);
          choice.first_reduction.reset();
        }
      }
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

  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Cost cost{found[i].energy + rest.energy, std::max(found[i].cycles, rest.cycles)};
    order.emplace_back(value(objective_, cost), i);
  }
  std::sort(order.begin(), order.end());
  std::vector<ArrayChoice> sorted;
  sorted.reserve(found.size());
  for (const auto& [cost, i] : order) sorted.push_back(found[i]);
  return sorted;
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
