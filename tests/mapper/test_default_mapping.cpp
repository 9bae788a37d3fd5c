// Is the default mapping always legal, fast to find and good enough to simulate with?
#include <catch2/catch.hpp>
#include <filesystem>

#include "mapper/array_plan.h"
#include "mapper/default_mapping.h"
#include "mapper/factors.h"
#include "support/error.h"
#include "tests/mapper/random_layers.h"

namespace heddle::mapper {
namespace {

using workload::Dim;
using workload::Operand;

std::vector<arch::Accelerator> shipped_accelerators() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(HEDDLE_SOURCE_DIR) /
                                                               "configs" / "accelerators")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<arch::Accelerator> accelerators;
  for (const auto& file : files) accelerators.push_back(arch::read_accelerator(file));
  return accelerators;
}

arch::Accelerator shipped(const std::string& name) {
  return arch::read_accelerator(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs" / "accelerators" /
                                (name + ".yaml"));
}

arch::LayerProblem convolution(std::int64_t m, std::int64_t c, std::int64_t size, std::int64_t kernel,
                               std::int64_t stride) {
  arch::LayerProblem problem;
  problem.name = fmt::format("m{}-c{}-{}x{}-k{}-s{}", m, c, size, size, kernel, stride);
  workload::MacShape& shape = problem.shape;
  shape.size[Dim::M] = m;
  shape.size[Dim::C] = c;
  shape.size[Dim::P] = shape.size[Dim::Q] = size;
  shape.size[Dim::R] = shape.size[Dim::S] = kernel;
  shape.stride_h = shape.stride_w = stride;
  shape.pad_top = shape.pad_left = kernel / 2;
  shape.input_h = shape.input_w = size * stride;
  return problem;
}

/// A tenth of the weights, shared, as the eie unit takes them.
void prune(arch::LayerProblem& layer) {
  layer.shared = arch::SharedWeights{4, 0.1, 0.1};
  layer.weight_bits = layer.input_bits = layer.output_bits = 16;
}

/// ResNet-50 v1.5 (the stride is in the 3 x 3 convolution), in order.
std::vector<arch::LayerProblem> resnet50() {
  std::vector<arch::LayerProblem> layers = {convolution(64, 3, 112, 7, 2)};
  std::int64_t channels = 64, size = 56;
  const std::int64_t widths[] = {64, 128, 256, 512}, blocks[] = {3, 4, 6, 3};
  for (int stage = 0; stage < 4; ++stage) {
    for (int block = 0; block < blocks[stage]; ++block) {
      const std::int64_t width = widths[stage], stride = stage > 0 && block == 0 ? 2 : 1;
      layers.push_back(convolution(width, channels, size, 1, 1));
      layers.push_back(convolution(width, width, size / stride, 3, stride));
      layers.push_back(convolution(4 * width, width, size / stride, 1, 1));
      if (block == 0) layers.push_back(convolution(4 * width, channels, size / stride, 1, stride));
      channels = 4 * width;
      size /= stride;
    }
  }
  layers.push_back(convolution(1000, 2048, 1, 1, 1));
  return layers;
}

void check_legal(const arch::LayerMapping& mapping, const arch::LayerProblem& problem,
                 const arch::Accelerator& accelerator) {
  const auto wrong = arch::illegalities(mapping, problem, accelerator);
  INFO(accelerator.name << " " << problem.name << "\n" << arch::to_yaml({mapping}, accelerator));
  INFO((wrong.empty() ? "" : wrong.front()));
  CHECK(wrong.empty());
}

/// Steps of the array when every ragged tile runs only what it has.
double steps(const arch::LayerMapping& mapping, const arch::LayerProblem& problem) {
  double product = 1;
  const auto axes = arch::spatial_extent(mapping);
  for (Dim dim : workload::kDims)
    product *= static_cast<double>(ceil_div(problem.shape.size[dim], axes[dim]));
  return product;
}

/// Bits that the dram moves: a tile is fetched whenever a loop that it depends on advances at the dram.
double dram_bits(const arch::LayerMapping& mapping, const arch::LayerProblem& problem,
                 const arch::Accelerator& accelerator) {
  double total = 0;
  const auto tile = arch::level_extent(mapping, 1);
  for (Operand operand : workload::kOperands) {
    double fetches = 1;
    bool inside_relevant = false;
    const auto& loops = mapping.memory[0].temporal;
    for (auto loop = loops.rbegin(); loop != loops.rend(); ++loop) {
      inside_relevant = inside_relevant || workload::depends_on(operand, loop->dim);
      if (inside_relevant) fetches *= static_cast<double>(loop->factor);
    }
    total += fetches * static_cast<double>(arch::tile_bits(operand, problem, accelerator.array, tile, false));
  }
  return total;
}

TEST_CASE("default mapping: even factors are the smallest for each number of tiles") {
  for (std::int64_t size : {1, 2, 7, 12, 97, 100, 256}) {
    std::vector<std::int64_t> expected;
    for (std::int64_t factor = 1; factor <= size; ++factor) {
      if (factor == 1 || ceil_div(size, factor) != ceil_div(size, factor - 1)) expected.push_back(factor);
    }
    CHECK(even_factors(size, size, 1000) == expected);
  }
  CHECK(even_factors(100, 10, 1000).back() == 10);
  CHECK(even_factors(97, 97, 5).size() == 5);
  CHECK(even_factors(97, 97, 5).front() == 1);
  CHECK(even_factors(97, 97, 5).back() == 97);
}

TEST_CASE("default mapping: every layer of ResNet-50 on every shipped accelerator, legal") {
  const auto layers = resnet50();
  std::int64_t macs = 0;
  for (const auto& layer : layers) macs += layer.shape.macs();
  REQUIRE(macs == 4089184256);  // the hand-listed shapes are the network
  for (const arch::Accelerator& accelerator : shipped_accelerators()) {
    for (bool sparse : {false, true}) {
      if (sparse && !accelerator.array.sparsity) continue;
      for (arch::LayerProblem layer : layers) {
        if (sparse) layer.sparsity = accelerator.array.sparsity;
        if (accelerator.array.eie) prune(layer);
        check_legal(default_mapping(layer, accelerator), layer, accelerator);
      }
    }
  }
}

TEST_CASE(
    "default mapping: ResNet-50 keeps a dense array busy and reads little more than its tensors from the "
    "dram") {
  const arch::Accelerator accelerator = shipped("dense-16x16");
  double needed = 0, used = 0, moved = 0, least = 0;
  for (const arch::LayerProblem& layer : resnet50()) {
    const auto mapping = default_mapping(layer, accelerator);
    needed += static_cast<double>(layer.shape.macs()) / (16 * 16 * 8);
    used += steps(mapping, layer);
    moved += dram_bits(mapping, layer, accelerator);
    for (Operand operand : workload::kOperands) {
      least +=
          static_cast<double>(arch::tile_bits(operand, layer, accelerator.array, layer.shape.size, false));
    }
  }
  INFO("steps at " << needed / used << " of the peak, " << moved / least << " times the least dram traffic");
  CHECK(needed / used > 0.85);
  CHECK(moved / least < 2);
}

TEST_CASE("default mapping: legal for random layers on every shipped accelerator") {
  const std::uint64_t seed = 1;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  int mapped = 0;
  for (const arch::Accelerator& accelerator : shipped_accelerators()) {
    for (int i = 0; i < 400; ++i) {
      arch::LayerProblem layer = random_layer(random, accelerator.array);
      if (accelerator.array.eie) prune(layer);
      check_legal(default_mapping(layer, accelerator), layer, accelerator);
      ++mapped;
    }
  }
  CHECK(mapped >= 2800);
}

TEST_CASE("default mapping: legal for odd arrays and small memories") {
  const std::uint64_t seed = 2;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  int mapped = 0, refused = 0;
  for (int i = 0; i < 2000; ++i) {
    arch::Accelerator accelerator = shipped(i % 2 == 0 ? "nm-8x8" : "dense-16x16-l2");
    arch::ArrayUnit& unit = accelerator.array;
    unit.rows = pick(random, {1, 2, 3, 5, 16});
    unit.columns = pick(random, {1, 2, 3, 7, 16});
    unit.lanes = unit.sparsity ? pick(random, {2, 4, 6, 16}) : pick(random, {1, 3, 8, 13});
    unit.registers = {pick(random, {1, 2, 16}), pick(random, {1, 3, 12}), pick(random, {1, 2, 5, 24}),
                      std::nullopt};
    if (i % 5 == 0) unit.registers = {1, 1, 1, pick(random, {128, 200, 1024})};
    unit.scalable = random() % 4 == 0;
    for (std::size_t level = 1; level < accelerator.memory.size(); ++level) {
      accelerator.memory[level].size_bytes = pick(random, {4, 16, 64, 300, 1000, 5000, 65536});
      accelerator.memory[level].double_buffered = random() % 2 == 0;
    }
    const arch::LayerProblem layer = random_layer(random, unit);
    try {
      check_legal(default_mapping(layer, accelerator), layer, accelerator);
      ++mapped;
    } catch (const InputError& error) {
      CHECK_THAT(error.what(), Catch::Contains("too small by") || Catch::Contains("too many"));
      ++refused;
    }
  }
  CHECK(mapped > 1000);
  CHECK(refused > 0);
}

TEST_CASE("default mapping: a level larger than the one outside it does not starve the array") {
  const arch::Accelerator simba = shipped("simba-chiplet");
  REQUIRE(simba.memory[2].size_bytes > simba.memory[1].size_bytes);
  const arch::LayerProblem problem = convolution(64, 64, 56, 3, 1);
  const arch::LayerMapping mapping = default_mapping(problem, simba);
  check_legal(mapping, problem, simba);
  const auto step = arch::spatial_extent(mapping);
  CHECK(step[Dim::M] * step[Dim::C] * step[Dim::R] * step[Dim::S] >=
        simba.array.rows * simba.array.lanes / 2);
}

TEST_CASE("default mapping: a layer that cannot run says which level is too small by how much") {
  arch::Accelerator accelerator = shipped("dense-8x8");
  accelerator.memory[1].size_bytes = 5;
  // One weight, one input, one output of a byte each, twice: 6 bytes.
  const arch::LayerProblem layer = convolution(4, 1, 4, 1, 1);
  CHECK_THROWS_WITH(
      default_mapping(layer, accelerator),
      Catch::Contains("layer m4-c1-4x4-k1-s1") && Catch::Contains("buffer is too small by 1 bytes"));
  accelerator.memory[1].size_bytes = 6;
  check_legal(default_mapping(layer, accelerator), layer, accelerator);
  arch::LayerProblem wide = layer;
  wide.input_bits = 16;
  CHECK_THROWS_WITH(default_mapping(wide, accelerator),
                    Catch::Contains("inputs of 16 bits do not fit the array's 8-bit inputs"));
}

TEST_CASE("default mapping: a layer that fits is read once") {
  const arch::Accelerator accelerator = shipped("dense-16x16");
  const arch::LayerProblem layer = convolution(64, 64, 14, 3, 1);
  const auto mapping = default_mapping(layer, accelerator);
  // Without a reduction split, each operand's fetches multiply only loops that it depends on, or the layer's
  // tensor is small: weights 36,864 bytes and outputs 12,544 may not move twice, inputs only by their halo.
  double least = 0;
  for (Operand operand : workload::kOperands) {
    least += static_cast<double>(arch::tile_bits(operand, layer, accelerator.array, layer.shape.size, false));
  }
  CHECK(dram_bits(mapping, layer, accelerator) < 1.5 * least);
}

}  // namespace
}  // namespace heddle::mapper
