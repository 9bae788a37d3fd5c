// Does the file of an accelerator with the eie unit mean what it says, and is what makes no sense refused?
#include "arch/accelerator.h"
#include "arch/describe.h"
#include "tests/arch/files.h"

namespace heddle::arch {
namespace {

using workload::Operand;

const std::string kSound = R"(name: example
clock: 1 GHz
array:
  unit: eie
  pes: 32
  queue: 4
  weights: {code: 5, index: 3}
  registers: 16
  pointers: {bits: 18, size: 24 KiB}
  word: 96
  ports: {inputs: 100, outputs: 12}
memory:
  - {name: dram, kind: dram, bandwidth: 16}
  - {name: sram, kind: sram, size: {weights: 1 MiB, activations: 64 KiB}, banks: 32, word: 32, bandwidth: 64}
)";

const std::filesystem::path kConfigs = std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs";

TEST_CASE("eie accelerator: every key of a file arrives in the struct") {
  const TemporaryFile file(kSound);
  const Accelerator read = read_accelerator(file.path());
  const ArrayUnit& unit = read.array;
  REQUIRE(unit.eie);
  CHECK(unit.rows == 32);
  CHECK(unit.columns == 1);
  CHECK(unit.lanes == 1);
  CHECK_FALSE(unit.sparsity);
  CHECK(unit.eie->queue == 4);
  CHECK(unit.eie->code_bits == 5);
  CHECK(unit.eie->index_bits == 3);
  CHECK(unit.eie->word_bits == 96);
  CHECK(unit.eie->entries_per_word() == 96 / (5 + 3));
  CHECK(unit.eie->pointer_bits == 18);
  CHECK(unit.eie->pointer_bytes == 24 * 1024);
  CHECK(unit.registers.inputs == 16);
  CHECK(unit.registers.outputs == 16);
  CHECK(unit.ports.inputs == 100);
  CHECK(unit.ports.outputs == 12);
  // The arithmetic is part of the unit.
  CHECK(unit.bits.weights == 16);
  CHECK(unit.bits.activations == 16);
  CHECK(unit.bits.accumulators == 16);
  REQUIRE(read.memory.size() == 2);
  CHECK(read.memory[1].weight_bytes == 1024 * 1024);
  CHECK(read.memory[1].size_bytes == (1024 + 64) * 1024);
  CHECK(read.memory[1].banks == 32);
  CHECK(read.memory[1].bank_bytes(Operand::weights) == 32 * 1024);
  CHECK(read.memory[1].bank_bytes(Operand::inputs) == 2 * 1024);
  CHECK(read.memory[1].bank_bytes(Operand::outputs) == 2 * 1024);
}

TEST_CASE("eie accelerator: what a file does not say is as the paper has it") {
  const TemporaryFile file(R"(name: least
clock: 800 MHz
array: {unit: eie, pes: 8}
memory:
  - {name: dram, kind: dram, bandwidth: 16}
  - {name: sram, kind: sram, size: {weights: 1 MiB, activations: 16 KiB}, bandwidth: 64}
)");
  const Accelerator read = read_accelerator(file.path());
  REQUIRE(read.array.eie);
  CHECK(read.array.eie->queue == 8);
  CHECK(read.array.eie->code_bits == 4);
  CHECK(read.array.eie->index_bits == 4);
  CHECK(read.array.eie->word_bits == 64);
  CHECK(read.array.eie->pointer_bits == 16);
  CHECK(read.array.eie->pointer_bytes == 32 * 1024);
  CHECK(read.array.registers.inputs == 64);
  CHECK(read.array.registers.outputs == 64);
  CHECK(read.array.ports.inputs == 8 * 8);  // 8 bytes a PE, a result a PE
  CHECK(read.array.ports.outputs == 8);
  CHECK(read.memory[1].banks == 8);  // one in each PE
}

TEST_CASE("eie accelerator: the shipped ones are the paper's PE 16 and 64 times") {
  for (const auto& [name, pes] : {std::pair{"eie-16", 16}, {"eie-64", 64}}) {
    INFO(name);
    const Accelerator read = read_accelerator(kConfigs / "accelerators" / (std::string(name) + ".yaml"));
    REQUIRE(read.array.eie);
    CHECK(read.clock_hz == 800e6);
    CHECK(read.array.rows == pes);
    CHECK(read.array.eie->queue == 8);
    CHECK(read.array.eie->pointer_bytes == 32 * 1024);
    CHECK(read.array.registers.inputs == 64);
    CHECK(read.memory[1].bank_bytes(Operand::weights) == 128 * 1024);
    CHECK(read.memory[1].bank_bytes(Operand::inputs) == 2 * 1024);
  }
}

TEST_CASE("eie accelerator: limits are legal up to the last value") {
  const auto reads = [](const std::string& from, const std::string& to) {
    const TemporaryFile file(changed(kSound, {"", from, to, "", ""}));
    INFO(to);
    CHECK_NOTHROW(read_accelerator(file.path()));
  };
  reads("queue: 4", "queue: 1");
  reads("queue: 4", "queue: 4096");
  reads("{code: 5, index: 3}", "{code: 2, index: 2}");
  reads("{code: 5, index: 3}", "{code: 8, index: 8}");
  reads("word: 96", "word: 8");  // one entry
  reads("word: 96", "word: 4096");
  reads("registers: 16", "registers: 1");
  reads("registers: 16", "registers: 2048");  // times 32 PEs: 65,536
  reads("bits: 18", "bits: 4");
  reads("bits: 18", "bits: 32");
}

TEST_CASE("eie accelerator: what is wrong is said, with line and key") {
  const std::vector<Mistake> mistakes = {
      {"unknown key", "queue: 4", "queues: 4", "6", "array.queues: unknown key (did you mean \"queue\"?)"},
      {"a key of the dot unit", "pes: 32", "pes: 32\n  lanes: 8", "6", "array.lanes: unknown key"},
      {"widths are fixed", "pes: 32", "pes: 32\n  bits: {weights: 8}", "6", "array.bits: unknown key"},
      {"no PEs", "pes: 32", "pes: 0", "5", "array.pes: expected an integer from 1 to 1024, got 0"},
      {"too many PEs", "pes: 32", "pes: 1025", "5", "array.pes: expected an integer from 1 to 1024"},
      {"PEs missing", "  pes: 32\n", "", "", "the key \"pes\" is missing"},
      {"no queue", "queue: 4", "queue: 0", "6", "array.queue: expected an integer from 1 to 4096, got 0"},
      {"endless queue", "queue: 4", "queue: 4097", "6", "from 1 to 4096, got 4097"},
      {"narrow code", "code: 5", "code: 1", "7",
       "array.weights.code: expected an integer from 2 to 8, got 1"},
      {"wide code", "code: 5", "code: 9", "7", "from 2 to 8, got 9"},
      {"narrow index", "index: 3", "index: 1", "7", "array.weights.index: expected an integer from 2 to 8"},
      {"wide index", "index: 3", "index: 9", "7", "from 2 to 8, got 9"},
      {"unknown part of an entry", "index: 3", "zeros: 3", "7", "array.weights.zeros: unknown key"},
      {"weights are no number", "{code: 5, index: 3}", "4", "7", "array.weights: expected a map"},
      {"no registers", "registers: 16", "registers: 0", "8", "array.registers"},
      {"vectors too long", "registers: 16", "registers: 2049", "8",
       "32 PEs of 2049 activations take vectors of 65568, expected at most 65536"},
      {"narrow pointers", "bits: 18", "bits: 3", "9",
       "array.pointers.bits: expected an integer from 4 to 32"},
      {"wide pointers", "bits: 18", "bits: 33", "9", "from 4 to 32, got 33"},
      {"no pointers", "24 KiB", "0 KiB", "9", "array.pointers.size: expected a positive size"},
      {"a word narrower than an entry", "word: 96", "word: 7", "",
       "a matrix SRAM word of 7 bits holds no entry: a code and an index have 8"},
      {"a word too wide", "word: 96", "word: 4097", "10", "array.word: expected an integer from 1 to 4096"},
      {"a port for weights", "{inputs: 100", "{weights: 8, inputs: 100", "11",
       "array.ports.weights: unknown"},
      {"a port of nothing", "outputs: 12", "outputs: 0", "11", "array.ports.outputs"},
      {"one size for all", "{weights: 1 MiB, activations: 64 KiB}", "1 MiB", "14",
       "weights of the eie unit have a memory of their own; expected size: {weights: .., activations: ..}"},
      {"only weights", "{weights: 1 MiB, activations: 64 KiB}", "{weights: 1 MiB}", "14",
       "the key \"activations\" is missing"},
      {"only activations", "{weights: 1 MiB, activations: 64 KiB}", "{activations: 1 MiB}", "14",
       "the key \"weights\" is missing"},
      {"outputs on their own", "activations: 64 KiB", "outputs: 64 KiB", "14", "size.outputs: unknown key"},
      {"too few banks", "banks: 32", "banks: 16", "14",
       "the eie unit has a bank in each of its 32 PEs; expected 32, or no banks"},
      {"banks of nothing", "activations: 64 KiB", "activations: 31 B", "14",
       "31 bytes in 32 banks leave some of them empty"},
      {"a third memory", "memory:\n", "memory:\n  - {name: far, kind: dram, bandwidth: 1}\n", "",
       "only the outermost level is dram"},
  };
  for (const Mistake& mistake : mistakes) check_mistake(kSound, mistake, read_accelerator);
  const std::string outer =
      "  - {name: shared, kind: sram, size: {weights: 1 MiB, activations: 64 KiB}, bandwidth: 64}\n";
  check_mistake(kSound,
                {"a buffer between", "  - {name: sram", outer + "  - {name: sram", "15",
                 "the eie unit works from the memories inside its PEs; expected a dram and one sram"},
                read_accelerator);
}

TEST_CASE("eie accelerator: everything wrong is reported at once") {
  const TemporaryFile file(changed(changed(kSound, {"", "pes: 32", "pes: 0", "", ""}),
                                   {"", "{weights: 1 MiB, activations: 64 KiB}", "1 MiB", "", ""}));
  try {
    read_accelerator(file.path());
    FAIL("was accepted");
  } catch (const InputError& error) {
    CHECK(error.problems().size() == 2);  // and none about the banks, whose number follows from the PEs
  }
}

TEST_CASE("describe: an eie accelerator's peak, blocks, entries and memories") {
  const TemporaryFile file(kSound);
  const std::string text = describe(read_accelerator(file.path()));
  CHECK_THAT(text, Catch::Contains("array    eie, 32 PEs, queues of 4 activations"));
  CHECK_THAT(text, Catch::Contains("5-bit codes into 32 values of 16 bits, 3-bit relative indices, "
                                   "12 entries a word of 96 bits"));
  CHECK_THAT(text, Catch::Contains("pointers 18 bits, 24 KiB a PE in two banks"));
  CHECK_THAT(text, Catch::Contains("peak     32 GMAC/s of weights and activations that are not zero"));
  CHECK_THAT(text, Catch::Contains("passes of up to 512 inputs and 512 outputs"));  // 32 x 16
  CHECK_THAT(text, Catch::Contains("ports    inputs 100 B/cycle, outputs 12 results/cycle"));
  CHECK_THAT(text, Catch::Contains("1 MiB for weights, 64 KiB for activations in 32 banks, words of 32 B"));
}

}  // namespace
}  // namespace heddle::arch
