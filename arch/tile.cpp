// Sizes of tiles: elements and bits of each operand, and what a memory level holds of them.
#include <algorithm>
#include <cmath>

#include "arch/legality.h"
#include "arch/window.h"

namespace heddle::arch {
namespace {

using workload::Dim;
using workload::MacShape;
using workload::Operand;
using workload::PerDim;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

int index_bits(const workload::StructuredSparsity& sparsity) {
  int bits = 0;
  while ((1 << bits) < sparsity.m) ++bits;
  return bits;
}

std::int64_t kept_channels(std::int64_t channels,
                           const std::optional<workload::StructuredSparsity>& sparsity) {
  if (!sparsity) return channels;
  return channels / sparsity->m * sparsity->n + std::min<std::int64_t>(channels % sparsity->m, sparsity->n);
}

std::int64_t effective_lanes(const ArrayUnit& unit, int weight_bits, int input_bits) {
  if (!unit.scalable) return unit.lanes;
  int width = 1;
  while (width < 8 && width < std::min(weight_bits, input_bits)) width *= 2;
  return unit.lanes * (8 / width);
}

bool is_resident(const ArrayUnit& unit, Operand operand) {
  const Registers& registers = unit.registers;
  return registers.shared_bytes || (operand == Operand::weights ? registers.weights : registers.inputs) > 1;
}

bool runs_sparse(const ArrayUnit& unit, const LayerProblem& problem) {
  return unit.sparsity.has_value() && problem.sparsity == unit.sparsity;
}

std::int64_t tile_elements(Operand operand, const MacShape& shape, const PerDim<std::int64_t>& extent) {
  switch (operand) {
    case Operand::weights:
      return extent[Dim::G] * extent[Dim::M] * extent[Dim::C] * extent[Dim::R] * extent[Dim::S];
    case Operand::inputs:
      return extent[Dim::N] * extent[Dim::G] * extent[Dim::C] *
             distinct_positions(extent[Dim::P], extent[Dim::R], shape.stride_h, shape.dilation_h) *
             distinct_positions(extent[Dim::Q], extent[Dim::S], shape.stride_w, shape.dilation_w);
    case Operand::outputs:
      return extent[Dim::N] * extent[Dim::G] * extent[Dim::M] * extent[Dim::P] * extent[Dim::Q];
  }
  return 0;
}

std::int64_t tile_bits(Operand operand, const LayerProblem& problem, const ArrayUnit& unit,
                       PerDim<std::int64_t> extent, bool partial_sums) {
  for (Dim dim : workload::kDims) extent[dim] = std::min(extent[dim], problem.shape.size[dim]);
  switch (operand) {
    case Operand::weights: {
      if (problem.shared) {  // those that are stored, if they lie at random; without padding and pointers
        const double stored =
            static_cast<double>(tile_elements(operand, problem.shape, extent)) * problem.shared->density;
        return std::llround(stored) * (unit.eie->code_bits + unit.eie->index_bits);
      }
      if (!runs_sparse(unit, problem))
        return tile_elements(operand, problem.shape, extent) * problem.weight_bits;
      extent[Dim::C] = kept_channels(extent[Dim::C], problem.sparsity);
      return tile_elements(operand, problem.shape, extent) *
             (problem.weight_bits + index_bits(*problem.sparsity));
    }
    case Operand::inputs:
      return tile_elements(operand, problem.shape, extent) * problem.input_bits;
    case Operand::outputs:
      return tile_elements(operand, problem.shape, extent) *
             (partial_sums ? unit.bits.accumulators : problem.output_bits);
  }
  return 0;
}

bool partial_sums_reach(const LayerMapping& mapping, const MacShape& shape, std::size_t level) {
  std::size_t inner = level + 1;
  while (inner < mapping.memory.size() && !mapping.memory[inner].keep[Operand::outputs]) ++inner;
  PerDim<std::int64_t> covered = level_extent(mapping, inner);
  bool output_loop_inside = false;
  for (std::size_t i = inner; i-- > 0;) {
    const std::vector<Loop>& loops = mapping.memory[i].temporal;
    for (auto loop = loops.rbegin(); loop != loops.rend(); ++loop) {
      const std::int64_t size = shape.size[loop->dim];
      const std::int64_t tile = std::max<std::int64_t>(1, covered[loop->dim]);
      const bool repeats = loop->factor > 1 && tile < size;
      covered[loop->dim] = tile >= size ? tile : tile * std::min(loop->factor, ceil_div(size, tile));
      if (!repeats) continue;
      if (workload::is_reduction(loop->dim) && output_loop_inside) return true;
      output_loop_inside = output_loop_inside || workload::depends_on(Operand::outputs, loop->dim);
    }
  }
  return false;
}

std::int64_t level_bits(const LayerMapping& mapping, const LayerProblem& problem,
                        const Accelerator& accelerator, std::size_t level) {
  const PerDim<std::int64_t> extent = level_extent(mapping, level);
  const int tiles = accelerator.memory[level].double_buffered ? 2 : 1;
  std::int64_t bits = 0;
  for (Operand operand : workload::kOperands) {
    if (!mapping.memory[level].keep[operand]) continue;
    const bool partial = operand == Operand::outputs && partial_sums_reach(mapping, problem.shape, level);
    const std::int64_t tile = tile_bits(operand, problem, accelerator.array, extent, partial);
    if (level != 1 || !mapping.on_chip[operand]) {
      bits += tiles * tile;
    } else if (operand == Operand::inputs) {  // the earlier layer left all of it, read or not
      bits += std::max(tile, problem.shape.input_count() * problem.input_bits);
    } else {
      bits += tile;
    }
  }
  return bits;
}

}  // namespace heddle::arch
