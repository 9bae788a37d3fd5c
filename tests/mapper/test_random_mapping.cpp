// Are random mappings legal, varied, and the same for the same seed?
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "mapper/default_mapping.h"
#include "mapper/random_mapping.h"
#include "tests/mapper/random_layers.h"

namespace heddle::mapper {
namespace {

using workload::Dim;
using workload::Operand;

arch::Accelerator shipped(const std::string& name) {
  return arch::read_accelerator(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs" / "accelerators" /
                                (name + ".yaml"));
}

TEST_CASE("random mapping: always legal, and mostly not the default") {
  const std::uint64_t seed = 3;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (const char* name : {"dense-8x8", "nm-16x16", "int16-8x8", "eyeriss", "dense-16x16-l2"}) {
    const arch::Accelerator accelerator = shipped(name);
    int drawn = 0;
    for (int i = 0; i < 300; ++i) {
      const arch::LayerProblem layer = random_layer(random, accelerator.array);
      const auto mapping = random_mapping(layer, accelerator, random);
      const auto wrong = arch::illegalities(mapping, layer, accelerator);
      INFO(accelerator.name << " " << layer.name << "\n" << arch::to_yaml({mapping}, accelerator));
      INFO((wrong.empty() ? "" : wrong.front()));
      CHECK(wrong.empty());
      drawn += arch::to_yaml({mapping}, accelerator) !=
                       arch::to_yaml({default_mapping(layer, accelerator)}, accelerator)
                   ? 1
                   : 0;
    }
    INFO(name << ": " << drawn << " of 300 drawn");
    CHECK(drawn > 200);
  }
}

TEST_CASE("random mapping: covers what property tests are there for") {
  std::mt19937_64 random(4);
  const arch::Accelerator accelerator = shipped("nm-8x8");
  arch::LayerProblem layer;
  layer.name = "layer";
  layer.sparsity = accelerator.array.sparsity;
  layer.shape.size[Dim::N] = 2;
  layer.shape.size[Dim::G] = 2;
  layer.shape.size[Dim::M] = 13;
  layer.shape.size[Dim::C] = 22;
  layer.shape.size[Dim::P] = layer.shape.size[Dim::Q] = 9;
  layer.shape.size[Dim::R] = layer.shape.size[Dim::S] = 3;
  layer.shape.input_h = layer.shape.input_w = 11;
  std::set<std::string> different;
  int ragged = 0, bypass = 0, partial = 0, split = 0, grouped_pass = 0;
  for (int i = 0; i < 300; ++i) {
    const auto mapping = random_mapping(layer, accelerator, random);
    different.insert(arch::to_yaml({mapping}, accelerator));
    const auto tile = arch::level_extent(mapping, 1);
    ragged += layer.shape.size[Dim::M] % tile[Dim::M] != 0 && tile[Dim::M] < layer.shape.size[Dim::M] ? 1 : 0;
    for (Operand operand : workload::kOperands) bypass += mapping.memory[1].keep[operand] ? 0 : 1;
    partial += arch::partial_sums_reach(mapping, layer.shape, 1) ? 1 : 0;
    grouped_pass += arch::pass_extent(mapping)[Dim::G] > 1 ? 1 : 0;
    std::set<Dim> seen;
    for (const arch::Loop& loop : mapping.registers) split += seen.insert(loop.dim).second ? 0 : 1;
  }
  CHECK(different.size() > 290);
  for (int count : {ragged, bypass, partial, grouped_pass, split}) CHECK(count > 5);
}

TEST_CASE("random mapping: the same seed draws the same mapping") {
  const arch::Accelerator accelerator = shipped("dense-8x8");
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 first(seed), second(seed);
    const arch::LayerProblem layer = random_layer(first, accelerator.array);
    random_layer(second, accelerator.array);
    CHECK(arch::to_yaml({random_mapping(layer, accelerator, first)}, accelerator) ==
          arch::to_yaml({random_mapping(layer, accelerator, second)}, accelerator));
  }
}

TEST_CASE("random mapping: a printed one reads back as it was") {
  std::mt19937_64 random(5);
  const arch::Accelerator accelerator = shipped("dense-16x16-l2");
  for (int i = 0; i < 50; ++i) {
    const arch::LayerProblem layer = random_layer(random, accelerator.array);
    const std::string text = arch::to_yaml({random_mapping(layer, accelerator, random)}, accelerator);
    const auto path =
        std::filesystem::temp_directory_path() / ("heddle-test-random-" + std::to_string(random()) + ".yaml");
    std::ofstream(path) << text;
    const auto again = arch::read_mappings(path, accelerator);
    std::filesystem::remove(path);
    REQUIRE(again.size() == 1);
    CHECK(arch::to_yaml({again.begin()->second}, accelerator) == text);
  }
}

}  // namespace
}  // namespace heddle::mapper
