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

Histogram product(const Histogram& a, const Histogram& b) {
  Histogram result;
  for (const auto& [x, x_count] : a) {
    for (const auto& [y, y_count] : b) result.emplace_back(x * y, x_count * y_count);
  }
  return result;
}

/// The share of an operand's elements, at the most, that lie in a last pass of one step along some dimension.
/// Loops over it move the operand there no more.
double unmoved_share(const ArrayChoice& choice, const PerDim<std::int64_t>& size, Operand operand,
                     bool ragged) {
  if (!ragged) return 0;
  double share = 0;
  for (Dim d : kDims) {
    if (!depends_on(operand, d)) continue;
    const std::int64_t steps = ceil_div(size[d], choice.axis[d]);
    const bool open = choice.first_reduction && workload::is_reduction(d) && steps > 1;
    const bool alone = choice.registers[d] > 1 && choice.passes[d] > 1 &&
                       steps - (choice.passes[d] - 1) * choice.registers[d] == 1;
    // No step is longer than another but the last; at the input's edges others can be shorter, hence 2.
    if (open || alone) share += 2.0 / static_cast<double>(steps);
  }
  return std::min(share, 1.0);
}

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

Histogram ArrayChoices::weight_volumes(const PerDim<std::int64_t>& tile) const {
  const arch::LayerProblem& problem = space_.problem();
  Histogram volumes = {{1, problem.shape.size[Dim::G]}};
  for (Dim d : {Dim::M, Dim::C, Dim::R, Dim::S}) {
    const std::int64_t size = problem.shape.size[d], full = std::min(tile[d], size);
    const std::int64_t count = ceil_div(size, full), last = size - (count - 1) * full;
    const auto stored = [&](std::int64_t length) {
      return d == Dim::C ? arch::kept_channels(length, problem.sparsity) : length;
    };
    Histogram lengths;
    if (last == full) {
      lengths = {{stored(full), count}};
    } else {
      lengths = {{stored(full), count - 1}, {stored(last), 1}};
    }
    volumes = product(volumes, lengths);
  }
  return volumes;
}

Histogram ArrayChoices::input_volumes(const PerDim<std::int64_t>& tile, bool whole_pass,
                                      const PerDim<std::int64_t>& axis) const {
  const workload::MacShape& shape = space_.problem().shape;
  Histogram volumes = {{1, shape.size[Dim::G]}};
  for (Dim d : {Dim::N, Dim::C}) {
    const std::int64_t size = shape.size[d], full = std::min(tile[d], size);
    const std::int64_t count = ceil_div(size, full), last = size - (count - 1) * full;
    volumes =
        product(volumes, last == full ? Histogram{{full, count}} : Histogram{{full, count - 1}, {last, 1}});
  }
  for (const bool rows : {true, false}) {
    const Dim outputs = rows ? Dim::P : Dim::Q, taps = rows ? Dim::R : Dim::S;
    const auto& table =
        window_sums_.table(rows, whole_pass ? WindowCount::by_column : WindowCount::pairs,
                           std::min(tile[outputs], shape.size[outputs]),
                           std::min(tile[taps], shape.size[taps]), whole_pass ? axis[outputs] : 1);
    Histogram touched;
    for (const auto& of_outputs : table.values) {
      for (const Histogram& values : of_outputs) touched.insert(touched.end(), values.begin(), values.end());
    }
    volumes = product(volumes, touched);
  }
  return volumes;
}

/// Cycles of a load of both operands (or of one), from whichever memories serve it fastest.
std::int64_t ArrayChoices::load_cycles(std::int64_t weight_bits, std::int64_t input_bits) const {
  const arch::Accelerator& accelerator = space_.accelerator();
  const auto& ports = accelerator.array.ports;
  const std::int64_t at_array = std::max(ceil_div(ceil_div(weight_bits, 8), ports.weights),
                                         ceil_div(ceil_div(input_bits, 8), ports.inputs));
  std::int64_t fastest = INT64_MAX;
  const auto units = [&](const arch::MemoryLevel& memory, std::int64_t bits) {
    const std::int64_t unit =
        memory.kind == arch::MemoryLevel::Kind::dram ? memory.burst_bytes : memory.word_bytes;
    return ceil_div(bits, 8 * unit) * unit;
  };
  for (const arch::MemoryLevel& of_weights : accelerator.memory) {
    for (const arch::MemoryLevel& of_inputs : accelerator.memory) {
      const std::int64_t weights = units(of_weights, weight_bits), inputs = units(of_inputs, input_bits);
      const std::int64_t cycles =
          &of_weights == &of_inputs
              ? ceil_div(weights + inputs, of_weights.bandwidth)
              : std::max(ceil_div(weights, of_weights.bandwidth), ceil_div(inputs, of_inputs.bandwidth));
      fastest = std::min(fastest, cycles);
    }
  }
  return std::max(at_array, fastest);
}

/// At most so many cycles for a load of both operands, from whichever memories.
std::int64_t ArrayChoices::slowest_load(std::int64_t weight_bits, std::int64_t input_bits) const {
  const arch::Accelerator& accelerator = space_.accelerator();
  const auto& ports = accelerator.array.ports;
  std::int64_t cycles = std::max(ceil_div(ceil_div(weight_bits, 8), ports.weights),
                                 ceil_div(ceil_div(input_bits, 8), ports.inputs));
  for (const arch::MemoryLevel& memory : accelerator.memory) {
    const std::int64_t unit =
        memory.kind == arch::MemoryLevel::Kind::dram ? memory.burst_bytes : memory.word_bytes;
    const std::int64_t bytes = (ceil_div(weight_bits, 8 * unit) + ceil_div(input_bits, 8 * unit)) * unit;
    cycles = std::max(cycles, ceil_div(bytes, memory.bandwidth));
  }
  return cycles;
}

ArrayChoices::Loads ArrayChoices::loads_of(Operand operand, const Histogram& volumes) const {
  Loads loads;
  loads.volumes = volumes;
  loads.least_bits = INT64_MAX;
  const bool weights = operand == Operand::weights;
  for (const auto& [volume, number] : volumes) {
    const std::int64_t bits = volume * (weights ? weight_bits_ : input_bits_);
    const std::int64_t cycles =
        std::max<std::int64_t>(1, weights ? load_cycles(bits, 0) : load_cycles(0, bits));
    loads.tiles += number;
    loads.elements += volume * number;
    loads.busy += cycles * number;
    loads.longest = std::max(loads.longest, cycles);
    loads.shortest = std::min(loads.shortest, cycles);
    loads.least_bits = std::min(loads.least_bits, bits);
    loads.most_bits = std::max(loads.most_bits, bits);
  }
  return loads;
}

/// Energy and cycles that any mapping with this choice has at least. `weights` and `inputs`: the loads of its
/// steps (of its passes, for a resident operand), each distinct one once.
void ArrayChoices::bound(ArrayChoice& choice, const Loads& weights, const Loads& inputs) const {
  const arch::LayerProblem& problem = space_.problem();
  const auto& size = problem.shape.size;
  std::int64_t steps = 1, passes = 1, reductions = 1;
  for (Dim d : kDims) {
    steps *= ceil_div(size[d], choice.axis[d]);
    passes *= choice.passes[d];
    if (workload::is_reduction(d)) reductions *= ceil_div(size[d], choice.axis[d]);
  }
  // How often each load is done, as far as the pass alone decides it: an operand that its loops move is
  // loaded anew for every step outside those loops that it stays for. Copies are of PEs that take an element.
  struct Reuse {
    double visits = 1, copies = 1;
    bool known = false;  ///< the pass's loops move it
    bool moved = false;  ///< all of it, everywhere
  };
  const auto reuse_of = [&](Operand operand, bool resident) {
    Reuse reuse;
    for (Dim d : reuse_group(operand)) reuse.copies *= static_cast<double>(std::min(choice.axis[d], size[d]));
    if (resident) return reuse;
    reuse.moved = choice.first_reduction.has_value();
    for (Dim d : kDims) reuse.moved = reuse.moved || (depends_on(operand, d) && choice.registers[d] > 1);
    if (!reuse.moved) return reuse;
    reuse.known = true;
    // The reduction is outermost in a pass, then the group of the operand that does not stay.
    const auto& innermost = reuse_group(choice.stays);
    const bool stays =
        choice.stays == operand || !space_.constraints().registers.order.empty() ||
        std::none_of(innermost.begin(), innermost.end(), [&](Dim d) { return choice.registers[d] > 1; });
    double visits = 1, copies = 1;
    for (Dim d : reuse_group(operand)) {
      const std::int64_t count = ceil_div(size[d], choice.axis[d]);
      if (stays) {
        visits *= static_cast<double>(choice.passes[d]);
        const std::int64_t last = size[d] - (choice.passes[d] - 1) * choice.axis[d] * choice.registers[d];
        copies *=
            static_cast<double>((choice.passes[d] - 1) * choice.axis[d] + std::min(choice.axis[d], last));
      } else {
        visits *= static_cast<double>(count);
        copies *= static_cast<double>(size[d]);
      }
    }
    const double unmoved = unmoved_share(choice, size, operand, may_be_ragged_);
    reuse.visits = (1 - unmoved) * visits + unmoved;
    reuse.copies = (1 - unmoved) * copies + unmoved * reuse.copies;
    if (unmoved > 0) reuse.moved = false;
    return reuse;
  };
  const Reuse weight_reuse = reuse_of(Operand::weights, weights_resident_),
              input_reuse = reuse_of(Operand::inputs, inputs_resident_);

  choice.moved[Operand::weights] = weight_reuse.known;
  choice.moved[Operand::inputs] = input_reuse.known;
  choice.steps = steps;
  choice.load_cycles[Operand::weights] = weights.busy - weights.tiles;
  choice.load_cycles[Operand::inputs] = inputs.busy - inputs.tiles;
  const double outputs = static_cast<double>(problem.shape.output_count());
  const double updates =
      2 * outputs * static_cast<double>(reductions) * space_.accelerator().array.bits.accumulators;
  choice.energy =
      constant_energy_ + updates * prices_.registers + outputs * problem.output_bits * cheapest_memory_;
  const auto load_energy = [&](const Loads& loads, const Reuse& reuse, int bits) {
    const double elements = static_cast<double>(loads.elements) * bits;
    return elements * (reuse.visits * cheapest_memory_ + reuse.copies * prices_.registers);
  };
  choice.energy +=
      load_energy(weights, weight_reuse, weight_bits_) + load_energy(inputs, input_reuse, input_bits_);

  choice.reload_energy = 0;
  choice.longest_load = std::max<std::int64_t>(1, slowest_load(weights.most_bits, inputs.most_bits));
  choice.cycles = steps;
  const auto at_least = [&](double cycles) {
    choice.cycles = std::max(choice.cycles, static_cast<std::int64_t>(cycles * (1 - 1e-12)));
  };
  if (weights_resident_ && inputs_resident_) {
    // From one pass to the next at least one of the operands changes.
    const double others = static_cast<double>(passes - weights.tiles - inputs.tiles);
    if (others > 0) {
      const double least = std::min(static_cast<double>(weights.least_bits) * cheapest_memory_,
                                    static_cast<double>(inputs.least_bits) * cheapest_memory_);
      choice.reload_energy = others * least;
      choice.energy += choice.reload_energy;
    }
    at_least(static_cast<double>(steps - passes) +
             static_cast<double>(passes) * static_cast<double>(std::min(weights.shortest, inputs.shortest)));
    at_least(static_cast<double>(steps - weights.tiles + weights.busy));
    at_least(static_cast<double>(steps - inputs.tiles + inputs.busy));
    return;
  }
  const auto with_base = [&](const Loads& base, const Reuse& base_reuse, const Loads& other,
                             const Reuse& other_reuse, Operand other_operand) {
    // Loads of the base operand in full; of the other what they take beyond the longest of those, together
    // with the smallest of those when they always coincide: the other is the one that stays while the base
    // moves.
    const bool coincide = base_reuse.moved && other_reuse.moved && choice.stays == other_operand &&
                          space_.constraints().registers.order.empty();
    double beyond = 0;
    for (const auto& [volume, number] : other.volumes) {
      const bool of_weights = other_operand == Operand::weights;
      const std::int64_t bits = volume * (of_weights ? weight_bits_ : input_bits_);
      const std::int64_t with = coincide ? base.least_bits : 0;
      const std::int64_t cycles = of_weights ? load_cycles(bits, with) : load_cycles(with, bits);
      beyond += static_cast<double>(number * std::max<std::int64_t>(0, cycles - base.longest));
    }
    at_least(static_cast<double>(steps) + base_reuse.visits * static_cast<double>(base.busy - base.tiles) +
             other_reuse.visits * beyond);
  };
  with_base(inputs, input_reuse, weights, weight_reuse, Operand::weights);
  with_base(weights, weight_reuse, inputs, input_reuse, Operand::inputs);
}

std::vector<ArrayChoice> ArrayChoices::find(const Rest& rest, Removed& removed) const {
  const arch::LayerProblem& problem = space_.problem();
  const arch::DotUnit& unit = space_.accelerator().array;
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
  const arch::DotUnit& unit = space_.accelerator().array;
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
