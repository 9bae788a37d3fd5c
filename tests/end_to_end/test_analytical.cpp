// Does a run without tensors report what the machine does, key by key?
#include <catch2/catch.hpp>

#include "tests/end_to_end/bad_input.h"
#include "tests/end_to_end/networks.h"
#include "tests/end_to_end/program.h"
#include "tests/end_to_end/run_checks.h"
#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

using nlohmann::json;

/// `heddle run ARGUMENTS --fidelity analytical`: status 0 and no message.
json analyze(const std::filesystem::path& folder, const std::string& line) {
  const auto arguments = words("run " + line + " --fidelity analytical --json a.json --csv a.csv");
  const Outcome outcome = run_heddle(folder, arguments);
  INFO(transcript(arguments, outcome));
  REQUIRE(outcome.status == 0);
  CHECK(outcome.err.empty());
  CHECK_THAT(outcome.out, Catch::Contains("fidelity analytical") && Catch::Contains("not run"));
  json run = json_file(folder / "a.json");
  CHECK(run.at("fidelity") == "analytical");
  for (const json& layer : run.at("layers")) {
    CHECK_FALSE(layer.contains("output_sha256"));
    CHECK(layer.at("checks") == json({{"reference", "not run"}, {"rtl", "not run"}}));
    CHECK(layer.at("effective_macs") == layer.at("actions").at("array").at("multiplies"));
  }
  return run;
}

std::int64_t issued(const json& layer) {
  const json& array = layer.at("actions").at("array");
  return array.at("multiplies").get<std::int64_t>() + array.at("gated_multiplies").get<std::int64_t>();
}

/// Takes out what only a machine that computes can say, and what depends on how many inputs are zero.
json without_data(json run) {
  run.erase("fidelity");
  for (json& layer : run.at("layers")) {
    layer["issued"] = issued(layer);
    for (const char* key : {"output_sha256", "checks", "effective_macs"}) layer.erase(key);
    layer.at("actions").erase("array");
    layer.at("energy_pj").erase("array");
    layer.at("energy_pj").erase("total");
  }
  for (const char* key : {"effective_macs", "energy_pj", "edp_pj_s", "tops_per_watt"})
    run.at("total").erase(key);
  return run;
}

void compare(const std::string& network, const std::string& options, std::size_t layers) {
  INFO(options);
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", network);
  const std::string line = (network.find('\n') == std::string::npos ? network : "net.yaml") + " " + options;
  const json analytical = analyze(folder.path(), line), simulated = checked_run(folder.path(), words(line));
  CHECK(simulated.at("layers").size() == layers);
  CHECK(without_data(analytical) == without_data(simulated));
  for (std::size_t i = 0; i < layers; ++i) {
    // Without a density all inputs count as not zero.
    const json &expected = analytical.at("layers")[i], &seen = simulated.at("layers")[i];
    CHECK(expected.at("effective_macs").get<std::int64_t>() >= seen.at("effective_macs").get<std::int64_t>());
  }
}

TEST_CASE("an analytical run equals one of the machine in all that does not depend on values") {
  compare(kMixed, "--arch dense-8x8 --seed 3", 12);
  compare(kMixed, "--arch nm-8x8 --recipe int8-2-4", 12);
  compare(kMixed, "--arch dense-16x16-l2", 12);
  compare(kMixed, "--arch int16-8x8 --recipe int16", 12);
  compare(kMixed, "--arch eyeriss --recipe int16", 12);
  compare(kMixed, "--arch nm-16x16 --recipe int4-weights", 12);
  compare(kAttention, "--arch dense-8x8", 13);
}

TEST_CASE("an analytical run equals one of the machine on shipped networks") {
  compare("digits", "--arch dense-16x16", 7);
  compare("digits-2-4", "--arch nm-8x8 --recipe int8-2-4", 7);
  compare("lenet-5", "--arch nm-16x16 --recipe int8-2-4", 7);
  compare("lenet-300-100", "--arch dense-8x8 --mapping lenet-300-100-8x8", 3);
  compare("mobilenetv2", "--arch dense-16x16-l2 --layers 1-12 --search default", 12);
}

TEST_CASE("an analytical run takes the density of inputs from the network") {
  const tests::ScratchFolder folder;
  const auto effective = [&](const std::string& density) {
    tests::put(folder / "net.yaml",
               "name: net\ninput: [1, 32]\nlayers: [{name: fc, op: linear, out: 24" + density + "}]\n");
    const json run = analyze(folder.path(), "net.yaml --arch dense-8x8");
    CHECK(issued(layer_of(run, "fc")) == 24 * 32);
    CHECK(run.at("total").at("effective_macs") == layer_of(run, "fc").at("effective_macs"));
    return layer_of(run, "fc").at("effective_macs").get<std::int64_t>();
  };
  CHECK(effective("") == 24 * 32);
  CHECK(effective(", density: {activations: 0.5}") == 24 * 16);
  CHECK(effective(", density: {activations: 0}") == 0);
  // The synthetic input has exactly half of its numbers zero; rounding to codes may make more.
  tests::put(
      folder / "net.yaml",
      "name: net\ninput: [1, 32]\nlayers: [{name: fc, op: linear, out: 24, density: {activations: 0.5}}]\n");
  const json simulated = checked_run(folder.path(), words("net.yaml --arch dense-8x8"));
  const auto seen = layer_of(simulated, "fc").at("effective_macs").get<std::int64_t>();
  CHECK(seen <= 24 * 16);
  CHECK(seen >= 24 * 14);
}

TEST_CASE("an analytical run does not depend on the seed and needs no memory for weights") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kMixed);
  json one = analyze(folder.path(), "net.yaml --arch nm-8x8 --seed 1 --jobs 1");
  json two = analyze(folder.path(), "net.yaml --arch nm-8x8 --seed 2");
  CHECK(one.at("layers") == two.at("layers"));
  // 10^12 weights; the process may have 4 GiB.
  tests::put(folder / "net.yaml",
             "name: big\ninput: [1, 1000]\nlayers: [{name: fc, op: linear, out: 1000000000}]\n");
  const json big = analyze(folder.path(), "net.yaml --arch dense-8x8 --search default");
  CHECK(big.at("total").at("macs") == 1'000'000'000'000);
  CHECK(layer_of(big, "fc").at("actions").at("dram").at("weights").at("read_elements") == 1'000'000'000'000);
}

TEST_CASE("an analytical run keeps what it has when a later layer does not fit") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kNetwork);
  tests::put(folder / "arch.yaml", changed(kAccelerator, "size: 128 KiB, word: 64", "size: 8 B, word: 8"));
  const auto arguments = words("run net.yaml --arch arch.yaml --fidelity analytical --json r.json");
  const Outcome outcome = run_heddle(folder.path(), arguments);
  INFO(transcript(arguments, outcome));
  CHECK(outcome.status == 2);
  CHECK_THAT(outcome.err, Catch::Contains("small: layer pool: buffer holds 8 bytes, the smallest piece"));
  const json run = json_file(folder / "r.json");
  REQUIRE(run.at("layers").size() == 1);
  CHECK(run.at("incomplete").get<std::string>() + "\n" == outcome.err);
}

// fc2's weights fit the buffer, so the DRAM has no loops left and both its tensors can stay; fc1's do not,
// and the DRAM's loop leaves its outputs whole.
const std::string kStaying = R"(- layer: fc1
  on_chip: [outputs]
  levels:
    - {level: dram,      temporal: [C 7]}
    - {level: buffer,    temporal: [M 38]}
    - {level: array,     spatial: {rows: [M 8], lanes: [C 8]}}
    - {level: registers, temporal: [C 14]}
- layer: fc2
  on_chip: [inputs, outputs]
  levels:
    - {level: dram}
    - {level: buffer,    temporal: [M 13]}
    - {level: array,     spatial: {rows: [M 8], lanes: [C 8]}}
    - {level: registers, temporal: [C 38]}
- layer: fc3
  on_chip: [inputs]
  levels:
    - {level: dram}
    - {level: buffer}
    - {level: array,     spatial: {rows: [M 8], lanes: [C 8]}}
    - {level: registers, temporal: [C 13, M 2]}
)";

TEST_CASE("tensors that a mapping file keeps on chip do not move through DRAM") {
  const tests::ScratchFolder folder;
  tests::put(folder / "map.yaml", kStaying);
  const std::string line = "lenet-300-100 --arch dense-8x8 --mapping map.yaml";
  const json result = checked_run(folder.path(), words(line));
  const json& fc2 = layer_of(result, "fc2");
  CHECK(fc2.at("mapping").at("on_chip") == json({"inputs", "outputs"}));
  const json &dram = fc2.at("actions").at("dram"), &buffer = fc2.at("actions").at("buffer");
  const json nothing = {{"read_elements", 0}, {"read_bits", 0}, {"write_elements", 0}, {"write_bits", 0}};
  CHECK(dram.at("inputs") == nothing);
  CHECK(dram.at("outputs") == nothing);
  CHECK(dram.at("bursts") == (300 * 100 + 63) / 64);  // one request for the weights, bursts of 64 bytes
  CHECK(buffer.at("inputs").at("write_elements") == 0);
  CHECK(buffer.at("outputs").at("write_elements") == 100);
  CHECK(buffer.at("outputs").at("read_elements") == 0);
  CHECK(layer_of(result, "fc3").at("actions").at("dram").at("inputs") == nothing);
  CHECK(layer_of(result, "fc3").at("actions").at("dram").at("outputs").at("write_elements") == 10);
  CHECK(layer_of(result, "fc1").at("actions").at("dram").at("outputs") == nothing);

  // The same results as through DRAM, in fewer cycles; and the analytical run says so, too.
  tests::put(folder / "plain.yaml", changed(changed(changed(kStaying, "  on_chip: [inputs, outputs]\n", ""),
                                                    "  on_chip: [inputs]\n", ""),
                                            "  on_chip: [outputs]\n", ""));
  const json plain = checked_run(folder.path(), words("lenet-300-100 --arch dense-8x8 --mapping plain.yaml"));
  for (const char* name : {"fc1", "fc2", "fc3"}) {
    CHECK(layer_of(plain, name).at("output_sha256") == layer_of(result, name).at("output_sha256"));
    CHECK(layer_of(plain, name).at("cycles").get<int>() > layer_of(result, name).at("cycles").get<int>());
  }
  CHECK(without_data(analyze(folder.path(), line)) == without_data(result));
}

}  // namespace
}  // namespace heddle::end_to_end
