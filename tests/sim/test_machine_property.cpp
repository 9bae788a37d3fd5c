// Does the machine compute what the layer means, and count what a plain walk of the loops counts, for any
// layer, any mapping, any accelerator?
#include <catch2/catch.hpp>
#include <numeric>

#include "mapper/default_mapping.h"
#include "mapper/model/bounds.h"
#include "mapper/model/counts.h"
#include "mapper/random_mapping.h"
#include "rtl/verify/random_cases.h"
#include "sim/accelerator.h"
#include "support/error.h"
#include "tests/sim/nested_loops.h"

namespace {

using namespace heddle;
using namespace heddle::tests;
using namespace heddle::verify;
using workload::Operand;

std::string text(const arch::Traffic& t) {
  return "read " + std::to_string(t.read_elements) + " el/" + std::to_string(t.read_bits) + " b, write " +
         std::to_string(t.write_elements) + " el/" + std::to_string(t.write_bits) + " b";
}

void check_equal(const arch::ActionCounts& machine, const arch::ActionCounts& loops) {
  REQUIRE(machine.memory.size() == loops.memory.size());
  for (Operand o : workload::kOperands) {
    for (std::size_t level = 0; level < machine.memory.size(); ++level) {
      INFO("memory level " << level << ", " << workload::name(o));
      CHECK(text(machine.memory[level][o]) == text(loops.memory[level][o]));
    }
    INFO("registers, " << workload::name(o));
    CHECK(text(machine.registers[o]) == text(loops.registers[o]));
  }
  CHECK(machine.multiplies == loops.multiplies);
  CHECK(machine.gated_multiplies == loops.gated_multiplies);
  CHECK(machine.adds == loops.adds);
  CHECK(machine.requantizations == loops.requantizations);
  CHECK(machine.dram_bursts == loops.dram_bursts);
  REQUIRE(machine == loops);
}

/// The counts in closed form; what depends on how many inputs are zero is taken from the machine.
arch::ActionCounts predicted(const Case& test, const arch::Accelerator& accelerator,
                             const arch::ActionCounts& machine) {
  arch::ActionCounts counts = mapper::action_counts(test.problem, test.program.mapping, accelerator);
  CHECK(counts.multiplies >= machine.multiplies);
  CHECK(counts.multiplies + counts.gated_multiplies == machine.multiplies + machine.gated_multiplies);
  counts.multiplies = machine.multiplies;
  counts.gated_multiplies = machine.gated_multiplies;
  counts.adds = machine.adds;
  return counts;
}

void check_random_layers(std::uint64_t seed, int levels, bool sparse, int accelerators, int layers) {
  Random random(seed);
  std::vector<arch::Accelerator> descriptions;
  std::vector<std::unique_ptr<sim::Accelerator>> machines;  // all are elaborated before the first one runs
  for (int a = 0; a < accelerators; ++a) {
    descriptions.push_back(random_accelerator(random, levels, sparse));
    machines.push_back(
        std::make_unique<sim::Accelerator>(("machine" + std::to_string(a)).c_str(), descriptions.back()));
  }
  int compared = 0, with_partial_sums = 0, with_bypass = 0, with_gating = 0, inputs_on_chip = 0,
      outputs_on_chip = 0;
  for (int layer = 0; layer < layers; ++layer) {
    for (std::size_t a = 0; a < machines.size(); ++a) {
      const arch::Accelerator& accelerator = descriptions[a];
      Case test = random_case(random, accelerator);
      if (!draw_mapping(random, test, accelerator)) continue;  // this layer does not fit this accelerator
      INFO("seed " << seed << ", accelerator " << a << ", layer " << layer << "\n"
                   << arch::to_yaml({test.program.mapping}, accelerator));
      REQUIRE(arch::illegalities(test.program.mapping, test.problem, accelerator).empty());
      const sim::LayerOutcome outcome = machines[a]->run(test.program);
      REQUIRE(outcome.output == tests::compute(test.problem, test.data, test.program.input_zero_point,
                                               test.program.bias, test.program.requantization));
      check_equal(outcome.actions, tests::walk(test.program.mapping, test.problem, accelerator, test.data,
                                               test.program.input_zero_point));
      check_equal(outcome.actions, predicted(test, accelerator, outcome.actions));
      const std::int64_t bound = mapper::CycleBound(test.problem, accelerator).run(test.program.mapping);
      REQUIRE(bound <= outcome.cycles.total);
      const auto& c = outcome.cycles;
      REQUIRE(std::accumulate(c.stalls.begin(), c.stalls.end(), c.compute) == c.total);
      for (const std::int64_t stall : c.stalls) REQUIRE(stall >= 0);
      ++compared;
      with_partial_sums += outcome.actions.memory[0][Operand::outputs].read_elements > 0;
      with_gating += outcome.actions.gated_multiplies > 0;
      inputs_on_chip += test.program.mapping.on_chip[Operand::inputs];
      outputs_on_chip += test.program.mapping.on_chip[Operand::outputs];
      with_bypass += std::any_of(test.program.mapping.memory.begin(), test.program.mapping.memory.end(),
                                 [](const auto& level) {
                                   return !level.keep[Operand::weights] || !level.keep[Operand::inputs] ||
                                          !level.keep[Operand::outputs];
                                 });
    }
  }
  // The draw must have met what it is there to test.
  CHECK(compared >= accelerators * layers / 2);
  CHECK(with_partial_sums >= compared / 20);
  CHECK(with_gating >= compared / 4);
  CHECK((levels == 1 || with_bypass >= compared / 4));
  CHECK((levels == 1 || (inputs_on_chip >= compared / 10 && outputs_on_chip >= compared / 10)));
  WARN(compared << " compared: " << with_partial_sums << " with partial sums in DRAM, " << with_bypass
                << " with bypasses, " << with_gating << " with gated multiplies, " << inputs_on_chip
                << " with inputs and " << outputs_on_chip << " with outputs on chip");
}

}  // namespace

TEST_CASE("Random layers on random dense accelerators equal the nested loops - DRAM only") {
  check_random_layers(11, 1, false, 10, 36);
}
TEST_CASE("Random layers on random dense accelerators equal the nested loops - one buffer") {
  check_random_layers(12, 2, false, 20, 60);
}
TEST_CASE("Random layers on random dense accelerators equal the nested loops - two buffers") {
  check_random_layers(13, 3, false, 15, 60);
}
TEST_CASE("Random layers on random dense accelerators equal the nested loops - three buffers") {
  check_random_layers(14, 4, false, 10, 36);
}
TEST_CASE("Random layers on random sparse accelerators equal the nested loops - DRAM only") {
  check_random_layers(21, 1, true, 10, 36);
}
TEST_CASE("Random layers on random sparse accelerators equal the nested loops - one buffer") {
  check_random_layers(22, 2, true, 20, 60);
}
TEST_CASE("Random layers on random sparse accelerators equal the nested loops - two buffers") {
  check_random_layers(23, 3, true, 15, 60);
}
