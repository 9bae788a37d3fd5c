// Does the model of the vector unit give exactly what the clocked machine counts and takes, for every
// operation, size and place of the tensors?
#include <catch2/catch.hpp>

#include "mapper/model/vector_model.h"
#include "sim/accelerator.h"
#include "support/error.h"
#include "tests/sim/vector_layers.h"

namespace {

using namespace heddle;
using workload::Activation;
using workload::Shape;
using workload::test::draw;
using workload::test::Random;

arch::Accelerator random_accelerator(Random& random, int levels) {
  arch::Accelerator accelerator;
  accelerator.name = "vector";
  accelerator.vector.lanes = draw(random, 1, 20);
  accelerator.memory.push_back({.name = "dram",
                                .kind = arch::MemoryLevel::Kind::dram,
                                .burst_bytes = std::int64_t{1} << draw(random, 0, 6),
                                .bandwidth = draw(random, 1, 40),
                                .latency_cycles = draw(random, 0, 1) * draw(random, 1, 120)});
  for (int level = 1; level < levels; ++level) {
    accelerator.memory.push_back({.name = "buffer" + std::to_string(level),
                                  .size_bytes = std::int64_t{64} << draw(random, 0, 8),
                                  .word_bytes = std::int64_t{1} << draw(random, 0, 4),
                                  .bandwidth = draw(random, 1, 64),
                                  .latency_cycles = draw(random, 0, 1) * draw(random, 1, 5),
                                  .double_buffered = draw(random, 0, 1) == 1});
  }
  return accelerator;
}

/// One of every operation, with sizes from `random`; 1 is a size, too.
std::vector<std::unique_ptr<tests::VectorCase>> random_layers(Random& random) {
  using namespace workload;
  const auto size = [&](std::int64_t most) { return draw(random, 1, most); };
  const Shape image = {size(2), size(6), size(9), size(9)};
  const Shape matrix = {size(12), size(30)};
  const Shape cube = {size(3), size(5), 2 * size(6)};
  const Shape other = {image[0], size(6), image[2], image[3]};
  Window window{{size(3), size(3)}, {size(2), size(2)}, {1, 1}, {}, size(2) == 1};
  for (std::size_t side = 0; side < 4; ++side) window.padding[side] = (window.kernel[side % 2] - 1) / 2;
  const bool pools = window.output_size(0, image[2]) > 0 && window.output_size(1, image[3]) > 0;
  const int bits = static_cast<int>(size(2) * 8);
  std::vector<std::unique_ptr<tests::VectorCase>> layers;
  const auto add = [&](const Operation& operation, const std::vector<Shape>& shapes,
                       Activation activation = Activation::none) {
    layers.push_back(tests::vector_case(operation, shapes, bits, activation, random()));
  };
  add(Add{}, {image, image});
  add(Add{}, {image, {image[1], 1, 1}}, Activation::relu);
  add(Add{}, {matrix, matrix}, Activation::gelu);
  add(Multiply{}, {matrix, matrix});
  add(Concat{1}, {image, other});
  add(Concat{0}, {matrix, matrix, matrix});
  add(Activate{}, {cube}, Activation::silu);
  if (pools) {
    add(Pool{Pool::Kind::max, window, false}, {image});
    add(Pool{Pool::Kind::average, window, true}, {image});
  }
  add(GlobalAveragePool{}, {image});
  add(Softmax{-1}, {matrix});
  add(Softmax{1}, {cube});
  add(LayerNorm{}, {matrix});
  add(LayerNorm{1e-5, false}, {cube});
  add(BatchNorm{}, {image});
  add(LocalResponseNorm{}, {image});
  add(Embedding{size(40) + 2, size(20)}, {{1, size(12)}});
  add(Rotary{}, {cube});
  add(Transpose{{0, 2, 3, 1}}, {image});
  add(Slice{1, 0, std::max<std::int64_t>(1, image[1] / 2)}, {image});
  return layers;
}

void place_randomly(Random& random, arch::VectorLayer& layer, bool has_buffer) {
  for (auto& input : layer.inputs) input.on_chip = has_buffer && draw(random, 0, 1) == 1;
  layer.output.on_chip = has_buffer && draw(random, 0, 1) == 1;
}

void compare_with_machine(int levels, std::uint64_t seed, int machines, int rounds) {
  Random random(seed);
  std::vector<arch::Accelerator> descriptions;
  std::vector<std::unique_ptr<sim::Accelerator>> built;
  for (int i = 0; i < machines; ++i) {
    descriptions.push_back(random_accelerator(random, levels));
    built.push_back(
        std::make_unique<sim::Accelerator>(("machine" + std::to_string(i)).c_str(), descriptions.back()));
  }
  int compared = 0, refused = 0, on_chip = 0;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < built.size(); ++i) {
      for (const auto& test : random_layers(random)) {
        arch::VectorLayer& layer = test->program.layer;
        place_randomly(random, layer, levels > 1);
        const workload::Network& network = test->quantized.network;
        INFO("seed " << seed << ", machine " << i << ", round " << round << ": "
                     << workload::name(network.layers()[0].operation) << " of "
                     << workload::to_string(network.shape(network.inputs()[0])));
        arch::VectorLayer shapes_only = layer;
        shapes_only.operation = workload::VectorOp::without_constants(network, 0);
        sim::LayerOutcome outcome;
        try {
          outcome = built[i]->run(test->program);
        } catch (const InputError& error) {
          CHECK_THROWS_WITH(mapper::vector_costs(shapes_only, descriptions[i]), error.what());
          ++refused;
          continue;
        }
        const mapper::VectorCosts costs = mapper::vector_costs(shapes_only, descriptions[i]);
        CHECK(outcome.output == test->reference());
        CHECK(costs.cycles.total == outcome.cycles.total);
        CHECK(costs.cycles.compute == outcome.cycles.compute);
        CHECK(costs.cycles.stalls == outcome.cycles.stalls);
        CHECK(costs.cycles.port_busy == outcome.cycles.port_busy);
        CHECK(costs.actions.dram_bursts == outcome.actions.dram_bursts);
        REQUIRE(costs.cycles == outcome.cycles);
        REQUIRE(costs.actions == outcome.actions);
        ++compared;
        on_chip += layer.output.on_chip || layer.inputs[0].on_chip;
      }
    }
  }
  WARN(compared << " compared, " << on_chip << " of them with tensors on chip; " << refused
                << " did not fit");
  CHECK(compared > 10 * machines * rounds);
  CHECK((levels == 1 || on_chip > compared / 4));
}

}  // namespace

TEST_CASE("Vector layers cost what the machine counts - DRAM only") { compare_with_machine(1, 31, 4, 4); }
TEST_CASE("Vector layers cost what the machine counts - one buffer") { compare_with_machine(2, 32, 12, 6); }
TEST_CASE("Vector layers cost what the machine counts - two buffers") { compare_with_machine(3, 33, 8, 5); }

TEST_CASE("A change of shape costs nothing") {
  const auto test = tests::vector_case(workload::Reshape{{4, 6}}, {{2, 12}});
  Random random(1);
  const mapper::VectorCosts costs = mapper::vector_costs(test->program.layer, random_accelerator(random, 2));
  CHECK(costs.cycles.total == 0);
  CHECK(costs.cycles.port_busy == std::vector<std::int64_t>(2, 0));
  CHECK(costs.actions.memory == std::vector<workload::PerOperand<arch::Traffic>>(2));
}

TEST_CASE("An operation without constants counts and does not run") {
  const auto test = tests::vector_case(workload::Softmax{-1}, {{3, 5}});
  const auto operation = workload::VectorOp::without_constants(test->quantized.network, 0);
  CHECK(operation.units() == test->program.layer.operation.units());
  CHECK(operation.operations() == test->program.layer.operation.operations());
  std::vector<std::int16_t> output(15);
  CHECK_THROWS_AS(operation.run(0, 3, {test->quantized.inputs[0].codes.data()}, output.data()),
                  std::logic_error);
}
