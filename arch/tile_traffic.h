// What moving a tile takes: its elements as memories hold and movers carry them (stored weights, distinct
// inputs without padding, outputs), and the cycles of so many bits at a memory's port. Closed forms of what
// sim/box.h and sim/memory_port.h define; no allocation. Weights that the eie unit stores: expected sizes.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/eie_weights.h"
#include "arch/legality.h"

namespace heddle::arch {

using Cycle = std::int64_t;

constexpr std::int64_t divided_up(std::int64_t amount, std::int64_t by) { return (amount + by - 1) / by; }

/// A range of every dimension, cut at the layer's end: what one iteration of a loop covers.
struct TileRange {
  workload::PerDim<std::int64_t> start{0};
  workload::PerDim<std::int64_t> extent{1};

  std::int64_t end(workload::Dim d) const { return start[d] + extent[d]; }
  /// Do both begin at the same place in every dimension that the operand depends on? (Tiles of one level that
  /// do cover the same range.)
  bool same_start(const TileRange& other, workload::Operand operand) const {
    bool same = true;
    for (workload::Dim d : workload::kDims)
      same = same && (!depends_on(operand, d) || start[d] == other.start[d]);
    return same;
  }
};

/// One memory level's port towards the array.
struct PortRate {
  std::int64_t unit_bits = 8;  ///< a word or a burst
  std::int64_t bandwidth = 1;  ///< bytes per cycle
  Cycle latency = 0;

  PortRate() = default;
  explicit PortRate(const MemoryLevel& level);
  std::int64_t units_for(std::int64_t bits) const { return divided_up(bits, unit_bits); }
  Cycle cycles_for_units(std::int64_t units) const { return divided_up(units * unit_bits / 8, bandwidth); }
  Cycle cycles_for(std::int64_t bits) const { return cycles_for_units(units_for(bits)); }
};

/// Positions i * stride + j * dilation - pad (i an output, j a kernel position) along the rows or columns of
/// the input, of which those from 0 to `limit` - 1 exist.
class WindowAxis {
 public:
  WindowAxis() = default;
  WindowAxis(std::int64_t stride, std::int64_t dilation, std::int64_t pad, std::int64_t limit);

  std::int64_t first(std::int64_t output, std::int64_t tap) const {
    return output * stride_ + tap * dilation_ - pad_;
  }
  std::int64_t span(std::int64_t outputs, std::int64_t taps) const {
    return (outputs - 1) * stride_ + (taps - 1) * dilation_ + 1;
  }
  /// Do all positions of so many outputs and taps from `start` on exist?
  bool inside(std::int64_t start, std::int64_t outputs, std::int64_t taps) const {
    return start >= 0 && start + span(outputs, taps) <= limit_;
  }
  /// How far `start` may still move up with everything inside.
  std::int64_t room_above(std::int64_t start, std::int64_t outputs, std::int64_t taps) const {
    return limit_ - span(outputs, taps) - start;
  }
  /// Existing positions, each once. `every` outputs apart (1: neighbours).
  std::int64_t distinct(std::int64_t start, std::int64_t outputs, std::int64_t taps,
                        std::int64_t every = 1) const;
  /// Existing positions, counted for each (output, tap).
  std::int64_t pairs(std::int64_t start, std::int64_t outputs, std::int64_t taps) const;
  std::int64_t stride() const { return stride_; }
  std::int64_t dilation() const { return dilation_; }

 private:
  std::int64_t stride_ = 1, dilation_ = 1, pad_ = 0, limit_ = 1;
};

/// The tensors of one layer, as tiles of them are stored and moved.
class TileTraffic {
 public:
  TileTraffic(const LayerProblem& problem, const Accelerator& accelerator);

  /// Takes a mapping: its passes are the blocks that an eie unit's weights are cut into.
  void start(const arch::LayerMapping& mapping);

  std::int64_t elements(workload::Operand operand, const TileRange& tile) const;
  /// Bits that moving the tile takes; of the eie unit's weights with pointers and codebook.
  std::int64_t moved_bits(workload::Operand operand, const TileRange& tile, bool final_outputs) const;
  /// Stored width of one element; kept n:m weights carry their index.
  int bits(workload::Operand operand, bool final_outputs = true) const;
  std::int64_t kept_channels(std::int64_t channels) const { return arch::kept_channels(channels, sparsity_); }
  const WindowAxis& rows() const { return rows_; }
  const WindowAxis& columns() const { return columns_; }
  const workload::PerDim<std::int64_t>& size() const { return size_; }

  /// No earlier iteration has added to the tile's outputs; no later one will.
  bool is_first_visit(const TileRange& tile) const;
  bool is_last_visit(const TileRange& tile) const;

 private:
  workload::PerDim<std::int64_t> size_;
  std::optional<workload::StructuredSparsity> sparsity_;
  int weight_bits_, input_bits_, output_bits_, accumulator_bits_;
  std::optional<EieWeights> eie_;
  WindowAxis rows_, columns_;
};

}  // namespace heddle::arch
