// Does a whole run come out right: every layer equal to the reference, and every number of the reports
// consistent?
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/end_to_end/bad_input.h"
#include "tests/end_to_end/networks.h"
#include "tests/end_to_end/program.h"
#include "tests/end_to_end/run_checks.h"
#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

using nlohmann::json;

json run(const std::string& line) {
  const tests::ScratchFolder folder;
  return checked_run(folder.path(), words(line));
}

json run_network(const std::string& text, const std::string& rest) {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", text);
  return checked_run(folder.path(), words("net.yaml " + rest));
}

std::int64_t integer(const json& layer, const std::string& pointer) {
  return layer.at(json::json_pointer(pointer)).get<std::int64_t>();
}

/// Multiplies done or gated: every stored weight times every input that it meets.
std::int64_t issued_multiplies(const json& layer) {
  return integer(layer, "/actions/array/multiplies") + integer(layer, "/actions/array/gated_multiplies");
}

TEST_CASE("LeNet-300-100 runs on a dense array") {
  const json result = run("lenet-300-100 --arch dense-8x8");
  CHECK(integer(result, "/total/macs") == 784 * 300 + 300 * 100 + 100 * 10);
  CHECK(result.at("layers").size() == 3);
  // Nothing is padded and nothing is left out: a dense array issues every multiply.
  for (const json& layer : result.at("layers")) CHECK(issued_multiplies(layer) == integer(layer, "/macs"));
  // Each weight leaves the DRAM at least once; with one input vector a fully connected layer reuses none.
  CHECK(integer(layer_of(result, "fc1"), "/actions/dram/weights/read_elements") >= 784 * 300);
}

TEST_CASE("LeNet-5 runs on a dense array: convolutions, pools and fully connected layers") {
  const json result = run("lenet-5 --arch dense-16x16");
  const std::int64_t conv1 = 20 * 25 * 24 * 24, conv2 = 50 * 20 * 25 * 8 * 8, fc = 800 * 500 + 500 * 10;
  CHECK(integer(result, "/total/macs") == conv1 + conv2 + fc);
  CHECK(issued_multiplies(layer_of(result, "conv2")) == conv2);
}

TEST_CASE("every shipped accelerator runs LeNet-300-100") {
  std::size_t accelerators = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(HEDDLE_SOURCE_DIR) /
                                                               "configs/accelerators")) {
    const std::string name = entry.path().stem().string();
    INFO(name);
    const json result = run("lenet-300-100 --search default --arch " + name);
    CHECK(result.at("accelerator") == name);
    CHECK(integer(result, "/total/macs") == 784 * 300 + 300 * 100 + 100 * 10);
    ++accelerators;
  }
  CHECK(accelerators > 0);
}

TEST_CASE("layers chosen with --layers compute what they compute in a whole run") {
  const json whole = run("digits --arch dense-8x8");
  REQUIRE(whole.at("layers").size() >= 3);
  const std::string first = whole.at("layers")[0].at("name"), third = whole.at("layers")[2].at("name");
  const json named = run("digits --arch dense-8x8 --layers " + third + "," + first);
  const json counted = run("digits --arch dense-8x8 --layers 1,3");
  REQUIRE(named.at("layers").size() == 2);
  for (const std::string& name : {first, third}) {
    for (const char* key : {"output_sha256", "cycles", "stalls", "actions", "energy_pj"}) {
      CHECK(layer_of(named, name).at(key) == layer_of(whole, name).at(key));
    }
  }
  CHECK(named.at("layers") == counted.at("layers"));
}

TEST_CASE("the digits network classifies on the machine as it does in float, within a point") {
  const std::string digits = std::string(HEDDLE_SOURCE_DIR) + "/configs/networks/digits/";
  const json result = run("digits --arch dense-16x16 --input " + digits + "test_images.npy --labels " +
                          digits + "test_labels.npy --calibration " + digits + "calibration_images.npy");
  CHECK(result.at("batch") == 360);
  CHECK(integer(result, "/accuracy/images") == 360);
  CHECK(result.at("accuracy").at("float").get<double>() ==
        Approx(356.0 / 360));  // as torch counts, see its README
  CHECK(result.at("accuracy").at("integer").get<double>() >= 356.0 / 360 - 0.01);
  CHECK(integer(result, "/total/macs") == 360 * 452864);
}

TEST_CASE("a network of every kind of layer runs, with shapes of size one and prime shapes") {
  const json result = run_network(kMixed, "--arch dense-8x8 --seed 3");
  CHECK(result.at("layers").size() == 12);
  // Rows (13 + 2 - 3) / 2 + 1 = 7, columns 11 + 4 - 5 + 1 = 11.
  CHECK(integer(layer_of(result, "stem"), "/macs") == 7 * 3 * 3 * 5 * 7 * 11);
  CHECK(integer(layer_of(result, "depthwise"), "/macs") == 7 * 9 * 7 * 11);
  CHECK(integer(layer_of(result, "dilated"), "/macs") == 7 * 9 * (7 - 4) * (11 - 4));
  CHECK(integer(layer_of(result, "gate"), "/macs") == 7);
  CHECK(integer(layer_of(result, "fc"), "/macs") == 7 * 17);
  CHECK(issued_multiplies(layer_of(result, "dilated")) == 7 * 9 * 3 * 7);
}

TEST_CASE("the same network runs sparse, on two buffers, with 16 bits, and on one multiplier a PE") {
  for (const char* rest : {"--arch nm-8x8 --recipe int8-2-4", "--arch dense-16x16-l2",
                           "--arch int16-8x8 --recipe int16", "--arch eyeriss --recipe int16",
                           "--arch dense-8x8 --recipe int4-weights", "--arch nm-16x16 --recipe pruned-10"}) {
    INFO(rest);
    CHECK(run_network(kMixed, rest).at("layers").size() == 12);
  }
}

TEST_CASE("layers of one element run") {
  const json result = run_network(R"(name: one
input: [1, 1, 1, 1]
layers:
  - {name: conv, op: conv, out: 1, kernel: 1}
  - {name: pool, op: max_pool, kernel: 1}
  - {name: flat, op: flatten}
  - {name: fc, op: linear, out: 1, bias: false}
  - {name: scores, op: softmax}
)",
                                  "--arch dense-16x16");
  CHECK(integer(result, "/total/macs") == 2);
}

TEST_CASE("grouped convolutions run") {
  const json result = run_network(R"(name: grouped
input: [2, 6, 5, 5]
layers:
  - {name: three, op: conv, out: 9, kernel: 3, groups: 3}
  - {name: depth, op: conv, out: 18, kernel: 2, groups: 9}
)",
                                  "--arch nm-8x8 --recipe int8-2-4");
  CHECK(integer(layer_of(result, "three"), "/macs") == 2 * 9 * (6 / 3) * 9 * 3 * 3);
  CHECK(integer(layer_of(result, "depth"), "/macs") == 2 * 18 * 1 * 4 * 2 * 2);
}

TEST_CASE("a product of two dynamic operands runs, as attention makes them") {
  const json result = run_network(kAttention, "--arch dense-8x8");
  CHECK(integer(layer_of(result, "scores"), "/macs") == 3 * 5 * 5 * 4);
  CHECK(integer(layer_of(result, "mix"), "/macs") == 3 * 5 * 5 * 4);
  CHECK(issued_multiplies(layer_of(result, "scores")) == 3 * 5 * 5 * 4);
}

std::string one_linear(const std::string& density) {
  return "name: net\ninput: [1, 32]\nlayers: [{name: fc, op: linear, out: 24, density: {" + density + "}}]\n";
}

TEST_CASE("weights of nothing but zeros, and of none, run, and zero inputs gate their multipliers") {
  const json none = run_network(one_linear("weights: 0"), "--arch dense-8x8");
  CHECK(issued_multiplies(layer_of(none, "fc")) == 24 * 32);  // a dense array does not know
  const json all = run_network(one_linear("weights: 1"), "--arch dense-8x8");
  CHECK(issued_multiplies(layer_of(all, "fc")) == 24 * 32);

  // The synthetic input has exactly half of its 32 numbers zero.
  const json half = run_network(one_linear("activations: 0.5"), "--arch dense-8x8");
  CHECK(integer(layer_of(half, "fc"), "/actions/array/gated_multiplies") >= 24 * 16);
  CHECK(integer(layer_of(half, "fc"), "/effective_macs") <= 24 * 16);
  CHECK(integer(layer_of(half, "fc"), "/effective_macs") > 0);
  const json empty = run_network(one_linear("activations: 0"), "--arch dense-8x8");
  CHECK(integer(layer_of(empty, "fc"), "/effective_macs") == 0);
}

TEST_CASE("2:4 weights halve the multiplies and carry their indices") {
  const std::string text = one_linear("weights: 1");
  const json dense = run_network(text, "--arch dense-8x8");
  const json sparse = run_network(text, "--arch nm-8x8 --recipe int8-2-4");
  CHECK(issued_multiplies(layer_of(sparse, "fc")) == 24 * 32 / 2);
  CHECK(integer(layer_of(dense, "fc"), "/actions/dram/weights/read_bits") == 24 * 32 * 8);
  CHECK(integer(layer_of(sparse, "fc"), "/actions/dram/weights/read_bits") == 24 * 32 / 2 * (8 + 2));
  CHECK(layer_of(dense, "fc").at("output_sha256") != layer_of(sparse, "fc").at("output_sha256"));
}

TEST_CASE("weights that come pruned 2:4 run sparse on a 2:4 array without a recipe") {
  const json pruned = run("digits-2-4 --arch nm-8x8"), dense = run("digits --arch nm-8x8");
  for (const char* name : {"conv1", "conv2", "conv3", "fc"}) {
    INFO(name);
    const auto bits = [&](const json& result) {
      const json& weights = layer_of(result, name).at("actions").at("dram").at("weights");
      CHECK(weights.at("read_elements") > 0);
      return weights.at("read_bits").get<double>() / weights.at("read_elements").get<double>();
    };
    CHECK(bits(dense) == 8);
    CHECK(bits(pruned) ==
          (std::string(name) == "conv1" ? 8 : 8 + 2));  // conv1 has one channel: nothing to prune
  }
  CHECK(integer(pruned, "/total/macs") == integer(dense, "/total/macs"));
  CHECK(integer(pruned, "/total/effective_macs") < integer(dense, "/total/effective_macs"));
}

TEST_CASE("a mapping written by hand runs, and moves what its loops say") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kNetwork);
  tests::put(folder / "arch.yaml", kAccelerator);
  tests::put(folder / "map.yaml", kMapping);
  const json result = checked_run(folder.path(), words("net.yaml --arch arch.yaml --mapping map.yaml"));
  const json& conv = layer_of(result, "conv");
  const json& levels = conv.at("mapping").at("levels");
  CHECK(levels.at(0).at("temporal") == json::array({"P 6"}));
  CHECK(levels.at(1).at("temporal") == json::array({"R 3"}));
  CHECK(levels.at(2).at("spatial") == json({{"rows", {"M 8"}}, {"columns", {"Q 6"}}, {"lanes", {"C 3"}}}));
  CHECK(levels.at(3).at("temporal") == json::array({"S 3"}));
  // The DRAM runs over output rows: weights stay, each row brings three input rows of three channels, and
  // leaves.
  CHECK(integer(conv, "/actions/dram/weights/read_elements") == 8 * 3 * 3 * 3);
  CHECK(integer(conv, "/actions/dram/inputs/read_elements") == 6 * (3 * 3 * 8));
  CHECK(integer(conv, "/actions/dram/outputs/read_elements") == 0);
  CHECK(integer(conv, "/actions/dram/outputs/write_elements") == 8 * 6 * 6);
  CHECK(issued_multiplies(conv) == 8 * 3 * 3 * 3 * 6 * 6);
  CHECK(integer(conv, "/compute_cycles") == 6 * 3 * 3);  // one step an iteration: the axes take the rest

  // The other layers, and their results, are as without the file.
  const json plain = checked_run(folder.path(), words("net.yaml --arch arch.yaml"));
  CHECK(layer_of(plain, "conv").at("output_sha256") == conv.at("output_sha256"));
  CHECK(layer_of(plain, "fc") == layer_of(result, "fc"));
}

TEST_CASE("the shipped mapping runs, and reads each weight from DRAM once") {
  const tests::ScratchFolder folder;
  const json result =
      checked_run(folder.path(), words("lenet-300-100 --arch dense-8x8 --mapping lenet-300-100-8x8"));
  CHECK(integer(layer_of(result, "fc1"), "/actions/dram/weights/read_elements") == 300 * 784);
  CHECK(integer(layer_of(result, "fc2"), "/actions/dram/weights/read_elements") == 100 * 300);
  CHECK(integer(layer_of(result, "fc3"), "/actions/dram/weights/read_elements") == 10 * 100);
  // A step covers 8 outputs and 8 inputs: ceil(300 / 8) x 98, ceil(100 / 8) x ceil(300 / 8), 2 x ceil(100 /
  // 8).
  CHECK(integer(layer_of(result, "fc1"), "/compute_cycles") == 38 * 98);
  CHECK(integer(layer_of(result, "fc2"), "/compute_cycles") == 13 * 38);
  CHECK(integer(layer_of(result, "fc3"), "/compute_cycles") == 2 * 13);
}

TEST_CASE("the mapping that a run reports can be given back to it") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kMixed);
  const json first = checked_run(folder.path(), words("net.yaml --arch dense-8x8"));
  json mappings = json::array();
  for (const json& layer : first.at("layers")) {
    if (layer.at("mapping").empty()) continue;
    mappings.push_back({{"layer", layer.at("name")}, {"levels", layer.at("mapping").at("levels")}});
  }
  CHECK(mappings.size() == 6);
  tests::put(folder / "map.yaml", mappings.dump());  // JSON is YAML
  const json second = checked_run(folder.path(), words("net.yaml --arch dense-8x8 --mapping map.yaml"));
  CHECK(second.at("layers") == first.at("layers"));
}

TEST_CASE("the same seed gives the same bytes for any number of threads, another seed others") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kMixed);
  const auto bytes = [&](const std::string& options) {
    const json result =
        checked_run(folder.path(), words("net.yaml --arch nm-8x8 --recipe int8-2-4 --no-cache " + options));
    CHECK(result.at("layers").size() == 12);
    return tests::contents(folder / "r.json") + tests::contents(folder / "r.csv") +
           tests::contents(folder / "t.json");
  };
  const std::string one = bytes("--seed 7 --jobs 1");
  CHECK(one == bytes("--seed 7 --jobs 1"));
  CHECK(one == bytes("--seed 7 --jobs 2"));
  CHECK(one == bytes("--seed 7"));
  CHECK(one != bytes("--seed 8 --jobs 1"));
}

json events_in_order(json trace) {
  json& events = trace.at("traceEvents");
  std::sort(events.begin(), events.end());
  return trace;
}

TEST_CASE("fast is the default, and a clocked run is the same but for the name") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kMixed);
  for (const char* rest : {"net.yaml --arch dense-8x8 --seed 3", "net.yaml --arch nm-8x8 --recipe int8-2-4",
                           "net.yaml --arch dense-16x16-l2", "net.yaml --arch eyeriss --recipe int16",
                           "net.yaml --arch eie-16", "digits-2-4 --arch nm-16x16 --recipe int8-2-4"}) {
    INFO(rest);
    json fast = checked_run(folder.path(), words(rest));
    const json fast_trace = events_in_order(json_file(folder / "t.json"));
    CHECK(fast.at("fidelity") == "fast");
    json clocked = checked_run(folder.path(), words(std::string(rest) + " --fidelity clocked"));
    CHECK(clocked.at("fidelity") == "clocked");
    CHECK(fast_trace.at("traceEvents").size() > 50);
    CHECK(fast_trace == events_in_order(json_file(folder / "t.json")));
    fast.erase("fidelity");
    clocked.erase("fidelity");
    CHECK(fast == clocked);
  }
}

TEST_CASE("a quiet run prints nothing, and otherwise the table goes to standard output") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kNetwork);
  const Outcome quiet = run_heddle(folder.path(), words("run net.yaml --arch dense-8x8 --quiet"));
  CHECK(quiet.status == 0);
  CHECK(quiet.out.empty());
  CHECK(quiet.err.empty());
  const Outcome loud = run_heddle(folder.path(), words("run net.yaml --arch dense-8x8"));
  CHECK(loud.status == 0);
  CHECK(loud.err.empty());
  for (const char* word : {"net", "dense-8x8", "conv", "pool", "fc", "han2015-45nm"}) {
    CHECK_THAT(loud.out, Catch::Contains(word));
  }
}

}  // namespace
}  // namespace heddle::end_to_end
