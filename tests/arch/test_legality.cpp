// Is a mapping legal exactly up to each limit, and does the message say by how much it is not?
#include <catch2/catch.hpp>

#include "arch/legality.h"

namespace heddle::arch {
namespace {

using workload::Dim;
using workload::Operand;
using workload::StructuredSparsity;

/// 4 x 4 PEs of 4 lanes, one 1024-byte buffer.
Accelerator small_accelerator() {
  Accelerator accelerator;
  accelerator.name = "small";
  accelerator.array.rows = 4;
  accelerator.array.columns = 4;
  accelerator.array.lanes = 4;
  accelerator.array.registers = {1, 1, 8, std::nullopt};
  MemoryLevel dram;
  dram.name = "dram";
  dram.kind = MemoryLevel::Kind::dram;
  MemoryLevel buffer;
  buffer.name = "buffer";
  buffer.size_bytes = 1024;
  accelerator.memory = {dram, buffer};
  return accelerator;
}

/// M 16, C 16, Q 8.
LayerProblem small_layer() {
  LayerProblem problem;
  problem.name = "layer";
  problem.shape.size[Dim::M] = 16;
  problem.shape.size[Dim::C] = 16;
  problem.shape.size[Dim::Q] = 8;
  problem.shape.input_w = 8;
  return problem;
}

/// Covers that layer: M 4 x 4, Q 4 x 2, C 4 x 4.
LayerMapping small_mapping() {
  LayerMapping mapping;
  mapping.layer = "layer";
  mapping.memory.resize(2);
  for (LevelMapping& level : mapping.memory) {
    for (Operand operand : workload::kOperands) level.keep[operand] = true;
  }
  mapping.memory[0].temporal = {{Dim::M, 4}};
  mapping.memory[1].temporal = {{Dim::Q, 2}};
  mapping.rows = {{Dim::M, 4}};
  mapping.columns = {{Dim::Q, 4}};
  mapping.lanes = {{Dim::C, 4}};
  mapping.registers = {{Dim::C, 4}};
  return mapping;
}

void check_illegal(const LayerMapping& mapping, const LayerProblem& problem, const Accelerator& accelerator,
                   const std::string& message) {
  std::string all;
  for (const std::string& each : illegalities(mapping, problem, accelerator)) all += each + "\n";
  CHECK_THAT(all, Catch::Contains(message));
}

void check_legal(const LayerMapping& mapping, const LayerProblem& problem, const Accelerator& accelerator) {
  for (const std::string& each : illegalities(mapping, problem, accelerator)) {
    INFO(each);
    CHECK(each.empty());
  }
}

TEST_CASE("legality: a plain mapping is legal") {
  check_legal(small_mapping(), small_layer(), small_accelerator());
}

TEST_CASE("legality: each axis takes its own dimensions") {
  LayerMapping mapping = small_mapping();
  mapping.rows = {{Dim::Q, 4}};
  check_illegal(mapping, small_layer(), small_accelerator(), "rows cannot run Q 4");
  mapping = small_mapping();
  mapping.columns = {{Dim::G, 2}};
  check_illegal(mapping, small_layer(), small_accelerator(), "columns cannot run G 2");
  mapping = small_mapping();
  mapping.lanes = {{Dim::M, 2}};
  check_illegal(mapping, small_layer(), small_accelerator(), "lanes cannot run M 2");
  mapping = small_mapping();
  mapping.columns = {{Dim::Q, 2}, {Dim::Q, 2}};
  check_illegal(mapping, small_layer(), small_accelerator(), "columns name Q twice");
}

TEST_CASE("legality: axes are as long as the array") {
  LayerMapping mapping = small_mapping();
  mapping.rows = {{Dim::M, 5}};
  check_illegal(mapping, small_layer(), small_accelerator(), "rows take 5 rows, the array has 4: 1 too many");
  mapping = small_mapping();
  mapping.columns = {{Dim::Q, 2}, {Dim::P, 2}};
  check_illegal(mapping, small_layer(), small_accelerator(), "the loops over Q cover 4 of 8: 4 missing");
  mapping.columns = {{Dim::Q, 4}, {Dim::P, 2}};
  check_illegal(mapping, small_layer(), small_accelerator(), "columns take 8 columns");
  mapping = small_mapping();
  mapping.lanes = {{Dim::C, 4}, {Dim::R, 2}};
  check_illegal(mapping, small_layer(), small_accelerator(), "lanes take 8 lanes, the array has 4");
}

TEST_CASE("legality: factors need not divide, but must cover") {
  LayerProblem problem = small_layer();
  problem.shape.size[Dim::M] = 13;  // 4 tiles of 4, the last of 1
  check_legal(small_mapping(), problem, small_accelerator());
  problem.shape.size[Dim::M] = 17;
  check_illegal(small_mapping(), problem, small_accelerator(), "the loops over M cover 16 of 17: 1 missing");
}

TEST_CASE("legality: a factor below one is refused before anything is counted with it") {
  LayerMapping mapping = small_mapping();
  mapping.memory[1].temporal.push_back({Dim::P, 0});
  CHECK(illegalities(mapping, small_layer(), small_accelerator()) ==
        std::vector<std::string>{"buffer: the loop P 0 has no iterations, expected a factor of at least 1"});
}

TEST_CASE("legality: n:m weights take whole groups of channels") {
  Accelerator accelerator = small_accelerator();
  accelerator.array.sparsity = StructuredSparsity{2, 4};
  LayerProblem problem = small_layer();
  problem.sparsity = StructuredSparsity{2, 4};
  LayerMapping mapping = small_mapping();
  mapping.lanes = {{Dim::C, 8}};  // 4 kept weights: all lanes
  mapping.registers = {{Dim::C, 2}};
  check_legal(mapping, problem, accelerator);
  mapping.lanes = {{Dim::C, 12}};  // 6 kept
  check_illegal(mapping, problem, accelerator, "lanes take 6 lanes, the array has 4: 2 too many");
  mapping.lanes = {{Dim::C, 6}};  // 2 + 2 kept fit, but the next step would begin inside a group
  mapping.registers = {{Dim::C, 3}};
  check_illegal(mapping, problem, accelerator, "need a multiple of 4, or all 16 channels");
  problem.shape.size[Dim::C] = 6;  // all of them: there is no next step
  check_legal(mapping, problem, accelerator);
  // Kernel positions share the lanes: 4 channels keep 2, so two positions fit and three do not.
  problem = small_layer();
  problem.sparsity = StructuredSparsity{2, 4};
  mapping.registers = {{Dim::C, 4}};
  mapping.lanes = {{Dim::C, 4}, {Dim::S, 2}};
  check_legal(mapping, problem, accelerator);
  mapping.lanes = {{Dim::C, 4}, {Dim::S, 3}};
  check_illegal(mapping, problem, accelerator, "lanes take 6 lanes");
}

TEST_CASE("legality: dense weights on an n:m unit use its lanes densely") {
  Accelerator accelerator = small_accelerator();
  accelerator.array.sparsity = StructuredSparsity{2, 4};
  LayerMapping mapping = small_mapping();
  mapping.lanes = {{Dim::C, 3}};  // no group to respect
  mapping.registers = {{Dim::C, 6}};
  check_legal(mapping, small_layer(), accelerator);
  mapping.lanes = {{Dim::C, 8}};
  check_illegal(mapping, small_layer(), accelerator, "lanes take 8 lanes, the array has 4");
}

TEST_CASE("legality: a scalable unit has more lanes for narrow operands") {
  Accelerator accelerator = small_accelerator();
  accelerator.array.scalable = true;
  LayerMapping mapping = small_mapping();
  mapping.lanes = {{Dim::C, 8}};
  mapping.registers = {{Dim::C, 2}};
  check_illegal(mapping, small_layer(), accelerator, "lanes take 8 lanes, the array has 4");
  LayerProblem narrow = small_layer();
  narrow.weight_bits = 4;
  check_legal(mapping, narrow, accelerator);
}

TEST_CASE("legality: accumulators are counted over the output loops of a pass") {
  LayerMapping mapping = small_mapping();
  mapping.registers = {{Dim::C, 4}, {Dim::M, 4}, {Dim::Q, 2}};  // 8 accumulators; the reduction needs none
  mapping.memory[0].temporal = {};
  mapping.memory[1].temporal = {};
  check_legal(mapping, small_layer(), small_accelerator());
  mapping.registers.push_back({Dim::P, 2});
  check_illegal(mapping, small_layer(), small_accelerator(),
                "a pass needs 16 accumulators, a PE has 8: 8 too many");
}

TEST_CASE("legality: single operand registers stream, several are resident") {
  Accelerator accelerator = small_accelerator();
  LayerMapping mapping = small_mapping();
  mapping.registers = {{Dim::C, 4}, {Dim::M, 4}};  // 16 weight vectors, 4 input vectors
  mapping.memory[0].temporal = {};
  check_legal(mapping, small_layer(), accelerator);
  accelerator.array.registers.weights = 16;
  check_legal(mapping, small_layer(), accelerator);
  accelerator.array.registers.weights = 15;
  check_illegal(mapping, small_layer(), accelerator,
                "a pass needs 16 weight vectors, a PE has 15: 1 too many");
  accelerator.array.registers.weights = 1;
  accelerator.array.registers.inputs = 4;
  check_legal(mapping, small_layer(), accelerator);
  accelerator.array.registers.inputs = 3;
  check_illegal(mapping, small_layer(), accelerator, "a pass needs 4 input vectors, a PE has 3: 1 too many");
}

TEST_CASE("legality: shared registers hold operands and accumulators together") {
  Accelerator accelerator = small_accelerator();
  LayerMapping mapping = small_mapping();
  mapping.registers = {{Dim::C, 4}, {Dim::M, 4}};
  mapping.memory[0].temporal = {};
  // 16 weight vectors and 4 input vectors of 4 bytes, 4 accumulators of 4 bytes: 64 + 16 + 16.
  accelerator.array.registers.shared_bytes = 96;
  check_legal(mapping, small_layer(), accelerator);
  accelerator.array.registers.shared_bytes = 95;
  check_illegal(mapping, small_layer(), accelerator, "hold 95: 1 bytes too many");
}

TEST_CASE("legality: a buffer holds the tiles of one iteration, or of two") {
  // The buffer's tile: M 4, C 16, Q 8. Weights 64, inputs 128, outputs 32 bytes.
  Accelerator accelerator = small_accelerator();
  const LayerProblem problem = small_layer();
  const LayerMapping mapping = small_mapping();
  CHECK(level_bits(mapping, problem, accelerator, 1) == (64 + 128 + 32) * 8);
  accelerator.memory[1].size_bytes = 224;
  check_legal(mapping, problem, accelerator);
  accelerator.memory[1].size_bytes = 223;
  check_illegal(mapping, problem, accelerator,
                "buffer is too small by 1 bytes: its tiles take 224 bytes, it holds 223");
  accelerator.memory[1].size_bytes = 448;
  accelerator.memory[1].double_buffered = true;
  check_legal(mapping, problem, accelerator);
  accelerator.memory[1].size_bytes = 440;
  check_illegal(mapping, problem, accelerator,
                "buffer is too small by 8 bytes: its tiles take 448 bytes (double buffered), it holds 440");
}

TEST_CASE("legality: a tensor that bypasses a buffer takes no room in it") {
  Accelerator accelerator = small_accelerator();
  accelerator.memory[1].size_bytes = 96;
  LayerMapping mapping = small_mapping();
  check_illegal(mapping, small_layer(), accelerator, "too small by 128 bytes");
  mapping.memory[1].keep[Operand::inputs] = false;
  check_legal(mapping, small_layer(), accelerator);
  mapping.memory[0].keep[Operand::inputs] = false;
  check_illegal(mapping, small_layer(), accelerator, "dram must keep inputs");
}

TEST_CASE("legality: unfinished outputs take accumulator width") {
  // As before, with the reduction split outside Q: outputs grow from 32 to 128 bytes, inputs and weights
  // shrink to a quarter.
  Accelerator accelerator = small_accelerator();
  LayerMapping mapping = small_mapping();
  mapping.memory[0].temporal = {{Dim::M, 4}, {Dim::C, 4}};
  mapping.registers = {};
  CHECK(level_bits(mapping, small_layer(), accelerator, 1) == (16 + 32 + 128) * 8);
  accelerator.memory[1].size_bytes = 175;
  check_illegal(mapping, small_layer(), accelerator, "too small by 1 bytes");
}

LayerMapping staying(std::initializer_list<Operand> operands) {
  LayerMapping mapping = small_mapping();
  for (Operand operand : operands) mapping.on_chip[operand] = true;
  return mapping;
}

TEST_CASE("legality: what stays on chip is whole in the first buffer") {
  const Accelerator accelerator = small_accelerator();
  const LayerProblem problem = small_layer();
  check_legal(staying({Operand::inputs}), problem, accelerator);  // the DRAM's loop over M does not cut them
  check_illegal(staying({Operand::outputs}), problem, accelerator,
                "outputs stay on chip, so buffer must hold them whole: its tile covers 4 of 16 in M");
  check_illegal(staying({Operand::weights}), problem, accelerator, "weights cannot stay on chip");

  LayerMapping mapping = staying({Operand::inputs, Operand::outputs});
  mapping.memory[1].temporal = {{Dim::Q, 2}, {Dim::M, 4}};
  mapping.memory[0].temporal = {{Dim::M, 4}};  // has nothing left to run
  check_legal(mapping, problem, accelerator);
  mapping.memory[0].temporal = {{Dim::C, 4}};
  mapping.registers = {};
  check_illegal(mapping, problem, accelerator,
                "inputs stay on chip, so buffer must hold them whole: its tile covers 4 of 16 in C");
  mapping.on_chip[Operand::inputs] = false;  // partial sums are at home in the buffer
  check_legal(mapping, problem, accelerator);
  mapping.memory[1].keep[Operand::outputs] = false;
  check_illegal(mapping, problem, accelerator, "buffer must keep outputs, which stay on chip");
}

TEST_CASE("legality: without a buffer nothing stays on chip") {
  Accelerator accelerator = small_accelerator();
  accelerator.memory.pop_back();
  LayerMapping mapping = staying({Operand::inputs, Operand::outputs});
  mapping.memory.pop_back();
  mapping.memory[0].temporal = {{Dim::M, 4}, {Dim::Q, 2}};
  check_illegal(mapping, small_layer(), accelerator,
                "small has no memory inside dram in which inputs and outputs could stay");
  mapping.on_chip = {};
  check_legal(mapping, small_layer(), accelerator);
}

TEST_CASE("legality: what stays on chip is held once even where tiles are held twice") {
  // Weights 64, inputs 128, outputs 32 bytes; the inputs are the whole tensor.
  Accelerator accelerator = small_accelerator();
  accelerator.memory[1].double_buffered = true;
  const LayerMapping mapping = staying({Operand::inputs});
  CHECK(level_bits(mapping, small_layer(), accelerator, 1) == (2 * 64 + 128 + 2 * 32) * 8);
  accelerator.memory[1].size_bytes = 320;
  check_legal(mapping, small_layer(), accelerator);
  accelerator.memory[1].size_bytes = 319;
  check_illegal(mapping, small_layer(), accelerator,
                "too small by 1 bytes: its tiles take 320 bytes (double buffered, but inputs on chip once)");
  check_illegal(small_mapping(), small_layer(), accelerator,
                "take 448 bytes (double buffered), it holds 319");
}

TEST_CASE("legality: inputs on chip take the whole tensor whether windows touch it or not") {
  // A stride of 2 reads 8 of 15 columns. The tensor is C 16 x 15, a tile fetched from outside C 16 x 8.
  LayerProblem problem = small_layer();
  problem.shape.stride_w = 2;
  problem.shape.input_w = 15;
  CHECK(level_bits(small_mapping(), problem, small_accelerator(), 1) == (64 + 16 * 8 + 32) * 8);
  CHECK(level_bits(staying({Operand::inputs}), problem, small_accelerator(), 1) == (64 + 16 * 15 + 32) * 8);
}

TEST_CASE("legality: encoded weights take less room") {
  Accelerator accelerator = small_accelerator();
  accelerator.array.sparsity = StructuredSparsity{2, 4};
  LayerProblem problem = small_layer();
  problem.sparsity = StructuredSparsity{2, 4};
  // M 4, C 16: 8 kept a row, 10 bits each.
  CHECK(level_bits(small_mapping(), problem, accelerator, 1) == 4 * 8 * 10 + (128 + 32) * 8);
}

TEST_CASE("legality: operands must fit the datapath, and the mapping the hierarchy") {
  LayerProblem problem = small_layer();
  problem.weight_bits = 9;
  check_illegal(small_mapping(), problem, small_accelerator(),
                "weights of 9 bits do not fit the array's 8-bit weights");
  LayerMapping mapping = small_mapping();
  mapping.memory.pop_back();
  check_illegal(mapping, small_layer(), small_accelerator(), "the mapping has 1 memory levels, small has 2");
}

TEST_CASE("legality: absurd factors are refused, not overflowed") {
  LayerMapping mapping = small_mapping();
  for (int i = 0; i < 8; ++i) mapping.registers.push_back({Dim::M, std::int64_t{1} << 31});
  check_illegal(mapping, small_layer(), small_accelerator(), "accumulators");
}

}  // namespace
}  // namespace heddle::arch
