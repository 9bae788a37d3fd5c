// Does an accelerator file mean what it says, and is everything that makes no sense refused with its place?
#include "arch/accelerator.h"
#include "tests/arch/files.h"

namespace heddle::arch {
namespace {

const std::string kSound = R"(name: example
clock: 800 MHz
energy: han2015-45nm
array:
  unit: dot
  rows: 16
  columns: 16
  lanes: 8
  sparsity: 2:4
  bits: {weights: 8, activations: 8, accumulators: 32}
  registers: {weights: 1, inputs: 1, outputs: 16}
  ports: {weights: 64, inputs: 64, outputs: 16}
vector: {lanes: 32}
memory:
  - {name: dram, kind: dram, bandwidth: 16, latency: 100, burst: 64}
  - {name: buffer, kind: sram, size: 512 KiB, word: 64, bandwidth: 128, double_buffered: true}
)";

const std::filesystem::path kShipped = std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs" / "accelerators";

TEST_CASE("accelerator: every key of a file arrives in the struct") {
  const TemporaryFile file(kSound);
  const Accelerator read = read_accelerator(file.path());
  CHECK(read.name == "example");
  CHECK(read.clock_hz == 800e6);
  CHECK(read.energy == "han2015-45nm");
  CHECK(read.array.rows == 16);
  CHECK(read.array.columns == 16);
  CHECK(read.array.lanes == 8);
  REQUIRE(read.array.sparsity);
  CHECK(*read.array.sparsity == workload::StructuredSparsity{2, 4});
  CHECK_FALSE(read.array.scalable);
  CHECK(read.array.bits.weights == 8);
  CHECK(read.array.bits.activations == 8);
  CHECK(read.array.bits.accumulators == 32);
  CHECK(read.array.registers.outputs == 16);
  CHECK_FALSE(read.array.registers.shared_bytes);
  CHECK(read.array.ports.weights == 64);
  CHECK(read.vector.lanes == 32);
  REQUIRE(read.memory.size() == 2);
  CHECK(read.memory[0].kind == MemoryLevel::Kind::dram);
  CHECK(read.memory[0].latency_cycles == 100);
  CHECK(read.memory[0].burst_bytes == 64);
  CHECK(read.memory[1].kind == MemoryLevel::Kind::sram);
  CHECK(read.memory[1].size_bytes == 512 * 1024);
  CHECK(read.memory[1].word_bytes == 64);
  CHECK(read.memory[1].bandwidth == 128);
  CHECK(read.memory[1].double_buffered);
}

TEST_CASE("accelerator: shared registers and a scalable array") {
  const TemporaryFile file(
      changed(changed(kSound, {"", "{weights: 1, inputs: 1, outputs: 16}", "{shared: 512 B}", "", ""}),
              {"", "  sparsity: 2:4\n", "  scalable: true\n", "", ""}));
  const Accelerator read = read_accelerator(file.path());
  CHECK(read.array.registers.shared_bytes == 512);
  CHECK(read.array.scalable);
  CHECK_FALSE(read.array.sparsity);
}

TEST_CASE("accelerator: all shipped files read, each under its own file name") {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kShipped)) {
    INFO(entry.path());
    CHECK(read_accelerator(entry.path()).name == entry.path().stem());
    ++count;
  }
  CHECK(count >= 7);
}

TEST_CASE("accelerator: what is wrong is said, with line and key") {
  const std::vector<Mistake> mistakes = {
      {"unknown key", "clock:", "clok:", "2", "did you mean \"clock\"?"},
      {"missing key", "clock: 800 MHz\n", "", "", "the key \"clock\" is missing"},
      {"bad frequency", "800 MHz", "800 MPH", "2", "expected a positive frequency"},
      {"negative frequency", "800 MHz", "-1 MHz", "2", "expected a positive frequency"},
      {"keys of another unit", "unit: dot", "unit: eie", "6", "array.rows: unknown key"},
      {"a memory for weights alone", "size: 512 KiB", "size: {weights: 256 KiB, activations: 256 KiB}", "16",
       "only the eie unit has a memory for weights alone; expected one size"},
      {"more banks than bytes", "size: 512 KiB, word: 64", "size: 64 B, banks: 65, word: 64", "16",
       "64 bytes in 65 banks leave some of them empty"},
      {"dram with banks", "burst: 64", "banks: 4", "15", "a dram has no banks"},
      {"unknown unit", "unit: dot", "unit: dott", "5", "did you mean \"dot\"?"},
      {"zero rows", "rows: 16", "rows: 0", "6", "array.rows: expected an integer from 1 to 4096, got 0"},
      {"negative columns", "columns: 16", "columns: -4", "7", "array.columns"},
      {"rows of text", "rows: 16", "rows: many", "6", "expected an integer, got \"many\""},
      {"far too many lanes", "lanes: 8", "lanes: 1000000", "8", "from 1 to 4096"},
      {"n does not divide the lanes", "2:4", "3:4", "9", "n = 3 does not divide the 8 lanes"},
      {"n equal to m", "2:4", "4:4", "9", "expected n:m such as 2:4"},
      {"n of zero", "2:4", "0:4", "9", "expected n:m such as 2:4"},
      {"m too large", "2:4", "2:32", "9", "m <= 16"},
      {"no colon", "2:4", "half", "9", "expected n:m such as 2:4"},
      {"weights too wide", "{weights: 8,", "{weights: 17,", "10",
       "array.bits.weights: expected an integer from 1 to 16, got 17"},
      {"accumulators too wide", "accumulators: 32", "accumulators: 65", "10", "from 8 to 64"},
      {"accumulators too narrow", "accumulators: 32", "accumulators: 15", "10", "has 16 bits"},
      {"zero registers", "outputs: 16}", "outputs: 0}", "11", "array.registers.outputs"},
      {"shared and separate", "{weights: 1, inputs: 1, outputs: 16}", "{shared: 512 B, outputs: 16}", "11",
       "excludes separate"},
      {"shared too small", "{weights: 1, inputs: 1, outputs: 16}", "{shared: 8 B}", "11", "too small"},
      {"zero port", "ports: {weights: 64", "ports: {weights: 0", "12", "array.ports.weights"},
      {"unknown port", "ports: {weights: 64", "ports: {weight: 64", "12", "did you mean \"weights\"?"},
      {"vector without lanes", "vector: {lanes: 32}", "vector: {}", "13", "\"lanes\" is missing"},
      {"sram outermost", "kind: dram", "kind: sram", "15", "expected dram"},
      {"dram inside", "kind: sram", "kind: dram", "16", "expected sram"},
      {"sram without size", "size: 512 KiB, ", "", "16", "the key \"size\" is missing"},
      {"dram with size", "burst: 64", "size: 1 GiB", "15", "a dram has no size"},
      {"sram with burst", "word: 64", "burst: 64", "16", "an sram has no burst"},
      {"size of nothing", "512 KiB", "0 KiB", "16", "expected a positive size"},
      {"size smaller than a word", "512 KiB", "32 B", "16", "less than one word"},
      {"same name twice", "name: buffer", "name: dram", "16", "two memory levels are named \"dram\""},
      {"reserved name", "name: buffer", "name: registers", "16", "names another part"},
      {"negative latency", "latency: 100", "latency: -1", "15", "memory[0].latency"},
      {"no buffer",
       "  - {name: buffer, kind: sram, size: 512 KiB, word: 64, bandwidth: 128, double_buffered: true}\n", "",
       "15", "1 memory levels"},
      {"memory is no list", "memory:\n", "memory: none\nother:\n", "", "expected a list"},
      {"truncated", "double_buffered: true}", "double_", "", "is not valid YAML"},
      {"a key given twice", "lanes: 8\n", "lanes: 8\n  lanes: 4\n", "", "given twice"},
      {"two documents", "memory:\n", "---\nmemory:\n", "", "2 YAML documents"},
  };
  for (const Mistake& mistake : mistakes) check_mistake(kSound, mistake, read_accelerator);
  const std::string large = changed(kSound, {"", "columns: 16", "columns: 4096", "", ""});
  check_mistake(
      large,
      {"too many multipliers", "rows: 16", "rows: 4096", "5", "4096 x 4096 x 8 = 134217728 multipliers"},
      read_accelerator);
}

TEST_CASE("accelerator: everything wrong is reported at once") {
  const TemporaryFile file(
      changed(changed(kSound, {"", "rows: 16", "rows: 0", "", ""}), {"", "burst: 64", "brust: 64", "", ""}));
  try {
    read_accelerator(file.path());
    FAIL("was accepted");
  } catch (const InputError& error) {
    CHECK(error.problems().size() == 2);
  }
}

TEST_CASE("accelerator: a missing file, a folder and an empty file are errors") {
  CHECK_THROWS_AS(read_accelerator("no/such/file.yaml"), InputError);
  CHECK_THROWS_AS(read_accelerator(kShipped), InputError);
  const TemporaryFile empty("");
  CHECK_THROWS_AS(read_accelerator(empty.path()), InputError);
}

}  // namespace
}  // namespace heddle::arch
