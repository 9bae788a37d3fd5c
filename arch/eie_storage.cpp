#include "arch/eie_storage.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "workload/encode/csc.h"

namespace heddle::arch {

using workload::Dim;

namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

std::int64_t detection_levels(std::int64_t pes) {
  std::int64_t levels = 0;
  for (std::int64_t reached = 1; reached < pes; reached *= 4) ++levels;
  return levels;
}

std::int64_t entry_capacity(const Accelerator& accelerator) {
  const EieUnit& eie = accelerator.array.eie.value();
  const std::int64_t per_word = eie.entries_per_word();
  const int entry_bits = std::bit_width(static_cast<std::uint64_t>(per_word - 1));
  const std::int64_t words =
      accelerator.memory.back().bank_bytes(workload::Operand::weights) * 8 / eie.word_bits;
  const std::int64_t addressable = std::int64_t{1} << std::max(0, eie.pointer_bits - entry_bits);
  return words < addressable ? words * per_word : addressable * per_word - 1;
}

std::int64_t BlockCensus::pointers() const {
  return groups * ceil_div(rows, rows_a_block) * (columns + column_blocks);
}

BlockCensus blocks_of(const LayerMapping& mapping, const workload::MacShape& shape, std::size_t level) {
  workload::PerDim<std::int64_t> tile = level_extent(mapping, level), pass = pass_extent(mapping);
  for (Dim d : workload::kDims) {
    tile[d] = std::min(tile[d], shape.size[d]);
    pass[d] = std::max<std::int64_t>(1, std::min(pass[d], tile[d]));
  }
  BlockCensus blocks;
  blocks.groups = tile[Dim::G];
  blocks.rows = tile[Dim::M];
  blocks.columns = tile[Dim::C] * tile[Dim::R] * tile[Dim::S];
  blocks.rows_a_block = pass[Dim::M];
  for (Dim d : {Dim::C, Dim::R, Dim::S}) blocks.column_blocks *= ceil_div(tile[d], pass[d]);
  return blocks;
}

namespace {

/// Entries of a column, in PEs: sums `of(rows of the PE)` over the tile's blocks and all PEs, or over the PE
/// with most rows.
double per_column(const BlockCensus& blocks, const ArrayUnit& unit, double density, bool fullest) {
  const auto of_pe = [&](std::int64_t rows) {
    return static_cast<double>(rows) * density +
           workload::expected_padding(rows, density, unit.eie->index_bits);
  };
  const auto of_block = [&](std::int64_t rows) {
    const std::int64_t more = rows % unit.rows, least = rows / unit.rows;
    if (fullest) return of_pe(least + (more > 0 ? 1 : 0));
    return static_cast<double>(more) * of_pe(least + 1) +
           static_cast<double>(unit.rows - more) * of_pe(least);
  };
  const std::int64_t full = blocks.rows / blocks.rows_a_block, rest = blocks.rows % blocks.rows_a_block;
  return static_cast<double>(full) * of_block(blocks.rows_a_block) + (rest > 0 ? of_block(rest) : 0);
}

}  // namespace

double expected_entries(const BlockCensus& blocks, const ArrayUnit& unit, double density) {
  return static_cast<double>(blocks.groups * blocks.columns) * per_column(blocks, unit, density, false);
}

double entries_of_fullest(const BlockCensus& blocks, const ArrayUnit& unit, double density) {
  const double mean =
      static_cast<double>(blocks.groups * blocks.columns) * per_column(blocks, unit, density, true);
  // A PE stores no more than one entry for each weight.
  const double all = static_cast<double>(blocks.groups * blocks.columns) * per_column(blocks, unit, 1, true);
  return std::min(mean + 5 * std::sqrt(mean), all);
}

}  // namespace heddle::arch
