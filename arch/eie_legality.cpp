// Can the eie unit run this mapping? Blocks, the order of the reduction, what its memories hold: docs/eie.md.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "arch/eie_storage.h"
#include "arch/legality.h"

namespace heddle::arch {
namespace {

using workload::Dim;
using workload::Operand;
using workload::PerDim;

struct Checker {
  const LayerMapping& mapping;
  const LayerProblem& problem;
  const Accelerator& accelerator;
  std::vector<std::string>& found;

  const ArrayUnit& unit() const { return accelerator.array; }

  void weights() {
    if (!problem.shared) {
      found.push_back(
          "the eie unit takes weights that share the values of a codebook, got others (a product of two "
          "activations "
          "has none); expected a recipe with arithmetic: fixed and cluster");
    } else if (problem.shared->code_bits > unit().eie->code_bits) {
      found.push_back(fmt::format("the weights' codebook has indices of {} bits, the unit's of {}",
                                  problem.shared->code_bits, unit().eie->code_bits));
    }
  }

  PerDim<std::int64_t> pass() const {
    PerDim<std::int64_t> extent = pass_extent(mapping);
    for (Dim d : workload::kDims) extent[d] = std::min(extent[d], problem.shape.size[d]);
    return extent;
  }

  /// Rows are the PEs; a pass is one block times one vector.
  void blocks() {
    const auto only = [&](const char* axis, const std::vector<Loop>& loops, std::string_view allowed) {
      for (const Loop& loop : loops) {
        if (loop.factor > 1 && allowed.find(letter(loop.dim)) == std::string_view::npos) {
          found.push_back(fmt::format("{} cannot run {} {}: the PEs of the eie unit differ in M only", axis,
                                      letter(loop.dim), loop.factor));
        }
      }
    };
    only("rows", mapping.rows, "M");
    only("columns", mapping.columns, "");
    only("lanes", mapping.lanes, "");
    const std::int64_t rows = factor_of(mapping.rows, Dim::M);
    if (rows != unit().rows) {
      found.push_back(fmt::format("rows run M {}: outputs are interleaved over all {} PEs, expected M {}",
                                  rows, unit().rows, unit().rows));
    }
    const PerDim<std::int64_t> extent = pass();
    const auto at_most = [&](const char* what, std::int64_t used, std::int64_t available) {
      if (used > available) {
        found.push_back(
            fmt::format("registers: a pass has {} {}, the PEs' register files hold {}: {} too many", used,
                        what, available, used - available));
      }
    };
    at_most("outputs", extent[Dim::M], block_rows(unit()));
    at_most("inputs", extent[Dim::C] * extent[Dim::R] * extent[Dim::S], block_columns(unit()));
    for (Dim d : {Dim::N, Dim::G, Dim::P, Dim::Q}) {
      if (extent[d] > 1) {
        found.push_back(fmt::format(
            "registers: a pass covers {} {}; it is one vector, expected loops over {} at a memory level",
            letter(d), extent[d], letter(d)));
      }
    }
  }

  /// Sums saturate: an output adds its columns in ascending (c, r, s) order.
  void reduction_order() {
    constexpr const char* kWhy =
        "sums saturate, so they grow in the order of channels, kernel rows, kernel columns";
    const PerDim<std::int64_t> extent = pass();
    const auto whole = [&](Dim d) { return extent[d] == problem.shape.size[d]; };
    if (extent[Dim::C] > 1 && !(whole(Dim::R) && whole(Dim::S))) {
      found.push_back(
          fmt::format("registers: a pass covers {} channels but not the whole kernel: {}; expected R {} and "
                      "S {}, or one channel",
                      extent[Dim::C], kWhy, problem.shape.size[Dim::R], problem.shape.size[Dim::S]));
    } else if (extent[Dim::R] > 1 && !whole(Dim::S)) {
      found.push_back(fmt::format(
          "registers: a pass covers {} kernel rows but not all columns: {}; expected S {}, or one row",
          extent[Dim::R], kWhy, problem.shape.size[Dim::S]));
    }
    PerDim<std::int64_t> covered = pass_extent(mapping);
    Dim inner = Dim::S;
    for (std::size_t level = mapping.memory.size(); level-- > 0;) {
      const std::vector<Loop>& loops = mapping.memory[level].temporal;
      for (auto loop = loops.rbegin(); loop != loops.rend(); ++loop) {
        const bool repeats = loop->factor > 1 && covered[loop->dim] < problem.shape.size[loop->dim];
        covered[loop->dim] *= loop->factor;
        if (!repeats || !workload::is_reduction(loop->dim)) continue;
        if (loop->dim > inner) {
          found.push_back(fmt::format("{}: the loop over {} is outside one over {}: {}",
                                      accelerator.memory[level].name, letter(loop->dim), letter(inner),
                                      kWhy));
          return;
        }
        inner = loop->dim;
      }
    }
  }

  /// Weights that are all there need no second tile.
  std::int64_t copies(Operand operand, std::size_t level) const {
    const PerDim<std::int64_t> tile = level_extent(mapping, level);
    const bool whole = std::all_of(workload::kDims.begin(), workload::kDims.end(), [&](Dim d) {
      return !workload::depends_on(operand, d) || tile[d] >= problem.shape.size[d];
    });
    return accelerator.memory[level].double_buffered && !whole ? 2 : 1;
  }

  void memories() {
    constexpr std::size_t kLevel = 1;
    for (Operand operand : workload::kOperands) {
      if (!mapping.memory[kLevel].keep[operand]) {
        found.push_back(fmt::format("{} must keep {}: the PEs work from it", accelerator.memory[kLevel].name,
                                    name(operand)));
      }
    }
    if (problem.shared) matrix(blocks_of(mapping, problem.shape, kLevel), copies(Operand::weights, kLevel));
    activations(kLevel);
  }

  void matrix(const BlockCensus& blocks, std::int64_t tiles) {
    const auto check = [&](const char* memory, std::int64_t used, std::int64_t available, const char* what) {
      if (used > available) {
        found.push_back(
            fmt::format("the {} of a PE is too small: its tile{} take{} {} {}, it holds {}: {} too many",
                        memory, tiles > 1 ? "s (double buffered)" : "", tiles > 1 ? "" : "s", used, what,
                        available, used - available));
      }
    };
    check("pointer SRAM", tiles * blocks.pointers(), unit().eie->pointer_bytes * 8 / unit().eie->pointer_bits,
          "pointers");
    check("matrix SRAM",
          tiles * static_cast<std::int64_t>(
                      std::ceil(entries_of_fullest(blocks, unit(), problem.shared->pe_density))),
          entry_capacity(accelerator), "entries");
  }

  void activations(std::size_t index) {
    const MemoryLevel& level = accelerator.memory[index];
    const PerDim<std::int64_t> extent = level_extent(mapping, index);
    const bool partial = partial_sums_reach(mapping, problem.shape, index);
    std::int64_t bits = 0;
    for (Operand operand : {Operand::inputs, Operand::outputs}) {
      const std::int64_t tile = tile_bits(operand, problem, unit(), extent, partial);
      bits += (mapping.on_chip[operand] ? 1 : copies(operand, index)) *
              (mapping.on_chip[operand] && operand == Operand::inputs
                   ? std::max(tile, problem.shape.input_count() * problem.input_bits)
                   : tile);
    }
    const std::int64_t bytes = (bits + 7) / 8, available = level.size_bytes - level.weight_bytes;
    if (bytes > available) {
      found.push_back(fmt::format(
          "{} is too small by {} bytes: its tiles of inputs and outputs take {} bytes{}, it holds {}",
          level.name, bytes - available, bytes, level.double_buffered ? " (double buffered)" : "",
          available));
    }
  }
};

}  // namespace

void find_eie_illegalities(const LayerMapping& mapping, const LayerProblem& problem,
                           const Accelerator& accelerator, std::vector<std::string>& found) {
  Checker checker{mapping, problem, accelerator, found};
  checker.weights();
  checker.blocks();
  if (!found.empty()) return;  // the rest counts with sound blocks
  checker.reduction_order();
  checker.memories();
}

}  // namespace heddle::arch
