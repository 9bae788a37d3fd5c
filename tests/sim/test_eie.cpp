// Does the eie unit compute what the layer means, in the cycles of its rules, and is its fast form equal to
// the clocked one?
#include <catch2/catch.hpp>
#include <memory>
#include <numeric>

#include "mapper/default_mapping.h"
#include "rtl/verify/eie_cases.h"
#include "sim/accelerator.h"
#include "tests/sim/eie_definition.h"

namespace {

using namespace heddle;
using namespace heddle::tests;
using namespace heddle::verify;

void check_equal(const arch::EieCounts& fast, const arch::EieCounts& clocked) {
  CHECK(fast.broadcasts == clocked.broadcasts);
  CHECK(fast.queue_pushes == clocked.queue_pushes);
  CHECK(fast.queue_pops == clocked.queue_pops);
  CHECK(fast.pointer_reads == clocked.pointer_reads);
  CHECK(fast.matrix_reads == clocked.matrix_reads);
  CHECK(fast.codebook_lookups == clocked.codebook_lookups);
  CHECK(fast.padding_entries == clocked.padding_entries);
  CHECK(fast.queue_full_cycles == clocked.queue_full_cycles);
  CHECK(fast.starved_cycles == clocked.starved_cycles);
  CHECK(fast.work == clocked.work);
}

struct Met {
  int compared = 0, partial_sums = 0, padding = 0, full = 0, no_broadcast = 0, saturated = 0;
};

/// What the clocked machine answers, equal to the definition and to the fast one.
sim::LayerOutcome compare_fidelities(EieCase& test, sim::Accelerator& clocked, sim::Accelerator& fast) {
  test.bind();
  sim::LayerOutcome slow = clocked.run(test.program), quick = fast.run(test.program);
  REQUIRE(slow.output == compute(test));
  REQUIRE(quick.output == slow.output);
  check_equal(quick.actions.eie.value(), slow.actions.eie.value());
  REQUIRE(quick.actions == slow.actions);
  for (std::size_t cause = 0; cause < arch::kStallCount; ++cause) {
    INFO(arch::name(static_cast<arch::Stall>(cause)));
    CHECK(quick.cycles.stalls[cause] == slow.cycles.stalls[cause]);
  }
  CHECK(quick.cycles.compute == slow.cycles.compute);
  CHECK(quick.cycles.total == slow.cycles.total);
  REQUIRE(quick.cycles == slow.cycles);
  const auto& c = slow.cycles;
  REQUIRE(std::accumulate(c.stalls.begin(), c.stalls.end(), c.compute) == c.total);
  const arch::EieCounts& counts = *slow.actions.eie;
  REQUIRE(counts.queue_pops == counts.queue_pushes);
  REQUIRE(slow.actions.multiplies == counts.codebook_lookups - counts.padding_entries);
  return slow;
}

/// Both fidelities and the definition, on random layers.
Met compare_random_layers(std::uint64_t seed, int accelerators, int layers) {
  Random random(seed);
  std::vector<arch::Accelerator> descriptions;
  std::vector<std::unique_ptr<sim::Accelerator>> clocked,
      fast;  // all are elaborated before the first one runs
  for (int a = 0; a < accelerators; ++a) {
    const std::string number = std::to_string(a);
    descriptions.push_back(random_eie(random));
    clocked.push_back(std::make_unique<sim::Accelerator>(("clocked" + number).c_str(), descriptions.back(),
                                                         sim::Fidelity::clocked));
    fast.push_back(std::make_unique<sim::Accelerator>(("fast" + number).c_str(), descriptions.back(),
                                                      sim::Fidelity::fast));
  }
  Met met;
  for (int layer = 0; layer < layers; ++layer) {
    for (std::size_t a = 0; a < clocked.size(); ++a) {
      EieCase test = random_eie_case(random, descriptions[a]);
      INFO("seed " << seed << ", accelerator " << a << ", layer " << layer << ", "
                   << descriptions[a].array.rows << " PEs, queues of " << descriptions[a].array.eie->queue
                   << "\n"
                   << arch::to_yaml({test.program.mapping}, descriptions[a]));
      const sim::LayerOutcome slow = compare_fidelities(test, *clocked[a], *fast[a]);
      const arch::EieCounts& counts = *slow.actions.eie;
      ++met.compared;
      met.partial_sums += slow.actions.memory[1][workload::Operand::outputs].read_elements >
                          test.problem.shape.output_count();
      met.padding += counts.padding_entries > 0;
      met.full += counts.queue_full_cycles > 0;
      met.no_broadcast += counts.broadcasts == 0;
    }
  }
  return met;
}

void check_random_layers(std::uint64_t seed, int accelerators, int layers) {
  const Met met = compare_random_layers(seed, accelerators, layers);
  CHECK(met.compared == accelerators * layers);
  CHECK(met.partial_sums > met.compared / 20);
  CHECK(met.padding > met.compared / 30);
  CHECK(met.full > met.compared / 16);
  CHECK(met.no_broadcast > met.compared / 50);
  WARN(met.compared << " compared: " << met.partial_sums << " with partial sums, " << met.padding
                    << " with padding, " << met.full << " with full queues, " << met.no_broadcast
                    << " of zeros only");
}

TEST_CASE("Random layers on eie are equal at both fidelities and by definition", "[eie]") {
  check_random_layers(401, 16, 40);
}
TEST_CASE("More random layers on eie are equal at both fidelities", "[eie]") {
  check_random_layers(402, 16, 40);
}
TEST_CASE("Still more random layers on eie are equal at both fidelities", "[eie]") {
  check_random_layers(403, 16, 40);
}
TEST_CASE("And more random layers on eie are equal at both fidelities", "[eie]") {
  check_random_layers(404, 16, 40);
}

TEST_CASE("Fast equals clocked on the eie accelerators that are shipped", "[eie]") {
  std::vector<arch::Accelerator> descriptions;
  std::vector<std::unique_ptr<sim::Accelerator>> clocked, fast;
  for (const std::string name : {"eie-16", "eie-64"}) {
    descriptions.push_back(
        arch::read_accelerator(std::string(HEDDLE_SOURCE_DIR) + "/configs/accelerators/" + name + ".yaml"));
    clocked.push_back(std::make_unique<sim::Accelerator>(("clocked-" + name).c_str(), descriptions.back(),
                                                         sim::Fidelity::clocked));
    fast.push_back(std::make_unique<sim::Accelerator>(("fast-" + name).c_str(), descriptions.back(),
                                                      sim::Fidelity::fast));
  }
  using workload::Dim;
  arch::LayerProblem convolution, vectors;
  convolution.name = "convolution";
  convolution.shape.size[Dim::M] = 70;
  convolution.shape.size[Dim::C] = 24;
  convolution.shape.size[Dim::P] = convolution.shape.size[Dim::Q] = 9;
  convolution.shape.size[Dim::R] = convolution.shape.size[Dim::S] = 3;
  convolution.shape.pad_top = convolution.shape.pad_left = 1;
  convolution.shape.input_h = convolution.shape.input_w = 9;
  vectors.name = "vectors";
  vectors.shape.size[Dim::N] = 3;
  vectors.shape.size[Dim::M] = 1500;
  vectors.shape.size[Dim::C] = 1300;
  Random random(11);
  for (arch::LayerProblem problem : {convolution, vectors}) {
    problem.weight_bits = problem.input_bits = problem.output_bits = 16;
    for (std::size_t a = 0; a < descriptions.size(); ++a) {
      problem.shared = arch::SharedWeights{4, 0.3, 0.3};
      const arch::LayerMapping mapping = mapper::default_mapping(problem, descriptions[a]);
      INFO(descriptions[a].name << ", " << problem.name);
      for (int draw = 0; draw < 3; ++draw) {
        EieCase test = random_eie_case(random, descriptions[a], problem, mapping);
        compare_fidelities(test, *clocked[a], *fast[a]);
      }
    }
  }
}

}  // namespace
