// Does a user see that RTL and model agree, and where they do not? Runs with the array in RTL, `heddle
// verify`, and units with a bug in them.
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/end_to_end/bad_input.h"
#include "tests/end_to_end/program.h"
#include "tests/end_to_end/run_checks.h"
#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kSources = fs::path(HEDDLE_SOURCE_DIR) / "rtl";
/// Units that run for a second need not run fast.
const Environment kQuickBuild = {{"HEDDLE_RTL_OPTIMIZE", "-O0"}, {"HEDDLE_RTL_VERILATE", "--unroll-count 4"}};

std::string array_file(const std::string& name) {
  return (fs::path(HEDDLE_SOURCE_DIR) / "tests/data/arrays" / (name + ".yaml")).string();
}

/// The layers of a run with model, RTL and both: outputs, cycles and counts are the same.
void check_three_arrays(const std::string& line) {
  const tests::ScratchFolder folder;
  std::map<std::string, json> results;
  for (const std::string array : {"model", "rtl", "both"}) {
    std::vector<std::string> arguments =
        words("run " + line + " --fidelity clocked --quiet --json " + array + ".json --array " + array);
    const Outcome outcome = run_heddle(folder.path(), arguments);
    INFO(transcript(arguments, outcome));
    REQUIRE(outcome.status == 0);
    results[array] = json_file(folder / (array + ".json"));
  }
  for (const std::string array : {"rtl", "both"}) {
    CHECK(results[array].at("fidelity") == "rtl");
    const json &layers = results[array].at("layers"), &expected = results["model"].at("layers");
    REQUIRE(layers.size() == expected.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      for (const char* key :
           {"output_sha256", "cycles", "compute_cycles", "stalls", "actions", "energy_pj"}) {
        if (!expected[i].contains(key)) continue;
        INFO(array << ", " << expected[i].at("name") << ", " << key);
        CHECK(layers[i].at(key) == expected[i].at(key));
      }
      if (!expected[i].at("mapping").empty())
        CHECK(layers[i].at("checks").at("rtl") == (array == "both" ? "equal" : "not run"));
    }
  }
  CHECK(results["both"].at("rtl").at("cycles") > 1000);
  CHECK(results["both"].at("rtl").at("port_values") > 5000);
  CHECK(results["both"].at("rtl").at("outputs") > 100);
  CHECK_FALSE(results["rtl"].contains("rtl"));
}

TEST_CASE("the digits are the same on model and RTL, dense") {
  check_three_arrays("digits --arch dense-8x8");
}
TEST_CASE("the digits are the same on model and RTL, 2 of 4") {
  check_three_arrays("digits-2-4 --arch nm-8x8 --recipe int8-2-4");
}
TEST_CASE("the digits are the same on model and RTL, eie") {
  check_three_arrays("digits-eie --arch eie-16 --recipe digits-eie");
}

TEST_CASE("verify ends with what matched") {
  const tests::ScratchFolder folder;
  const Outcome random = run_heddle(folder.path(), words("verify --arch dense-8x8 --random 20"));
  INFO(random.out << random.err);
  CHECK(random.status == 0);
  CHECK_THAT(random.out, Catch::Contains("functional coverage") && Catch::Contains("matched "));
  const Outcome again = run_heddle(folder.path(), words("verify --arch dense-8x8 --random 20"));
  CHECK(again.out == random.out);
  const Outcome network = run_heddle(folder.path(), words("verify digits --arch dense-8x8 --layers conv1"));
  INFO(network.out << network.err);
  CHECK(network.status == 0);
  CHECK_THAT(network.out, Catch::StartsWith("matched "));
}

/// A copy of a unit with one thing changed, as a user's own: sources and a list of them.
void write_unit(const tests::ScratchFolder& folder, const std::string& unit, const std::string& file,
                const std::string& right, const std::string& wrong) {
  std::string list;
  for (const auto& entry : fs::directory_iterator(kSources / unit)) {
    if (entry.path().extension() != ".sv") continue;
    std::string text = tests::contents(entry.path());
    const std::string name = entry.path().filename().string();
    if (name == file) {
      const std::size_t at = text.find(right);
      REQUIRE(at != std::string::npos);
      text.replace(at, right.size(), wrong);
    }
    tests::put(folder / name, text);
    list += name + "\n";
  }
  tests::put(folder / "my_array.f", list);
}

/// The bug is found on random layers, made smaller, shown, and found again by the command that is printed.
void check_caught(const std::string& arch, const std::string& unit, const std::string& file,
                  const std::string& right, const std::string& wrong, const std::string& signal) {
  const tests::ScratchFolder folder;
  write_unit(folder, unit, file, right, wrong);
  std::vector<std::string> arguments =
      words("verify --arch " + array_file(arch) + " --random 100 --rtl my_array.f --top " + unit +
            " --waves difference.fst");
  const Outcome outcome = run_heddle(folder.path(), arguments, 280, kQuickBuild);
  INFO(transcript(arguments, outcome));
  REQUIRE(outcome.status == 1);
  CHECK_THAT(outcome.out, Catch::Contains(signal + ": expected "));
  CHECK_THAT(outcome.out, Catch::Contains("waveform in difference.fst"));
  CHECK(fs::file_size(folder / "difference.fst") > 100);
  const std::size_t at = outcome.out.find("\n  heddle ");
  REQUIRE(at != std::string::npos);
  std::string command = outcome.out.substr(at + 10);
  command = command.substr(0, command.find('\n'));
  const Outcome again = run_heddle(folder.path(), words(command), 280, kQuickBuild);
  INFO(command << "\n" << again.out << again.err);
  CHECK(again.status == 1);
  CHECK_THAT(again.out, Catch::Contains("expected "));
}

TEST_CASE("a user's drain that begins a cycle early is caught") {
  check_caught("narrow-ports", "dot_array", "accumulator_banks.sv", "closing_q[2 +: 2];",
               "closing_q[0 +: 2];", "results_valid_o");
}
TEST_CASE("a user's wrong sign extension is caught") {
  check_caught("narrow-ports", "dot_array", "accumulator_row.sv", "AccumulatorBits'($signed(sum))",
               "AccumulatorBits'(sum)", "results_data_o[0]");
}
TEST_CASE("a user's missing forwarding is caught") {
  check_caught("eie-4", "eie_array", "arithmetic.sv", "follows ? sum_q : read_q", "read_q",
               "results_data_o[0]");
}

TEST_CASE("a user's slower drain passes where timing is relaxed, and only there") {
  const tests::ScratchFolder folder;
  write_unit(folder, "dot_array", "accumulator_banks.sv", "closing_q[2 +: 2];", "late_q;");
  std::string text = tests::contents(folder / "accumulator_banks.sv");
  text.insert(text.rfind('\n', text.find(" closing_q;")) + 1,
              "  logic [1:0] late_q;\n"
              "  always_ff @(posedge clk_i or negedge rst_ni) begin\n"
              "    if (!rst_ni) late_q <= '0; else late_q <= closing_q[2 +: 2];\n"
              "  end\n");
  tests::put(folder / "accumulator_banks.sv", text);
  const std::string line = "verify --arch " + array_file("narrow-ports") +
                           " --random 30 --no-shrink --rtl my_array.f --top dot_array";
  const Outcome relaxed = run_heddle(folder.path(), words(line + " --timing relaxed"), 280, kQuickBuild);
  INFO(relaxed.out << relaxed.err);
  CHECK(relaxed.status == 0);
  CHECK_THAT(relaxed.out, Catch::Contains("cycles a layer beside the rules") && Catch::Contains("matched "));
  const Outcome strict = run_heddle(folder.path(), words(line), 280, kQuickBuild);
  INFO(strict.out << strict.err);
  CHECK(strict.status == 1);
  CHECK_THAT(strict.out, Catch::Contains("results_valid_o: expected 1, got 0"));
}

TEST_CASE("a module without the socket's ports is refused by name") {
  const tests::ScratchFolder folder;
  tests::put(
      folder / "mine.sv",
      "module mine #(parameter int Results = 1, AccumulatorBits = 1) (input clk_i, rst_ni);\nendmodule\n");
  const Outcome outcome = run_heddle(
      folder.path(), words("verify --arch dense-8x8 --rtl mine.sv --top mine --unit ppu"), 280, kQuickBuild);
  INFO(outcome.out << outcome.err);
  CHECK(outcome.status == 2);
  CHECK_THAT(outcome.err, Catch::Contains("the module has no port sums_valid_i, see docs/socket.md"));
}

}  // namespace
}  // namespace heddle::end_to_end
