// Does a mapping file say the loop nest that runs, and does printing and reading give the same one back?
#include "arch/mapping.h"
#include "tests/arch/files.h"

namespace heddle::arch {
namespace {

using workload::Dim;
using workload::Operand;

Accelerator two_levels() {
  Accelerator accelerator;
  accelerator.name = "example";
  accelerator.memory.resize(2);
  accelerator.memory[0].name = "dram";
  accelerator.memory[0].kind = MemoryLevel::Kind::dram;
  accelerator.memory[1].name = "buffer";
  return accelerator;
}

const std::string kSound = R"(layer: conv2
levels:
  - {level: dram,      temporal: [M 8, C 4]}
  - {level: buffer,    temporal: [P 7, Q 2], keep: [weights, outputs]}
  - {level: array,     spatial: {rows: [M 16], columns: [Q 16], lanes: [C 8]}}
  - {level: registers, temporal: [C 2, R 3, S 3]}
)";

std::map<std::string, LayerMapping> read_two(const std::filesystem::path& file) {
  return read_mappings(file, two_levels());
}

TEST_CASE("mapping: the loops of a file, level by level") {
  const TemporaryFile file(kSound);
  const auto mappings = read_two(file.path());
  REQUIRE(mappings.size() == 1);
  const LayerMapping& mapping = mappings.at("conv2");
  CHECK(mapping.layer == "conv2");
  REQUIRE(mapping.memory.size() == 2);
  CHECK(mapping.memory[0].temporal == std::vector<Loop>{{Dim::M, 8}, {Dim::C, 4}});
  CHECK(mapping.memory[1].temporal == std::vector<Loop>{{Dim::P, 7}, {Dim::Q, 2}});
  for (Operand operand : workload::kOperands) CHECK(mapping.memory[0].keep[operand]);
  CHECK(mapping.memory[1].keep[Operand::weights]);
  CHECK_FALSE(mapping.memory[1].keep[Operand::inputs]);
  CHECK(mapping.memory[1].keep[Operand::outputs]);
  CHECK(mapping.rows == std::vector<Loop>{{Dim::M, 16}});
  CHECK(mapping.columns == std::vector<Loop>{{Dim::Q, 16}});
  CHECK(mapping.lanes == std::vector<Loop>{{Dim::C, 8}});
  CHECK(mapping.registers == std::vector<Loop>{{Dim::C, 2}, {Dim::R, 3}, {Dim::S, 3}});
}

TEST_CASE("mapping: extents are products of the factors inside") {
  const TemporaryFile file(kSound);
  const LayerMapping mapping = read_two(file.path()).at("conv2");
  const auto step = spatial_extent(mapping);
  CHECK(step[Dim::M] == 16);
  CHECK(step[Dim::Q] == 16);
  CHECK(step[Dim::C] == 8);
  CHECK(step[Dim::R] == 1);
  const auto pass = pass_extent(mapping);
  CHECK(pass[Dim::C] == 8 * 2);
  CHECK(pass[Dim::R] == 3);
  CHECK(pass[Dim::M] == 16);
  const auto buffer = level_extent(mapping, 1);
  CHECK(buffer[Dim::P] == 7);
  CHECK(buffer[Dim::Q] == 16 * 2);
  CHECK(buffer[Dim::M] == 16);
  const auto all = level_extent(mapping, 0);
  CHECK(all[Dim::M] == 8 * 16);
  CHECK(all[Dim::C] == 8 * 2 * 4);
}

TEST_CASE("mapping: extents of absurd factors saturate instead of overflowing") {
  LayerMapping mapping;
  mapping.memory.resize(1);
  for (int i = 0; i < 10; ++i) mapping.memory[0].temporal.push_back({Dim::M, std::int64_t{1} << 31});
  CHECK(level_extent(mapping, 0)[Dim::M] == std::int64_t{1} << 50);
}

TEST_CASE("mapping: printed and read again, nothing changes") {
  const TemporaryFile file(kSound);
  LayerMapping first = read_two(file.path()).at("conv2");
  LayerMapping second = first;
  second.layer = "a \"quoted\": name, 100% [odd] # too\\";
  second.memory[1].keep = {};
  second.registers.clear();
  second.columns = {{Dim::Q, 4}, {Dim::P, 2}, {Dim::N, 2}};
  second.memory[0].temporal = {{Dim::M, 2}, {Dim::C, 3}, {Dim::M, 4}, {Dim::G, 1}};
  second.on_chip[Operand::outputs] = true;
  const std::string text = to_yaml({first, second}, two_levels());
  const TemporaryFile printed(text);
  const auto mappings = read_two(printed.path());
  REQUIRE(mappings.size() == 2);
  for (const LayerMapping& expected : {first, second}) {
    const LayerMapping& again = mappings.at(expected.layer);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(again.memory[i].temporal == expected.memory[i].temporal);
      CHECK(again.memory[i].keep == expected.memory[i].keep);
    }
    CHECK(again.rows == expected.rows);
    CHECK(again.columns == expected.columns);
    CHECK(again.lanes == expected.lanes);
    CHECK(again.registers == expected.registers);
    CHECK(again.on_chip == expected.on_chip);
  }
  std::vector<LayerMapping> sorted;
  for (const auto& [layer, mapping] : mappings) sorted.push_back(mapping);
  const TemporaryFile twice(to_yaml(sorted, two_levels()));
  std::vector<LayerMapping> last;
  for (const auto& [layer, mapping] : read_two(twice.path())) last.push_back(mapping);
  CHECK(to_yaml(last, two_levels()) == to_yaml(sorted, two_levels()));
}

TEST_CASE("mapping: tensors that stay on chip stand beside the layer and only when there are any") {
  const TemporaryFile file("on_chip: [outputs, inputs]\n" + kSound);
  LayerMapping mapping = read_two(file.path()).at("conv2");
  CHECK(mapping.on_chip[Operand::inputs]);
  CHECK(mapping.on_chip[Operand::outputs]);
  CHECK_FALSE(mapping.on_chip[Operand::weights]);
  CHECK_THAT(to_yaml({mapping}, two_levels()), Catch::Contains("\n  on_chip: [inputs, outputs]\n  levels:"));
  mapping.on_chip = {};
  CHECK_THAT(to_yaml({mapping}, two_levels()), !Catch::Contains("on_chip"));
}

TEST_CASE("mapping: several documents and lists of them") {
  std::string other = kSound;
  other.replace(other.find("conv2"), 5, "conv3");
  const TemporaryFile documents(kSound + "---\n" + other);
  CHECK(read_two(documents.path()).size() == 2);
  const TemporaryFile none("[]\n");
  CHECK(read_two(none.path()).empty());
  CHECK(to_yaml({}, two_levels()) == "[]\n");
}

TEST_CASE("mapping: a level without keep holds everything, missing inner levels have no loops") {
  const TemporaryFile file("layer: fc\nlevels:\n  - {level: dram, temporal: [M 8]}\n  - {level: buffer}\n");
  const LayerMapping mapping = read_two(file.path()).at("fc");
  for (Operand operand : workload::kOperands) CHECK(mapping.memory[1].keep[operand]);
  CHECK(mapping.rows.empty());
  CHECK(mapping.registers.empty());
}

TEST_CASE("mapping: the outline of a file is enough to read it") {
  const TemporaryFile file(kSound);
  const Accelerator outline = outline_accelerator(file.path());
  REQUIRE(outline.memory.size() == 2);
  CHECK(outline.memory[0].name == "dram");
  CHECK(outline.memory[1].name == "buffer");
  CHECK(read_mappings(file.path(), outline).size() == 1);
}

TEST_CASE("mapping: what is wrong is said, with its line") {
  const std::vector<Mistake> mistakes = {
      {"no layer", "layer: conv2\n", "", "", "the key \"layer\" is missing"},
      {"empty layer", "layer: conv2", "layer: ''", "1", "expected the name of a layer"},
      {"unknown level", "level: buffer", "level: bufer", "4",
       "has no level \"bufer\" (did you mean \"buffer\"?)"},
      {"missing level", "  - {level: buffer,    temporal: [P 7, Q 2], keep: [weights, outputs]}\n", "", "",
       "the level \"buffer\" is missing"},
      {"wrong order", "level: dram,      temporal: [M 8, C 4]}\n  - {level: buffer,",
       "level: buffer}\n  - {level: dram,", "", "out of order"},
      {"level twice", "level: buffer", "level: dram", "4", "out of order or given twice"},
      {"unknown dimension", "[M 8, C 4]", "[X 8, C 4]", "3", "expected a loop such as \"M 8\""},
      {"no factor", "[M 8, C 4]", "[M, C 4]", "3", "got \"M\""},
      {"glued factor", "[M 8, C 4]", "[M8, C 4]", "3", "got \"M8\""},
      {"zero factor", "[M 8, C 4]", "[M 0, C 4]", "3", "expected a factor from 1 to"},
      {"negative factor", "[M 8, C 4]", "[M -8, C 4]", "3", "expected a factor from 1 to"},
      {"huge factor", "[M 8, C 4]", "[M 99999999999999999999, C 4]", "3", "expected a loop such as"},
      {"fraction", "[M 8, C 4]", "[M 1.5, C 4]", "3", "got \"M 1.5\""},
      {"loops are no list", "[M 8, C 4]", "M 8", "3", "expected a list"},
      {"loop is a map", "[M 8, C 4]", "[{M: 8}]", "3", "expected a text"},
      {"unknown tensor", "keep: [weights,", "keep: [weight,", "4", "did you mean \"weights\"?"},
      {"tensor twice", "keep: [weights, outputs]", "keep: [weights, weights]", "4", "listed twice"},
      {"dram must keep all", "[M 8, C 4]}", "[M 8, C 4], keep: [weights]}", "3", "holds every tensor"},
      {"unknown axis", "rows:", "row:", "5", "did you mean \"rows\"?"},
      {"spatial at a memory", "temporal: [P 7, Q 2]", "spatial: {rows: [M 2]}", "4", "unknown key"},
      {"temporal at the array", "spatial: {rows: [M 16], columns: [Q 16], lanes: [C 8]}", "temporal: [M 4]",
       "5", "unknown key"},
      {"levels missing", "levels:", "level:", "2", "did you mean \"levels\"?"},
      {"weights on chip", "layer: conv2", "layer: conv2\non_chip: [weights]", "2",
       "expected one of inputs, outputs"},
      {"on chip twice", "layer: conv2", "layer: conv2\non_chip: [inputs, inputs]", "2", "listed twice"},
      {"on chip is no list", "layer: conv2", "layer: conv2\non_chip: inputs", "2", "expected a list"},
      {"on chip at a level", "keep: [weights, outputs]", "on_chip: [outputs]", "4", "unknown key"},
      {"same layer again", "layer: conv2",
       "layer: conv2\nlevels: [{level: dram}, {level: buffer}]\n---\nlayer: conv2", "4",
       "has a mapping already"},
      {"not YAML", "[M 8, C 4]", "[M 8, C 4", "", "is not valid YAML"},
  };
  for (const Mistake& mistake : mistakes) check_mistake(kSound, mistake, read_two);
}

}  // namespace
}  // namespace heddle::arch
