// Does the analytical model agree with the simulated eie machine: exactly where nothing is zero, within five
// per cent where weights and activations are zero at random?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <memory>

#include "mapper/default_mapping.h"
#include "mapper/mapper.h"
#include "mapper/model/counts.h"
#include "mapper/model/timing.h"
#include "rtl/verify/eie_cases.h"
#include "sim/accelerator.h"
#include "support/error.h"
#include "tests/mapper/eie_cases.h"

namespace {

using namespace heddle;
using namespace heddle::verify;
using workload::Dim;
using workload::Operand;

constexpr double kTolerance = 0.05;  // of cycles and counts for sparse data

/// Fills the case's tensors anew: shares of weights and inputs that are not zero.
void draw(Random& random, EieCase& test, double weights, double inputs) {
  const auto& codebook = test.quantized.codebook;
  const auto last = static_cast<std::int64_t>(codebook.size()) - 1;
  for (std::int16_t& weight : test.weights) {
    weight =
        random.chance(weights) ? codebook[static_cast<std::size_t>(random.range(1, last))] : std::int16_t{0};
  }
  for (std::int16_t& input : test.inputs)
    input = random.chance(inputs) ? static_cast<std::int16_t>(random.range(1, 32767)) : std::int16_t{0};
}

/// Encodes the tensors for the program's mapping.
void encode(const arch::Accelerator& accelerator, EieCase& test) {
  test.quantized.weights.codes = test.weights;
  test.program.problem = test.problem;
  test.program.eie->weights = sim::EieBlocks(workload::codebook_indices(test.quantized), test.problem,
                                             test.program.mapping, accelerator.array);
  test.bind();
}

double share_of_non_zeros(const std::vector<std::int16_t>& values) {
  const auto zeros = std::count(values.begin(), values.end(), std::int16_t{0});
  return 1 - static_cast<double>(zeros) / static_cast<double>(values.size());
}

/// A case for a given problem; its densities become those of the tensors drawn. The mapping is still missing.
EieCase make_case(Random& random, const arch::Accelerator& accelerator, const arch::LayerProblem& problem) {
  EieCase test;
  test.problem = problem;
  test.weights.resize(static_cast<std::size_t>(problem.shape.weight_count()));
  test.inputs.resize(static_cast<std::size_t>(problem.shape.input_count()));
  test.quantized.codebook.assign(std::size_t{1} << problem.shared->code_bits, 0);
  for (std::size_t i = 1; i < test.quantized.codebook.size(); ++i)
    test.quantized.codebook[i] = static_cast<std::int16_t>(100 * i);
  test.quantized.fixed_sum = workload::FixedPointSum{14, 16};
  const auto channels = static_cast<std::size_t>(problem.shape.size[Dim::G] * problem.shape.size[Dim::M]);
  test.quantized.bias.assign(channels, 0);
  test.quantized.requantization.multiplier.assign(channels, 1 << 30);
  test.quantized.requantization.shift.assign(channels, 30);
  test.quantized.requantization.low = -32768;
  test.quantized.requantization.high = 32767;
  test.program.accumulator_bits = 16;
  test.program.bias = test.quantized.bias;
  test.program.requantization = test.quantized.requantization;
  sim::EieProgram& eie = test.program.eie.emplace();
  eie.codebook = test.quantized.codebook;
  eie.sum = *test.quantized.fixed_sum;
  eie.pointer_bits = accelerator.array.eie->pointer_bits;
  draw(random, test, problem.shared->density, problem.input_density);
  test.problem.shared->density = test.problem.shared->pe_density = share_of_non_zeros(test.weights);
  test.problem.input_density = share_of_non_zeros(test.inputs);
  return test;
}

/// Machines of random accelerators; all are elaborated before the first one runs.
struct Machines {
  std::vector<arch::Accelerator> descriptions;
  std::vector<std::unique_ptr<sim::Accelerator>> machines;

  template <class Draw>
  Machines(int count, const Draw& draw) {
    for (int a = 0; a < count; ++a) {
      descriptions.push_back(draw());
      machines.push_back(std::make_unique<sim::Accelerator>(("machine" + std::to_string(a)).c_str(),
                                                            descriptions.back(), sim::Fidelity::fast));
    }
  }
};

TEST_CASE("eie fidelity - without zeros cycles and counts are those of the machine") {
  const std::uint64_t seed = 5;
  Random random(seed);
  Machines machines(12, [&] { return random_eie(random); });
  int compared = 0;
  for (int layer = 0; layer < 30; ++layer) {
    for (std::size_t a = 0; a < machines.machines.size(); ++a) {
      const arch::Accelerator& accelerator = machines.descriptions[a];
      EieCase test = random_eie_case(random, accelerator);
      test.problem.shared =
          arch::SharedWeights{static_cast<int>(std::log2(test.quantized.codebook.size())), 1, 1};
      test.problem.input_density = 1;
      draw(random, test, 1, 1);
      encode(accelerator, test);
      INFO("seed " << seed << ", layer " << layer << ", accelerator " << a << "\n"
                   << arch::to_yaml({test.program.mapping}, accelerator));
      const sim::LayerOutcome found = machines.machines[a]->run(test.program);
      const arch::CycleCounts expected =
          mapper::TimingModel(test.problem, accelerator).run(test.program.mapping);
      REQUIRE(expected.total == found.cycles.total);
      REQUIRE(expected.compute == found.cycles.compute);
      REQUIRE(expected == found.cycles);
      arch::ActionCounts counts = mapper::action_counts(test.problem, test.program.mapping, accelerator);
      // Where slices begin in a word: expected for very many columns.
      const double columns = static_cast<double>(found.actions.eie->queue_pops);
      CHECK(static_cast<double>(counts.eie->matrix_reads) ==
            Approx(static_cast<double>(found.actions.eie->matrix_reads)).margin(columns));
      counts.eie->matrix_reads = found.actions.eie->matrix_reads;
      counts.memory[1][Operand::weights].read_bits = found.actions.memory[1][Operand::weights].read_bits;
      CHECK(*counts.eie == *found.actions.eie);
      REQUIRE(counts == found.actions);
      ++compared;
    }
  }
  CHECK(compared == 360);
}

TEST_CASE("eie fidelity - with random zeros cycles and counts are within five per cent") {
  const std::uint64_t seed = 6;
  Random random(seed);
  Machines machines(10, [&] { return random_eie_accelerator(random.engine()); });
  const arch::EnergyTable table =
      arch::read_energy_table(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/energy/han2015-45nm.yaml");
  int compared = 0;
  double worst = 0, sum = 0;
  for (int layer = 0; layer < 120; ++layer) {
    for (std::size_t a = 0; a < machines.machines.size(); ++a) {
      const arch::Accelerator& accelerator = machines.descriptions[a];
      const arch::LayerProblem problem = random_pruned_layer(random.engine(), accelerator.array, 4000000);
      // One sample of few weights or inputs says little about the mean of all, and so do few products.
      const double weights = static_cast<double>(problem.shape.weight_count()) * problem.shared->density;
      const double inputs = static_cast<double>(problem.shape.input_count()) * problem.input_density;
      const double products = weights * static_cast<double>(problem.shape.macs()) * problem.input_density /
                              static_cast<double>(problem.shape.weight_count());
      if (weights < 4000 || inputs < 3000 || products < 20000) continue;
      EieCase test = make_case(random, accelerator, problem);
      mapper::MapperOptions options;
      options.options.objective = mapper::Objective::latency;
      std::optional<mapper::MappedLayer> mapped;
      try {
        mapped = mapper::map_layer(test.problem, accelerator, table, options);
      } catch (const InputError&) {
        continue;  // this layer does not fit this accelerator
      }
      // Passes of a cycle or two with no broadcast as often as not: the machine waits for what comes in
      // bursts, and the model of means does not (docs/eie-model.md).
      const auto pass = arch::pass_extent(mapped->mapping);
      if (static_cast<double>(pass[Dim::C] * pass[Dim::R] * pass[Dim::S]) * test.problem.input_density < 2)
        continue;
      test.program.mapping = mapped->mapping;
      encode(accelerator, test);
      INFO("seed " << seed << ", layer " << layer << ", accelerator " << a << ", " << accelerator.array.rows
                   << " PEs, density " << problem.shared->density << " x " << problem.input_density << "\n"
                   << arch::to_yaml({mapped->mapping}, accelerator));
      const sim::LayerOutcome found = machines.machines[a]->run(test.program);
      const auto close = [&](const char* what, double expected, double actual) {
        INFO(what);
        CHECK(expected == Approx(actual).epsilon(kTolerance));
      };
      const auto total = static_cast<double>(found.cycles.total);
      close("cycles", static_cast<double>(mapped->cost.cycles), total);
      const double error = std::abs(static_cast<double>(mapped->cost.cycles) / total - 1);
      worst = std::max(worst, error);
      sum += error;
      const arch::ActionCounts counts = mapper::action_counts(test.problem, mapped->mapping, accelerator);
      const auto of = [](std::int64_t count) { return static_cast<double>(count); };
      close("broadcasts", of(counts.eie->broadcasts), of(found.actions.eie->broadcasts));
      close("entries", of(counts.eie->codebook_lookups), of(found.actions.eie->codebook_lookups));
      close("matrix reads", of(counts.eie->matrix_reads), of(found.actions.eie->matrix_reads));
      close("multiplies", of(counts.multiplies), of(found.actions.multiplies));
      close("starved", of(counts.eie->starved_cycles) + total * of(accelerator.array.rows),
            of(found.actions.eie->starved_cycles) + total * of(accelerator.array.rows));
      for (const Operand operand : workload::kOperands) {
        close("dram bits", of(counts.memory[0][operand].read_bits + counts.memory[0][operand].write_bits),
              of(found.actions.memory[0][operand].read_bits + found.actions.memory[0][operand].write_bits));
      }
      ++compared;
    }
  }
  WARN(compared << " layers, cycles differ by " << 100 * sum / compared << " % on average, " << 100 * worst
                << " % at most");
  CHECK(compared > 40);
}

TEST_CASE("eie fidelity - the layers of the paper are within five per cent, with weights at random") {
  struct Layer {
    const char* name;
    std::int64_t inputs, outputs;
    double weights, activations;
  };
  const Layer layer =
      GENERATE(Layer{"Alex-6", 9216, 4096, 0.09, 0.351}, Layer{"Alex-7", 4096, 4096, 0.09, 0.353},
               Layer{"VGG-7", 4096, 4096, 0.04, 0.375}, Layer{"NT-We", 4096, 600, 0.10, 1},
               Layer{"NT-LSTM", 1201, 2400, 0.11, 1});
  Random random(8);
  const arch::Accelerator accelerator =
      arch::read_accelerator(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/accelerators/eie-64.yaml");
  static sim::Accelerator machine("machine", accelerator, sim::Fidelity::fast);
  arch::LayerProblem problem;
  problem.name = layer.name;
  problem.shape.size[Dim::M] = layer.outputs;
  problem.shape.size[Dim::C] = layer.inputs;
  problem.weight_bits = problem.input_bits = problem.output_bits = 16;
  problem.shared = arch::SharedWeights{4, layer.weights, layer.weights};
  problem.input_density = layer.activations;
  EieCase test = make_case(random, accelerator, problem);
  test.program.mapping = mapper::default_mapping(test.problem, accelerator);
  encode(accelerator, test);
  const sim::LayerOutcome found = machine.run(test.program);
  mapper::TimingModel timing(test.problem, accelerator);
  const arch::CycleCounts& expected = timing.run(test.program.mapping);
  INFO(layer.name << ": compute " << expected.compute << " expected, " << found.cycles.compute << " found");
  CHECK(static_cast<double>(expected.compute) ==
        Approx(static_cast<double>(found.cycles.compute)).epsilon(kTolerance));
  CHECK(static_cast<double>(expected.total) ==
        Approx(static_cast<double>(found.cycles.total)).epsilon(kTolerance));
  // These weights fit the matrix SRAMs: they are loaded once, as a whole.
  CHECK(found.actions.memory[0][Operand::weights].read_elements ==
        found.actions.memory[1][Operand::weights].write_elements);
  CHECK(timing.effort().passes == (layer.inputs + 4095) / 4096);
}

}  // namespace
