// What one pass of the dot unit takes and moves: cycles between its first and its last step, loads, drains,
// by the rules of docs/dot.md, and what docs/counting.md counts of them. The steps are not walked: all steps
// at which the same register loop moves on differ only in the extents at ragged ends and at the input's
// edges, so they are summed by class.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "arch/actions.h"
#include "arch/tile_traffic.h"

namespace heddle::arch {

/// What loads of weights and inputs bring, in elements.
struct LoadCounts {
  std::int64_t weights = 0, inputs = 0;              ///< read at the memory levels that keep them
  std::int64_t weight_copies = 0, input_copies = 0;  ///< written into the registers of all PEs
  std::int64_t dram_bursts = 0;

  void add(const LoadCounts& load);
};

/// Operands' first load of a pass, for the operands that it needs.
struct LoadCost {
  Cycle cycles = 0;
  Stall cause = Stall::weight_port;
  Cycle weight_busy = 0, input_busy = 0;  ///< of the ports of the memories that they come from
  LoadCounts counts;
};

struct PassCost {
  std::int64_t steps = 0;
  std::array<LoadCost, 4> first;          ///< by (weights needed) + 2 (inputs needed)
  Cycle rest = 0;                         ///< from the first step's issue to the last one's
  std::array<Cycle, 3> stalls{};          ///< of these: weight port, input port, bandwidth
  Cycle weight_busy = 0, input_busy = 0;  ///< of the loads after the first
  LoadCounts counts;                      ///< likewise
  std::int64_t results = 0;               ///< outputs of the pass, each in an accumulator
  std::int64_t updates = 0;               ///< of accumulators, by all steps
  Cycle drain_final = 0, drain_partial = 0, restore = 0;
  bool many_weights = false, many_inputs = false;  ///< do its steps need several (streamed operands)?
};

class PassCosts {
 public:
  PassCosts(const Accelerator& accelerator, const TileTraffic& traffic);

  /// Takes a mapping; costs of the one before are forgotten.
  void start(const LayerMapping& mapping);
  /// The cost of a pass over this tile. The reference holds until start().
  const PassCost& of(const TileRange& tile);
  /// Steps of all passes of the layer.
  std::int64_t layer_steps() const;

  bool weights_resident() const { return weights_resident_; }
  bool inputs_resident() const { return inputs_resident_; }

 private:
  struct RegisterLoop {
    workload::Dim dim;
    std::int64_t size;
  };
  /// Steps that are alike along one dimension or one axis of the window.
  struct Part {
    std::int64_t positions = 0;  ///< rows: existing (output row, kernel row) pairs; else the extent
    std::int64_t taps = 0;       ///< rows and columns: kernel positions
    bool new_weights = false, new_inputs = false;
    std::int64_t count = 0;
    std::int64_t outputs = 0;  ///< of all `count` steps together
  };
  struct Piece {
    std::int64_t start = 0, extent = 0;
    bool changed = false;
    std::int64_t count = 0;
  };

  struct Key {
    workload::PerDim<std::int64_t> extent;
    std::int64_t row = 0, column = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  Key key_of(const TileRange& tile) const;
  std::size_t find(const Key& key, bool& known);
  void grow();
  PassCost compute(const TileRange& tile);
  LoadCost time_of(std::int64_t weight_bits, std::int64_t input_bits) const;
  LoadCost first_load(const TileRange& tile, bool weights, bool inputs) const;
  std::int64_t resident_inputs(const TileRange& tile) const;
  void add_steps(const TileRange& tile, std::size_t moving, PassCost& cost);
  void pieces(workload::Dim dim, std::int64_t extent, std::size_t moving, bool apart, std::vector<Piece>& to);
  void split(std::size_t loop, std::size_t moving, bool apart, Piece piece, workload::Dim dim,
             std::vector<Piece>& to);
  void window(const WindowAxis& axis, const TileRange& tile, workload::Dim output, workload::Dim tap,
              std::size_t moving, std::vector<Part>& to);

  const DotUnit unit_;
  const TileTraffic& traffic_;
  const std::vector<PortRate> ports_;
  const bool weights_resident_, inputs_resident_;

  workload::PerDim<std::int64_t> axes_;
  std::vector<RegisterLoop> loops_;
  std::size_t weight_level_ = 0, input_level_ = 0, output_level_ = 0;
  std::vector<Key> keys_;
  std::deque<PassCost> costs_;  ///< references into it stay
  std::size_t used_ = 0, last_ = 0;
  std::vector<std::uint32_t> slots_;  ///< hash table of indices + 1 into keys_

  workload::PerDim<std::vector<Piece>> pieces_;
  std::vector<Part> rows_, columns_;
};

}  // namespace heddle::arch
