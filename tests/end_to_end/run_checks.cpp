#include "tests/end_to_end/run_checks.h"

#include <catch2/catch.hpp>
#include <map>
#include <sstream>
#include <stdexcept>

#include "tests/end_to_end/program.h"
#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

using nlohmann::json;

// Sums of doubles, added in another order than the program's.
constexpr double kRounding = 1e-12;

Approx about(double value) { return Approx(value).epsilon(kRounding); }

void check_layer(const json& layer) {
  INFO("layer " << layer.at("name"));
  CHECK(layer.at("checks").at("reference") == "equal");
  CHECK(layer.at("checks").at("rtl") == "not run");
  CHECK(layer.at("output_sha256").get<std::string>().size() == 64);

  const auto cycles = layer.at("cycles").get<std::int64_t>();
  const auto compute = layer.at("compute_cycles").get<std::int64_t>();
  std::int64_t stalls = 0;
  for (const auto& [cause, count] : layer.at("stalls").items()) {
    CHECK(count.get<std::int64_t>() >= 0);
    stalls += count.get<std::int64_t>();
  }
  CHECK(stalls == layer.at("stall_cycles").get<std::int64_t>());
  CHECK(cycles == compute + stalls);
  for (const auto& [memory, busy] : layer.at("port_busy_cycles").items())
    CHECK(busy.get<std::int64_t>() <= cycles);
  CHECK(layer.at("utilization").get<double>() <= 1.0);

  double energy = 0;
  for (const auto& [part, picojoules] : layer.at("energy_pj").items()) {
    CHECK(picojoules.get<double>() >= 0);
    if (part != "total") energy += picojoules.get<double>();
  }
  CHECK(layer.at("energy_pj").at("total").get<double>() == about(energy));

  const json& array = layer.at("actions").at("array");
  CHECK(layer.at("effective_macs") == array.at("multiplies"));
  CHECK(array.at("adds") == array.at("multiplies"));
  CHECK(layer.at("effective_macs").get<std::int64_t>() <= layer.at("macs").get<std::int64_t>());
  if (layer.at("macs").get<std::int64_t>() > 0) {
    CHECK(cycles > 0);
    CHECK(layer.at("mapping").contains("levels"));
  } else {
    CHECK(layer.at("mapping").empty());
  }
}

void check_totals(const json& run) {
  const json& total = run.at("total");
  for (const char* key : {"macs", "effective_macs", "cycles", "compute_cycles", "stall_cycles"}) {
    std::int64_t sum = 0;
    for (const json& layer : run.at("layers")) sum += layer.at(key).get<std::int64_t>();
    INFO(key);
    CHECK(total.at(key).get<std::int64_t>() == sum);
  }
  double energy = 0;
  for (const json& layer : run.at("layers")) energy += layer.at("energy_pj").at("total").get<double>();
  CHECK(total.at("energy_pj").get<double>() == about(energy));
  const double seconds =
      total.at("cycles").get<double>() / run.at("configuration").at("accelerator").at("clock").get<double>();
  CHECK(total.at("seconds").get<double>() == about(seconds));
  CHECK(total.at("edp_pj_s").get<double>() == about(energy * seconds));
}

std::vector<std::string> split(const std::string& line) {  // of a CSV without quoted cells
  std::vector<std::string> cells;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(',', begin), line.size());
    cells.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return cells;
}

void check_csv(const std::string& text, const json& run) {
  CHECK(text.find('"') == std::string::npos);
  std::istringstream stream(text);
  std::string line;
  REQUIRE(std::getline(stream, line));
  const std::vector<std::string> header = split(line);
  std::size_t rows = 0;
  for (; std::getline(stream, line); ++rows) {
    REQUIRE(rows < run.at("layers").size());
    const json& layer = run.at("layers")[rows];
    const std::vector<std::string> cells = split(line);
    REQUIRE(cells.size() == header.size());
    std::map<std::string, std::string> row;
    for (std::size_t i = 0; i < cells.size(); ++i) row[header[i]] = cells[i];
    CHECK(row.at("layer") == layer.at("name").get<std::string>());
    CHECK(row.at("check_reference") == "equal");
    CHECK(row.at("output_sha256") == layer.at("output_sha256").get<std::string>());
    for (const char* key : {"macs", "effective_macs", "cycles", "compute_cycles", "stall_cycles"}) {
      CHECK(row.at(key) == layer.at(key).dump());
    }
    CHECK(row.at("dram_weights_read_bits") ==
          layer.at("actions").at("dram").at("weights").at("read_bits").dump());
  }
  CHECK(rows == run.at("layers").size());
}

/// Layers follow one another on the time axis, each for as long as its cycles.
void check_trace(const json& trace, const json& run) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> spans;  // first begin and last end, in cycles
  std::map<int, std::string> rows;
  std::map<int, std::int64_t> row_ends;
  const double microseconds = 1e6 / run.at("configuration").at("accelerator").at("clock").get<double>();
  for (const json& event : trace.at("traceEvents")) {
    if (event.at("ph") == "M") {
      if (event.at("name") == "thread_name") rows[event.at("tid").get<int>()] = event.at("args").at("name");
      continue;
    }
    REQUIRE(event.at("ph") == "X");
    REQUIRE(rows.contains(event.at("tid").get<int>()));  // its row has a name
    const auto begin = event.at("args").at("cycle").get<std::int64_t>();
    const auto length = event.at("args").at("cycles").get<std::int64_t>();
    REQUIRE(length >= 0);
    REQUIRE(begin >= row_ends[event.at("tid").get<int>()]);  // viewers drop events that overlap on a row
    row_ends[event.at("tid").get<int>()] = begin + length;
    REQUIRE(event.at("ts").get<double>() == Approx(static_cast<double>(begin) * microseconds).margin(1e-6));
    const auto [span, is_new] = spans.try_emplace(event.at("args").at("layer"), begin, begin + length);
    span->second.first = std::min(span->second.first, begin);
    span->second.second = std::max(span->second.second, begin + length);
  }
  std::size_t timed = 0;
  std::int64_t previous_end = 0;
  for (const json& layer : run.at("layers")) {
    if (layer.at("cycles").get<std::int64_t>() == 0) continue;
    ++timed;
    INFO("layer " << layer.at("name"));
    REQUIRE(spans.contains(layer.at("name")));
    const auto [begin, end] = spans.at(layer.at("name"));
    CHECK(begin >= previous_end);
    CHECK(end - begin <= layer.at("cycles").get<std::int64_t>());
    previous_end = end;
  }
  CHECK(spans.size() == timed);
}

}  // namespace

json checked_run(const std::filesystem::path& folder, const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"run"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  for (const char* word : {"--json", "r.json", "--csv", "r.csv", "--trace", "t.json"}) all.emplace_back(word);
  const Outcome outcome = run_heddle(folder, all);
  INFO(transcript(all, outcome));
  REQUIRE(outcome.signal == 0);
  REQUIRE(outcome.status == 0);
  CHECK(outcome.err.empty());
  json run = json_file(folder / "r.json");
  REQUIRE_FALSE(run.at("layers").empty());
  CHECK_FALSE(run.contains("incomplete"));
  for (const json& layer : run.at("layers")) {
    check_layer(layer);
    CHECK_THAT(outcome.out, Catch::Contains(layer.at("name").get<std::string>()));
  }
  check_totals(run);
  check_csv(tests::contents(folder / "r.csv"), run);
  check_trace(json_file(folder / "t.json"), run);
  return run;
}

const json& layer_of(const json& run, const std::string& name) {
  for (const json& layer : run.at("layers")) {
    if (layer.at("name") == name) return layer;
  }
  throw std::out_of_range("no layer " + name);
}

}  // namespace heddle::end_to_end
