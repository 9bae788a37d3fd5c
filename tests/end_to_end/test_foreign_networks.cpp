// Do layers in the formats of other tools run as layers of a network file do?
#include <catch2/catch.hpp>

#include "tests/end_to_end/program.h"
#include "tests/end_to_end/run_checks.h"
#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

using nlohmann::json;

const std::string kTopology =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides, "
    "Sparsity,\n"
    "Conv1, 15, 14, 5, 3, 3, 8, 2,\n"
    "DP_2, 9, 9, 3, 3, 6, 1, 1,\n"
    "Conv3, 8, 8, 3, 3, 16, 12, 1, 2:4,\n"
    "FC, 1, 1, 1, 1, 64, 10, 1,\n";

TEST_CASE("a SCALE-Sim topology runs, each layer on its own input") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.csv", kTopology);
  const json run = checked_run(folder.path(), words("net.csv --arch nm-8x8"));
  CHECK(run.at("network") == "net");
  REQUIRE(run.at("layers").size() == 4);
  // (14 - 3) / 2 is not whole: SCALE-Sim rounds up to 7 columns.
  CHECK(layer_of(run, "Conv1").at("macs") == 6 * 7 * 5 * 3 * 3 * 8);
  CHECK(layer_of(run, "DP_2").at("macs") == 7 * 7 * 9 * 6);
  CHECK(layer_of(run, "FC").at("macs") == 640);
  // 2:4 weights run as such on a 2:4 array: half of the multiplies.
  const json& sparse = layer_of(run, "Conv3");
  const std::int64_t macs = 6 * 6 * 9 * 16 * 12;
  CHECK(sparse.at("macs") == macs);
  CHECK(sparse.at("actions").at("array").at("multiplies").get<std::int64_t>() +
            sparse.at("actions").at("array").at("gated_multiplies").get<std::int64_t>() ==
        macs / 2);

  // Without tensors the file's word counts for it.
  const tests::ScratchFolder analysis;
  tests::put(analysis / "net.csv", kTopology);
  const Outcome analyzed = run_heddle(
      analysis.path(), words("run net.csv --arch nm-8x8 --fidelity analytical --quiet --json a.json"));
  REQUIRE(analyzed.status == 0);
  const json counted = json_file(analysis / "a.json");
  for (const json& layer : run.at("layers")) {
    INFO(layer.at("name"));
    const json& same = layer_of(counted, layer.at("name"));
    CHECK(same.at("mapping") == layer.at("mapping"));
    CHECK(same.at("actions").at("dram") == layer.at("actions").at("dram"));
  }

  const json one = checked_run(folder.path(), words("net.csv --arch nm-8x8 --layers Conv3"));
  CHECK(layer_of(one, "Conv3") == sparse);
}

TEST_CASE("a topology's matrix products run and a file of inputs cannot serve several layers") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.csv", "Layer, M, N, K,\nqk, 12, 10, 8,\nqkv, 12, 8, 10,\n");
  const json run = checked_run(folder.path(), words("net.csv --arch dense-8x8"));
  CHECK(layer_of(run, "qk").at("macs") == 12 * 10 * 8);
  CHECK(layer_of(run, "qkv").at("op") == "linear");
  const Outcome shown = run_heddle(folder.path(), words("show network net.csv"));
  CHECK(shown.status == 0);
  CHECK_THAT(shown.out, Catch::Contains("input qk.input 12x8") && Catch::Contains("input qkv.input 12x10") &&
                            Catch::Contains("MACs             1,920"));
}

TEST_CASE("a Timeloop problem runs as the convolution that it is") {
  const tests::ScratchFolder folder;
  tests::put(folder / "conv2.yaml", R"(mapper: {version: 0.4, algorithm: random_pruned}
problem:
  shape: cnn-layer
  R: 3
  S: 3
  P: 7
  Q: 5
  C: 6
  K: 10
  N: 2
  Wstride: 2
  densities: {Weights: 0.5}
)");
  tests::put(folder / "net.yaml", R"(name: conv2
input: [2, 6, 15, 7]
layers:
  - {name: conv2, op: conv, out: 10, kernel: 3, stride: [2, 1], bias: false, density: {weights: 0.5}}
)");
  const json problem = checked_run(folder.path(), words("conv2.yaml --arch dense-8x8"));
  const json network = checked_run(folder.path(), words("net.yaml --arch dense-8x8"));
  CHECK(problem.at("layers") == network.at("layers"));
  CHECK(layer_of(problem, "conv2").at("macs") == 2 * 7 * 5 * 6 * 10 * 9);
}

}  // namespace
}  // namespace heddle::end_to_end
