#include "mapper/model/counts.h"

#include <algorithm>
#include <cmath>

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::kOperands;
using workload::Operand;

namespace {

/// Dimensions that meet in the rows or columns of the inputs.
constexpr bool is_window(Dim d) { return d == Dim::P || d == Dim::Q || d == Dim::R || d == Dim::S; }

/// All pairs of values, multiplied.
Histogram product(const Histogram& a, const Histogram& b) {
  Histogram result;
  result.reserve(a.size() * b.size());
  for (const auto& [x, x_count] : a) {
    for (const auto& [y, y_count] : b) result.emplace_back(x * y, x_count * y_count);
  }
  return result;
}

}  // namespace

CountModel::CountModel(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                       double input_density)
    : problem_(problem), accelerator_(accelerator), window_sums_(problem_.shape), density_(input_density) {
  if (!arch::runs_sparse(accelerator.array, problem_)) problem_.sparsity.reset();
  const auto& size = problem_.shape.size;
  const std::int64_t window_free =
      size[Dim::N] * size[Dim::G] * size[Dim::M] * arch::kept_channels(size[Dim::C], problem_.sparsity);
  multiplies_ = window_free * size[Dim::P] * size[Dim::R] * size[Dim::Q] * size[Dim::S];
  const auto in_range = [&](bool rows) {
    return window_sums_
        .table(rows, WindowCount::pairs, size[rows ? Dim::P : Dim::Q], size[rows ? Dim::R : Dim::S])
        .sum[1][1];
  };
  in_range_ = window_free * in_range(true) * in_range(false);
}

bool CountModel::resident(Operand operand) const {
  const arch::Registers& registers = accelerator_.array.registers;
  return registers.shared_bytes || (operand == Operand::weights ? registers.weights : registers.inputs) > 1;
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

template <class Visit>
void CountModel::for_each_class(Operand operand, int depth, const Visit& visit) {
  TileClass common;
  std::array<Dim, workload::kDimCount> alone{};  // dimensions whose last tile is moved by another loop
  std::size_t alone_count = 0;
  for (Dim d : kDims) {
    if (!depends_on(operand, d)) continue;
    positions_[d] = nest_.positions(depth, d);
    if (positions_[d].moved_by != positions_[d].last_moved_by) {
      alone[alone_count++] = d;
    } else {
      common.moved_by = std::max(common.moved_by, positions_[d].moved_by);
    }
  }
  for (unsigned choice = 0; choice < 1U << alone_count; ++choice) {
    TileClass tiles = common;
    for (std::size_t i = 0; i < alone_count; ++i) {
      const Positions& positions = positions_[alone[i]];
      const bool last = (choice >> i & 1U) != 0;
      tiles.parts[alone[i]] = last ? kLast : kInner;
      tiles.moved_by = std::max(tiles.moved_by, last ? positions.last_moved_by : positions.moved_by);
    }
    visit(tiles);
  }
}

/// How often each tile of the class is moved: once for every iteration of the loops outside the one that
/// moves it over dimensions that the operand does not depend on.
std::int64_t CountModel::visits(Operand operand, const TileClass& tiles) const {
  std::int64_t result = 1;
  for (Dim d : kDims) {
    if (!depends_on(operand, d)) result *= nest_.count(std::max(tiles.moved_by, 0), d);
  }
  return result;
}

/// PEs that take a copy of an element of the class's tiles, added up over the visits: the operand is shared
/// by those that differ in the dimensions that it does not depend on, as far as these reach.
std::int64_t CountModel::copies(Operand operand, const TileClass& tiles) const {
  std::int64_t result = 1;
  for (Dim d : kDims) {
    if (depends_on(operand, d)) continue;
    const int depth = std::max(tiles.moved_by, 0);
    const std::int64_t count = nest_.count(depth, d), size = nest_.size(depth, d);
    const std::int64_t last = problem_.shape.size[d] - (count - 1) * size;
    result *= (count - 1) * std::min(axes_[d], size) + std::min(axes_[d], last);
  }
  return result;
}

const WindowSums::Table& CountModel::window(bool rows, int depth, WindowCount count) {
  const Dim outputs = rows ? Dim::P : Dim::Q, taps = rows ? Dim::R : Dim::S;
  return window_sums_.table(rows, count, nest_.size(depth, outputs), nest_.size(depth, taps),
                            count == WindowCount::by_column ? axes_[outputs] : 1);
}

/// Elements that tiles so long along a dimension have there, and how many tiles of the class there are.
Histogram CountModel::lengths(Operand operand, const TileClass& tiles, Dim d) const {
  const Positions& positions = positions_[d];
  const auto elements = [&](std::int64_t size) {
    return operand == Operand::weights && d == Dim::C ? arch::kept_channels(size, problem_.sparsity) : size;
  };
  Histogram result;
  if ((tiles.parts[d] & kInner) != 0 && positions.count > 1)
    result.emplace_back(elements(positions.size), positions.count - 1);
  if ((tiles.parts[d] & kLast) != 0) result.emplace_back(elements(positions.last_size), 1);
  return result;
}

template <class Visit>
void CountModel::for_each_part(const TileClass& tiles, bool rows, const Visit& visit) const {
  for (const int p : {0, 1}) {
    if ((tiles.parts[rows ? Dim::P : Dim::Q] >> p & 1) == 0) continue;
    for (const int r : {0, 1}) {
      if ((tiles.parts[rows ? Dim::R : Dim::S] >> r & 1) != 0) visit(p, r);
    }
  }
}

/// Elements of all tiles of the class together, each counted once.
std::int64_t CountModel::elements(Operand operand, const TileClass& tiles, WindowCount count, int depth) {
  std::int64_t result = 1;
  for (Dim d : kDims) {
    if (!depends_on(operand, d) || (operand == Operand::inputs && is_window(d))) continue;
    std::int64_t sum = 0;
    for (const auto& [length, number] : lengths(operand, tiles, d)) sum += length * number;
    result *= sum;
  }
  if (operand != Operand::inputs) return result;
  for (const bool rows : {true, false}) {
    const WindowSums::Table& table = window(rows, depth, count);
    std::int64_t sum = 0;
    for_each_part(tiles, rows, [&](int p, int r) { sum += table.sum[p][r]; });
    result *= sum;
  }
  return result;
}

/// DRAM bursts when each tile of the class is moved once by a request of its own.
std::int64_t CountModel::bursts_of(Operand operand, const TileClass& tiles, WindowCount count, int depth,
                                   int bits) {
  Histogram volumes = {{1, 1}};
  for (Dim d : kDims) {
    if (!depends_on(operand, d) || (operand == Operand::inputs && is_window(d))) continue;
    volumes = product(volumes, lengths(operand, tiles, d));
  }
  if (operand == Operand::inputs) {
    for (const bool rows : {true, false}) {
      const WindowSums::Table& table = window(rows, depth, count);
      Histogram touched;
      for_each_part(tiles, rows, [&](int p, int r) {
        touched.insert(touched.end(), table.values[p][r].begin(), table.values[p][r].end());
      });
      volumes = product(volumes, touched);
    }
  }
  const std::int64_t burst = 8 * accelerator_.memory[0].burst_bytes;
  std::int64_t result = 0;
  for (const auto& [volume, number] : volumes) result += (volume * bits + burst - 1) / burst * number;
  return result;
}

/// A mover fills level `to` with weights or inputs.
void CountModel::fetches(std::size_t to, Operand operand) {
  if (!mapping_->memory[to].keep[operand] || at_home(to, operand)) return;
  const int from = keeper(operand, to - 1), bits = element_bits(operand);
  const int depth = nest_.depth_of(to - 1);
  for_each_class(operand, depth, [&](const TileClass& tiles) {
    const std::int64_t times = visits(operand, tiles);
    const std::int64_t moved = times * elements(operand, tiles, WindowCount::distinct, depth);
    read(from, operand, moved, bits);
    write(static_cast<int>(to), operand, moved, bits);
    if (from == 0)
      counts_.dram_bursts += times * bursts_of(operand, tiles, WindowCount::distinct, depth, bits);
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
  const int depth = nest_.depth_of(to - 1);
  for_each_class(Operand::outputs, depth, [&](const TileClass& tiles) {
    const std::int64_t finished = elements(Operand::outputs, tiles, WindowCount::distinct, depth);
    const std::int64_t again = visits(Operand::outputs, tiles) - 1;
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
      const auto bursts = [&](int bits) {
        return bursts_of(Operand::outputs, tiles, WindowCount::distinct, depth, bits);
      };
      counts_.dram_bursts += bursts(final_bits);
      if (again > 0) counts_.dram_bursts += 2 * again * bursts(partial_bits);
    }
  });
}

/// Operands enter the PEs' registers: at the step that needs them, or the whole pass's at its beginning.
void CountModel::loads(Operand operand) {
  const int from = keeper(operand, mapping_->memory.size() - 1), bits = element_bits(operand);
  const bool whole_pass = resident(operand);
  const int depth = whole_pass ? nest_.pass_depth() : nest_.step_depth();
  const WindowCount count = operand == Operand::weights ? WindowCount::distinct
                            : whole_pass                ? WindowCount::by_column
                                                        : WindowCount::pairs;
  for_each_class(operand, depth, [&](const TileClass& tiles) {
    const std::int64_t once = elements(operand, tiles, count, depth), times = visits(operand, tiles);
    read(from, operand, times * once, bits);
    counts_.registers[operand].write_elements += copies(operand, tiles) * once;
    if (from == 0) counts_.dram_bursts += times * bursts_of(operand, tiles, count, depth, bits);
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
  for (Dim d : {Dim::C, Dim::R, Dim::S}) updates *= nest_.count(nest_.step_depth(), d);
  counts_.registers[Operand::outputs].write_elements += updates;
  counts_.registers[Operand::outputs].read_elements += updates - outputs;  // a first one starts from zero
}

arch::ActionCounts CountModel::run(const arch::LayerMapping& mapping) {
  mapping_ = &mapping;
  nest_.assign(mapping, problem_.shape);
  axes_ = arch::spatial_extent(mapping);
  const std::size_t levels = mapping.memory.size();
  counts_ = {};
  counts_.memory.resize(levels);

  for (std::size_t level = 1; level < levels; ++level) {
    fetches(level, Operand::weights);
    fetches(level, Operand::inputs);
    output_moves(level);
  }
  output_moves(levels);
  loads(Operand::weights);
  loads(Operand::inputs);
  arithmetic();
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
