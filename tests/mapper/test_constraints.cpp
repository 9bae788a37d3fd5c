// Are constraint files read as documented, their mistakes reported, and do the named dataflows' mappings flow
// as their names say?
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

#include "mapper/mapper.h"
#include "mapper/model/counts.h"
#include "mapper/search/annealing.h"
#include "mapper/search/genetic.h"
#include "mapper/search/random.h"
#include "tests/arch/files.h"
#include "workload/readers/yaml_network.h"

namespace heddle::mapper {
namespace {

using workload::Dim;
using workload::Operand;

const std::string kConfigs = std::string(HEDDLE_SOURCE_DIR) + "/configs/";

arch::Accelerator accelerator_named(const std::string& name) {
  return arch::read_accelerator(kConfigs + "accelerators/" + name + ".yaml");
}

const char* const kSound = R"(name: mine
factors: ragged
utilization: 0.5
levels:
  - {level: dram, order: [C, R, S, M, P, Q], factors: [M 4, C all]}
  - {level: buffers, stationary: weights, keep: [weights], bypass: [inputs]}
  - {level: innermost, stationary: outputs, keep: [inputs]}
  - {level: array, factors: [M 16, Q 1], columns: [Q, P], lanes: [C]}
  - {level: registers, stationary: inputs, factors: [C all, G 1]}
)";

TEST_CASE("a constraint file fixes what it says and nothing else") {
  const TemporaryFile file(kSound);
  const arch::Accelerator accelerator = accelerator_named("dense-16x16-l2");
  const Constraints read = read_constraints(file.path(), accelerator);
  CHECK(read.name == "mine");
  CHECK(read.factors == Factors::ragged);
  CHECK(read.least_utilization == 0.5);
  REQUIRE(read.memory.size() == 3);

  const LevelConstraint& dram = read.memory[0];
  // Dimensions that the order does not list are outside it.
  CHECK(dram.order == std::vector<Dim>{Dim::N, Dim::G, Dim::C, Dim::R, Dim::S, Dim::M, Dim::P, Dim::Q});
  CHECK_FALSE(dram.stationary);
  CHECK(dram.factor[Dim::M] == 4);
  CHECK(dram.factor[Dim::C] == kAllThatIsLeft);
  CHECK_FALSE(dram.factor[Dim::P]);

  // buffers: both; the innermost level's own entry wins where both speak.
  const LevelConstraint &l2 = read.memory[1], &buffer = read.memory[2];
  CHECK(l2.stationary == Operand::weights);
  CHECK(l2.keep[Operand::weights] == true);
  CHECK(l2.keep[Operand::inputs] == false);
  CHECK_FALSE(l2.keep[Operand::outputs]);
  CHECK(buffer.stationary == Operand::outputs);
  CHECK(buffer.keep[Operand::weights] == true);
  CHECK(buffer.keep[Operand::inputs] == true);
  CHECK_FALSE(buffer.keep[Operand::outputs]);

  CHECK(read.axes[Dim::M] == 16);
  CHECK(read.axes[Dim::Q] == 1);
  CHECK_FALSE(read.axes[Dim::P]);
  CHECK(read.axes[Dim::N] == 1);
  CHECK_FALSE(read.axes[Dim::C]);
  CHECK(read.axes[Dim::R] == 1);
  CHECK(read.axes[Dim::S] == 1);
  CHECK(read.registers.stationary == Operand::inputs);
  CHECK(read.registers.factor[Dim::C] == kAllThatIsLeft);
  CHECK_FALSE(read.registers.factor[Dim::M]);
}

TEST_CASE("an empty constraint file leaves everything free") {
  const TemporaryFile file("name: nothing\n");
  const Constraints read = read_constraints(file.path(), accelerator_named("nm-16x16"));
  CHECK(read.factors == Factors::ragged_axes);
  CHECK(read.least_utilization == 0);
  REQUIRE(read.memory.size() == 2);
  for (Dim d : workload::kDims) {
    CHECK_FALSE(read.axes[d]);
    CHECK_FALSE(read.registers.factor[d]);
    CHECK_FALSE(read.memory[1].factor[d]);
  }
}

TEST_CASE("mistakes in a constraint file are named where they are") {
  const arch::Accelerator accelerator = accelerator_named("dense-16x16-l2");
  const std::vector<Mistake> mistakes = {
      {"unknown key", "utilization", "utilisation", "3", "did you mean \"utilization\"?"},
      {"no name", "name: mine", "factors: perfect", "1", "the key \"name\" is missing"},
      {"factors", "factors: ragged", "factors: uneven", "2", "expected one of perfect, ragged_axes, ragged"},
      {"utilization", "0.5", "1.5", "3", "expected a number from 0 to 1, got 1.5"},
      {"level", "level: dram", "level: dran", "5", "did you mean \"dram\"?"},
      {"no level", "level: dram, ", "", "5", "the key \"level\" is missing"},
      {"level twice", "level: dram", "level: buffer", "7", "buffer has been given already"},
      {"array twice", "level: registers, stationary: inputs", "level: array", "9", "has been given already"},
      {"order", "[C, R, S, M, P, Q]", "[C, X]", "5", "expected a dimension of N G M C P Q R S, got \"X\""},
      {"order twice", "[C, R, S, M, P, Q]", "[C, M, C]", "5", "C is listed twice"},
      {"order of G", "[C, R, S, M, P, Q]", "[C, G]", "5", "G cannot be innermost"},
      {"empty order", "[C, R, S, M, P, Q]", "[]", "5", "leave the key out for any order"},
      {"order against stationary", "stationary: weights, keep", "order: [C, M], stationary: weights, keep",
       "6", "ends with M, over which inputs stay, but weights are to be stationary"},
      {"stationary", "stationary: weights", "stationary: weight", "6", "did you mean \"weights\"?"},
      {"stationary registers", "stationary: inputs", "stationary: outputs", "9",
       "expected one of weights, inputs"},
      {"kept and bypassed", "bypass: [inputs]", "bypass: [weights]", "6", "\"weights\" is listed twice"},
      {"bypassed outermost", "factors: [M 4, C all]", "bypass: [inputs]", "5",
       "the outermost level holds every tensor"},
      {"factor", "M 4", "M4", "5", "expected a factor such as \"M 4\" or \"C all\""},
      {"factor zero", "M 4", "M 0", "5", "a number from 1 to"},
      {"factor twice", "M 4", "C 4", "5", "C is given twice"},
      {"spread groups", "M 16, Q 1", "G 2, Q 1", "8", "G has loops at memory levels only"},
      {"spread against the list", "M 16, Q 1", "M 16, N 2", "8", "does not list N, which the factors spread"},
      {"columns", "columns: [Q, P]", "columns: [Q, C]", "8", "columns differ in output positions"},
      {"temporal key at the array", "lanes: [C]", "stationary: weights", "8", "unknown key"},
      {"no list", "[C all, G 1]", "C all", "9", "expected a list"},
  };
  for (const Mistake& mistake : mistakes) {
    check_mistake(kSound, mistake,
                  [&](const std::filesystem::path& path) { read_constraints(path, accelerator); });
  }
}

TEST_CASE("all mistakes in a constraint file are reported at once") {
  const TemporaryFile file(
      "name: mine\nutilization: 2\nlevels:\n  - {level: dram, keep: [wheat], factors: [M]}\n"
      "  - {level: array, rows: [C]}\n");
  try {
    read_constraints(file.path(), accelerator_named("nm-16x16"));
    FAIL("nothing was thrown");
  } catch (const InputError& error) {
    REQUIRE(error.problems().size() == 4);
    CHECK(error.problems()[0].key_path == "utilization");
    CHECK(error.problems()[1].key_path == "levels[0].keep[0]");
    CHECK(error.problems()[2].key_path == "levels[0].factors[0]");
    CHECK(error.problems()[3].key_path == "levels[1].rows[0]");
  }
}

TEST_CASE("lanes of n of m weights take whole groups of channels under constraints too") {
  const arch::Accelerator accelerator = accelerator_named("nm-16x16");
  arch::LayerProblem problem;
  problem.name = "layer";
  problem.shape.size[Dim::M] = problem.shape.size[Dim::C] = 64;
  problem.sparsity = accelerator.array.sparsity;
  Constraints constraints;
  constraints.axes[Dim::C] = 8;
  CHECK(Mapspace(problem, accelerator, constraints).factors(Dim::C, kAxisSlot, 64) ==
        std::vector<std::int64_t>{8});
  constraints.axes[Dim::C] = 6;
  CHECK_THROWS_AS(Mapspace(problem, accelerator, constraints), InputError);
}

// ---- Named dataflows.

/// All loops with more than one iteration in time, outermost first.
std::vector<arch::Loop> temporal_loops(const arch::LayerMapping& mapping) {
  std::vector<arch::Loop> loops;
  const auto add = [&](const std::vector<arch::Loop>& from) {
    std::copy_if(from.begin(), from.end(), std::back_inserter(loops),
                 [](const arch::Loop& loop) { return loop.factor > 1; });
  };
  for (const auto& level : mapping.memory) add(level.temporal);
  add(mapping.registers);
  return loops;
}

/// Once a loop that leaves the operand alone has begun, no loop inside it moves the operand.
bool stays_to_the_end(const arch::LayerMapping& mapping, Operand operand) {
  bool inside = false;
  for (const arch::Loop& loop : temporal_loops(mapping)) {
    if (!depends_on(operand, loop.dim)) {
      inside = true;
    } else if (inside) {
      return false;
    }
  }
  return true;
}

std::size_t innermost_keeper(const arch::LayerMapping& mapping, Operand operand) {
  std::size_t level = mapping.memory.size() - 1;
  while (!mapping.memory[level].keep[operand]) --level;
  return level;
}

void check_flow(const std::string& dataflow, const arch::LayerMapping& mapping,
                const arch::LayerProblem& problem, const arch::Accelerator& accelerator) {
  const arch::ActionCounts counts = action_counts(problem, mapping, accelerator);
  const auto& size = problem.shape.size;
  if (dataflow == "weight-stationary") {
    CHECK(stays_to_the_end(mapping, Operand::weights));
    // Every stored weight goes to the array once.
    const auto& reads = counts.memory[innermost_keeper(mapping, Operand::weights)][Operand::weights];
    const std::int64_t stored = size[Dim::G] * size[Dim::M] * size[Dim::R] * size[Dim::S] *
                                arch::kept_channels(size[Dim::C], problem.sparsity);
    CHECK(reads.read_elements == stored);
  } else if (dataflow == "input-stationary") {
    CHECK(stays_to_the_end(mapping, Operand::inputs));
  } else if (dataflow == "output-stationary") {
    // Every output leaves the array once, finished.
    const auto& outputs = counts.memory[innermost_keeper(mapping, Operand::outputs)][Operand::outputs];
    CHECK(outputs.write_elements == problem.shape.output_count());
    CHECK(outputs.write_bits == problem.shape.output_count() * problem.output_bits);
    CHECK(counts.requantizations == problem.shape.output_count());
  } else {
    REQUIRE(dataflow == "row-stationary");
    for (const auto& level : mapping.memory) CHECK(arch::factor_of(level.temporal, Dim::S) == 1);
    CHECK(arch::factor_of(mapping.lanes, Dim::S) * arch::factor_of(mapping.registers, Dim::S) >=
          size[Dim::S]);
    for (const arch::Loop& loop : mapping.columns) CHECK((loop.dim == Dim::P || loop.dim == Dim::N));
    CHECK(arch::factor_of(mapping.registers, Dim::Q) == 1);
    const auto& innermost = mapping.memory.back().temporal;
    CHECK(arch::factor_of(innermost, Dim::Q) >= size[Dim::Q]);
    if (size[Dim::Q] > 1) CHECK(innermost.back().dim == Dim::Q);
  }
}

arch::LayerProblem layer_of(const std::string& network_name, const std::string& layer_name,
                            const arch::Accelerator& accelerator) {
  const workload::Network network =
      workload::read_yaml_network(kConfigs + "networks/" + network_name + ".yaml");
  for (const workload::Layer& layer : network.layers()) {
    if (layer.name != layer_name) continue;
    arch::LayerProblem problem;
    problem.name = layer.name;
    problem.shape = *workload::mac_shape(network, layer);
    problem.sparsity = accelerator.array.sparsity;
    return problem;
  }
  throw std::logic_error("no such layer");
}

TEST_CASE("mappings of a named dataflow flow as it says") {
  const std::string accelerator_name = GENERATE("dense-16x16", "nm-16x16", "dense-16x16-l2", "eyeriss");
  const arch::Accelerator accelerator = accelerator_named(accelerator_name);
  const arch::EnergyTable table =
      arch::read_energy_table(kConfigs + "energy/" + accelerator.energy + ".yaml");
  MapperOptions options;
  options.options.evaluations = 300;
  for (const std::string dataflow :
       {"weight-stationary", "output-stationary", "input-stationary", "row-stationary"}) {
    options.constraints = read_constraints(kConfigs + "constraints/" + dataflow + ".yaml", accelerator);
    for (const auto& [network, layer] :
         std::vector<std::pair<std::string, std::string>>{{"vgg16", "conv3_2"},
                                                          {"alexnet", "conv1"},
                                                          {"alexnet", "fc8"},
                                                          {"mobilenetv2", "stage1_depthwise"}}) {
      const arch::LayerProblem problem = layer_of(network, layer, accelerator);
      for (const Search search : {Search::random, Search::annealing, Search::genetic}) {
        options.search = search;
        const MappedLayer mapped = map_layer(problem, accelerator, table, options);
        INFO(accelerator_name << ", " << dataflow << ", " << layer << ", " << name(search) << "\n"
                              << arch::to_yaml({mapped.mapping}, accelerator));
        CHECK(arch::illegalities(mapped.mapping, problem, accelerator).empty());
        check_flow(dataflow, mapped.mapping, problem, accelerator);
      }
    }
  }
}

TEST_CASE("mappings without a dataflow do not flow by chance") {
  // Of random mappings of a layer, few are stationary in any of the three ways: the checks can fail.
  const arch::Accelerator accelerator = accelerator_named("dense-16x16");
  const arch::LayerProblem problem = layer_of("vgg16", "conv3_2", accelerator);
  const arch::EnergyTable table = arch::read_energy_table(kConfigs + "energy/han2015-45nm.yaml");
  const Mapspace space(problem, accelerator, {});
  int weights = 0, inputs = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SearchOptions options;
    options.seed = seed;
    options.evaluations = 20;
    const arch::LayerMapping mapping = space.mapping(search_random(space, table, options).point);
    weights += stays_to_the_end(mapping, Operand::weights) ? 1 : 0;
    inputs += stays_to_the_end(mapping, Operand::inputs) ? 1 : 0;
  }
  CHECK(weights < 5);
  CHECK(inputs < 5);
}

}  // namespace
}  // namespace heddle::mapper
