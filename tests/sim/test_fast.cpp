// Does the fast machine answer what the clocked one lives through: the same outputs, the same cycles and
// stalls, the same actions, for any layer, any mapping, any accelerator?
#include <catch2/catch.hpp>
#include <numeric>

#include "mapper/default_mapping.h"
#include "mapper/random_mapping.h"
#include "sim/accelerator.h"
#include "support/error.h"
#include "tests/sim/random_cases.h"

namespace {

using namespace heddle;
using namespace heddle::tests;
using sim::Fidelity;
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
      try {
        test.program.mapping = random.chance(0.15)
                                   ? mapper::default_mapping(test.problem, accelerator)
                                   : mapper::random_mapping(test.problem, accelerator, random.engine());
      } catch (const heddle::InputError&) {
        continue;  // this layer does not fit this accelerator
      }
      draw_on_chip(random, test.program.mapping, test.problem, accelerator);
      test.bind();
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

}  // namespace

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
