// Are tile sizes what one counts by hand (or by a plain loop)?
#include <catch2/catch.hpp>
#include <set>

#include "arch/legality.h"

namespace heddle::arch {
namespace {

using workload::Dim;
using workload::Operand;
using workload::PerDim;
using workload::StructuredSparsity;

TEST_CASE("tile: an index names one of m positions") {
  CHECK(index_bits({1, 2}) == 1);
  CHECK(index_bits({2, 4}) == 2);
  CHECK(index_bits({1, 5}) == 3);
  CHECK(index_bits({4, 8}) == 3);
  CHECK(index_bits({2, 16}) == 4);
}

TEST_CASE("tile: kept channels are n of each full group and at most n of the rest") {
  for (const StructuredSparsity sparsity : {StructuredSparsity{1, 2}, {2, 4}, {3, 4}, {1, 4}, {2, 5}}) {
    for (std::int64_t channels = 0; channels <= 40; ++channels) {
      std::int64_t expected = 0;
      for (std::int64_t c = 0; c < channels; ++c)
        expected += c % sparsity.m < sparsity.n ? 1 : 0;  // the first n of a group
      CHECK(kept_channels(channels, sparsity) == expected);
    }
  }
  CHECK(kept_channels(37, std::nullopt) == 37);
}

TEST_CASE("tile: inputs are the distinct rows and columns under the window") {
  workload::MacShape shape;
  for (std::int64_t stride = 1; stride <= 5; ++stride) {
    for (std::int64_t dilation = 1; dilation <= 4; ++dilation) {
      for (std::int64_t p = 1; p <= 7; ++p) {
        for (std::int64_t r = 1; r <= 7; ++r) {
          std::set<std::int64_t> rows;
          for (std::int64_t i = 0; i < p; ++i) {
            for (std::int64_t j = 0; j < r; ++j) rows.insert(i * stride + j * dilation);
          }
          shape.stride_h = stride;
          shape.dilation_h = dilation;
          PerDim<std::int64_t> extent(1);
          extent[Dim::P] = p;
          extent[Dim::R] = r;
          extent[Dim::C] = 3;
          CHECK(tile_elements(Operand::inputs, shape, extent) == 3 * static_cast<std::int64_t>(rows.size()));
        }
      }
    }
  }
}

TEST_CASE("tile: operands count the dimensions that they depend on") {
  const workload::MacShape shape;
  PerDim<std::int64_t> extent;
  extent[Dim::N] = 2;
  extent[Dim::G] = 3;
  extent[Dim::M] = 5;
  extent[Dim::C] = 7;
  extent[Dim::P] = 11;
  extent[Dim::Q] = 13;
  extent[Dim::R] = 3;
  extent[Dim::S] = 2;
  CHECK(tile_elements(Operand::weights, shape, extent) == 3 * 5 * 7 * 3 * 2);
  CHECK(tile_elements(Operand::outputs, shape, extent) == 2 * 3 * 5 * 11 * 13);
  CHECK(tile_elements(Operand::inputs, shape, extent) == 2 * 3 * 7 * (11 + 3 - 1) * (13 + 2 - 1));
}

TEST_CASE("tile: bits as memories hold them, clipped to the layer") {
  LayerProblem problem;
  problem.shape.size[Dim::M] = 6;
  problem.shape.size[Dim::C] = 10;
  problem.shape.size[Dim::Q] = 5;
  problem.weight_bits = 4;
  problem.input_bits = 8;
  problem.output_bits = 7;
  problem.sparsity = StructuredSparsity{2, 4};
  ArrayUnit unit;
  unit.lanes = 4;
  PerDim<std::int64_t> extent(100);
  const auto dense = tile_bits(Operand::weights, problem, unit, extent, false);
  CHECK(dense == 6 * 10 * 4);  // a dense unit cannot decode: all weights are stored
  unit.sparsity = StructuredSparsity{1, 4};
  CHECK(tile_bits(Operand::weights, problem, unit, extent, false) == dense);  // nor can one of another n:m
  unit.sparsity = problem.sparsity;
  CHECK(tile_bits(Operand::weights, problem, unit, extent, false) == 6 * (2 + 2 + 2) * (4 + 2));
  CHECK(tile_bits(Operand::inputs, problem, unit, extent, false) == 10 * 5 * 8);
  CHECK(tile_bits(Operand::outputs, problem, unit, extent, false) == 6 * 5 * 7);
  CHECK(tile_bits(Operand::outputs, problem, unit, extent, true) == 6 * 5 * 32);
}

TEST_CASE("tile: narrow operands multiply the lanes of a scalable unit") {
  ArrayUnit unit;
  unit.lanes = 6;
  CHECK(effective_lanes(unit, 2, 8) == 6);
  unit.scalable = true;
  CHECK(effective_lanes(unit, 8, 8) == 6);
  CHECK(effective_lanes(unit, 5, 8) == 6);
  CHECK(effective_lanes(unit, 4, 8) == 12);
  CHECK(effective_lanes(unit, 8, 3) == 12);
  CHECK(effective_lanes(unit, 2, 2) == 24);
  CHECK(effective_lanes(unit, 1, 1) == 48);
}

LayerMapping levels(const std::vector<std::vector<Loop>>& loops) {
  LayerMapping mapping;
  for (const auto& temporal : loops) {
    LevelMapping level{temporal, {}};
    for (Operand operand : workload::kOperands) level.keep[operand] = true;
    mapping.memory.push_back(level);
  }
  return mapping;
}

TEST_CASE("tile: partial sums reach a memory when the reduction goes on after other outputs") {
  workload::MacShape shape;
  shape.size[Dim::M] = 8;
  shape.size[Dim::C] = 8;
  // Reduction innermost: each output is finished in the array.
  CHECK_FALSE(partial_sums_reach(levels({{{Dim::M, 8}}, {{Dim::C, 8}}}), shape, 1));
  CHECK_FALSE(partial_sums_reach(levels({{{Dim::M, 8}, {Dim::C, 8}}, {}}), shape, 1));
  // Reduction outside outputs, within one level and across two.
  CHECK(partial_sums_reach(levels({{}, {{Dim::C, 8}, {Dim::M, 8}}}), shape, 1));
  CHECK(partial_sums_reach(levels({{{Dim::C, 8}}, {{Dim::M, 8}}}), shape, 1));
  // A loop that never repeats does not count: factor 1, or all covered inside.
  CHECK_FALSE(partial_sums_reach(levels({{{Dim::C, 1}}, {{Dim::M, 8}, {Dim::C, 8}}}), shape, 1));
  CHECK_FALSE(partial_sums_reach(levels({{{Dim::C, 4}}, {{Dim::M, 8}, {Dim::C, 8}}}), shape, 1));
  // Three levels: the inner one gathers what the outer one's order breaks up, unless outputs bypass it.
  LayerMapping three = levels({{}, {{Dim::C, 8}}, {{Dim::M, 8}}});
  CHECK(partial_sums_reach(three, shape, 2));
  CHECK_FALSE(partial_sums_reach(three, shape, 1));
  three.memory[2].keep[Operand::outputs] = false;
  CHECK(partial_sums_reach(three, shape, 1));
}

}  // namespace
}  // namespace heddle::arch
