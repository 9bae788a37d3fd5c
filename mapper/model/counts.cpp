#include "mapper/model/counts.h"

#include <algorithm>
#include <cmath>

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::kOperands;
using workload::Operand;

CountModel::CountModel(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                       double input_density)
    : problem_(problem), accelerator_(accelerator), census_(problem_), density_(input_density) {
  if (!arch::runs_sparse(accelerator.array, problem_)) problem_.sparsity.reset();
  const auto& size = problem_.shape.size;
  const std::int64_t window_free =
      size[Dim::N] * size[Dim::G] * size[Dim::M] * arch::kept_channels(size[Dim::C], problem_.sparsity);
  multiplies_ = window_free * size[Dim::P] * size[Dim::R] * size[Dim::Q] * size[Dim::S];
  const auto in_range = [&](bool rows) {
    return census_.window_sums()
        .table(rows, WindowCount::pairs, size[rows ? Dim::P : Dim::Q], size[rows ? Dim::R : Dim::S])
        .sum[1][1];
  };
  in_range_ = window_free * in_range(true) * in_range(false);
  if (accelerator.array.eie && problem_.shared) eie_.emplace(problem_, accelerator);
}

int CountModel::keeper(Operand operand, std::size_t level) const {
  while (level > 0 && !mapping_->memory[level].keep[operand]) --level;
  return static_cast<int>(level);
}

int CountModel::element_bits(Operand operand) const {
  if (operand == Operand::inputs) return problem_.input_bits;
  return problem_.weight_bits + (problem_.sparsity ? arch::index_bits(*problem_.sparsity) : 0);
}

void CountModel::read(int level, Operand operand, std::int64_t elements, int bits) {
  arch::Traffic& traffic = counts_.memory[static_cast<std::size_t>(level)][operand];
  traffic.read_elements += elements;
  traffic.read_bits += elements * bits;
}

void CountModel::write(int level, Operand operand, std::int64_t elements, int bits) {
  arch::Traffic& traffic = counts_.memory[static_cast<std::size_t>(level)][operand];
  traffic.write_elements += elements;
  traffic.write_bits += elements * bits;
}

/// DRAM bursts when each tile of the class is moved once by a request of its own.
std::int64_t CountModel::bursts(Operand operand, const TileCensus::TileClass& tiles, WindowCount count,
                                int bits) {
  const std::int64_t burst = 8 * accelerator_.memory[0].burst_bytes;
  std::int64_t result = 0;
  for (const auto& [volume, number] : census_.volumes(operand, tiles, count))
    result += (volume * bits + burst - 1) / burst * number;
  return result;
}

/// A mover fills level `to` with weights or inputs.
void CountModel::fetches(std::size_t to, Operand operand) {
  if (!mapping_->memory[to].keep[operand] || at_home(to, operand)) return;
  const int from = keeper(operand, to - 1), bits = element_bits(operand);
  const int depth = census_.nest().depth_of(to - 1);
  census_.for_each_class(operand, depth, [&](const TileCensus::TileClass& tiles) {
    const std::int64_t times = census_.visits(operand, tiles);
    const std::int64_t moved = times * census_.elements(operand, tiles, WindowCount::distinct);
    read(from, operand, moved, bits);
    write(static_cast<int>(to), operand, moved, bits);
    if (from == 0) counts_.dram_bursts += times * bursts(operand, tiles, WindowCount::distinct, bits);
  });
}

/// A mover fills level `to` with the eie unit's weights.
void CountModel::eie_weights(std::size_t to) {
  if (at_home(to, Operand::weights)) return;
  const int from = keeper(Operand::weights, to - 1), depth = census_.nest().depth_of(to - 1);
  const std::int64_t burst = 8 * accelerator_.memory[0].burst_bytes;
  census_.for_each_class(Operand::weights, depth, [&](const TileCensus::TileClass& tiles) {
    const std::int64_t times = census_.visits(Operand::weights, tiles);
    for (const auto& [extent, count] : census_.extents(Operand::weights, tiles)) {
      const arch::EieWeights::Size size = eie_->weights().size_of(extent);
      arch::Traffic &source = counts_.memory[static_cast<std::size_t>(from)][Operand::weights],
                    &target = counts_.memory[to][Operand::weights];
      source.read_elements += times * count * size.entries;
      source.read_bits += times * count * size.bits;
      target.write_elements += times * count * size.entries;
      target.write_bits += times * count * size.bits;
      if (from == 0) counts_.dram_bursts += times * count * ((size.bits + burst - 1) / burst);
    }
  });
}

/// Tiles of outputs between the level `to` (or the accumulators, one beyond the innermost level) and the next
/// outer level that keeps outputs: each visit but the first brings partial sums back, each but the last
/// leaves them unfinished.
void CountModel::output_moves(std::size_t to) {
  const bool accumulators = to == mapping_->memory.size();
  if (!accumulators && (!mapping_->memory[to].keep[Operand::outputs] || at_home(to, Operand::outputs)))
    return;
  const int home = keeper(Operand::outputs, to - 1);
  const int partial_bits = accelerator_.array.bits.accumulators, final_bits = problem_.output_bits;
  const int depth = census_.nest().depth_of(to - 1);
  census_.for_each_class(Operand::outputs, depth, [&](const TileCensus::TileClass& tiles) {
    const std::int64_t finished = census_.elements(Operand::outputs, tiles, WindowCount::distinct);
    const std::int64_t again = census_.visits(Operand::outputs, tiles) - 1;
    read(home, Operand::outputs, again * finished, partial_bits);
    write(home, Operand::outputs, again * finished, partial_bits);
    write(home, Operand::outputs, finished, final_bits);
    if (accumulators) {
      arch::Traffic& registers = counts_.registers[Operand::outputs];
      registers.write_elements += again * finished;
      registers.read_elements += (again + 1) * finished;
      counts_.requantizations += finished;
    } else {
      write(static_cast<int>(to), Operand::outputs, again * finished, partial_bits);
      read(static_cast<int>(to), Operand::outputs, again * finished, partial_bits);
      read(static_cast<int>(to), Operand::outputs, finished, final_bits);
    }
    if (home == 0) {
      const auto moved = [&](int bits) {
        return bursts(Operand::outputs, tiles, WindowCount::distinct, bits);
      };
      counts_.dram_bursts += moved(final_bits);
      if (again > 0) counts_.dram_bursts += 2 * again * moved(partial_bits);
    }
  });
}

/// Operands enter the PEs' registers: at the step that needs them, or the whole pass's at its beginning.
void CountModel::loads(Operand operand) {
  const int from = keeper(operand, mapping_->memory.size() - 1), bits = element_bits(operand);
  const bool whole_pass = eie_ || arch::is_resident(accelerator_.array, operand);
  const int depth = whole_pass ? census_.nest().pass_depth() : census_.nest().step_depth();
  const WindowCount count = operand == Operand::weights ? WindowCount::distinct
                            : whole_pass                ? WindowCount::by_column
                                                        : WindowCount::pairs;
  census_.for_each_class(operand, depth, [&](const TileCensus::TileClass& tiles) {
    const std::int64_t once = census_.elements(operand, tiles, count), times = census_.visits(operand, tiles);
    read(from, operand, times * once, bits);
    // The eie unit's source registers are one file, spread over its PEs.
    counts_.registers[operand].write_elements += (eie_ ? times : census_.copies(operand, tiles)) * once;
    if (from == 0) counts_.dram_bursts += times * bursts(operand, tiles, count, bits);
  });
}

/// Multiplies, and the accumulators that they update.
void CountModel::arithmetic() {
  counts_.multiplies = std::llround(density_ * static_cast<double>(in_range_));
  counts_.gated_multiplies = multiplies_ - counts_.multiplies;
  counts_.adds = counts_.multiplies;
  for (Operand operand : {Operand::weights, Operand::inputs})
    counts_.registers[operand].read_elements = multiplies_;
  const std::int64_t outputs = problem_.shape.output_count();
  std::int64_t updates = outputs;
  for (Dim d : {Dim::C, Dim::R, Dim::S}) updates *= census_.nest().count(census_.nest().step_depth(), d);
  counts_.registers[Operand::outputs].write_elements += updates;
  counts_.registers[Operand::outputs].read_elements += updates - outputs;  // a first one starts from zero
}

arch::ActionCounts CountModel::run(const arch::LayerMapping& mapping) {
  mapping_ = &mapping;
  census_.assign(mapping);
  const std::size_t levels = mapping.memory.size();
  counts_ = {};
  counts_.memory.resize(levels);

  if (eie_) eie_->start(mapping);
  for (std::size_t level = 1; level < levels; ++level) {
    if (eie_) {
      eie_weights(level);
    } else {
      fetches(level, Operand::weights);
    }
    fetches(level, Operand::inputs);
    output_moves(level);
  }
  output_moves(levels);
  loads(Operand::inputs);
  if (eie_) {
    eie_->add_passes(census_, counts_, stalls_);
  } else {
    loads(Operand::weights);
    arithmetic();
  }
  for (Operand operand : kOperands) {
    arch::Traffic& registers = counts_.registers[operand];
    const int bits =
        operand == Operand::outputs ? accelerator_.array.bits.accumulators : element_bits(operand);
    registers.read_bits = registers.read_elements * bits;
    registers.write_bits = registers.write_elements * bits;
  }
  return std::move(counts_);
}

arch::ActionCounts action_counts(const arch::LayerProblem& problem, const arch::LayerMapping& mapping,
                                 const arch::Accelerator& accelerator, double input_density) {
  return CountModel(problem, accelerator, input_density).run(mapping);
}

}  // namespace heddle::mapper
