// Does a run's JSON become the page's data, and is every other JSON refused with a reason?
#include <catch2/catch.hpp>

#include "app/html/page.h"
#include "app/html/run_page.h"
#include "app/report_json.h"
#include "support/error.h"
#include "tests/app/sample_result.h"

namespace heddle::html {
namespace {

using Json = nlohmann::ordered_json;

Json sample() { return app::to_json(tests::small_result()); }

Json column(const Json& data, const std::string& name) {
  const Json& columns = data["columns"];
  const auto found = std::find(columns.begin(), columns.end(), name);
  REQUIRE(found != columns.end());
  return data["points"][0][static_cast<std::size_t>(found - columns.begin())];
}

std::string refusal(const Json& run) {
  try {
    run_page_data(run);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

/// Every value in a JSON, as a pointer to it.
void collect(const Json& json, const Json::json_pointer& path, std::vector<Json::json_pointer>& all) {
  if (!path.empty()) all.push_back(path);
  for (const auto& [key, value] : json.items()) {
    if (json.is_object()) collect(value, path / key, all);
    if (json.is_array()) collect(value, path / static_cast<std::size_t>(std::stoul(key)), all);
  }
}

TEST_CASE("a run is one point with its totals") {
  const Json data = run_page_data(sample());
  CHECK(data["kind"] == "run");
  CHECK(data["heddle"] == "0.1.0");
  CHECK(data["title"] == "tiny on small");
  CHECK(data["points"].size() == 1);
  CHECK(data["points"][0].size() == data["columns"].size());
  // 2,500 cycles at 100 MHz; 12,500 pJ.
  CHECK(column(data, "latency") == 25e-6);
  CHECK(column(data, "energy") == 12500.0);
  CHECK(column(data, "cycles") == 2500.0);
  CHECK(data["units"]["energy"] == "pJ");
  CHECK(data["messages"].empty());
}

TEST_CASE("layers have cycles and stalls and energy by part and bytes by memory") {
  const Json details = run_page_data(sample())["details"]["run"];
  CHECK(details["clock_hz"] == 100e6);
  CHECK(details["peak_macs_per_cycle"] == 16.0);  // 2 x 2 x 4
  CHECK(details["peak_of"] == "macs");
  CHECK(details["memories"] == Json::parse(R"([{"name": "dram", "bytes_per_cycle": 16.0},
                                               {"name": "buffer", "bytes_per_cycle": 32.0}])"));
  const Json& conv = details["layers"][0];
  CHECK(conv["name"] == "conv1");
  CHECK(conv["compute_cycles"] == 1200.0);
  CHECK(conv["stalls"]["memory"] == 700.0);
  CHECK(conv["energy_pj"] == Json::parse(R"({"array": 1500.0, "dram": 8500.0})"));
  // (3,200 + 400) bits of DRAM, (80 + 160) of the buffer.
  CHECK(conv["bytes"] == Json::parse(R"({"dram": 450.0, "buffer": 30.0})"));
  CHECK(details["layers"][1]["macs"] == 0.0);
}

TEST_CASE("the command gives the results again") {
  app::RunResult result = tests::small_result();
  CHECK(run_page_data(app::to_json(result))["command"] ==
        "heddle run tiny --arch small --fidelity clocked --seed 7");
  result.fidelity = "rtl";
  result.recipe = "my recipe's.yaml";
  result.options = {{"search", "random"}, {"evaluations", "2000"}, {"keep_on_chip", "true"}};
  CHECK(run_page_data(app::to_json(result))["command"] ==
        "heddle run tiny --arch small --recipe 'my recipe'\\''s.yaml' --array rtl --search random "
        "--keep-on-chip "
        "--seed 7");
  result.recipe.clear();
  result.fidelity = "analytical";
  result.layers[0].certificate.emplace();
  CHECK(run_page_data(app::to_json(result))["command"] ==
        "heddle map tiny --arch small --search random --evaluations 2000 --keep-on-chip --seed 7");
}

TEST_CASE("a run that ended early or differs says so") {
  app::RunResult result = tests::small_result();
  result.incomplete = "layer fc does not fit";
  result.layers[0].check_rtl = "cycle 17 differs";
  const std::string message = run_page_data(app::to_json(result))["messages"]["run"];
  CHECK_THAT(message,
             Catch::Contains("layer fc does not fit") && Catch::Contains("conv1: rtl: cycle 17 differs"));
}

TEST_CASE("other JSON is refused with its reason") {
  for (const char* text :
       {"null", "3", "\"text\"", "[]", "{}", R"({"heddle": "0.1.0"})", R"({"layers": []})"}) {
    INFO(text);
    CHECK_THAT(refusal(Json::parse(text)), Catch::Contains("expected the JSON file of a heddle run"));
  }
  Json run = sample();
  run["layers"][1]["cycles"] = -4;
  run["layers"][0].erase("stalls");
  run["total"]["seconds"] = "fast";
  const std::string all = refusal(run);
  CHECK_THAT(all, Catch::Contains("layers[1].cycles: is no number from 0"));
  CHECK_THAT(all, Catch::Contains("layers[0].stalls: is missing; expected object"));
  CHECK_THAT(all, Catch::Contains("total.seconds: is no number from 0"));
}

TEST_CASE("a thousand problems are summed up") {
  Json run = sample();
  for (int i = 0; i < 1000; ++i) run["layers"].push_back(3);
  CHECK_THAT(refusal(run),
             Catch::Contains("layers[2]: is no object") && Catch::Contains("more problems like these"));
}

TEST_CASE("no damage to a run's JSON is more than an error of the input") {
  const Json run = sample();
  std::vector<Json::json_pointer> places;
  collect(run, Json::json_pointer(), places);
  REQUIRE(places.size() > 200);
  int refused = 0;
  for (const auto& place : places) {
    for (const char* text : {"null", "-1", "1e308", "18446744073709551615", "true", "\"x\"", "[]", "[[3]]",
                             "{}", R"({"a": {"b": []}})"}) {
      Json damaged = run;
      damaged[place] = Json::parse(text);
      try {
        page(run_page_data(damaged));
      } catch (const InputError& error) {
        ++refused;
        REQUIRE_FALSE(std::string(error.what()).empty());
      }
    }
  }
  CHECK(refused > static_cast<int>(places.size()));
}

}  // namespace
}  // namespace heddle::html
