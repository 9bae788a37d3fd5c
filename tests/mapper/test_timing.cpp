// Does the timing model count the cycles that the clocked machine takes?
#include <catch2/catch.hpp>

#include "mapper/default_mapping.h"
#include "mapper/model/timing.h"
#include "mapper/random_mapping.h"
#include "rtl/verify/random_cases.h"
#include "sim/accelerator.h"
#include "support/error.h"
#include "tests/mapper/random_layers.h"

namespace {

using namespace heddle;
using namespace heddle::verify;
using workload::Dim;

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

/// The clocked machines of random accelerators; all are elaborated before the first one runs.
struct Machines {
  std::vector<arch::Accelerator> descriptions;
  std::vector<std::unique_ptr<sim::Accelerator>> machines;

  Machines(Random& random, int levels, bool sparse, int count) {
    for (int a = 0; a < count; ++a) {
      descriptions.push_back(random_accelerator(random, levels, sparse));
      machines.push_back(
          std::make_unique<sim::Accelerator>(("machine" + std::to_string(a)).c_str(), descriptions.back()));
    }
  }
};

std::optional<arch::LayerMapping> draw_mapping(Random& random, const arch::LayerProblem& problem,
                                               const arch::Accelerator& accelerator) {
  try {
    return random.chance(0.15) ? mapper::default_mapping(problem, accelerator)
                               : mapper::random_mapping(problem, accelerator, random.engine());
  } catch (const heddle::InputError&) {
    return std::nullopt;  // this layer does not fit this accelerator
  }
}

std::int64_t passes_of(const arch::LayerProblem& problem, const arch::LayerMapping& mapping) {
  const auto extent = arch::pass_extent(mapping);
  std::int64_t passes = 1;
  for (Dim d : workload::kDims) passes *= (problem.shape.size[d] + extent[d] - 1) / extent[d];
  return passes;
}

struct Compared {
  int layers = 0, on_chip = 0;
  std::int64_t passes = 0, evaluated = 0;
};

/// Compares every count of `layers` x `accelerators` layers, two mappings of each. `grow` makes a layer
/// larger.
Compared check_random_layers(std::uint64_t seed, int levels, bool sparse, int accelerators, int layers,
                             void (*grow)(Random&, arch::LayerProblem&) = nullptr) {
  Random random(seed);
  Machines all(random, levels, sparse, accelerators);
  Compared compared;
  for (int layer = 0; layer < layers; ++layer) {
    for (std::size_t a = 0; a < all.machines.size(); ++a) {
      const arch::Accelerator& accelerator = all.descriptions[a];
      arch::LayerProblem problem = random_problem(random, accelerator);
      if (grow) grow(random, problem);
      Case test = random_case(random, accelerator, problem);
      mapper::TimingModel model(problem, accelerator);
      for (int draw = 0; draw < 2; ++draw) {
        auto mapping = draw_mapping(random, problem, accelerator);
        if (!mapping) continue;
        draw_on_chip(random, *mapping, problem, accelerator);
        compared.on_chip += mapping->on_chip != workload::PerOperand<bool>{};
        test.program.mapping = *mapping;
        test.bind();
        INFO("seed " << seed << ", accelerator " << a << ", layer " << layer << ", mapping " << draw << "\n"
                     << arch::to_yaml({*mapping}, accelerator));
        const std::string machine = text(all.machines[a]->run(test.program).cycles);
        REQUIRE(text(model.run(*mapping)) == machine);
        REQUIRE(model.effort().passes == passes_of(problem, *mapping));
        ++compared.layers;
        compared.passes += model.effort().passes;
        compared.evaluated += model.effort().evaluated;
      }
    }
  }
  CHECK(compared.layers >= accelerators * layers);
  CHECK((levels == 1 || grow || compared.on_chip >= compared.layers / 10));  // large tensors do not fit
  WARN(compared.layers << " compared: " << compared.passes << " passes, " << compared.evaluated
                       << " of them evaluated");
  return compared;
}

/// Up to 40 times the multiply-accumulates, so that loops of many alike iterations come about.
void make_larger(Random& random, arch::LayerProblem& problem) {
  auto& size = problem.shape.size;
  const std::int64_t most = 40 * 6000;
  for (int i = 0; i < 12; ++i) {
    const Dim d = random.one_of<Dim>({Dim::N, Dim::G, Dim::M, Dim::C, Dim::M, Dim::C});
    const std::int64_t factor = random.range(2, 5);
    if (problem.shape.macs() * factor <= most) size[d] = size[d] * factor - random.range(0, 1);
  }
  // More rows and columns; the window stays inside, or overlaps the padding as before.
  while (problem.shape.macs() * 2 <= most && problem.shape.input_h > 1) {
    const std::int64_t more = random.range(1, 6);
    size[Dim::P] += more;
    problem.shape.input_h += more * problem.shape.stride_h;
  }
  while (problem.shape.macs() * 2 <= most && problem.shape.input_w > 1) {
    const std::int64_t more = random.range(1, 6);
    size[Dim::Q] += more;
    problem.shape.input_w += more * problem.shape.stride_w;
  }
}

/// Larger layers: at least nine passes of ten must have been recognised.
void check_larger_layers(std::uint64_t seed, int levels, bool sparse) {
  const Compared compared = check_random_layers(seed, levels, sparse, 5, 5, make_larger);
  CHECK(compared.passes > 100'000);
  CHECK(compared.evaluated * 10 < compared.passes);
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

TEST_CASE("The timing model equals the clocked machine on larger layers - DRAM only") {
  check_larger_layers(51, 1, false);
}
TEST_CASE("The timing model equals the clocked machine on larger layers - one buffer") {
  check_larger_layers(52, 2, false);
}
TEST_CASE("The timing model equals the clocked machine on larger layers - two buffers") {
  check_larger_layers(53, 3, false);
}
TEST_CASE("The timing model equals the clocked machine on larger layers - three buffers") {
  check_larger_layers(54, 4, false);
}
TEST_CASE("The timing model equals the clocked machine on larger layers - sparse and one buffer") {
  check_larger_layers(62, 2, true);
}

TEST_CASE("Skipping what repeats changes no count of layers as large as real ones") {
  Random random(71);
  int compared = 0;
  std::int64_t passes = 0, evaluated = 0;
  for (int i = 0; i < 400; ++i) {
    arch::Accelerator accelerator = random_accelerator(random, 1 + i % 4, i % 3 == 0);
    for (std::size_t level = 1; level < accelerator.memory.size(); ++level)
      accelerator.memory[level].size_bytes *= 20;
    const arch::LayerProblem problem = random_layer(random.engine(), accelerator.array);
    const auto mapping = draw_mapping(random, problem, accelerator);
    if (!mapping || passes_of(problem, *mapping) > 400'000) continue;
    INFO("accelerator and layer " << i << "\n" << arch::to_yaml({*mapping}, accelerator));
    mapper::TimingModel model(problem, accelerator);
    const std::string skipping = text(model.run(*mapping));
    passes += model.effort().passes;
    evaluated += model.effort().evaluated;
    model.evaluate_all(true);
    REQUIRE(text(model.run(*mapping)) == skipping);
    REQUIRE(model.effort().evaluated == model.effort().passes);
    REQUIRE(model.effort().passes == passes_of(problem, *mapping));
    ++compared;
  }
  CHECK(compared >= 150);
  CHECK(evaluated * 50 < passes);
  WARN(compared << " compared: " << passes << " passes, " << evaluated << " of them evaluated");
}

TEST_CASE("A limit ends a run only when the layer takes longer") {
  Random random(81);
  int ended_early = 0;
  for (int i = 0; i < 200; ++i) {
    const arch::Accelerator accelerator = random_accelerator(random, 1 + i % 3, false);
    const arch::LayerProblem problem = random_problem(random, accelerator);
    const auto mapping = draw_mapping(random, problem, accelerator);
    if (!mapping) continue;
    mapper::TimingModel model(problem, accelerator);
    const arch::CycleCounts whole = model.run(*mapping);
    const std::int64_t passes = model.effort().passes;
    CHECK(text(model.run(*mapping, whole.total)) == text(whole));
    for (const std::int64_t limit : {whole.total - 1, whole.total / 2, std::int64_t{0}}) {
      CHECK(model.run(*mapping, limit).total > limit);
      ended_early += model.effort().passes < passes;
    }
    CHECK(text(model.run(*mapping)) == text(whole));  // and leaves nothing behind
  }
  CHECK(ended_early > 100);
}
