// Does `heddle show` print every shipped file, with its totals?
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "tests/end_to_end/bad_input.h"
#include "tests/end_to_end/program.h"
#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

/// Names of the files in a folder of configs/.
std::set<std::string> shipped(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs" / folder)) {
    if (entry.is_regular_file()) names.insert(entry.path().stem().string());
  }
  return names;
}

std::string shown(const std::string& line) {
  const tests::ScratchFolder folder;
  const Outcome outcome = run_heddle(folder.path(), words("show " + line));
  INFO(transcript(words("show " + line), outcome));
  REQUIRE(outcome.status == 0);
  CHECK(outcome.err.empty());
  CHECK_FALSE(outcome.out.empty());
  return outcome.out;
}

TEST_CASE("show prints the totals of every shipped network") {
  // FACTS.md of the design, and the papers that it cites; what the others add up to is in tests/workload.
  const std::map<std::string, std::vector<std::string>> totals = {
      {"alexnet", {"714,188,480", "61,100,840"}},
      {"vgg16", {"15,470,264,320", "138,357,544"}},
      {"resnet50", {"4,089,184,256", "25,557,032"}},
      {"mobilenetv2", {"300,774,272", "3,504,872"}},
      {"bert-base", {"109,482,240"}},
      {"gpt2-decode", {"124,439,808"}},
      {"llama2-7b-decode", {"6,738,415,616"}},
      {"digits", {"452,864", "15,338"}},
  };
  const std::set<std::string> networks = shipped("networks");
  for (const auto& [name, numbers] : totals) CHECK(networks.contains(name));
  for (const std::string& name : networks) {
    INFO(name);
    const std::string text = shown("network " + name);
    CHECK_THAT(text, Catch::Contains("\nMACs ") && Catch::Contains("\nparameters ") &&
                         Catch::Contains("peak activations"));
    const auto known = totals.find(name);
    if (known == totals.end()) continue;
    for (const std::string& number : known->second) CHECK_THAT(text, Catch::Contains(number));
  }
}

TEST_CASE("show prints every shipped accelerator with its peak") {
  const std::set<std::string> accelerators = shipped("accelerators");
  CHECK(accelerators.contains("dense-8x8"));
  for (const std::string& name : accelerators) {
    INFO(name);
    CHECK_THAT(shown("arch " + name), Catch::Contains(name) && Catch::Contains("peak"));
  }
}

TEST_CASE("show prints every shipped energy table with its source") {
  const std::set<std::string> tables = shipped("energy");
  CHECK(tables.contains("han2015-45nm"));
  for (const std::string& name : tables) {
    INFO(name);
    CHECK_THAT(shown("energy " + name), Catch::Contains(name) && Catch::Contains("source"));
  }
}

TEST_CASE("show prints a mapping, and writes a network's graph") {
  const tests::ScratchFolder folder;
  tests::put(folder / "map.yaml", kMapping);
  tests::put(folder / "arch.yaml", kAccelerator);
  tests::put(folder / "net.yaml", kNetwork);
  const Outcome mapping = run_heddle(folder.path(), words("show mapping map.yaml --arch arch.yaml"));
  INFO(mapping.out << mapping.err);
  CHECK(mapping.status == 0);
  for (const char* word : {"conv", "buffer", "rows", "lanes"}) CHECK_THAT(mapping.out, Catch::Contains(word));

  const Outcome graph = run_heddle(folder.path(), words("show network net.yaml --dot net.dot"));
  CHECK(graph.status == 0);
  const std::string dot = tests::contents(folder / "net.dot");
  CHECK_THAT(dot, Catch::Contains("digraph") && Catch::Contains("conv") && Catch::Contains("->"));
  CHECK(std::count(dot.begin(), dot.end(), '{') == std::count(dot.begin(), dot.end(), '}'));
}

TEST_CASE("help and version come on standard output with status 0") {
  const tests::ScratchFolder folder;
  for (const char* line : {"--help", "run --help", "show --help", "--version"}) {
    INFO(line);
    const Outcome outcome = run_heddle(folder.path(), words(line));
    CHECK(outcome.status == 0);
    CHECK(outcome.err.empty());
    CHECK_THAT(outcome.out,
               Catch::Contains("heddle") || Catch::Contains("--arch") || Catch::Contains("FILE"));
  }
}

}  // namespace
}  // namespace heddle::end_to_end
