// What one memory level holds while a layer runs: for each tensor, the tile in use and, double buffered, the
// next one.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/box.h"
#include "sim/layer_program.h"

namespace heddle::sim {

/// A stored tile; which vectors are used depends on the operand.
struct Slot {
  Box box;
  std::vector<std::int16_t> codes;    ///< weights, inputs
  std::vector<std::uint8_t> indices;  ///< n:m weights
  std::vector<std::int64_t> results;  ///< outputs: partial sums, or codes once they are final
  EieBlocks blocks;                   ///< weights of the eie unit

  View<const std::int16_t> code_view() const { return {codes.data(), box, row_major(box)}; }
  View<const std::uint8_t> index_view() const { return {indices.data(), box, row_major(box)}; }
  View<std::int64_t> result_view() { return {results.data(), box, row_major(box)}; }
};

/// The tiles of one level. Level 0 (DRAM) holds the whole tensors; its slots are always the same.
class TileStore {
 public:
  /// Holds whole tensors.
  void load_program(const LayerProgram& program);
  /// Holds tiles.
  void clear(int slots_per_tensor);

  View<const std::int16_t> weights(std::int64_t generation) const;
  View<const std::uint8_t> weight_indices(std::int64_t generation) const;
  const EieBlocks& blocks(std::int64_t generation) const;
  View<const std::int16_t> inputs(std::int64_t generation) const;
  View<std::int64_t> outputs(std::int64_t generation);

  /// Takes a copy of `tile`'s weights or inputs out of `from` (its generation there). Padding inputs become
  /// the zero point.
  void fetch(workload::Operand operand, std::int64_t generation, const Tile& tile,
             const LayerProgram& program, const TileStore& from, std::int64_t from_generation);
  /// Makes room for an output tile; its contents are whatever fetch_outputs() or the array writes.
  void open_outputs(std::int64_t generation, const Tile& tile, const LayerProgram& program);
  /// Reads partial sums back from, or writes results to, the next outer level that keeps outputs.
  void fetch_outputs(std::int64_t generation, TileStore& from, std::int64_t from_generation);
  void write_back_outputs(std::int64_t generation, TileStore& to, std::int64_t to_generation);

 private:
  Slot& slot(workload::Operand operand, std::int64_t generation);
  const Slot& slot(workload::Operand operand, std::int64_t generation) const;

  const LayerProgram* whole_ = nullptr;
  workload::PerOperand<std::vector<Slot>> slots_;
};

}  // namespace heddle::sim
