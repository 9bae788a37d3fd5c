// Is every option understood, and every mistake answered with status 2 and a hint?
#include <catch2/catch.hpp>

#include "app/command_line.h"

using namespace heddle::app;

namespace {

Exit failure(const std::vector<std::string>& arguments) {
  const Command command = parse_command_line(arguments);
  REQUIRE(std::holds_alternative<Exit>(command));
  CHECK(std::get<Exit>(command).status == 2);
  return std::get<Exit>(command);
}

std::vector<std::string> with(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"run", "n", "--arch", "a"});
  return arguments;
}

}  // namespace

TEST_CASE("run takes every option", "[command]") {
  const Command command = parse_command_line({"run",        "digits",      "--arch",
                                              "nm-16x16",   "--recipe",    "int8-2-4",
                                              "--mapping",  "m.yaml",      "--search",
                                              "genetic",    "--objective", "latency",
                                              "--no-cache", "--fidelity",  "clocked",
                                              "--array",    "model",       "--layers",
                                              "conv1,3-4",  "--input",     "x.npy",
                                              "--labels",   "y.npy",       "--calibration",
                                              "z.npy",      "--seed",      "18446744073709551615",
                                              "--jobs",     "2",           "--json",
                                              "o.json",     "--csv",       "o.csv",
                                              "--trace",    "t.json",      "--quiet"});
  REQUIRE(std::holds_alternative<RunOptions>(command));
  const auto& run = std::get<RunOptions>(command);
  CHECK(run.network == "digits");
  CHECK(run.arch == "nm-16x16");
  CHECK(run.recipe == "int8-2-4");
  CHECK(run.mapping == "m.yaml");
  CHECK(run.mapper.search == "genetic");
  CHECK(run.mapper.objective == "latency");
  CHECK_FALSE(run.mapper.cache);
  CHECK(run.fidelity == "clocked");
  CHECK(run.array == "model");
  CHECK(run.layers == "conv1,3-4");
  CHECK(run.input == "x.npy");
  CHECK(run.labels == "y.npy");
  CHECK(run.calibration == "z.npy");
  CHECK(run.seed == UINT64_MAX);
  CHECK(run.jobs == 2);
  CHECK(run.json == "o.json");
  CHECK(run.csv == "o.csv");
  CHECK(run.trace == "t.json");
  CHECK(run.quiet);
}

TEST_CASE("a run without tensors takes what needs none", "[command]") {
  const auto run = std::get<RunOptions>(parse_command_line(
      with({"--fidelity", "analytical", "--array", "model", "--recipe", "r", "--mapping", "m.yaml",
            "--layers", "1-3", "--seed", "2", "--json", "o.json", "--csv", "o.csv"})));
  CHECK(run.fidelity == kAnalytical);
  CHECK(run.mapping == "m.yaml");
}

TEST_CASE("run has the documented defaults", "[command]") {
  const auto run = std::get<RunOptions>(parse_command_line({"run", "--arch=a", "n"}));
  CHECK(run.network == "n");
  CHECK(run.fidelity == "fast");
  CHECK(run.array == "model");
  CHECK(run.layers.empty());
  CHECK(run.seed == 1);
  CHECK(run.jobs == 0);
  CHECK(run.mapper.search == "optimal");
  CHECK(run.mapper.objective == "edp");
  CHECK(run.mapper.cache);
  CHECK_FALSE(run.recipe);
  CHECK_FALSE(run.json);
  CHECK_FALSE(run.quiet);
}

TEST_CASE("map takes every option", "[command]") {
  const auto map = std::get<MapOptions>(parse_command_line(
      {"map",           "n",        "--arch",   "a",      "--recipe",      "r",      "--layers",   "2",
       "--objective",   "energy",   "--search", "random", "--constraints", "c.yaml", "--seconds",  "0.25",
       "--evaluations", "1000",     "--seed",   "5",      "--jobs",        "3",      "--no-cache", "--json",
       "o.json",        "--output", "folder/",  "--quiet"}));
  CHECK(map.run.network == "n");
  CHECK(map.run.arch == "a");
  CHECK(map.run.recipe == "r");
  CHECK(map.run.layers == "2");
  CHECK(map.run.fidelity == kAnalytical);
  CHECK(map.run.mapper.objective == "energy");
  CHECK(map.run.mapper.search == "random");
  CHECK(map.run.mapper.constraints == "c.yaml");
  CHECK(map.run.mapper.seconds == 0.25);
  CHECK(map.run.mapper.evaluations == 1000);
  CHECK_FALSE(map.run.mapper.cache);
  CHECK(map.run.seed == 5);
  CHECK(map.run.jobs == 3);
  CHECK(map.run.json == "o.json");
  CHECK(map.output == "folder/");
  CHECK(map.run.quiet);
}

TEST_CASE("map has the documented defaults", "[command]") {
  const auto map = std::get<MapOptions>(parse_command_line({"map", "n", "--arch", "a"}));
  CHECK(map.run.mapper.search == "optimal");
  CHECK(map.run.mapper.objective == "edp");
  CHECK(map.run.mapper.seconds == 0);
  CHECK(map.run.mapper.evaluations == 0);
  CHECK(map.run.mapper.cache);
  CHECK_FALSE(map.run.mapper.constraints);
  CHECK_FALSE(map.output);
}

TEST_CASE("searches that would never end have a budget", "[command]") {
  const auto run = [](const char* search) {
    return std::get<RunOptions>(parse_command_line(with({"--search", search}))).mapper;
  };
  CHECK(run("random").evaluations > 0);
  CHECK(run("random").seconds == 0);  // the same seed gives the same bytes
  CHECK(run("optimal").evaluations == 0);
  CHECK(run("default").evaluations == 0);
  const auto map = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"map", "n", "--arch", "a", "--search", "genetic"});
    return std::get<MapOptions>(parse_command_line(more)).run.mapper;
  };
  CHECK(map({}).seconds == 1);
  CHECK(map({"--evaluations", "7"}).seconds == 0);
  CHECK(map({"--seconds", "3"}).seconds == 3);
}

TEST_CASE("show takes a kind and a file", "[command]") {
  const auto show =
      std::get<ShowOptions>(parse_command_line({"show", "network", "resnet50", "--dot", "r.dot"}));
  CHECK(show.kind == "network");
  CHECK(show.file == "resnet50");
  CHECK(show.dot == "r.dot");
  CHECK(std::get<ShowOptions>(parse_command_line({"show", "mapping", "m.yaml", "--arch", "a"})).arch == "a");
}

TEST_CASE("report takes results and a page", "[command]") {
  const Command command = parse_command_line({"report", "run.json", "--html", "run.html"});
  REQUIRE(std::holds_alternative<ReportOptions>(command));
  CHECK(std::get<ReportOptions>(command).results == "run.json");
  CHECK(std::get<ReportOptions>(command).html == "run.html");
  CHECK_THAT(failure({"report", "run.json"}).text, Catch::Contains("--html"));
}

TEST_CASE("help and version are no errors", "[command]") {
  const auto help = std::get<Exit>(parse_command_line({"--help"}));
  CHECK(help.status == 0);
  CHECK_THAT(help.text, Catch::Contains("Examples:") && Catch::Contains("run") && Catch::Contains("show"));
  const auto run_help = std::get<Exit>(parse_command_line({"run", "--help"}));
  CHECK(run_help.status == 0);
  for (const char* option : {"--arch", "--recipe", "--mapping", "--fidelity", "--array", "--layers",
                             "--input", "--labels", "--search", "--objective", "--no-cache", "--calibration",
                             "--seed", "--jobs", "--json", "--csv", "--trace", "--quiet"}) {
    CHECK_THAT(run_help.text, Catch::Contains(option));
  }
  const auto map_help = std::get<Exit>(parse_command_line({"map", "--help"}));
  CHECK(map_help.status == 0);
  for (const char* option :
       {"--arch", "--recipe", "--layers", "--objective", "--search", "--constraints", "--seconds",
        "--evaluations", "--seed", "--jobs", "--no-cache", "--json", "--output"}) {
    CHECK_THAT(map_help.text, Catch::Contains(option));
  }
  const auto version = std::get<Exit>(parse_command_line({"--version"}));
  CHECK(version.status == 0);
  CHECK(version.text == std::string("heddle ") + HEDDLE_VERSION + "\n");
}

TEST_CASE("usage errors say what is wrong and what was expected", "[command]") {
  struct Case {
    std::vector<std::string> arguments;
    const char* expected;
  };
  const std::vector<Case> cases = {
      {{}, "a command is missing"},
      {{"rnu"}, "unknown command \"rnu\" (did you mean \"run\"?)"},
      {{"sweeps", "x"}, "unknown command \"sweeps\""},
      {{""}, "unknown command"},
      {{"--wrong"}, "unknown option --wrong"},
      {{"run"}, "NETWORK is required"},
      {{"run", "n"}, "--arch is required"},
      {{"run", "n", "--arch"}, "--arch"},
      {with({"--archi", "b"}), "unknown option --archi (did you mean \"--arch\"?)"},
      {with({"--sede=1"}), "unknown option --sede (did you mean \"--seed\"?)"},
      {with({"another"}), "unexpected argument \"another\""},
      {with({"--fidelity", "clockd"}),
       "unknown value \"clockd\" (did you mean \"clocked\"?); expected analytical, fast, clocked"},
      {with({"--fidelity", "analytical", "--input", "x.npy"}), "--input is for runs that compute"},
      {with({"--fidelity", "analytical", "--labels", "y.npy"}), "--labels is for runs that compute"},
      {with({"--fidelity", "analytical", "--calibration", "z.npy"}),
       "--calibration is for runs that compute"},
      {with({"--fidelity", "analytical", "--trace", "t.json"}), "--trace shows what the machine does"},
      {with({"--fidelity", "analytical", "--array", "rtl"}), "--array rtl runs the machine"},
      {with({"--fidelity", "analytical", "--array", "both"}), "--array both runs the machine"},
      {with({"--array", "verilog"}), "unknown value \"verilog\"; expected model, rtl, both"},
      {with({"--waves", "w.fst"}), "--waves shows a difference between model and RTL"},
      {with({"--seed", "-1"}), "--seed"},
      {with({"--seed", "1.5"}), "got \"1.5\""},
      {with({"--seed", "18446744073709551616"}), "--seed"},
      {with({"--jobs", "0"}), "--jobs"},
      {with({"--jobs", "many"}), "got \"many\""},
      {with({"--json"}), "--json"},
      {with({"--labels", "y.npy"}), "--labels needs --input"},
      {with({"--search", "optimum"}), "unknown value \"optimum\" (did you mean \"optimal\"?)"},
      {with({"--objective", "delay"}), "unknown value \"delay\"; expected edp, energy, latency"},
      {with({"--output", "x"}), "unknown option --output"},
      {{"map"}, "NETWORK is required"},
      {{"map", "n"}, "--arch is required"},
      {{"map", "n", "--arch", "a", "--search", "default"}, "expected optimal, random, annealing, genetic"},
      {{"map", "n", "--arch", "a", "--seconds", "0"}, "expected a number of seconds above 0, got \"0\""},
      {{"map", "n", "--arch", "a", "--seconds", "-1"}, "expected a number of seconds above 0"},
      {{"map", "n", "--arch", "a", "--seconds", "inf"}, "expected a number of seconds above 0"},
      {{"map", "n", "--arch", "a", "--seconds", "1s"}, "got \"1s\""},
      {{"map", "n", "--arch", "a", "--evaluations", "few"}, "got \"few\""},
      {{"map", "n", "--arch", "a", "--search", "random", "--evaluations", "0"}, "--evaluations"},
      {{"map", "n", "--arch", "a", "--mapping", "m"}, "unknown option --mapping"},
      {{"show"}, "KIND is required"},
      {{"show", "network"}, "FILE is required"},
      {{"show", "netwrk", "x"}, "unknown value \"netwrk\" (did you mean \"network\"?)"},
      {{"show", "energy", "x", "--dot", "d"}, "--dot is for networks"},
      {{"show", "network", "x", "--arch", "d"}, "--arch is for mappings"},
      {{"show", "mapping", "x"}, "expected --arch"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.expected);
    const Exit exit = failure(c.arguments);
    CHECK_THAT(exit.text,
               Catch::StartsWith("heddle: ") && Catch::Contains(c.expected) && Catch::Contains("--help"));
  }
}
