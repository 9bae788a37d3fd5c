// Does a run that keeps tensors on chip compute the same, at the cost that was foreseen?
#include <catch2/catch.hpp>

#include "tests/end_to_end/bad_input.h"
#include "tests/end_to_end/networks.h"
#include "tests/end_to_end/program.h"
#include "tests/end_to_end/run_checks.h"
#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

using nlohmann::json;

json result_of(const std::filesystem::path& folder, const std::string& line) {
  const auto arguments = words(line + " --json j.json");
  const Outcome outcome = run_heddle(folder, arguments);
  INFO(transcript(arguments, outcome));
  REQUIRE(outcome.status == 0);
  CHECK(outcome.err.empty());
  return json_file(folder / "j.json");
}

void keeps(const std::string& network, const std::string& options) {
  INFO(options);
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", network);
  const std::string line = (network.find('\n') == std::string::npos ? network : "net.yaml") + " " + options;
  const json plain = checked_run(folder.path(), words(line));
  const json simulated = checked_run(folder.path(), words(line + " --keep-on-chip"));
  const json analytical = result_of(folder.path(), "run " + line + " --keep-on-chip --fidelity analytical");
  const json& stay = simulated.at("stay_on_chip");
  CHECK(stay.at("tensors").size() > 0);
  CHECK(stay == analytical.at("stay_on_chip"));
  CHECK_FALSE(plain.contains("stay_on_chip"));

  // The same outputs; the cycles that the plan foresaw.
  REQUIRE(simulated.at("layers").size() == plain.at("layers").size());
  for (std::size_t i = 0; i < plain.at("layers").size(); ++i) {
    const json &before = plain.at("layers")[i], &after = simulated.at("layers")[i],
               &model = analytical.at("layers")[i];
    INFO(before.at("name"));
    CHECK(after.at("output_sha256") == before.at("output_sha256"));
    CHECK(after.at("checks").at("reference") == "equal");
    for (const char* key : {"cycles", "stalls", "port_busy_cycles", "mapping"})
      CHECK(after.at(key) == model.at(key));
    for (const auto& [name, counts] : after.at("actions").items()) {
      if (name != "array") CHECK(counts == model.at("actions").at(name));
    }
  }
  CHECK(stay.at("before").at("cycles") == plain.at("total").at("cycles"));
  CHECK(stay.at("after").at("cycles") == simulated.at("total").at("cycles"));
  CHECK(stay.at("after").at("energy_pj").get<double>() ==
        Approx(analytical.at("total").at("energy_pj").get<double>()).epsilon(1e-9));
  CHECK(stay.at("after").at("energy_pj").get<double>() * stay.at("after").at("cycles").get<double>() <
        stay.at("before").at("energy_pj").get<double>() * stay.at("before").at("cycles").get<double>());
}

TEST_CASE("a run that keeps tensors on chip equals the reference and the analytical run") {
  keeps(kMixed, "--arch dense-8x8 --seed 3");
  keeps(kMixed, "--arch nm-8x8 --recipe int8-2-4");
  keeps(kMixed, "--arch dense-16x16-l2");
  keeps(kAttention, "--arch dense-8x8");
  keeps("lenet-5", "--arch nm-16x16 --recipe int8-2-4");
}

TEST_CASE("map and run keep the same tensors on chip, and a mapping file brings them back") {
  const tests::ScratchFolder folder;
  tests::put(folder / "net.yaml", kMixed);
  const std::string line = "net.yaml --arch dense-8x8 --keep-on-chip";
  const json mapped = result_of(folder.path(), "map " + line + " --output map.yaml");
  const json found = checked_run(folder.path(), words(line));
  CHECK(mapped.at("stay_on_chip") == found.at("stay_on_chip"));
  CHECK(mapped.at("configuration").at("options").at("keep_on_chip") == "true");
  for (const json& layer : mapped.at("layers"))
    CHECK(layer.at("mapping") == layer_of(found, layer.at("name")).at("mapping"));
  CHECK_THAT(tests::contents(folder / "map.yaml"), Catch::Contains("on_chip: ["));
  const json given = checked_run(folder.path(), words(line + " --mapping map.yaml"));
  CHECK(given.at("layers") == found.at("layers"));

  const auto arguments = words("map " + line);
  const Outcome outcome = run_heddle(folder.path(), arguments);
  CHECK_THAT(outcome.out, Catch::Contains("\nstay on chip        ") && Catch::Contains("; energy -") &&
                              Catch::Contains("inputs stay in buffer"));
}

TEST_CASE("keeping tensors on chip without a search is a usage error") {
  const tests::ScratchFolder folder;
  const Outcome outcome =
      run_heddle(folder.path(), words("run lenet-5 --arch dense-8x8 --search default --keep-on-chip"));
  CHECK(outcome.status == 2);
  CHECK_THAT(outcome.err, Catch::Contains("--keep-on-chip needs a search"));
}

}  // namespace
}  // namespace heddle::end_to_end
