// The layer in progress: what the machine's processes share while they run it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "arch/actions.h"
#include "sim/back_pressure.h"
#include "sim/clocking.h"
#include "sim/fidelity.h"
#include "sim/tile_store.h"

namespace heddle::sim {

/// Something that took time, for the timeline: which unit, what, from cycle, to cycle.
struct TraceEvent {
  std::string track;
  std::string name;
  Cycle begin = 0;
  Cycle end = 0;
};
using TraceSink = std::function<void(const TraceEvent&)>;

/// Progress of one memory level's iterations (loops of levels 0 to this one, flattened). All counts are of
/// iterations.
struct LevelProgress {
  Milestone delivered;  ///< tiles have arrived in the next inner level
  Milestone finished;   ///< the array has issued the last step
  Milestone drained;    ///< outputs are in the next inner level that keeps them
};

class PortWatcher;

struct LayerRun {
  LayerRun(std::size_t levels, Fidelity fidelity)
      : moves_data(fidelity == Fidelity::clocked), stores(levels) {
    for (std::size_t level = 0; level < levels; ++level)
      progress.push_back(std::make_unique<LevelProgress>());
  }

  /// Tiles are copied from store to store, and sums turned into codes where they pass. Else everything takes
  /// its time and is counted, the stores stay empty, and the array computes all outputs at the end.
  const bool moves_data;
  const LayerProgram* program = nullptr;
  std::vector<TileStore> stores;                         ///< by memory level
  std::vector<std::unique_ptr<LevelProgress>> progress;  ///< by memory level
  arch::ActionCounts actions;
  arch::CycleCounts cycles;
  Cycle begin = 0;                            ///< of this layer
  Cycle end = 0;                              ///< last thing that happened so far
  TraceSink trace;                            ///< may be empty
  PortWatcher* watcher = nullptr;             ///< of the array's ports, clocked machine only; may be null
  std::optional<BackPressure> back_pressure;  ///< absent: nothing waits but for the memories

  bool keeps(int level, workload::Operand operand) const {
    return level == 0 || program->mapping.memory[static_cast<std::size_t>(level)].keep[operand];
  }
  /// The innermost level, at most `level`, that keeps the operand.
  int keeper(workload::Operand operand, int level) const {
    while (!keeps(level, operand)) --level;
    return level;
  }
  /// The operand's home is memory level 1: nothing of it moves between the DRAM and there.
  bool on_chip(workload::Operand operand) const { return program->mapping.on_chip[operand]; }
  int innermost() const { return static_cast<int>(stores.size()) - 1; }
  TileStore& store(int level) { return stores[static_cast<std::size_t>(level)]; }
  LevelProgress& at(int level) { return *progress[static_cast<std::size_t>(level)]; }
  arch::Traffic& traffic(int level, workload::Operand operand) {
    return actions.memory[static_cast<std::size_t>(level)][operand];
  }
  /// Stored width of one element; kept n:m weights carry their index.
  int bits(workload::Operand operand, bool final_outputs = true) const {
    const arch::LayerProblem& problem = program->problem;
    switch (operand) {
      case workload::Operand::weights:
        return problem.weight_bits + (problem.sparsity ? arch::index_bits(*problem.sparsity) : 0);
      case workload::Operand::inputs:
        return problem.input_bits;
      case workload::Operand::outputs:
        return final_outputs ? problem.output_bits : program->accumulator_bits;
    }
    return 0;
  }
  /// What moving a tile takes; weights of the eie unit with their pointers and the codebook.
  TileSize moved(workload::Operand operand, const Tile& tile, bool final_outputs = true) const {
    if (operand == workload::Operand::weights && program->eie) {
      TileSize size = program->eie->weights.size_of(tile, program->eie->pointer_bits);
      size.bits += static_cast<std::int64_t>(program->eie->codebook.size()) * program->problem.weight_bits;
      return size;
    }
    const std::int64_t elements = moved_elements(operand, tile, program->problem);
    return {elements, elements * bits(operand, final_outputs)};
  }
  void read(int level, workload::Operand operand, const TileSize& size) {
    traffic(level, operand).read_elements += size.elements;
    traffic(level, operand).read_bits += size.bits;
  }
  void write(int level, workload::Operand operand, const TileSize& size) {
    traffic(level, operand).write_elements += size.elements;
    traffic(level, operand).write_bits += size.bits;
  }
  void read(int level, workload::Operand operand, std::int64_t elements, int element_bits) {
    read(level, operand, {elements, elements * element_bits});
  }
  void write(int level, workload::Operand operand, std::int64_t elements, int element_bits) {
    write(level, operand, {elements, elements * element_bits});
  }
  void happened(Cycle t) { end = std::max(end, t); }
};

/// No earlier iteration has added to the tile's outputs.
inline bool is_first_visit(const Tile& tile) {
  using workload::Dim;
  return tile.start[Dim::C] == 0 && tile.start[Dim::R] == 0 && tile.start[Dim::S] == 0;
}
/// No later iteration adds to the tile's outputs.
inline bool is_last_visit(const Tile& tile, const workload::MacShape& shape) {
  using workload::Dim;
  return tile.end(Dim::C) == shape.size[Dim::C] && tile.end(Dim::R) == shape.size[Dim::R] &&
         tile.end(Dim::S) == shape.size[Dim::S];
}

}  // namespace heddle::sim
