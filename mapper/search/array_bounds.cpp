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

/// As far as the pass alone decides it: an operand that its loops move is loaded anew for every step outside
/// those loops that it stays for.
ArrayChoices::Reuse ArrayChoices::reuse_in_pass(const ArrayChoice& choice, Operand operand,
                                                bool resident) const {
  const auto& size = space_.problem().shape.size;
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
  Reuse all = reuse_around(choice, operand, reuse);
  if (!stays) {
    all.visits = all.copies = 1;
    for (Dim d : reuse_group(operand)) {
      all.visits *= static_cast<double>(ceil_div(size[d], choice.axis[d]));
      all.copies *= static_cast<double>(size[d]);
    }
  }
  const double unmoved = unmoved_share(choice, size, operand, may_be_ragged_);
  reuse.visits = (1 - unmoved) * all.visits + unmoved;
  reuse.copies = (1 - unmoved) * all.copies + unmoved * reuse.copies;
  if (unmoved > 0) reuse.moved = false;
  return reuse;
}

/// Of an operand that comes anew with every pass that differs in anything else.
ArrayChoices::Reuse ArrayChoices::reuse_around(const ArrayChoice& choice, Operand operand,
                                               const Reuse& in_pass) const {
  const auto& size = space_.problem().shape.size;
  Reuse reuse = in_pass;
  reuse.visits = reuse.copies = 1;
  for (Dim d : reuse_group(operand)) {
    const std::int64_t passes = choice.passes[d], axis = choice.axis[d];
    const std::int64_t last = size[d] - (passes - 1) * axis * choice.registers[d];
    reuse.visits *= static_cast<double>(passes);
    reuse.copies *= static_cast<double>((passes - 1) * axis + std::min(axis, last));
  }
  return reuse;
}

double ArrayChoices::load_energy(const LoadPair& loads, const Reuse& of_weights,
                                 const Reuse& of_inputs) const {
  const auto energy = [&](Operand operand, const Reuse& reuse, int bits) {
    const double elements = static_cast<double>(loads.of[operand].elements) * bits;
    return elements * (reuse.visits * cheapest_memory_ + reuse.copies * prices_.registers);
  };
  return energy(Operand::weights, of_weights, weight_bits_) + energy(Operand::inputs, of_inputs, input_bits_);
}

/// Cycles of steps and loads. Loads of the base operand in full; of the other what they take beyond the
/// longest of those, together with the smallest of those when they always coincide: the other is the one that
/// stays while the base moves.
double ArrayChoices::loading_cycles(const ArrayChoice& choice, const LoadPair& loads, Operand base,
                                    const Reuse& base_reuse, const Reuse& other_reuse) const {
  const Operand other = base == Operand::weights ? Operand::inputs : Operand::weights;
  const bool coincide = base_reuse.moved && other_reuse.moved && choice.stays == other &&
                        space_.constraints().registers.order.empty();
  const Loads& in_full = loads.of[base];
  return static_cast<double>(choice.steps) +
         base_reuse.visits * static_cast<double>(in_full.busy - in_full.tiles) +
         other_reuse.visits * (coincide ? loads.beyond_together : loads.beyond)[other];
}

double ArrayChoices::loading_cycles(const ArrayChoice& choice, const LoadPair& loads, const Reuse& of_weights,
                                    const Reuse& of_inputs) const {
  return std::max(loading_cycles(choice, loads, Operand::inputs, of_inputs, of_weights),
                  loading_cycles(choice, loads, Operand::weights, of_weights, of_inputs));
}

/// Energy and cycles that any mapping with this choice has at least.
void ArrayChoices::bound_in_pass(ArrayChoice& choice, const LoadPair& loads) const {
  const arch::LayerProblem& problem = space_.problem();
  const auto& size = problem.shape.size;
  std::int64_t steps = 1, passes = 1, reductions = 1;
  for (Dim d : kDims) {
    steps *= ceil_div(size[d], choice.axis[d]);
    passes *= choice.passes[d];
    if (workload::is_reduction(d)) reductions *= ceil_div(size[d], choice.axis[d]);
  }
  const Loads &weights = loads.of[Operand::weights], &inputs = loads.of[Operand::inputs];
  const Reuse weight_reuse = reuse_in_pass(choice, Operand::weights, weights_resident_),
              input_reuse = reuse_in_pass(choice, Operand::inputs, inputs_resident_);

  choice.moved[Operand::weights] = weight_reuse.known;
  choice.moved[Operand::inputs] = input_reuse.known;
  choice.steps = steps;
  choice.load_cycles[Operand::weights] = weights.busy - weights.tiles;
  choice.load_cycles[Operand::inputs] = inputs.busy - inputs.tiles;
  const double outputs = static_cast<double>(problem.shape.output_count());
  const double updates =
      2 * outputs * static_cast<double>(reductions) * space_.accelerator().array.bits.accumulators;
  choice.energy = constant_energy_ + updates * prices_.registers +
                  outputs * problem.output_bits * cheapest_memory_ +
                  load_energy(loads, weight_reuse, input_reuse);

  choice.reload_energy = 0;
  choice.longest_load = loads.longest;
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
  } else {
    at_least(loading_cycles(choice, loads, weight_reuse, input_reuse));
  }
}

/// Of the nest outside the pass only the innermost loops, as far as they are of one operand's group, leave
/// that operand alone; all others move it. (A last tile that is alone in its outer tile is not moved, either:
/// with ragged factors nothing is said.)
void ArrayChoices::bound_around(ArrayChoice& choice, const LoadPair& loads) const {
  const arch::Accelerator& accelerator = space_.accelerator();
  const Loads &weights = loads.of[Operand::weights], &inputs = loads.of[Operand::inputs];
  const Reuse weights_in_pass = reuse_in_pass(choice, Operand::weights, weights_resident_),
              inputs_in_pass = reuse_in_pass(choice, Operand::inputs, inputs_resident_);
  const double energy_in_pass = load_energy(loads, weights_in_pass, inputs_in_pass);
  const double outputs = static_cast<double>(space_.problem().shape.output_count());
  double results = 1, parts = 1;  // tiles of outputs of a pass, and passes that each takes
  for (Dim d : kDims) (workload::is_reduction(d) ? parts : results) *= static_cast<double>(choice.passes[d]);
  if (choice.first_reduction || may_be_ragged_) parts = 1;  // at least
  const double drain = std::max(outputs / static_cast<double>(accelerator.array.ports.outputs), results);
  const double resuming = outputs / static_cast<double>(accelerator.array.ports.outputs) -
                          results * static_cast<double>(choice.longest_load);
  const auto whole = [](double cycles) { return static_cast<std::int64_t>(cycles * (1 - 1e-12)); };

  for (Operand stays : workload::kOperands) {
    ArrayChoice::Around& around = choice.around[stays] = {};
    const auto reuse = [&](Operand operand, const Reuse& in_pass) {
      return in_pass.known || stays == operand || may_be_ragged_ ? in_pass
                                                                 : reuse_around(choice, operand, in_pass);
    };
    const Reuse of_weights = reuse(Operand::weights, weights_in_pass),
                of_inputs = reuse(Operand::inputs, inputs_in_pass);
    const double resumed = stays == Operand::outputs ? 0 : parts - 1;
    const double partial_bits = outputs * 2 * accelerator.array.bits.accumulators;
    around.again_bits[Operand::weights] =
        static_cast<double>(weights.elements) * weight_bits_ * (of_weights.visits - 1);
    around.again_bits[Operand::inputs] =
        static_cast<double>(inputs.elements) * input_bits_ * (of_inputs.visits - 1);
    around.again_bits[Operand::outputs] = partial_bits * resumed;
    around.energy = choice.energy - (may_be_ragged_ ? 0 : choice.reload_energy) +
                    load_energy(loads, of_weights, of_inputs) - energy_in_pass +
                    around.again_bits[Operand::outputs] * (cheapest_memory_ + prices_.registers);
    around.energy *= 1 - 1e-12;

    const double array =
        std::max(static_cast<double>(choice.cycles), loading_cycles(choice, loads, of_weights, of_inputs));
    around.cycles = whole(array + resumed * std::max(0.0, resuming));
    around.drains = whole(drain * (resumed + 1));
    around.resumed = whole(drain * resumed);
    around.output_visits = results * (resumed + 1);
    const auto from_dram = [&](const Loads& streamed, const Reuse& of_streamed) {
      return static_cast<double>(choice.steps) +
             of_streamed.visits * static_cast<double>(streamed.dram_busy - streamed.tiles);
    };
    const double both = (of_weights.visits * static_cast<double>(weights.dram_bytes) +
                         of_inputs.visits * static_cast<double>(inputs.dram_bytes)) /
                        static_cast<double>(accelerator.memory[0].bandwidth);
    const double of_dram_weights = std::max(array, from_dram(weights, of_weights)),
                 of_dram_inputs = std::max(array, from_dram(inputs, of_inputs));
    around.streaming = {whole(array), whole(of_dram_weights), whole(of_dram_inputs),
                        whole(std::max({of_dram_weights, of_dram_inputs, both}))};

    // Further visits of what stays, by loops that are known later.
    if (may_be_ragged_) continue;
    if (stays == Operand::outputs) {
      around.visit = {partial_bits * (cheapest_memory_ + prices_.registers), partial_bits, drain, drain};
      continue;
    }
    const bool is_weights = stays == Operand::weights;
    if ((is_weights ? of_weights : of_inputs).known) continue;
    const Loads& visited = is_weights ? weights : inputs;
    const double bits = static_cast<double>(visited.elements) * (is_weights ? weight_bits_ : input_bits_);
    const auto cycles = static_cast<double>(visited.busy - visited.tiles);
    const double others = is_weights ? of_inputs.visits * loads.beyond[Operand::inputs]
                                     : of_weights.visits * loads.beyond[Operand::weights];
    around.visit = {bits * (cheapest_memory_ + prices_.registers), bits, cycles,
                    static_cast<double>(choice.steps) + cycles + others};
  }
}

}  // namespace heddle::mapper
