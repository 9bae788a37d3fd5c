// Is a mapping for the eie unit legal exactly up to each limit, and does the message say what is missing?
#include <catch2/catch.hpp>

#include "tests/arch/eie_machine.h"

namespace heddle::arch {
namespace {

using workload::Dim;
using workload::Operand;

std::string complaints(const LayerMapping& mapping, const LayerProblem& problem,
                       const Accelerator& accelerator) {
  std::string all;
  for (const std::string& each : illegalities(mapping, problem, accelerator)) all += each + "\n";
  return all;
}

void check_legal(const LayerMapping& mapping, const LayerProblem& problem = small_eie_layer(),
                 const Accelerator& accelerator = small_eie_machine()) {
  CHECK(complaints(mapping, problem, accelerator).empty());
}

/// Exactly this complaint.
void check_illegal(const std::string& message, const LayerMapping& mapping,
                   const LayerProblem& problem = small_eie_layer(),
                   const Accelerator& accelerator = small_eie_machine()) {
  CHECK(complaints(mapping, problem, accelerator) == message + "\n");
}

TEST_CASE("eie legality: a plain mapping is legal") { check_legal(small_eie_mapping()); }

TEST_CASE("eie legality: weights share the values of a codebook that the unit can index") {
  LayerProblem problem = small_eie_layer();
  problem.shared->code_bits = 3;
  check_legal(small_eie_mapping(), problem);
  problem.shared->code_bits = 5;
  check_illegal("the weights' codebook has indices of 5 bits, the unit's of 4", small_eie_mapping(), problem);
  problem.shared.reset();
  check_illegal(
      "the eie unit takes weights that share the values of a codebook, got others (a product of two "
      "activations has none); expected a recipe with arithmetic: fixed and cluster",
      small_eie_mapping(), problem);
}

TEST_CASE("eie legality: PEs differ in outputs only, and all of them work") {
  LayerMapping mapping = small_eie_mapping();
  mapping.columns = {{Dim::Q, 2}};
  check_illegal(
      "columns cannot run Q 2: the PEs of the eie unit differ in M only\n"
      "registers: a pass covers Q 2; it is one vector, expected loops over Q at a memory level",
      mapping, [] {
        LayerProblem problem = small_eie_layer();
        problem.shape.size[Dim::Q] = problem.shape.input_w = 2;
        return problem;
      }());
  mapping = small_eie_mapping();
  mapping.lanes = {{Dim::C, 2}};
  mapping.registers = {{Dim::C, 4}, {Dim::M, 2}};
  check_illegal("lanes cannot run C 2: the PEs of the eie unit differ in M only", mapping);
  mapping = small_eie_mapping();
  mapping.rows = {{Dim::M, 3}};
  mapping.memory[1].temporal = {{Dim::M, 3}, {Dim::C, 2}};
  check_illegal("rows run M 3: outputs are interleaved over all 4 PEs, expected M 4", mapping);
  LayerProblem narrow = small_eie_layer();
  narrow.shape.size[Dim::M] = 2;  // two PEs have nothing to do, and the axis is as long all the same
  check_legal(small_eie_mapping(), narrow);
}

TEST_CASE("eie legality: a pass is one block times one vector") {
  LayerMapping mapping = small_eie_mapping();
  mapping.registers = {{Dim::C, 8}, {Dim::M, 3}};
  check_illegal("registers: a pass has 12 outputs, the PEs' register files hold 8: 4 too many", mapping);
  mapping = small_eie_mapping();
  mapping.registers = {{Dim::C, 9}, {Dim::M, 2}};
  check_illegal("registers: a pass has 9 inputs, the PEs' register files hold 8: 1 too many", mapping);
  LayerProblem short_layer = small_eie_layer();
  short_layer.shape.size[Dim::C] = 8;  // what the loops run beyond the layer takes no room
  check_legal(mapping, short_layer);

  LayerProblem batch = small_eie_layer();
  batch.shape.size[Dim::N] = 2;
  mapping = small_eie_mapping();
  mapping.registers.push_back({Dim::N, 2});
  check_illegal("registers: a pass covers N 2; it is one vector, expected loops over N at a memory level",
                mapping, batch);
  mapping = small_eie_mapping();
  mapping.memory[1].temporal.push_back({Dim::N, 2});
  check_legal(mapping, batch);
}

/// M 8, C 4, R 2, S 2 under a window that slides over nothing.
LayerProblem convolution() {
  LayerProblem problem = small_eie_layer();
  problem.shape.size[Dim::M] = 8;
  problem.shape.size[Dim::C] = 4;
  problem.shape.size[Dim::R] = problem.shape.size[Dim::S] = 2;
  problem.shape.input_h = problem.shape.input_w = 2;
  return problem;
}

LayerMapping convolving(const std::vector<Loop>& sram, std::vector<Loop> registers) {
  LayerMapping mapping = small_eie_mapping();
  mapping.memory[1].temporal = sram;
  registers.push_back({Dim::M, 2});
  mapping.registers = std::move(registers);
  return mapping;
}

const std::string kOrder =
    "sums saturate, so they grow in the order of channels, kernel rows, kernel columns";

TEST_CASE("eie legality: a pass covers a range of columns that follow one another") {
  check_legal(convolving({{Dim::C, 2}}, {{Dim::C, 2}, {Dim::R, 2}, {Dim::S, 2}}), convolution());
  check_legal(convolving({{Dim::C, 4}, {Dim::R, 2}}, {{Dim::S, 2}}), convolution());
  check_legal(convolving({{Dim::C, 4}}, {{Dim::R, 2}, {Dim::S, 2}}), convolution());
  check_illegal("registers: a pass covers 2 channels but not the whole kernel: " + kOrder +
                    "; expected R 2 and S 2, or one channel",
                convolving({{Dim::C, 2}, {Dim::R, 2}}, {{Dim::C, 2}, {Dim::S, 2}}), convolution());
  check_illegal(
      "registers: a pass covers 2 kernel rows but not all columns: " + kOrder + "; expected S 2, or one row",
      convolving({{Dim::C, 4}, {Dim::S, 2}}, {{Dim::R, 2}}), convolution());
}

TEST_CASE("eie legality: loops over channels are outside those over the kernel") {
  check_legal(convolving({{Dim::C, 4}, {Dim::R, 2}, {Dim::S, 2}}, {}), convolution());
  check_illegal("sram: the loop over R is outside one over C: " + kOrder,
                convolving({{Dim::R, 2}, {Dim::C, 4}}, {{Dim::S, 2}}), convolution());
  // Across the levels, too; and a loop of one iteration has no say.
  LayerMapping mapping = convolving({{Dim::C, 4}, {Dim::R, 1}}, {{Dim::S, 2}});
  mapping.memory[0].temporal = {{Dim::R, 2}};
  check_illegal("dram: the loop over R is outside one over C: " + kOrder, mapping, convolution());
  // Loops over outputs may stand anywhere.
  LayerProblem wide = convolution();
  wide.shape.size[Dim::M] = 16;
  wide.shape.size[Dim::N] = 3;
  check_legal(convolving({{Dim::C, 4}, {Dim::N, 3}, {Dim::R, 2}, {Dim::M, 2}}, {{Dim::S, 2}}), wide);
}

TEST_CASE("eie legality: the PEs work from their memories") {
  for (Operand operand : workload::kOperands) {
    LayerMapping mapping = small_eie_mapping();
    mapping.memory[1].keep[operand] = false;
    check_illegal("sram must keep " + std::string(name(operand)) + ": the PEs work from it", mapping);
  }
}

TEST_CASE("eie legality: a pointer SRAM holds the pointers of a tile, or of two") {
  // Two blocks of rows by two of 8 columns: 2 x 2 x (8 + 1) pointers of 2 bytes.
  Accelerator machine = small_eie_machine();
  machine.array.eie->pointer_bytes = 72;
  check_legal(small_eie_mapping(), small_eie_layer(), machine);
  machine.array.eie->pointer_bytes = 70;
  check_illegal("the pointer SRAM of a PE is too small: its tile takes 36 pointers, it holds 35: 1 too many",
                small_eie_mapping(), small_eie_layer(), machine);
  machine.memory[1].double_buffered = true;  // there is no second tile
  check_illegal("the pointer SRAM of a PE is too small: its tile takes 36 pointers, it holds 35: 1 too many",
                small_eie_mapping(), small_eie_layer(), machine);
  LayerMapping mapping = small_eie_mapping();
  mapping.memory[0].temporal = {{Dim::M, 2}};  // two tiles of 18
  mapping.memory[1].temporal = {{Dim::C, 2}};
  check_illegal(
      "the pointer SRAM of a PE is too small: its tiles (double buffered) take 36 pointers, it holds 35: 1 "
      "too "
      "many",
      mapping, small_eie_layer(), machine);
  machine.memory[1].double_buffered = false;
  check_legal(mapping, small_eie_layer(), machine);
}

TEST_CASE("eie legality: a matrix SRAM holds the entries of a tile, or of two") {
  // 16 x 16 weights over 4 PEs: 64 entries of a byte in words of 8.
  Accelerator machine = small_eie_machine();
  const auto weights = [&](std::int64_t bytes_a_pe) {
    machine.memory[1].weight_bytes = 4 * bytes_a_pe;
    machine.memory[1].size_bytes = 4 * bytes_a_pe + 1024;
  };
  weights(64);
  check_legal(small_eie_mapping(), small_eie_layer(), machine);
  weights(63);  // 7 whole words
  check_illegal("the matrix SRAM of a PE is too small: its tile takes 64 entries, it holds 56: 8 too many",
                small_eie_mapping(), small_eie_layer(), machine);
  LayerMapping mapping = small_eie_mapping();
  mapping.memory[0].temporal = {{Dim::M, 2}};  // two tiles of 32
  mapping.memory[1].temporal = {{Dim::C, 2}};
  check_legal(mapping, small_eie_layer(), machine);
  machine.memory[1].double_buffered = true;
  check_illegal(
      "the matrix SRAM of a PE is too small: its tiles (double buffered) take 64 entries, it holds 56: 8 too "
      "many",
      mapping, small_eie_layer(), machine);
  // Sparser weights take less: of 16 columns of 4 rows at density 1/4, 16 entries and five times their root.
  LayerProblem pruned = small_eie_layer();
  pruned.shared->density = pruned.shared->pe_density = 0.25;
  weights(40);
  check_legal(small_eie_mapping(), pruned, machine);
  weights(32);
  check_illegal("the matrix SRAM of a PE is too small: its tile takes 36 entries, it holds 32: 4 too many",
                small_eie_mapping(), pruned, machine);
}

TEST_CASE("eie legality: the activation SRAMs hold tiles of inputs and outputs") {
  // 16 inputs and 16 outputs of 2 bytes, whole: one tile of each.
  Accelerator machine = small_eie_machine();
  machine.memory[1].double_buffered = true;
  machine.memory[1].size_bytes = 4096 + 64;
  check_legal(small_eie_mapping(), small_eie_layer(), machine);
  machine.memory[1].size_bytes = 4096 + 63;
  check_illegal(
      "sram is too small by 1 bytes: its tiles of inputs and outputs take 64 bytes (double buffered), "
      "it holds 63",
      small_eie_mapping(), small_eie_layer(), machine);
  LayerProblem batch = small_eie_layer();
  batch.shape.size[Dim::N] = 2;
  LayerMapping mapping = small_eie_mapping();
  mapping.memory[0].temporal = {{Dim::N, 2}};  // the next input arrives beside the last one
  machine.memory[1].size_bytes = 4096 + 128;
  check_legal(mapping, batch, machine);
  machine.memory[1].size_bytes = 4096 + 127;
  check_illegal(
      "sram is too small by 1 bytes: its tiles of inputs and outputs take 128 bytes (double "
      "buffered), it holds 127",
      mapping, batch, machine);
}

TEST_CASE("eie legality: weights stay on chip when their tile is all of them") {
  LayerMapping mapping = small_eie_mapping();
  mapping.on_chip[Operand::weights] = true;
  check_legal(mapping);
  mapping.memory[0].temporal = {{Dim::M, 2}};
  mapping.memory[1].temporal = {{Dim::C, 2}};
  check_illegal("weights stay on chip, so sram must hold them whole: its tile covers 8 of 16 in M", mapping);
}

}  // namespace
}  // namespace heddle::arch
