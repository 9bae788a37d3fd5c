// The loads of the array's registers: how large the tiles of steps and passes are, and how long a load takes.
#include <algorithm>

#include "mapper/factors.h"
#include "mapper/search/array_choices.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::Operand;
using workload::PerDim;

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
  const arch::MemoryLevel& dram = space_.accelerator().memory[0];
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
    const std::int64_t bytes = ceil_div(bits, 8 * dram.burst_bytes) * dram.burst_bytes;
    loads.dram_bytes += bytes * number;
    loads.dram_busy += std::max(cycles, ceil_div(bytes, dram.bandwidth)) * number;
  }
  return loads;
}

/// What the loads of one operand take beyond those of the other.
void ArrayChoices::complete(LoadPair& loads) const {
  for (const Operand operand : {Operand::weights, Operand::inputs}) {
    const bool weights = operand == Operand::weights;
    const Loads& other = loads.of[weights ? Operand::inputs : Operand::weights];
    loads.beyond[operand] = loads.beyond_together[operand] = 0;
    for (const auto& [volume, number] : loads.of[operand].volumes) {
      const std::int64_t bits = volume * (weights ? weight_bits_ : input_bits_);
      const auto beyond = [&](std::int64_t with) {
        const std::int64_t cycles = weights ? load_cycles(bits, with) : load_cycles(with, bits);
        return static_cast<double>(number * std::max<std::int64_t>(0, cycles - other.longest));
      };
      loads.beyond[operand] += beyond(0);
      loads.beyond_together[operand] += beyond(other.least_bits);
    }
  }
  loads.longest = std::max<std::int64_t>(
      1, slowest_load(loads.of[Operand::weights].most_bits, loads.of[Operand::inputs].most_bits));
}

}  // namespace heddle::mapper
