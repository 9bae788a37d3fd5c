// Does `heddle map` say what it found, does `heddle run` do what it said, and does the cache change nothing?
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/end_to_end/bad_input.h"
#include "tests/end_to_end/networks.h"
#include "tests/end_to_end/program.h"
#include "tests/end_to_end/run_checks.h"
#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

using nlohmann::json;

struct Mapped {
  json result;
  std::string bytes, out, err;
};

/// `heddle map LINE --json m.json`: status 0.
Mapped map(const std::filesystem::path& folder, const std::string& line,
           const Environment& environment = {}) {
  const auto arguments = words("map " + line + " --json m.json");
  const Outcome outcome = run_heddle(folder, arguments, 120, environment);
  INFO(transcript(arguments, outcome));
  REQUIRE(outcome.status == 0);
  return {json_file(folder / "m.json"), tests::contents(folder / "m.json"), outcome.out, outcome.err};
}

__extension__ using Count = unsigned __int128;

Count number(const json& digits) {
  Count count = 0;
  for (const char digit : digits.get<std::string>()) count = 10 * count + static_cast<unsigned>(digit - '0');
  return count;
}

/// Two layers that are equal, one that differs from them in its activation only, and one of its own.
const std::string kTwins = R"(name: twins
input: [1, 16]
layers:
  - {name: first, op: linear, out: 16}
  - {name: second, op: linear, out: 16, activation: relu}
  - {name: third, op: linear, out: 16}
  - {name: last, op: linear, out: 5}
)";

TEST_CASE("map proves a network's mappings, and its certificates add up") {
  const tests::ScratchFolder folder;
  const Mapped mapped = map(folder.path(), "lenet-5 --arch dense-8x8 --no-cache");
  CHECK(mapped.err.empty());
  const json& layers = mapped.result.at("layers");
  REQUIRE(layers.size() == 4);  // without the pools
  CHECK(mapped.result.at("configuration").at("options") ==
        json({{"search", "optimal"}, {"objective", "edp"}}));
  for (const json& layer : layers) {
    INFO(layer.at("name"));
    const json& certificate = layer.at("certificate");
    CHECK(certificate.at("proved") == true);
    CHECK(certificate.at("best") == certificate.at("lower_bound"));
    Count sum = certificate.at("evaluated").get<std::uint64_t>();
    CHECK(sum > 0);
    for (const auto& [reason, mappings] : certificate.at("pruned").items()) sum += number(mappings);
    CHECK(sum == number(certificate.at("space")));
    // All inputs count as not zero, so the mapping's price is what the search found.
    CHECK(certificate.at("best").get<double>() ==
          Approx(layer.at("energy_pj").at("total").get<double>() * layer.at("cycles").get<double>())
              .epsilon(1e-9));
    CHECK_THAT(mapped.out, Catch::Contains("\n  " + layer.at("op").get<std::string>() + " ") &&
                               Catch::Contains("proof    no mapping has less energy x delay"));
  }
  CHECK_THAT(mapped.out, Catch::Contains("4 layers, 4 distinct (0 from the cache, 4 proved for edp)"));
}

TEST_CASE("run does what map found, from the file and by itself, and as the analytical run says") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kMixed);
  const Mapped mapped = map(folder.path(), "net.yaml --arch dense-8x8 --output map.yaml");
  const json given = checked_run(folder.path(), words("net.yaml --arch dense-8x8 --mapping map.yaml"));
  const json found = checked_run(folder.path(), words("net.yaml --arch dense-8x8"));
  CHECK(given.at("layers") == found.at("layers"));
  CHECK(found.at("configuration").at("options") == json({{"search", "optimal"}, {"objective", "edp"}}));
  CHECK(given.at("configuration").at("options").at("mapping") == "map.yaml");
  std::size_t compared = 0;
  for (const json& layer : mapped.result.at("layers")) {
    const json& run = layer_of(found, layer.at("name"));
    for (const char* key : {"cycles", "stalls", "mapping", "utilization", "bound_by"})
      CHECK(run.at(key) == layer.at(key));
    CHECK(run.at("actions").at("dram") == layer.at("actions").at("dram"));
    ++compared;
  }
  CHECK(compared == 6);
}

TEST_CASE("a mapping file may leave layers to the mapper, or to the default mapping") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kNetwork);
  tests::put(folder / "arch.yaml", kAccelerator);
  tests::put(folder / "map.yaml", kMapping);  // of conv
  const auto run = [&](const std::string& options) {
    return checked_run(folder.path(), words("net.yaml --arch arch.yaml " + options));
  };
  const json mixed = run("--mapping map.yaml"), found = run(""), plain = run("--search default");
  CHECK(layer_of(mixed, "fc") == layer_of(found, "fc"));
  CHECK(layer_of(mixed, "conv").at("mapping") != layer_of(found, "conv").at("mapping"));
  CHECK(layer_of(run("--mapping map.yaml --search default"), "fc") == layer_of(plain, "fc"));
  CHECK(plain.at("configuration").at("options") == json({{"search", "default"}}));
  // The mapper is never worse than the default mapping in what it looks for.
  const auto edp = [](const json& layer) {
    return layer.at("energy_pj").at("total").get<double>() * layer.at("cycles").get<double>();
  };
  for (const char* name : {"conv", "fc"}) {
    CHECK(edp(layer_of(found, name)) <= edp(layer_of(plain, name)) * (1 + 1e-12));
    CHECK(layer_of(found, name).at("output_sha256") == layer_of(plain, name).at("output_sha256"));
  }
}

TEST_CASE("each objective finds the least of its own") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kNetwork);
  const auto costs = [&](const std::string& objective) {
    const json result =
        map(folder.path(), "net.yaml --arch dense-8x8 --layers conv --objective " + objective).result;
    const json& layer = result.at("layers").at(0);
    return std::pair{layer.at("cycles").get<double>(), layer.at("energy_pj").at("total").get<double>()};
  };
  const auto [delay_of_edp, energy_of_edp] = costs("edp");
  const auto [delay, energy_of_latency] = costs("latency");
  const auto [delay_of_energy, energy] = costs("energy");
  CHECK(delay <= delay_of_edp);
  CHECK(delay <= delay_of_energy);
  CHECK(energy <= energy_of_edp);
  CHECK(energy <= energy_of_latency);
  CHECK(delay_of_edp * energy_of_edp <= delay * energy_of_latency);
  CHECK(delay_of_edp * energy_of_edp <= delay_of_energy * energy);
}

TEST_CASE("equal layers are solved and printed once") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kTwins);
  const Mapped mapped = map(folder.path(), "net.yaml --arch dense-8x8 --output map.yaml");
  CHECK_THAT(mapped.out, Catch::StartsWith("first, second, third\n  linear M=16 C=16: 256 MACs"));
  CHECK_THAT(mapped.out, Catch::Contains("\n\nlast\n  linear M=5 C=16: 80 MACs"));
  CHECK_THAT(mapped.out, Catch::Contains("4 layers, 2 distinct"));
  const json& layers = mapped.result.at("layers");
  REQUIRE(layers.size() == 4);
  for (const std::size_t twin : {1, 2}) CHECK(layers.at(twin).at("mapping") == layers.at(0).at("mapping"));
  const std::string file = tests::contents(folder / "map.yaml");
  for (const char* name : {"first", "second", "third", "last"})
    CHECK_THAT(file, Catch::Contains("- layer: \"" + std::string(name) + "\"\n"));
}

TEST_CASE("the same bytes come for any number of threads, with a cache and without") {
  const tests::ScratchFolder folder;
  const Environment environment = {{"XDG_CACHE_HOME", (folder / "cache").string()}};
  const std::string line = "lenet-300-100 --arch nm-8x8 --recipe int8-2-4 --output map.yaml";
  const auto bytes = [&](const Mapped& mapped) {
    return mapped.bytes + tests::contents(folder / "map.yaml");
  };
  const std::string one = bytes(map(folder.path(), line + " --no-cache --jobs 1", environment));
  CHECK_FALSE(std::filesystem::exists(folder / "cache"));
  CHECK(one == bytes(map(folder.path(), line + " --no-cache --jobs 2", environment)));
  CHECK(one == bytes(map(folder.path(), line + " --no-cache --jobs 7 --seed 1", environment)));
  const Mapped cold = map(folder.path(), line, environment), warm = map(folder.path(), line, environment);
  CHECK_THAT(cold.out, Catch::Contains("3 distinct (0 from the cache"));
  CHECK_THAT(warm.out,
             Catch::Contains("3 distinct (3 from the cache") && Catch::Contains("in an earlier run"));
  CHECK(one == bytes(warm));
  CHECK(one == bytes(cold));
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "cache/heddle/mappings"), {}) == 3);
  // A run finds them, too, and another accelerator does not.
  const auto arguments =
      words("run lenet-300-100 --arch nm-8x8 --recipe int8-2-4 --fidelity analytical --quiet");
  CHECK(run_heddle(folder.path(), arguments, 120, environment).status == 0);
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "cache/heddle/mappings"), {}) == 3);
  CHECK_THAT(map(folder.path(), "lenet-300-100 --arch dense-8x8", environment).out,
             Catch::Contains("3 distinct (0 from the cache"));
}

TEST_CASE("damaged answers in the cache are found anew, silently") {
  const tests::ScratchFolder folder;
  const Environment environment = {{"XDG_CACHE_HOME", (folder / "cache").string()}};
  const std::string line = "lenet-300-100 --arch dense-8x8";
  const Mapped cold = map(folder.path(), line, environment);
  for (const auto& entry : std::filesystem::directory_iterator(folder / "cache/heddle/mappings")) {
    const std::string text = tests::contents(entry.path());
    std::ofstream(entry.path(), std::ios::binary) << text.substr(0, text.size() / 2);
  }
  const Mapped again = map(folder.path(), line, environment);
  CHECK(again.err.empty());
  CHECK(again.bytes == cold.bytes);
  CHECK_THAT(again.out, Catch::Contains("(0 from the cache"));
  CHECK_THAT(map(folder.path(), line, environment).out, Catch::Contains("(3 from the cache"));
}

TEST_CASE("a cache that cannot be written costs one warning and nothing else") {
  const tests::ScratchFolder folder;
  tests::put(folder / "file", "no folder");
  const std::string line = "lenet-300-100 --arch dense-8x8";
  const Mapped good = map(folder.path(), line);
  for (const Environment& environment :
       {Environment{{"XDG_CACHE_HOME", (folder / "file").string()}},
        Environment{{"XDG_CACHE_HOME", std::nullopt}, {"HOME", std::nullopt}}}) {
    const Mapped blocked = map(folder.path(), line, environment);
    INFO(blocked.err);
    CHECK(blocked.bytes == good.bytes);
    CHECK_THAT(blocked.err, Catch::StartsWith("warning: "));
    CHECK(std::count(blocked.err.begin(), blocked.err.end(), '\n') == 1);
    CHECK(map(folder.path(), line + " --no-cache", environment).err.empty());
    const auto arguments = words("run " + line + " --fidelity analytical --quiet");
    const Outcome run = run_heddle(folder.path(), arguments, 120, environment);
    CHECK(run.status == 0);
    CHECK_THAT(run.err, Catch::StartsWith("warning: "));
    CHECK(run_heddle(folder.path(), words("run " + line + " --quiet --search default"), 120, environment)
              .err.empty());
  }
}

TEST_CASE("an output folder gets Timeloop's files of every layer, and the problems read back") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kTwins);
  map(folder.path(), "net.yaml --arch dense-8x8 --output timeloop/");
  for (const char* layer : {"first", "second", "third", "last"}) {
    const std::filesystem::path files = folder / "timeloop" / layer;
    for (const char* file : {"problem.yaml", "architecture.yaml", "mapping.yaml"})
      CHECK(std::filesystem::file_size(files / file) > 0);
    const auto arguments = words("show network " + (files / "problem.yaml").string());
    const Outcome shown = run_heddle(folder.path(), arguments);
    INFO(transcript(arguments, shown));
    CHECK(shown.status == 0);
    CHECK_THAT(shown.out, Catch::Contains(std::string(layer) == "last" ? "MACs             80"
                                                                       : "MACs             256"));
  }
  // The same without the slash, now that it is a folder.
  std::filesystem::remove_all(folder / "timeloop/first");
  map(folder.path(), "net.yaml --arch dense-8x8 --output timeloop");
  CHECK(std::filesystem::exists(folder / "timeloop/first/mapping.yaml"));
}

TEST_CASE("layers that cannot be mapped are all named, and nothing is written") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kNetwork);
  const auto arguments =
      words("map net.yaml --arch dense-8x8 --recipe int16 --json m.json --output map.yaml");
  const Outcome outcome = run_heddle(folder.path(), arguments);
  INFO(transcript(arguments, outcome));
  CHECK(outcome.status == 2);
  CHECK(outcome.out.empty());
  CHECK_THAT(outcome.err, Catch::Contains("layer conv: ") && Catch::Contains("layer fc: ") &&
                              Catch::Contains("weights of 16 bits do not fit the array's 8-bit weights"));
  CHECK(folder.files() == 1);
}

}  // namespace
}  // namespace heddle::end_to_end
