// Does the fast machine answer what the clocked one lives through: the same outputs, the same cycles and
// stalls, the same actions, for any layer, any mapping, any accelerator?
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "mapper/default_mapping.h"
#include "mapper/random_mapping.h"
#include "rtl/verify/random_cases.h"
#include "sim/accelerator.h"
#include "support/error.h"

namespace {

using namespace heddle;
using namespace heddle::verify;
using sim::Fidelity;
using workload::Dim;
using workload::Operand;

std::string text(const arch::Traffic& t) {
  return "read " + std::to_string(t.read_elements) + " el/" + std::to_string(t.read_bits) + " b, write " +
         std::to_string(t.write_elements) + " el/" + std::to_string(t.write_bits) + " b";
}

/// Says what differs before it requires that nothing does.
void check_equal(const sim::LayerOutcome& fast, const sim::LayerOutcome& clocked) {
  REQUIRE(fast.actions.memory.size() == clocked.actions.memory.size());
  for (Operand o : workload::kOperands) {
    for (std::size_t level = 0; level < clocked.actions.memory.size(); ++level) {
      INFO("memory level " << level << ", " << workload::name(o));
      CHECK(text(fast.actions.memory[level][o]) == text(clocked.actions.memory[level][o]));
    }
    INFO("registers, " << workload::name(o));
    CHECK(text(fast.actions.registers[o]) == text(clocked.actions.registers[o]));
  }
  CHECK(fast.actions.multiplies == clocked.actions.multiplies);
  CHECK(fast.actions.gated_multiplies == clocked.actions.gated_multiplies);
  CHECK(fast.actions.dram_bursts == clocked.actions.dram_bursts);
  REQUIRE(fast.actions == clocked.actions);
  CHECK(fast.cycles.total == clocked.cycles.total);
  CHECK(fast.cycles.compute == clocked.cycles.compute);
  for (std::size_t cause = 0; cause < clocked.cycles.stalls.size(); ++cause) {
    INFO("stall: " << name(static_cast<arch::Stall>(cause)));
    CHECK(fast.cycles.stalls[cause] == clocked.cycles.stalls[cause]);
  }
  CHECK(fast.cycles.port_busy == clocked.cycles.port_busy);
  REQUIRE(fast.cycles == clocked.cycles);
  REQUIRE(fast.output == clocked.output);
}

struct Met {
  int compared = 0, partial_sums = 0, bypass = 0, all_zero = 0, no_zero = 0, some_zero = 0, sparse = 0,
      wide = 0, resident = 0, streamed = 0, on_chip = 0, single_buffered = 0, double_buffered = 0;

  void add(const arch::Accelerator& accelerator, const Case& test, const sim::LayerOutcome& outcome) {
    const arch::LayerMapping& mapping = test.program.mapping;
    ++compared;
    partial_sums += outcome.actions.memory[0][Operand::outputs].read_elements > 0;
    all_zero += outcome.actions.multiplies == 0;
    no_zero += outcome.actions.gated_multiplies == 0;
    some_zero += outcome.actions.multiplies > 0 && outcome.actions.gated_multiplies > 0;
    sparse += test.problem.sparsity.has_value();
    wide += test.program.wide;
    resident += arch::is_resident(accelerator.array, Operand::weights) ||
                arch::is_resident(accelerator.array, Operand::inputs);
    on_chip += mapping.on_chip[Operand::inputs] || mapping.on_chip[Operand::outputs];
    const arch::LevelMapping& inner = mapping.memory.back();
    streamed += mapping.memory.size() > 1 && (!inner.keep[Operand::weights] || !inner.keep[Operand::inputs]);
    bypass += std::any_of(mapping.memory.begin(), mapping.memory.end(), [](const auto& level) {
      return !level.keep[Operand::weights] || !level.keep[Operand::inputs] || !level.keep[Operand::outputs];
    });
    if (mapping.memory.size() > 1) {
      single_buffered += !accelerator.memory.back().double_buffered;
      double_buffered += accelerator.memory.back().double_buffered;
    }
  }
};

/// Runs `layers` random layers on each of as many random accelerators, at both fidelities.
Met compare_random_layers(std::uint64_t seed, int levels, bool sparse, int accelerators, int layers) {
  Random random(seed);
  std::vector<arch::Accelerator> descriptions;
  std::vector<std::unique_ptr<sim::Accelerator>> fast,
      clocked;  // all are elaborated before the first one runs
  for (int a = 0; a < accelerators; ++a) {
    descriptions.push_back(random_accelerator(random, levels, sparse));
    const std::string number = std::to_string(a);
    fast.push_back(
        std::make_unique<sim::Accelerator>(("fast" + number).c_str(), descriptions.back(), Fidelity::fast));
    clocked.push_back(std::make_unique<sim::Accelerator>(("clocked" + number).c_str(), descriptions.back(),
                                                         Fidelity::clocked));
  }
  Met met;
  for (int layer = 0; layer < layers; ++layer) {
    for (std::size_t a = 0; a < descriptions.size(); ++a) {
      const arch::Accelerator& accelerator = descriptions[a];
      Case test = random_case(random, accelerator);
      if (!draw_mapping(random, test, accelerator)) continue;  // this layer does not fit this accelerator
      INFO("seed " << seed << ", accelerator " << a << ", layer " << layer << "\n"
                   << arch::to_yaml({test.program.mapping}, accelerator));
      const sim::LayerOutcome lived = clocked[a]->run(test.program);
      check_equal(fast[a]->run(test.program), lived);
      met.add(accelerator, test, lived);
    }
  }
  const int some = met.compared / 20;
  CHECK(met.compared >= accelerators * layers / 2);
  CHECK(met.partial_sums >= some / 2);
  CHECK(met.all_zero >= some);
  CHECK(met.no_zero >= some);
  CHECK(met.some_zero >= some);
  CHECK(met.wide >= some);
  CHECK(met.resident >= some);
  CHECK((!sparse || met.sparse >= some));
  if (levels > 1) {
    CHECK(met.bypass >= some);
    CHECK(met.streamed >= some);
    CHECK(met.on_chip >= some);
    CHECK(met.single_buffered >= some);
    CHECK(met.double_buffered >= some);
  }
  WARN(met.compared << " layers compared");
  return met;
}

/// Layers of the kinds that networks have: an odd-sized convolution, a depthwise one, one of single points, a
/// dilated one that is mostly padding, rows times a matrix, and heads.
std::vector<arch::LayerProblem> typical_layers() {
  const auto make = [](const std::string& name, const std::vector<std::pair<Dim, std::int64_t>>& sizes) {
    arch::LayerProblem problem;
    problem.name = name;
    for (const auto& [d, size] : sizes) problem.shape.size[d] = size;
    return problem;
  };
  std::vector<arch::LayerProblem> layers = {
      make("odd", {{Dim::M, 40}, {Dim::C, 24}, {Dim::P, 8}, {Dim::Q, 9}, {Dim::R, 3}, {Dim::S, 3}}),
      make("depthwise", {{Dim::G, 32}, {Dim::P, 14}, {Dim::Q, 14}, {Dim::R, 3}, {Dim::S, 3}}),
      make("points", {{Dim::N, 2}, {Dim::M, 48}, {Dim::C, 64}, {Dim::P, 14}, {Dim::Q, 14}}),
      make("dilated", {{Dim::M, 16}, {Dim::C, 8}, {Dim::P, 9}, {Dim::Q, 9}, {Dim::R, 5}, {Dim::S, 5}}),
      make("rows", {{Dim::N, 5}, {Dim::M, 70}, {Dim::C, 300}}),
      make("heads", {{Dim::N, 10}, {Dim::G, 3}, {Dim::M, 20}, {Dim::C, 32}})};
  const auto window = [](workload::MacShape& shape, std::int64_t stride, std::int64_t dilation,
                         std::int64_t pad, std::int64_t height, std::int64_t width) {
    shape.stride_h = shape.stride_w = stride;
    shape.dilation_h = shape.dilation_w = dilation;
    shape.pad_top = shape.pad_left = pad;
    shape.input_h = height;
    shape.input_w = width;
  };
  window(layers[0].shape, 2, 1, 1, 15, 17);
  window(layers[1].shape, 1, 1, 1, 14, 14);
  window(layers[2].shape, 1, 1, 0, 14, 14);
  window(layers[3].shape, 1, 3, 6, 9, 9);
  return layers;
}

}  // namespace

TEST_CASE("Fast equals clocked on every dot accelerator that is shipped") {
  std::vector<arch::Accelerator> descriptions;
  std::vector<std::unique_ptr<sim::Accelerator>> fast, clocked;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(HEDDLE_SOURCE_DIR) + "/configs/accelerators")) {
    arch::Accelerator accelerator = arch::read_accelerator(file.path());
    if (accelerator.array.eie) continue;  // test_eie.cpp
    descriptions.push_back(std::move(accelerator));
    const std::string number = std::to_string(descriptions.size());
    fast.push_back(
        std::make_unique<sim::Accelerator>(("fast" + number).c_str(), descriptions.back(), Fidelity::fast));
    clocked.push_back(std::make_unique<sim::Accelerator>(("clocked" + number).c_str(), descriptions.back(),
                                                         Fidelity::clocked));
  }
  Random random(131);
  int compared = 0;
  for (std::size_t a = 0; a < descriptions.size(); ++a) {
    const arch::Accelerator& accelerator = descriptions[a];
    for (arch::LayerProblem problem : typical_layers()) {
      const auto& size = problem.shape.size;
      problem.weight_bits = std::min(8, accelerator.array.bits.weights);
      problem.input_bits = problem.output_bits = std::min(8, accelerator.array.bits.activations);
      if (size[Dim::C] > 1) problem.sparsity = accelerator.array.sparsity;
      for (const bool random_mapping : {false, true}) {
        Case test = random_case(random, accelerator, problem);
        test.program.mapping = random_mapping ? mapper::random_mapping(problem, accelerator, random.engine())
                                              : mapper::default_mapping(problem, accelerator);
        test.bind();
        if (problem.name == "heads") {  // a matrix product's tensors have the heads outermost
          test.program.groups_outermost = true;
          test.program.inputs.stride = {size[Dim::C], size[Dim::N] * size[Dim::C], 1, 1, 1};
        }
        INFO(accelerator.name << ", " << arch::to_yaml({test.program.mapping}, accelerator));
        const sim::LayerOutcome lived = clocked[a]->run(test.program);
        REQUIRE(lived.output.size() == static_cast<std::size_t>(problem.shape.output_count()));
        check_equal(fast[a]->run(test.program), lived);
        ++compared;
      }
    }
  }
  CHECK(compared == static_cast<int>(12 * descriptions.size()));
  CHECK(descriptions.size() >= 12);
}

TEST_CASE("Fast equals clocked on random dense accelerators - DRAM only") {
  compare_random_layers(111, 1, false, 10, 36);
}
TEST_CASE("Fast equals clocked on random dense accelerators - one buffer") {
  compare_random_layers(112, 2, false, 20, 40);
}
TEST_CASE("Fast equals clocked on random dense accelerators - two buffers") {
  compare_random_layers(113, 3, false, 15, 30);
}
TEST_CASE("Fast equals clocked on random dense accelerators - three buffers") {
  compare_random_layers(114, 4, false, 10, 30);
}
TEST_CASE("Fast equals clocked on random sparse accelerators - DRAM only") {
  compare_random_layers(121, 1, true, 10, 36);
}
TEST_CASE("Fast equals clocked on random sparse accelerators - one buffer") {
  compare_random_layers(122, 2, true, 20, 40);
}
TEST_CASE("Fast equals clocked on random sparse accelerators - two buffers") {
  compare_random_layers(123, 3, true, 15, 30);
}
