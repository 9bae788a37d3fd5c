// Do the tables say what their sources say, and is energy counts times table?
#include <cmath>

#include "arch/energy.h"
#include "tests/arch/files.h"

namespace heddle::arch {
namespace {

using workload::Operand;

EnergyTable shipped(const std::string& name) {
  return read_energy_table(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs" / "energy" /
                           (name + ".yaml"));
}

constexpr double kKiB = 1024, kMiB = 1024 * 1024;

TEST_CASE("energy: han2015-45nm is the published table") {
  const EnergyTable table = shipped("han2015-45nm");
  CHECK(table.name == "han2015-45nm");
  CHECK_THAT(table.source, Catch::Contains("Han"));
  CHECK(table.add(32) == 0.1);
  CHECK(table.multiply(32, 32) == 3.1);
  CHECK(table.register_access(32) == 1);
  CHECK(table.sram_access(32, 32 * kKiB) == 5);
  CHECK(table.dram_access(32) == 640);
  CHECK(table.cycle_pj == 0);
}

TEST_CASE("energy: horowitz-45nm and jouppi-7nm are the published tables") {
  const EnergyTable old = shipped("horowitz-45nm");
  CHECK(old.add(8) == 0.03);
  CHECK(old.add(32) == 0.1);
  CHECK(old.multiply(8, 8) == 0.2);
  CHECK(old.multiply(32, 32) == 3.1);
  CHECK(old.sram_access(64, 8 * kKiB) == 10);
  CHECK(old.sram_access(64, 32 * kKiB) == 20);
  CHECK(old.sram_access(64, kMiB) == 100);
  CHECK(old.dram_access(64) == 1300);
  const EnergyTable recent = shipped("jouppi-7nm");
  CHECK(recent.add(8) == 0.007);
  CHECK(recent.add(32) == 0.03);
  CHECK(recent.multiply(8, 8) == 0.07);
  CHECK(recent.multiply(32, 32) == 1.48);
  CHECK(recent.sram_access(64, 8 * kKiB) == 7.5);
  CHECK(recent.sram_access(64, 32 * kKiB) == 8.5);
  CHECK(recent.sram_access(64, kMiB) == 14);
  CHECK(recent.dram_access(64) == 1300);
}

TEST_CASE("energy: widths between and beyond the rows") {
  const EnergyTable one_row = shipped("han2015-45nm");
  CHECK(one_row.add(8) == Approx(0.1 * 8 / 32));
  CHECK(one_row.add(64) == Approx(0.2));
  CHECK(one_row.multiply(8, 8) == Approx(3.1 * 8 / 32));
  const EnergyTable two_rows = shipped("horowitz-45nm");
  CHECK(two_rows.add(16) == Approx(0.03 + (0.1 - 0.03) * (16 - 8) / (32 - 8)));
  CHECK(two_rows.add(4) == Approx(0.03 / 2));
  CHECK(two_rows.add(48) == Approx(0.15));
  CHECK(two_rows.multiply(16, 16) == Approx(0.2 + (3.1 - 0.2) * (16 - 8) / (32 - 8)));
  CHECK(two_rows.multiply(4, 8) == Approx(0.2 * 6 / 8));  // the mean width
  CHECK(two_rows.multiply(4, 8) == two_rows.multiply(8, 4));
  CHECK(two_rows.register_access(8) == Approx(0.25));
}

TEST_CASE("energy: SRAM capacities between and beyond the rows") {
  const EnergyTable one_row = shipped("han2015-45nm");
  CHECK(one_row.sram_access(32, 128 * kKiB) == Approx(10));  // four times the capacity, twice the bit line
  CHECK(one_row.sram_access(32, 8 * kKiB) == Approx(2.5));
  CHECK(one_row.sram_access(8, 32 * kKiB) == Approx(1.25));
  const EnergyTable three_rows = shipped("horowitz-45nm");
  CHECK(three_rows.sram_access(64, 16 * kKiB) == Approx(std::sqrt(10.0 * 20.0)));  // half way in logarithms
  CHECK(three_rows.sram_access(64, 4 * kMiB) == Approx(200));
  CHECK(three_rows.sram_access(64, 2 * kKiB) == Approx(5));
  double last = 0;
  for (double bytes = 256; bytes < 1e9; bytes *= 1.3) {
    CHECK(three_rows.sram_access(64, bytes) > last);
    last = three_rows.sram_access(64, bytes);
  }
}

TEST_CASE("energy: a layer's price is counts times table") {
  Accelerator accelerator;
  accelerator.memory.resize(2);
  accelerator.memory[0].name = "dram";
  accelerator.memory[0].kind = MemoryLevel::Kind::dram;
  accelerator.memory[1].name = "buffer";
  accelerator.memory[1].size_bytes = 32 * 1024;
  ActionCounts actions;
  actions.memory.resize(2);
  actions.memory[0][Operand::weights].read_bits = 3200;
  actions.memory[0][Operand::outputs].write_bits = 320;
  actions.memory[1][Operand::inputs].read_bits = 64;
  actions.memory[1][Operand::inputs].write_bits = 32;
  actions.registers[Operand::outputs].read_bits = 320;
  actions.multiplies = 1000;
  actions.gated_multiplies = 500;
  actions.adds = 1000;
  actions.requantizations = 10;
  actions.vector_operations = 7;
  EnergyTable table = shipped("han2015-45nm");
  table.cycle_pj = 2;
  const Energy energy = price(actions, 50, accelerator, table, 8, 8);

  REQUIRE(energy.parts.size() == 6);
  const std::vector<std::string> names = {"array", "registers", "buffer", "dram", "ppu", "cycles"};
  for (std::size_t i = 0; i < names.size(); ++i) CHECK(energy.parts[i].name == names[i]);
  CHECK(energy.parts[0].total == Approx(1000 * 3.1 * 8 / 32 + 1000 * 0.1));  // gated ones are free
  CHECK(energy.parts[1].total == Approx(10.0));
  CHECK(energy.parts[1].by_operand[Operand::outputs] == Approx(10.0));
  CHECK(energy.parts[2].by_operand[Operand::inputs] == Approx(15.0));  // 96 bits at 5 pJ per 32
  CHECK(energy.parts[3].by_operand[Operand::weights] == Approx(64000.0));
  CHECK(energy.parts[3].by_operand[Operand::outputs] == Approx(6400.0));
  CHECK(energy.parts[3].by_operand[Operand::inputs] == 0);
  CHECK(energy.parts[3].total == Approx(70400.0));
  CHECK(energy.parts[4].total == Approx(10 * (3.1 + 2 * 0.1) + 7 * 0.1 * 8 / 32));
  CHECK(energy.parts[5].total == Approx(100.0));
  double sum = 0;
  for (const Energy::Part& part : energy.parts) sum += part.total;
  CHECK(energy.total == Approx(sum));

  actions.memory.resize(1);
  CHECK_THROWS_AS(price(actions, 50, accelerator, table, 8, 8), std::invalid_argument);
  actions.memory.clear();  // a layer that moved nothing
  CHECK(price(actions, 50, accelerator, table, 8, 8).parts.size() == 6);
}

TEST_CASE("energy: queues, pointers and banks of the eie unit") {
  // 16 PEs of 64 registers: a queue entry is an activation of 16 bits and one of 1024 columns, 10 bits.
  // Pointers come from banks of half the pointer SRAM; matrix and activation SRAMs are a bank in each PE.
  Accelerator accelerator;
  accelerator.array.rows = 16;
  accelerator.array.bits = {16, 16, 16};
  accelerator.array.registers.inputs = 64;
  accelerator.array.eie.emplace().pointer_bytes = 64 * 1024;
  accelerator.memory.resize(2);
  accelerator.memory[0].name = "dram";
  accelerator.memory[0].kind = MemoryLevel::Kind::dram;
  accelerator.memory[1].name = "sram";
  accelerator.memory[1].weight_bytes = 16 * 128 * 1024;
  accelerator.memory[1].size_bytes = 16 * (128 + 2) * 1024;
  accelerator.memory[1].banks = 16;
  ActionCounts actions;
  actions.memory.resize(2);
  actions.memory[1][Operand::weights].read_bits = 64 * 100;
  actions.memory[1][Operand::inputs].read_bits = 32 * 10;
  actions.memory[1][Operand::outputs].write_bits = 32 * 20;
  actions.multiplies = actions.adds = 700;
  actions.eie.emplace();
  actions.eie->queue_pushes = 300;
  actions.eie->queue_pops = 200;
  actions.eie->pointer_reads = 600;
  const EnergyTable table = shipped("han2015-45nm");
  const Energy energy = price(actions, 50, accelerator, table, 16, 16);
  REQUIRE(energy.parts.size() == 8);
  const std::vector<std::string> names = {"array", "registers", "queues", "pointers",
                                          "sram",  "dram",      "ppu",    "cycles"};
  for (std::size_t i = 0; i < names.size(); ++i) CHECK(energy.parts[i].name == names[i]);
  CHECK(energy.parts[0].total == Approx(700 * (3.1 + 0.1) / 2));
  CHECK(energy.parts[2].total == Approx(500 * 26 / 32.0));
  CHECK(energy.parts[3].total == Approx(600 * 16 / 32.0 * 5));  // a bank has 32 KiB
  // 128 KiB: twice the 5 pJ of 32 KiB; 2 KiB: a quarter.
  CHECK(energy.parts[4].by_operand[Operand::weights] == Approx(100 * 2 * 10));
  CHECK(energy.parts[4].by_operand[Operand::inputs] == Approx(10 * 1.25));
  CHECK(energy.parts[4].by_operand[Operand::outputs] == Approx(20 * 1.25));
  double sum = 0;
  for (const Energy::Part& part : energy.parts) sum += part.total;
  CHECK(energy.total == Approx(sum));

  // A layer of the vector unit has both parts, too, so that rows have the same columns.
  actions.eie.reset();
  const Energy without = price(actions, 50, accelerator, table, 16, 16);
  REQUIRE(without.parts.size() == 8);
  CHECK(without.parts[2].total == 0);
  CHECK(without.parts[3].total == 0);
}

TEST_CASE("energy: what is wrong in a table is said, with its line") {
  const std::string sound = R"(name: mine
version: "1"
source: "a measurement"
int_add: [{bits: 8, pj: 0.03}, {bits: 32, pj: 0.1}]
int_multiply: [{bits: 8, pj: 0.2}]
register: {bits: 32, pj: 1}
sram: {bits: 64, rows: [{size: 8 KiB, pj: 10}, {size: 32 KiB, pj: 20}]}
dram: {bits: 64, pj: 1300}
)";
  const TemporaryFile file(sound);
  CHECK(read_energy_table(file.path()).cycle_pj == 0);
  const std::vector<Mistake> mistakes = {
      {"no source", "source: \"a measurement\"\n", "", "", "the key \"source\" is missing"},
      {"no version", "version: \"1\"\n", "", "", "the key \"version\" is missing"},
      {"unknown key", "dram:", "drum:", "8", "did you mean \"dram\"?"},
      {"negative energy", "{bits: 8, pj: 0.03}", "{bits: 8, pj: -0.03}", "4", "expected a number from 0"},
      {"energy of text", "pj: 0.03", "pj: little", "4", "expected a number, got \"little\""},
      {"not finite", "pj: 0.03", "pj: .inf", "4", "expected a number from 0"},
      {"not a number", "pj: 0.03", "pj: .nan", "4", "expected a number from 0"},
      {"zero width", "{bits: 32, pj: 1}", "{bits: 0, pj: 1}", "6", "register.bits"},
      {"descending widths", "[{bits: 8, pj: 0.03}, {bits: 32, pj: 0.1}]",
       "[{bits: 32, pj: 0.1}, {bits: 8, pj: 0.03}]", "4", "expected ascending bits, got 8 after 32"},
      {"width twice", "{bits: 32, pj: 0.1}]", "{bits: 8, pj: 0.1}]", "4", "expected ascending bits"},
      {"no rows", "[{bits: 8, pj: 0.2}]", "[]", "5", "expected at least one row"},
      {"rows are no list", "[{bits: 8, pj: 0.2}]", "{bits: 8, pj: 0.2}", "5", "expected a list, got a map"},
      {"free SRAM", "{size: 8 KiB, pj: 10}", "{size: 8 KiB, pj: 0}", "7", "expected an energy above 0"},
      {"bad size", "size: 8 KiB", "size: 8 KX", "7", "expected a positive size"},
      {"descending sizes", "size: 32 KiB", "size: 4 KiB", "7", "expected ascending sizes"},
      {"row without energy", "{bits: 8, pj: 0.2}", "{bits: 8}", "5", "the key \"pj\" is missing"},
      {"unknown unit key", "{bits: 64, pj: 1300}", "{bits: 64, nj: 1.3}", "8", "unknown key"},
      {"notes are no list", "register:", "notes: none\nregister:", "6", "expected a list"},
  };
  for (const Mistake& mistake : mistakes) check_mistake(sound, mistake, read_energy_table);
}

}  // namespace
}  // namespace heddle::arch
