// Does the timing model count the cycles that the clocked machine takes?
#include <catch2/catch.hpp>

#include "mapper/default_mapping.h"
#include "mapper/model/timing.h"
#include "mapper/random_mapping.h"
#include "sim/accelerator.h"
#include "support/error.h"
#include "tests/sim/random_cases.h"

namespace {

using namespace heddle;
using namespace heddle::tests;

std::string text(const arch::CycleCounts& cycles) {
  std::string line = "total " + std::to_string(cycles.total) + ", compute " + std::to_string(cycles.compute);
  for (int i = 0; i < arch::kStallCount; ++i) {
    line += ", " + std::string(name(static_cast<arch::Stall>(i))) + " " +
            std::to_string(cycles.stalls[static_cast<std::size_t>(i)]);
  }
  line += ", busy";
  for (const std::int64_t busy : cycles.port_busy) line += " " + std::to_string(busy);
  return line;
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
  int compared = 0, on_chip = 0;
  for (int layer = 0; layer < layers; ++layer) {
    for (std::size_t a = 0; a < machines.size(); ++a) {
      const arch::Accelerator& accelerator = descriptions[a];
      Case test = random_case(random, accelerator);
      mapper::TimingModel model(test.problem, accelerator);
      for (int draw = 0; draw < 2; ++draw) {
        try {
          test.program.mapping = random.chance(0.15)
                                     ? mapper::default_mapping(test.problem, accelerator)
                                     : mapper::random_mapping(test.problem, accelerator, random.engine());
        } catch (const heddle::InputError&) {
          continue;  // this layer does not fit this accelerator
        }
        draw_on_chip(random, test.program.mapping, test.problem, accelerator);
        on_chip += test.program.mapping.on_chip != workload::PerOperand<bool>{};
        test.bind();
        INFO("seed " << seed << ", accelerator " << a << ", layer " << layer << ", mapping " << draw << "\n"
                     << arch::to_yaml({test.program.mapping}, accelerator));
        const std::string machine = text(machines[a]->run(test.program).cycles);
        REQUIRE(text(model.run(test.program.mapping)) == machine);
        ++compared;
      }
    }
  }
  CHECK(compared >= accelerators * layers);
  CHECK((levels == 1 || on_chip >= compared / 10));
  WARN(compared << " compared, " << on_chip << " of them with tensors on chip");
}

}  // namespace

TEST_CASE("The timing model equals the clocked machine - DRAM only") {
  check_random_layers(31, 1, false, 10, 40);
}
TEST_CASE("The timing model equals the clocked machine - one buffer") {
  check_random_layers(32, 2, false, 20, 40);
}
TEST_CASE("The timing model equals the clocked machine - two buffers") {
  check_random_layers(33, 3, false, 20, 40);
}
TEST_CASE("The timing model equals the clocked machine - three buffers") {
  check_random_layers(34, 4, false, 20, 40);
}
TEST_CASE("The timing model equals the clocked machine - sparse and DRAM only") {
  check_random_layers(41, 1, true, 10, 40);
}
TEST_CASE("The timing model equals the clocked machine - sparse and one buffer") {
  check_random_layers(42, 2, true, 20, 40);
}
TEST_CASE("The timing model equals the clocked machine - sparse and two buffers") {
  check_random_layers(43, 3, true, 20, 40);
}
