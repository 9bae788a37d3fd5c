// Do the descriptions carry the figures that one works out by hand?
#include "arch/describe.h"
#include "tests/arch/files.h"

namespace heddle::arch {
namespace {

using workload::Dim;

const std::filesystem::path kConfigs = std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs";

TEST_CASE("describe: an accelerator's peak rate, port balance and capacities") {
  const std::string text = describe(read_accelerator(kConfigs / "accelerators" / "nm-16x16.yaml"));
  // 16 x 16 x 8 multiplies at 800 MHz; twice as many dense-equivalent ones with 2:4.
  CHECK_THAT(text, Catch::Contains("1638 GMAC/s (2048 multiplies a cycle), 3277 dense-equivalent"));
  // 16 rows x 8 weights x 10 bits = 160 bytes through 64; 16 columns x 16 inputs = 256 bytes through 64.
  CHECK_THAT(text, Catch::Contains("160 B a step, port 64 B/cycle: 3 cycles"));
  CHECK_THAT(text, Catch::Contains("256 B a step, port 64 B/cycle: 4 cycles"));
  CHECK_THAT(text, Catch::Contains("4096 accumulators a bank, port 16 results/cycle: drained in 256 cycles"));
  CHECK_THAT(text, Catch::Contains("512 KiB"));
  CHECK_THAT(text, Catch::Contains("12.8 GB/s"));
}

TEST_CASE("describe: an energy table's operations and accesses") {
  const EnergyTable table = read_energy_table(kConfigs / "energy" / "han2015-45nm.yaml");
  CHECK_THAT(describe(table), Catch::Contains("sram 32 KiB"));
  CHECK_THAT(describe(table), Catch::Contains("640"));
  CHECK_THAT(describe(table), Catch::Contains("0.775"));  // 3.1 * 8 / 32
  const Accelerator accelerator = read_accelerator(kConfigs / "accelerators" / "nm-16x16.yaml");
  CHECK_THAT(describe(table, &accelerator),
             Catch::Contains("buffer (512 KiB)               20"));  // 5 * sqrt(16)
}

TEST_CASE("describe: a mapping is an indented loop nest with the tile of each level") {
  Accelerator accelerator = read_accelerator(kConfigs / "accelerators" / "dense-8x8.yaml");
  LayerMapping mapping;
  mapping.layer = "conv2";
  mapping.memory.resize(2);
  for (LevelMapping& level : mapping.memory) {
    for (workload::Operand operand : workload::kOperands) level.keep[operand] = true;
  }
  mapping.memory[0].temporal = {{Dim::C, 2}};
  mapping.memory[1].temporal = {{Dim::M, 4}};
  mapping.rows = {{Dim::M, 8}};
  mapping.registers = {{Dim::C, 5}};
  LayerProblem problem;
  problem.shape.size[Dim::M] = 30;
  problem.shape.size[Dim::C] = 10;
  const std::string text = describe(mapping, accelerator, &problem);
  CHECK_THAT(text, Catch::Contains("mapping of conv2\n  [dram] tile M=30 C=10"));
  CHECK_THAT(text, Catch::Contains("\n  for C in 2\n    [buffer] tile M=30 C=5; holds weights 150 B, inputs "
                                   "5 B, outputs 120 B (partial sums)"));
  CHECK_THAT(
      text,
      Catch::Contains(
          "\n    for M in 4\n      [registers] pass M=8 C=5\n      for C in 5\n        [array] rows M 8\n"));
  mapping.columns = {{Dim::P, 4}, {Dim::Q, 2}};
  mapping.lanes = {{Dim::C, 1}};
  CHECK_THAT(
      describe_nest(mapping, accelerator),
      Catch::StartsWith("  [dram]") && Catch::EndsWith("[array] rows M 8; columns P 4, Q 2; lanes C 1\n"));
  mapping.rows = mapping.columns = mapping.lanes = {};
  CHECK_THAT(describe(mapping, accelerator), Catch::EndsWith("[array] one product a step\n"));
  mapping.rows = {{Dim::M, 8}};
  CHECK_THAT(describe(mapping, accelerator),
             Catch::Contains("[buffer] tile M=32 C=5; holds weights, inputs, outputs"));
  mapping.on_chip[workload::Operand::outputs] = true;
  CHECK_THAT(describe(mapping, accelerator),
             Catch::Contains("mapping of conv2\n  outputs stay in buffer\n  [dram]"));
}

}  // namespace
}  // namespace heddle::arch
