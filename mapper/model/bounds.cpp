#include "mapper/model/bounds.h"

#include <algorithm>

#include "arch/window.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::Operand;

namespace {

constexpr std::int64_t kArrayStages = 3, kPpuStages = 4;

std::int64_t divided_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

CycleBound::CycleBound(const arch::LayerProblem& problem, const arch::Accelerator& accelerator)
    : problem_(problem), accelerator_(accelerator), census_(problem_) {
  if (!arch::runs_sparse(accelerator.array, problem_)) problem_.sparsity.reset();
}

int CycleBound::keeper(Operand operand, int level) const {
  while (level > 0 && !keeps(level, operand)) --level;
  return level;
}

int CycleBound::element_bits(Operand operand) const {
  if (operand == Operand::inputs) return problem_.input_bits;
  return problem_.weight_bits + (problem_.sparsity ? arch::index_bits(*problem_.sparsity) : 0);
}

std::int64_t CycleBound::units(int level, std::int64_t bits) const {
  const arch::MemoryLevel& memory = accelerator_.memory[static_cast<std::size_t>(level)];
  return divided_up(
      bits, 8 * (memory.kind == arch::MemoryLevel::Kind::dram ? memory.burst_bytes : memory.word_bytes));
}

std::int64_t CycleBound::port_cycles(int level, std::int64_t units) const {
  const arch::MemoryLevel& memory = accelerator_.memory[static_cast<std::size_t>(level)];
  const std::int64_t unit =
      memory.kind == arch::MemoryLevel::Kind::dram ? memory.burst_bytes : memory.word_bytes;
  return divided_up(units * unit, memory.bandwidth);
}

/// Fetches of weights or inputs into a memory level; none if it does not keep them.
CycleBound::Moves CycleBound::fetches(int to, Operand operand) {
  Moves moves;
  if (!moves_into(to, operand)) return moves;
  const int from = keeper(operand, to - 1), bits = element_bits(operand);
  census_.for_each_class(operand, depth_above(to), [&](const TileCensus::TileClass& tiles) {
    const std::int64_t visits = census_.visits(operand, tiles);
    for (const auto& [volume, number] : census_.volumes(operand, tiles, WindowCount::distinct)) {
      if (volume == 0) continue;
      moves.number += visits * number;
      moves.cycles += visits * number * port_cycles(from, units(from, volume * bits));
    }
  });
  return moves;
}

/// Tiles of outputs that come back to a memory level, unfinished, and that leave it.
std::pair<CycleBound::Moves, CycleBound::Moves> CycleBound::output_moves(int to) {
  std::pair<Moves, Moves> moves;
  if (!moves_into(to, Operand::outputs)) return moves;
  const int home = keeper(Operand::outputs, to - 1);
  census_.for_each_class(Operand::outputs, depth_above(to), [&](const TileCensus::TileClass& tiles) {
    const std::int64_t again = census_.visits(Operand::outputs, tiles) - 1;
    for (const auto& [volume, number] : census_.volumes(Operand::outputs, tiles, WindowCount::distinct)) {
      const std::int64_t partial =
          port_cycles(home, units(home, volume * accelerator_.array.bits.accumulators));
      const std::int64_t finished = port_cycles(home, units(home, volume * problem_.output_bits));
      moves.first.number += again * number;
      moves.first.cycles += again * number * partial;
      moves.second.number += (again + 1) * number;
      moves.second.cycles += again * number * partial + number * finished;
    }
  });
  return moves;
}

CycleBound::Drains CycleBound::drains() {
  const int innermost = levels() - 1, home = keeper(Operand::outputs, innermost);
  Drains drains;
  census_.for_each_class(
      Operand::outputs, census_.nest().pass_depth(), [&](const TileCensus::TileClass& tiles) {
        const std::int64_t again = census_.visits(Operand::outputs, tiles) - 1;
        for (const auto& [volume, number] : census_.volumes(Operand::outputs, tiles, WindowCount::distinct)) {
          const std::int64_t partial =
              number * again * drain(home, volume, accelerator_.array.bits.accumulators);
          drains.cycles += partial + number * drain(home, volume, problem_.output_bits);
          drains.resumed += partial;
        }
      });
  return drains;
}

std::int64_t CycleBound::drain(int home, std::int64_t results, int bits) const {
  return std::max(divided_up(results, accelerator_.array.ports.outputs),
                  port_cycles(home, units(home, results * bits)));
}

/// Loads of an operand into the PEs' registers. `with`: the loads of the other operand, if one of those
/// always coincides; then `beyond` is what the loads take beyond the longest of those.
CycleBound::Loads CycleBound::loads(Operand operand, const Loads* with) {
  Loads loads;
  const bool weights = operand == Operand::weights;
  const bool whole_pass = arch::is_resident(accelerator_.array, operand);
  const int from = keeper(operand, levels() - 1), bits = element_bits(operand);
  const std::int64_t port = weights ? accelerator_.array.ports.weights : accelerator_.array.ports.inputs;
  const int depth = whole_pass ? census_.nest().pass_depth() : census_.nest().step_depth();
  const WindowCount count = weights      ? WindowCount::distinct
                            : whole_pass ? WindowCount::by_column
                                         : WindowCount::pairs;
  loads.level = from;
  census_.for_each_class(operand, depth, [&](const TileCensus::TileClass& tiles) {
    const std::int64_t visits = census_.visits(operand, tiles);
    loads.first_moved_by = std::min(loads.first_moved_by, tiles.moved_by);
    loads.last_moved_by = std::max(loads.last_moved_by, tiles.moved_by);
    const bool coincide = with != nullptr && tiles.moved_by <= with->first_moved_by && with->level == from;
    for (const auto& [volume, number] : census_.volumes(operand, tiles, count)) {
      const std::int64_t times = visits * number, words = units(from, volume * bits);
      std::int64_t cycles =
          std::max(divided_up(divided_up(volume * bits, 8), port), port_cycles(from, words));
      if (coincide) cycles = std::max(cycles, port_cycles(from, words + with->least_units));
      loads.number += times;
      loads.units += times * words;
      loads.least_units = std::min(loads.least_units, words);
      loads.busy += times * std::max<std::int64_t>(1, cycles);
      loads.longest = std::max({loads.longest, cycles, std::int64_t{1}});
      if (with != nullptr) loads.beyond += times * std::max<std::int64_t>(0, cycles - with->longest);
    }
  });
  return loads;
}

/// A step takes a cycle, or what its load takes. One operand's loads are counted in full; of the other's what
/// they take beyond the longest of the first's, with which they may coincide.
CycleBound::Array CycleBound::array() {
  const Nest& nest = census_.nest();
  Array array;
  std::int64_t steps = 1;
  for (Dim d : kDims) {
    steps *= nest.count(nest.step_depth(), d);
    array.passes *= nest.count(nest.pass_depth(), d);
  }
  std::int64_t& cycles = array.cycles;
  cycles = steps;
  const Loads weights = loads(Operand::weights, nullptr), inputs = loads(Operand::inputs, nullptr);
  cycles = std::max(cycles, steps - weights.number + weights.busy + loads(Operand::inputs, &weights).beyond);
  cycles = std::max(cycles, steps - inputs.number + inputs.busy + loads(Operand::weights, &inputs).beyond);
  if (weights.level == inputs.level) {
    const arch::MemoryLevel& memory = accelerator_.memory[static_cast<std::size_t>(weights.level)];
    const std::int64_t unit =
        memory.kind == arch::MemoryLevel::Kind::dram ? memory.burst_bytes : memory.word_bytes;
    cycles = std::max(cycles, (weights.units + inputs.units) * unit / memory.bandwidth);
  }
  // A pass that streams from beyond the innermost buffer asks for that memory's port first (a request, and
  // the latency); its first step then needs no cycle of its own if it loads nothing.
  for (const int level : {weights.level, inputs.level}) {
    if (level == levels() - 1 && level > 0) continue;
    array.streams_from[static_cast<std::size_t>(level)] = true;
    array.wait = std::max(array.wait, latency(level));
  }
  return array;
}

/// What a memory's port is taken by the array for, if that has no side of it to itself: passes that stream
/// from it, from their first load to their last step, and results. Partial sums come back in the meantime or,
/// from another memory, by requests of their own.
std::int64_t CycleBound::array_at_port(int level, const Array& array, const Drains& drains) const {
  if (level == levels() - 1 && level > 0) return 0;
  const bool streams = array.streams_from[static_cast<std::size_t>(level)];
  std::int64_t cycles = streams ? array.cycles + array.passes * latency(level) : 0;
  if (level == keeper(Operand::outputs, levels() - 1))
    cycles += drains.cycles + (streams ? 0 : drains.resumed);
  return cycles;
}

/// Elements of the operand's first tile below a level, or its last.
std::int64_t CycleBound::first_volume(Operand operand, int depth) const {
  const Nest& nest = census_.nest();
  workload::PerDim<std::int64_t> e;
  for (Dim d : kDims) e[d] = nest.size(depth, d);
  const workload::MacShape& shape = problem_.shape;
  if (operand == Operand::weights)
    return e[Dim::G] * e[Dim::M] * arch::kept_channels(e[Dim::C], problem_.sparsity) * e[Dim::R] * e[Dim::S];
  return e[Dim::N] * e[Dim::G] * e[Dim::C] *
         arch::distinct_positions(-shape.pad_top, e[Dim::P], shape.stride_h, e[Dim::R], shape.dilation_h,
                                  shape.input_h) *
         arch::distinct_positions(-shape.pad_left, e[Dim::Q], shape.stride_w, e[Dim::S], shape.dilation_w,
                                  shape.input_w);
}

std::int64_t CycleBound::last_outputs(int depth) const {
  const Nest& nest = census_.nest();
  std::int64_t volume = 1;
  for (Dim d : kDims) {
    if (depends_on(Operand::outputs, d))
      volume *= problem_.shape.size[d] - (nest.count(depth, d) - 1) * nest.size(depth, d);
  }
  return volume;
}

/// From the time at which the mover that fills level `to` may begin to the delivery of its first tiles.
std::int64_t CycleBound::first_fetch(int to) const {
  std::int64_t longest = 0;
  for (int from = 0; from < to; ++from) {
    std::int64_t busy = 0;
    for (Operand operand : {Operand::weights, Operand::inputs}) {
      if (!moves_into(to, operand) || keeper(operand, to - 1) != from) continue;
      busy += port_cycles(from, units(from, first_volume(operand, depth_above(to)) * element_bits(operand)));
    }
    if (busy > 0) longest = std::max(longest, 1 + busy + latency(from));
  }
  return longest;
}

std::int64_t CycleBound::run(const arch::LayerMapping& mapping) {
  mapping_ = &mapping;
  census_.assign(mapping);
  const Nest& nest = census_.nest();

  // The array waits for the first tiles; the last outputs drain and go all the way out.
  std::int64_t begin = 0;
  for (int to = 1; to < levels(); ++to) begin += first_fetch(to) + 1;
  const int home = keeper(Operand::outputs, levels() - 1);
  std::int64_t finish =
      kArrayStages + drain(home, last_outputs(nest.pass_depth()), problem_.output_bits) + kPpuStages;
  for (int to = 1; to < levels(); ++to) {
    if (!moves_into(to, Operand::outputs)) continue;
    const int target = keeper(Operand::outputs, to - 1);
    finish += 2 + port_cycles(target, units(target, last_outputs(depth_above(to)) * problem_.output_bits));
  }

  const Array of_array = array();
  const std::int64_t array = of_array.cycles + of_array.passes * of_array.wait;
  const Drains results = drains();
  std::int64_t cycles = begin + std::max(array + finish, results.cycles + kArrayStages + kPpuStages);
  std::array<std::int64_t, kMostPorts> port{};
  for (int level = 0; level < levels(); ++level)
    port[static_cast<std::size_t>(level)] = array_at_port(level, of_array, results);

  // A mover does one thing after the other: it fetches, with the latency each time, and writes back.
  std::int64_t before = 0;
  for (int to = 1; to < levels(); ++to) {
    std::int64_t fetching = 0;
    const auto [returning, leaving] = output_moves(to);
    const Moves weights = fetches(to, Operand::weights), inputs = fetches(to, Operand::inputs);
    for (int from = 0; from < to; ++from) {
      std::int64_t busy = 0, number = 0;
      const auto count = [&](Operand operand, const Moves& moves) {
        if (!keeps(to, operand) || keeper(operand, to - 1) != from) return;
        busy += moves.cycles;
        port[static_cast<std::size_t>(from)] += moves.cycles;
        number = std::max(number, moves.number);
      };
      count(Operand::weights, weights);
      count(Operand::inputs, inputs);
      count(Operand::outputs, returning);
      fetching = std::max(fetching, busy + number * (1 + latency(from)));
    }
    port[static_cast<std::size_t>(keeper(Operand::outputs, to - 1))] += leaving.cycles;
    const std::int64_t writing = leaving.cycles + leaving.number;
    std::int64_t last_steps = 1;
    for (Dim d : kDims) {
      const std::int64_t tiles = nest.count(depth_above(to), d);
      const std::int64_t length = problem_.shape.size[d] - (tiles - 1) * nest.size(depth_above(to), d);
      last_steps *= divided_up(length, nest.size(nest.step_depth(), d));
    }
    cycles = std::max({cycles, before + fetching + writing, before + fetching + last_steps + finish});
    if (!accelerator_.memory[static_cast<std::size_t>(to)].double_buffered)
      cycles = std::max(cycles, before + fetching + array + writing);
    before += first_fetch(to) + 1;
  }
  return std::max(cycles, *std::max_element(port.begin(), port.end()));
}

}  // namespace heddle::mapper
