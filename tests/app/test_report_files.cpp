// Can programs read the results back, and do they find what was counted?
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "app/report_csv.h"
#include "app/report_json.h"
#include "tests/app/sample_result.h"

using namespace heddle;
using nlohmann::json;

namespace {

std::set<std::string> keys(const json& object) {
  std::set<std::string> result;
  for (const auto& [key, value] : object.items()) result.insert(key);
  return result;
}

/// RFC 4180, for the tests: rows of cells.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      rows.back().back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      rows.back().emplace_back();
    } else if (!quoted && c == '\n') {
      rows.emplace_back(1);
    } else {
      rows.back().back() += c;
    }
  }
  rows.pop_back();  // after the last newline
  return rows;
}

}  // namespace

TEST_CASE("the JSON has every key of the contract, and the numbers of the run", "[json]") {
  const json root = json::parse(app::report_json(tests::small_result()));
  CHECK(root["heddle"] == "0.1.0");
  CHECK(root["network"] == "tiny");
  CHECK(root["accelerator"] == "small");
  CHECK(root["fidelity"] == "clocked");
  CHECK(root["seed"] == 7);
  CHECK(root["configuration"]["energy_table"] == json({{"name", "round-numbers"}, {"version", "1"}}));
  CHECK(root["configuration"]["recipe"] == "default");
  CHECK(root["configuration"]["accelerator"]["memory"][1]["size"] == 1024);
  CHECK_FALSE(root.contains("accuracy"));

  REQUIRE(root["layers"].size() == 2);
  const json& conv = root["layers"][0];
  CHECK(keys(conv) == std::set<std::string>{"name", "op", "macs", "effective_macs", "cycles",
                                            "compute_cycles", "stall_cycles", "stalls", "port_busy_cycles",
                                            "utilization", "bound_by", "energy_pj", "energy_by_tensor_pj",
                                            "actions", "mapping", "output_sha256", "checks"});
  CHECK(conv["macs"] == 16000);
  CHECK(conv["cycles"] == 2000);
  CHECK(conv["stall_cycles"] == 800);
  CHECK(conv["stalls"]["memory"] == 700);
  CHECK(conv["stalls"].size() == arch::kStallCount);
  CHECK(conv["port_busy_cycles"] == json({{"dram", 900}, {"buffer", 300}}));
  CHECK(conv["utilization"] == 0.5);
  CHECK(conv["energy_pj"] == json({{"total", 10000.0}, {"array", 1500.0}, {"dram", 8500.0}}));
  CHECK(conv["energy_by_tensor_pj"] ==
        json({{"dram", {{"weights", 8000.0}, {"inputs", 0.0}, {"outputs", 500.0}}}}));
  CHECK(keys(conv["actions"]) == std::set<std::string>{"dram", "buffer", "registers", "array", "ppu"});
  CHECK(conv["actions"]["dram"]["weights"] ==
        json({{"read_elements", 400}, {"read_bits", 3200}, {"write_elements", 0}, {"write_bits", 0}}));
  CHECK(conv["actions"]["dram"]["bursts"] == 8);
  CHECK_FALSE(conv["actions"]["buffer"].contains("bursts"));
  CHECK(conv["actions"]["array"] ==
        json({{"multiplies", 12000}, {"gated_multiplies", 4000}, {"adds", 12000}}));
  CHECK(conv["checks"] == json({{"reference", "equal"}, {"rtl", "not run"}}));

  const json& pool = root["layers"][1];
  CHECK(pool["mapping"] == json::object());
  CHECK(pool["actions"]["ppu"]["vector_operations"] == 450);

  CHECK(root["total"]["cycles"] == 2500);
  CHECK(root["total"]["energy_pj"] == 12500.0);
  for (const char* key : {"macs", "effective_macs", "seconds", "edp_pj_s"})
    CHECK(root["total"].contains(key));
}

TEST_CASE("a mapping in the JSON reads like a mapping file", "[json]") {
  const json levels = json::parse(app::report_json(tests::small_result()))["layers"][0]["mapping"]["levels"];
  CHECK(levels == json::parse(R"([
    {"level": "dram", "temporal": ["M 8", "C 4"], "keep": ["weights", "inputs", "outputs"]},
    {"level": "buffer", "temporal": [], "keep": ["inputs"]},
    {"level": "array", "spatial": {"rows": ["M 2"], "columns": ["Q 2"], "lanes": ["C 4"]}},
    {"level": "registers", "temporal": ["R 3"]}])"));
}

TEST_CASE("accuracies, sparsity, shared registers and options are echoed", "[json]") {
  app::RunResult result = tests::small_result();
  result.accuracy = {std::nullopt, 0.95, 40};
  result.accelerator.array.sparsity = workload::StructuredSparsity{2, 4};
  result.accelerator.array.registers.shared_bytes = 512;
  result.options = {{"layers", "1-2"}};
  const json root = json::parse(app::report_json(result));
  CHECK(root["accuracy"] == json({{"images", 40}, {"integer", 0.95}}));
  CHECK(root["configuration"]["accelerator"]["array"]["sparsity"] == "2:4");
  CHECK(root["configuration"]["accelerator"]["array"]["registers"] == json({{"shared", 512}}));
  CHECK(root["configuration"]["options"] == json({{"layers", "1-2"}}));
}

TEST_CASE("names that are no UTF-8 do not break the JSON", "[json]") {
  app::RunResult result = tests::small_result();
  result.layers[0].name = "\xff\"\n";
  CHECK(json::parse(app::report_json(result))["layers"][0]["name"] == "\xEF\xBF\xBD\"\n");
}

TEST_CASE("the CSV parses back to the run's numbers, a row per layer", "[csv]") {
  app::RunResult result = tests::small_result();
  result.layers[1].name = "pool, \"the\nsecond\"";
  const auto rows = parse_csv(app::report_csv(result));
  REQUIRE(rows.size() == 3);
  std::vector<std::map<std::string, std::string>> layers;
  for (std::size_t r = 1; r < rows.size(); ++r) {
    REQUIRE(rows[r].size() == rows[0].size());
    auto& cells = layers.emplace_back();
    for (std::size_t c = 0; c < rows[0].size(); ++c) {
      CHECK(cells.emplace(rows[0][c], rows[r][c]).second);  // no column twice
    }
  }
  CHECK(layers[0]["layer"] == "conv1");
  CHECK(layers[1]["layer"] == "pool, \"the\nsecond\"");
  CHECK(layers[0]["seed"] == "7");
  CHECK(layers[0]["cycles"] == "2000");
  CHECK(layers[0]["stall_memory_cycles"] == "700");
  CHECK(layers[0]["utilization"] == "0.5");
  CHECK(layers[0]["energy_dram_pj"] == "8500");
  CHECK(layers[1]["energy_dram_pj"].empty());  // this layer has no such part
  CHECK(layers[1]["energy_ppu_pj"] == "2500");
  CHECK(layers[0]["dram_weights_read_bits"] == "3200");
  CHECK(layers[0]["registers_outputs_write_elements"] == "16000");
  CHECK(layers[0]["check_reference"] == "equal");
}

TEST_CASE("what stays on chip and what was not computed show in the files", "[json][csv]") {
  app::RunResult result = tests::small_result();
  app::LayerResult& conv = result.layers[0];
  conv.mapping->on_chip[workload::Operand::inputs] = conv.mapping->on_chip[workload::Operand::outputs] = true;
  conv.output_sha256.clear();
  conv.check_reference = "not run";
  const json layer = json::parse(app::report_json(result))["layers"][0];
  CHECK(layer["mapping"]["on_chip"] == json({"inputs", "outputs"}));
  CHECK_FALSE(layer.contains("output_sha256"));
  CHECK(layer["checks"]["reference"] == "not run");
  const auto rows = parse_csv(app::report_csv(result));
  const auto column = std::find(rows[0].begin(), rows[0].end(), "output_sha256");
  REQUIRE(column != rows[0].end());
  CHECK(rows[1][static_cast<std::size_t>(column - rows[0].begin())].empty());
}
