// Do counts expected from a density come within 5 % of what the machine counts with real zeros?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "mapper/default_mapping.h"
#include "mapper/model/counts.h"
#include "rtl/verify/random_cases.h"
#include "sim/accelerator.h"
#include "support/error.h"

namespace {

using namespace heddle;
using workload::Operand;

/// The one tolerance of DESIGN for sparse data.
constexpr double kSparseTolerance = 0.05;

/// A convolution whose every tensor is large enough for its density to mean something: 8,192 inputs and more,
/// so that the share of zeros among those that an output reads strays little (1 % is the standard deviation
/// of 8,192 draws).
arch::LayerProblem large_layer(verify::Random& random, const arch::Accelerator& accelerator) {
  using workload::Dim;
  arch::LayerProblem problem;
  problem.name = "layer";
  auto& shape = problem.shape;
  shape.size[Dim::M] = random.range(1, 8);
  shape.size[Dim::C] = random.range(32, 40);
  shape.size[Dim::R] = shape.size[Dim::S] = 3;
  shape.stride_h = shape.stride_w = random.range(1, 2);
  shape.pad_top = shape.pad_left = random.range(0, 1);
  shape.input_h = random.range(16, 20);
  shape.input_w = random.range(16, 20);
  shape.size[Dim::P] = (shape.input_h + 2 * shape.pad_top - 3) / shape.stride_h + 1;
  shape.size[Dim::Q] = (shape.input_w + 2 * shape.pad_left - 3) / shape.stride_w + 1;
  if (accelerator.array.sparsity) problem.sparsity = accelerator.array.sparsity;
  return problem;
}

void check_random_layers(std::uint64_t seed, bool sparse) {
  verify::Random random(seed);
  std::vector<arch::Accelerator> descriptions;
  std::vector<std::unique_ptr<sim::Accelerator>> machines;
  for (int a = 0; a < 10; ++a) {
    descriptions.push_back(verify::random_accelerator(random, 2, sparse));
    machines.push_back(
        std::make_unique<sim::Accelerator>(("machine" + std::to_string(a)).c_str(), descriptions.back()));
  }
  int compared = 0;
  double worst = 0;
  for (int layer = 0; layer < 6; ++layer) {
    for (std::size_t a = 0; a < machines.size(); ++a) {
      const arch::Accelerator& accelerator = descriptions[a];
      verify::Case test = verify::random_case(random, accelerator, large_layer(random, accelerator));
      const auto& inputs = test.data.inputs;
      const auto nonzero = std::count_if(inputs.begin(), inputs.end(), [&](std::int16_t code) {
        return code != test.program.input_zero_point;
      });
      if (nonzero == 0) continue;
      const double density = static_cast<double>(nonzero) / static_cast<double>(inputs.size());
      try {
        test.program.mapping = mapper::default_mapping(test.problem, accelerator);
      } catch (const InputError&) {
        continue;
      }
      test.bind();
      const arch::ActionCounts machine = machines[a]->run(test.program).actions;
      const arch::ActionCounts expected =
          mapper::action_counts(test.problem, test.program.mapping, accelerator, density);
      INFO("seed " << seed << ", accelerator " << a << ", layer " << layer << ", density " << density);
      // Traffic does not depend on zeros; n:m weights are stored encoded.
      CHECK(expected.memory == machine.memory);
      CHECK(expected.registers == machine.registers);
      const double difference = std::abs(static_cast<double>(expected.multiplies - machine.multiplies)) /
                                static_cast<double>(machine.multiplies);
      CHECK(difference <= kSparseTolerance);
      CHECK(expected.multiplies + expected.gated_multiplies == machine.multiplies + machine.gated_multiplies);
      worst = std::max(worst, difference);
      ++compared;
    }
  }
  CHECK(compared >= 20);
  WARN(compared << " compared, largest difference of the multiplies " << worst);
}

}  // namespace

TEST_CASE("Counts expected from the density of the inputs - dense weights") {
  check_random_layers(81, false);
}
TEST_CASE("Counts expected from the density of the inputs - n of m weights") {
  check_random_layers(82, true);
}
