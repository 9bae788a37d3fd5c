// What the steps of an array choice cost at least, whatever the memories above do: loads of the registers,
// their traffic and cycles.
#include <algorithm>

#include "mapper/factors.h"
#include "mapper/search/array_choices.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::Operand;
using workload::PerDim;

namespace {

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

}  // namespace heddle::mapper
