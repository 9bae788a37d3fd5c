// Is a layer's entry what its loop nest, its recipe and its densities say?
#include <catch2/catch.hpp>

#include "app/analytical_run.h"
#include "support/error.h"
#include "tests/scratch_folder.h"
#include "workload/compress/quantize.h"

using namespace heddle;

namespace {

const app::ConfigLibrary kLibrary({std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs"});

app::RunOptions options_for(const std::string& network, const std::string& arch) {
  app::RunOptions options;
  options.network = network;
  options.arch = arch;
  options.fidelity = app::kAnalytical;
  options.mapper.cache = false;
  return options;
}

app::RunResult analyze(const app::RunOptions& options) {
  const app::RunPlan plan = app::plan_run(options, kLibrary);
  CHECK(plan.workload.inputs.empty());  // no tensor is drawn
  app::RunResult result = app::describe_run(options, plan);
  app::Progress quiet(true);
  app::analyze(plan, quiet, result);
  return result;
}

}  // namespace

TEST_CASE("analyzed layers are those selected, at the recipe's widths and sparsity", "[analytical]") {
  app::RunOptions options = options_for("lenet-300-100", "nm-8x8");
  options.recipe = "int8-2-4";
  options.layers = "fc3,fc1";
  const app::RunResult result = analyze(options);
  REQUIRE(result.layers.size() == 2);
  const app::LayerResult& fc1 = result.layers[0];
  CHECK(fc1.name == "fc1");
  CHECK(fc1.macs == 784 * 300);
  // 784 is a multiple of 4: half of the weights are stored, with two bits of index each. Each is read from
  // DRAM at least once. The network says that half of fc1's inputs are not zero.
  const arch::Traffic& weights = fc1.actions.memory[0][workload::Operand::weights];
  CHECK(weights.read_elements >= 784 / 2 * 300);
  CHECK(weights.read_bits == weights.read_elements * (8 + 2));
  CHECK(fc1.effective_macs == 784 / 2 * 300 / 2);
  CHECK(fc1.actions.gated_multiplies == fc1.effective_macs);
  CHECK(fc1.output_sha256.empty());
  CHECK(fc1.check_reference == "not run");
  CHECK(fc1.mapping.has_value());
  CHECK(fc1.energy.total > 0);
  // Nothing is said about fc3's: all 100 x 10 of them count, stored half.
  CHECK(result.layers[1].name == "fc3");
  CHECK(result.layers[1].effective_macs == 100 / 2 * 10);
}

TEST_CASE("analysis refuses a mapping that is not legal, with the file and the layer", "[analytical]") {
  const tests::ScratchFolder folder;
  tests::put(folder / "map.yaml", "layer: fc3\nlevels: [{level: dram, temporal: [M 10]}, {level: buffer}]\n");
  app::RunOptions options = options_for("lenet-300-100", "dense-8x8");
  options.mapping = folder / "map.yaml";
  options.layers = "fc3";
  CHECK_THROWS_AS(analyze(options), InputError);
  CHECK_THROWS_WITH(analyze(options),
                    Catch::Contains("map.yaml: layer fc3: the loops over C cover 1 of 100"));
  // After a layer that could be analyzed the result says why it ends.
  options.layers = "fc2,fc3";
  const app::RunResult result = analyze(options);
  CHECK(result.layers.size() == 1);
  CHECK_THAT(result.incomplete, Catch::Contains("the loops over C cover 1 of 100"));
}
