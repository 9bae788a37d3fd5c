// What an eie machine holds of a layer: blocks of compressed columns, by docs/eie.md. Expected sizes, from
// the density of weights that lie at random; the sizes of given ones come from encoding them
// (workload/encode).
#pragma once

#include "arch/legality.h"
#include "arch/mapping.h"

namespace heddle::arch {

/// Outputs and inputs of a full block: what the register files of all PEs hold.
inline std::int64_t block_rows(const ArrayUnit& unit) { return unit.rows * unit.registers.outputs; }
inline std::int64_t block_columns(const ArrayUnit& unit) { return unit.rows * unit.registers.inputs; }

/// Levels of the tree that finds the next activation that is not zero, four children a node: its cycles
/// before the first broadcast of a pass.
std::int64_t detection_levels(std::int64_t pes);

/// Entries that a PE's matrix SRAM holds and its pointers can tell apart. A slice ends where a pointer says
/// that the next one begins, so the place after the last entry needs an address, too, unless the memory ends
/// there.
std::int64_t entry_capacity(const Accelerator& accelerator);

/// The blocks of a tile that a memory level holds. Not clipped ones are alike; the last of each dimension may
/// be cut.
struct BlockCensus {
  std::int64_t groups = 1;
  std::int64_t rows = 0, columns = 0;  ///< of the tile
  std::int64_t rows_a_block = 1;       ///< full ones
  std::int64_t column_blocks = 1;

  /// Pointers of one PE.
  std::int64_t pointers() const;
};
BlockCensus blocks_of(const LayerMapping& mapping, const workload::MacShape& shape, std::size_t level);

/// Entries expected in all PEs, padding included.
double expected_entries(const BlockCensus& blocks, const ArrayUnit& unit, double density);
/// Entries for which the fullest PE needs room: those expected of the PE with most rows, and five standard
/// deviations of a Poisson count.
double entries_of_fullest(const BlockCensus& blocks, const ArrayUnit& unit, double density);

}  // namespace heddle::arch
