#include "app/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "app/edited_files.h"
#include "app/version.h"
#include "rtl/verify/campaign.h"
#include "support/error.h"

namespace heddle::app {
namespace {

constexpr int kUsageError = 2;

constexpr const char* kExamples = R"(
Examples:
  heddle run digits --arch dense-16x16
  heddle run digits-2-4 --arch nm-16x16 --recipe int8-2-4 --json digits.json --trace digits.trace.json
  heddle run model.onnx --arch my-accelerator.yaml --input images.npy --labels labels.npy
  heddle run resnet50 --arch dense-16x16 --layers 1-5
  heddle run resnet50 --arch nm-16x16 --recipe int8-2-4 --fidelity analytical
  heddle run digits --arch dense-8x8 --array both --waves difference.fst
  heddle run alexnet --arch eie-64 --recipe deep-compression-alexnet --layers fc6,fc7,fc8
  heddle map resnet50 --arch nm-16x16 --recipe int8-2-4 --output resnet50-mappings.yaml
  heddle run resnet50 --arch nm-16x16 --set arch.array.rows=32 --fidelity analytical
  heddle sweep lenet-5-arrays --jobs 2 --output lenet-5-arrays
  heddle verify --arch nm-8x8 --random 1000
  heddle verify digits --arch dense-8x8
  heddle verify --arch eie-16 --rtl my-array.f --top my_array --timing relaxed
  heddle show network resnet50 --dot resnet50.dot
  heddle show arch nm-16x16
  heddle report digits.json --html digits.html

NETWORK, ARCH and recipes are files, or names of files in configs/.
Exit status: 0 fine, 1 a check found a difference, 2 bad usage or input.)";

/// The fidelities and array drivers of this version.
const std::vector<std::string> kFidelities = {kAnalytical, kFast, kClocked};
const std::vector<std::string> kArrays = {kModelArray, kRtlArray, kBothArrays};
const std::vector<std::string> kSearches = {"optimal", "random", "annealing", "genetic"};
/// The budget of `heddle map` for searches that draw.
constexpr double kMapSeconds = 1;
const std::vector<std::string> kObjectives = {"edp", "energy", "latency"};
const std::vector<std::string> kCommands = {"run", "map", "sweep", "verify", "show", "report"};
constexpr const char* kWorkerCommand = "worker";  ///< for sweeps alone, and in no help
const std::vector<std::string> kUnits = {kArrayUnit, kPpuUnit};
const std::vector<std::string> kTimings = {"strict", "relaxed"};
const std::vector<std::string> kKinds = {"network", "arch", "mapping", "energy"};

/// Says what is wrong with a value that is not offered, and what is.
CLI::Validator one_of(const std::vector<std::string>& choices) {
  return {[choices](std::string& text) -> std::string {
            if (std::find(choices.begin(), choices.end(), text) != choices.end()) return "";
            return fmt::format("unknown value \"{}\"{}; expected {}", text, did_you_mean(text, choices),
                               fmt::join(choices, ", "));
          },
          fmt::format("{}", fmt::join(choices, "|"))};
}

/// Digits only and within 64 bits, so that "-1", "1e3" or too long a number is an error and not another
/// number.
CLI::Validator digits() {
  return {[](std::string& text) -> std::string {
            std::uint64_t value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            if (error == std::errc{} && end == text.data() + text.size()) return "";
            return fmt::format("expected a whole number from 0 to {}, got \"{}\"", UINT64_MAX, text);
          },
          ""};
}

/// A time in seconds, longer than nothing.
CLI::Validator seconds() {
  return {[](std::string& text) -> std::string {
            double value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            const bool number = error == std::errc{} && end == text.data() + text.size();
            if (number && std::isfinite(value) && value > 0) return "";
            return fmt::format("expected a number of seconds above 0, got \"{}\"", text);
          },
          ""};
}

/// What is run or mapped.
void add_network(CLI::App& command, RunOptions& o) {
  command.add_option("NETWORK", o.network, "An .onnx file, a network YAML, or a name in configs/networks")
      ->required();
  command.add_option("--arch", o.arch, "An accelerator YAML, or a name in configs/accelerators")
      ->required()
      ->type_name("ARCH");
  command.add_option("--recipe", o.recipe, "Widths and pruning: a YAML, or a name in configs/compression")
      ->type_name("R");
  command
      .add_option("--layers", o.layers, "Only these: names or positions from 1, such as conv1,conv2 or 1-5")
      ->type_name("LIST");
}

/// --set KEY=VALUE, any number of times.
void add_edits(CLI::App& command, RunOptions& o) {
  command
      .add_option_function<std::vector<std::string>>(
          "--set",
          [&o](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
              const std::size_t equals = text.find('=');
              const std::string file = text.substr(0, text.find('.'));
              const bool known = std::find(std::begin(kEditable), std::end(kEditable), file) != std::end(kEditable);
              if (equals == std::string::npos || !known || text.find('.') > equals) {
                throw CLI::ValidationError("--set", fmt::format("expected KEY=VALUE with a key in {}, such as "
                                                                "arch.array.rows=32, got \"{}\"",
                                                                fmt::join(kEditable, ", "), text));
              }
              o.edits.push_back({text.substr(0, equals), text.substr(equals + 1)});
            }
          },
          "Change a key of the files: arch.array.rows=32, recipe.default.weights=4")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

void add_search(CLI::App& command, MapperChoice& o, const std::vector<std::string>& searches) {
  command.add_option("--search", o.search, "How mappings are looked for")
      ->check(one_of(searches))
      ->capture_default_str();
  command.add_option("--objective", o.objective, "What they shall have least of; edp: energy x delay")
      ->check(one_of(kObjectives))
      ->capture_default_str();
  command.add_flag_callback(
      "--no-cache", [&o] { o.cache = false; }, "Do not take, or leave, mappings in the cache");
  command.add_flag("--keep-on-chip", o.keep_on_chip,
                   "Leave outputs in the outermost buffer for the next layer where that pays");
}

/// Edits, seed, threads and results.
void add_common(CLI::App& command, RunOptions& o) {
  add_edits(command, o);
  command.add_option("--seed", o.seed, "Of everything that is drawn")
      ->check(digits())
      ->capture_default_str()
      ->type_name("N");
  command.add_option("--jobs", o.jobs, "Threads; absent: one per core")
      ->check(digits())
      ->check(CLI::Range(1, 4096))
      ->type_name("N");
  command.add_option("--json", o.json, "Write the results there")->type_name("FILE");
  command.add_flag("--quiet", o.quiet, "No progress bar, no tables");
}

void add_run(CLI::App& app, RunOptions& o) {
  CLI::App* run =
      app.add_subcommand("run", "Run a network on an accelerator, layer by layer, and check every layer");
  add_network(*run, o);
  run->add_option("--mapping", o.mapping, "Mappings of some or all layers; the mapper finds the others")
      ->type_name("FILE");
  std::vector<std::string> searches = kSearches;
  searches.emplace_back(kDefaultMapping);
  add_search(*run, o.mapper, searches);
  run->add_option("--fidelity", o.fidelity, "How closely the machine is simulated")
      ->check(one_of(kFidelities))
      ->capture_default_str();
  run->add_option("--array", o.array, "What sits in the array's socket; both: in lockstep, and compared")
      ->check(one_of(kArrays))
      ->capture_default_str();
  run->add_option("--waves", o.waves, "For --array both: write the cycles before a difference there")
      ->type_name("FILE.fst");
  run->add_option("--input", o.input, "Inputs, the batch first; absent: synthetic ones")
      ->type_name("FILE.npy");
  run->add_option("--labels", o.labels, "The class of each input: prints accuracies")->type_name("FILE.npy");
  run->add_option("--calibration", o.calibration,
                  "Inputs that set the quantization ranges; absent: those of the run")
      ->type_name("FILE.npy");
  add_common(*run, o);
  run->add_option("--csv", o.csv, "Write a row per layer there")->type_name("FILE");
  run->add_option("--trace", o.trace, "Write what happened when there, for ui.perfetto.dev")
      ->type_name("FILE");
}

void add_map(CLI::App& app, MapOptions& o) {
  o.run.fidelity = kAnalytical;
  CLI::App* map = app.add_subcommand("map", "Find the best loop nest of every layer, with proof");
  add_network(*map, o.run);
  add_search(*map, o.run.mapper, kSearches);
  map->add_option("--constraints", o.run.mapper.constraints,
                  "What mappings must keep to: a YAML, or a name in configs/constraints")
      ->type_name("FILE");
  map->add_option("--seconds", o.run.mapper.seconds,
                  "Budget of each distinct layer; absent: until the answer is proved")
      ->check(seconds())
      ->type_name("S");
  map->add_option("--evaluations", o.run.mapper.evaluations,
                  "The same as a number of mappings to look at, which gives the same answer everywhere")
      ->check(digits())
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
      ->type_name("N");
  add_common(*map, o.run);
  map->add_option("--output", o.output,
                  "Write the mappings there; a folder (DIR/): Timeloop's files for each layer")
      ->type_name("FILE|DIR/");
}

void add_sweep(CLI::App& app, SweepOptions& o) {
  CLI::App* sweep = app.add_subcommand(
      "sweep", "Work out all points of a design space; started again, goes on where it stopped");
  sweep->add_option("SWEEP", o.file, "A sweep YAML, or a name in configs/sweeps")->required();
  sweep->add_option("--jobs", o.jobs, "Worker processes; absent: one per core, under mpirun one per rank")
      ->check(digits())
      ->check(CLI::Range(1, 4096))
      ->type_name("N");
  sweep->add_option("--output", o.output, "Folder of the results; absent: the sweep's name, here")
      ->type_name("DIR");
  sweep->add_flag("--quiet", o.quiet, "No progress bar, no tables");
}

/// What the parser fills that is no field of the options.
struct VerifyWords {
  std::string timing = "strict";
  std::string sizes;
  std::int64_t only_case = -1;
};

void add_verify(CLI::App& app, VerifyOptions& o, VerifyWords& words) {
  CLI::App* verify = app.add_subcommand("verify", "Compare an array in RTL with the model, cycle by cycle");
  verify->add_option("NETWORK", o.network, "Its layers; absent: random ones");
  verify->add_option("--arch", o.arch, "An accelerator YAML, or a name in configs/accelerators")
      ->required()
      ->type_name("ARCH");
  verify->add_option("--recipe", o.recipe, "For a network: widths and pruning")->type_name("R");
  verify->add_option("--layers", o.layers, "For a network: only these")->type_name("LIST");
  verify->add_option("--random", o.cases, "So many random layers")
      ->check(digits())
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
      ->capture_default_str()
      ->type_name("N");
  verify->add_option("--seed", o.seed, "Of everything that is drawn")
      ->check(digits())
      ->capture_default_str()
      ->type_name("N");
  verify->add_option("--case", words.only_case, "Only this one of the random layers")
      ->check(digits())
      ->type_name("K");
  verify->add_option("--sizes", words.sizes, "Hold the layers to these sizes, such as M=4,C=3,waits=0")
      ->type_name("LIST");
  verify->add_option("--rtl", o.rtl.sources, "Your unit: SystemVerilog sources, or lists of them (.f)")
      ->type_name("FILE...");
  verify->add_option("--top", o.rtl.top, "Your unit's module")->type_name("NAME");
  verify->add_option("--unit", o.rtl.unit, "What your unit is to be")
      ->check(one_of(kUnits))
      ->capture_default_str();
  verify
      ->add_option("--timing", words.timing, "relaxed: outputs and their order must match, cycles may differ")
      ->check(one_of(kTimings))
      ->capture_default_str();
  verify->add_option("--waves", o.waves, "Write the cycles before a difference there")->type_name("FILE.fst");
  verify->add_option("--coverage", o.coverage, "Collect lines and toggles of the RTL, and write them there")
      ->type_name("FILE.dat");
  verify->add_flag_callback(
      "--no-shrink", [&o] { o.shrink = false; }, "Leave a failing case as large as it was found");
  verify->add_flag("--quiet", o.quiet, "No progress bar");
}

void add_show(CLI::App& app, ShowOptions& o) {
  CLI::App* show =
      app.add_subcommand("show", "Print a network, an accelerator, a mapping or an energy table");
  show->add_option("KIND", o.kind, "What the file holds")->required()->check(one_of(kKinds));
  show->add_option("FILE", o.file, "A file, or a name in configs/")->required();
  show->add_option("--arch", o.arch, "For a mapping: the accelerator that it is for")->type_name("ARCH");
  show->add_option("--dot", o.dot, "For a network: write its graph there, for Graphviz")->type_name("FILE");
}

void add_report(CLI::App& app, ReportOptions& o) {
  CLI::App* report =
      app.add_subcommand("report", "Make one HTML file of results, which opens without a network");
  report->add_option("RESULTS", o.results, "The JSON file of a run, or a sweep's folder")->required();
  report->add_option("--html", o.html, "Write the page there")->required()->type_name("FILE");
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// What a run without tensors has no use for; empty if nothing is wrong.
std::string needs_tensors(const RunOptions& run) {
  if (run.fidelity != kAnalytical) return "";
  for (const auto& [name, given] : {std::pair{"--input", run.input.has_value()},
                                    {"--labels", run.labels.has_value()},
                                    {"--calibration", run.calibration.has_value()}}) {
    if (given) {
      return fmt::format(
          "{} is for runs that compute: --fidelity {} needs no tensors; expected --fidelity {}", name,
          kAnalytical, kFast);
    }
  }
  if (run.trace) {
    return fmt::format("--trace shows what the machine does: --fidelity {} runs none; expected --fidelity {}",
                       kAnalytical, kFast);
  }
  return "";
}

Exit usage_error(const std::string& message, const std::string& help) {
  return {kUsageError, fmt::format("heddle: {}\nTry: {} --help\n", message, help)};
}

/// What CLI11 found wrong, said for people; `command` is the subcommand that was reached, or null.
Exit explain(const CLI::ParseError& error, const CLI::App& app, const CLI::App* command) {
  const std::string help = command == nullptr ? "heddle" : "heddle " + command->get_name();
  const CLI::App& reached = command == nullptr ? app : *command;
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> extras = app.remaining(true);
    const std::string extra = extras.empty() ? "" : extras.front();
    if (!extra.empty() && extra.front() == '-') {
      const std::string name = extra.substr(0, extra.find('='));
      return usage_error(fmt::format("unknown option {}{}", name, did_you_mean(name, option_names(reached))),
                         help);
    }
    return usage_error(fmt::format("unexpected argument \"{}\"", extra), help);
  }
  return usage_error(error.what(), help);
}

}  // namespace

bool draws(const MapperChoice& mapper) {
  return mapper.search != kSearches.front() && mapper.search != kDefaultMapping;
}

Command parse_command_line(const std::vector<std::string>& arguments) {
  RunOptions run;
  MapOptions map;
  SweepOptions sweep;
  VerifyOptions verify;
  VerifyWords verify_words;
  ShowOptions show;
  ReportOptions report;
  CLI::App app("Simulates sparse and quantized neural-network accelerators, cycle by cycle.", "heddle");
  app.set_version_flag("--version", fmt::format("heddle {}", kVersion), "Print the version");
  app.set_help_flag("-h,--help", "Print this text");
  app.footer(kExamples);
  add_run(app, run);
  add_map(app, map);
  add_sweep(app, sweep);
  add_verify(app, verify, verify_words);
  add_show(app, show);
  add_report(app, report);

  const std::string missing = fmt::format("a command is missing; expected {}", fmt::join(kCommands, ", "));
  if (arguments.empty()) return usage_error(missing, "heddle");
  const std::string& first = arguments.front();
  if (first == kWorkerCommand) return WorkerOptions{};
  if (first.empty() ||
      (first.front() != '-' && std::find(kCommands.begin(), kCommands.end(), first) == kCommands.end())) {
    return usage_error(fmt::format("unknown command \"{}\"{}; expected {}", first,
                                   did_you_mean(first, kCommands), fmt::join(kCommands, ", ")),
                       "heddle");
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      std::ostringstream text;
      app.exit(error, text, text);
      return Exit{0, text.str()};
    }
    const std::vector<CLI::App*> reached = app.get_subcommands();
    return explain(error, app, reached.empty() ? nullptr : reached.front());
  }
  if (app.got_subcommand("run")) {
    if (const std::string wrong = needs_tensors(run); !wrong.empty()) return usage_error(wrong, "heddle run");
    if (run.array != kModelArray) {
      if (run.fidelity == kAnalytical) {
        return usage_error(
            fmt::format("--array {} runs the machine: --fidelity {} runs none; expected --array {}",
                        run.array, kAnalytical, kModelArray),
            "heddle run");
      }
      run.fidelity = kRtl;
    }
    if (run.waves && run.array != kBothArrays) {
      return usage_error("--waves shows a difference between model and RTL; expected --array both",
                         "heddle run");
    }
    if (run.labels && !run.input)
      return usage_error("--labels needs --input: the inputs that they label", "heddle run");
    if (run.mapper.keep_on_chip && run.mapper.search == kDefaultMapping) {
      return usage_error(
          "--keep-on-chip needs a search: the default mapping keeps nothing; expected --search optimal, "
          "random, annealing or genetic",
          "heddle run");
    }
    if (draws(run.mapper)) run.mapper.evaluations = kRunDraws;
    return run;
  }
  if (app.got_subcommand("map")) {
    MapperChoice& mapper = map.run.mapper;
    if (draws(mapper) && mapper.seconds == 0 && mapper.evaluations == 0) mapper.seconds = kMapSeconds;
    return map;
  }
  if (app.got_subcommand("sweep")) return sweep;
  if (app.got_subcommand("verify")) {
    verify.rtl.relaxed = verify_words.timing == "relaxed";
    verify.rtl.coverage = verify.coverage.has_value();
    if (verify_words.only_case >= 0) verify.only_case = verify_words.only_case;
    try {
      verify.sizes = verify::read_overrides(verify_words.sizes);
    } catch (const InputError& error) {
      return usage_error(error.what(), "heddle verify");
    }
    if (verify.rtl.sources.empty() != verify.rtl.top.empty())
      return usage_error("--rtl and --top go together: your sources, and the module in them",
                         "heddle verify");
    if (verify.network && (verify.only_case || !verify.sizes.empty() || verify.coverage))
      return usage_error("--case, --sizes and --coverage are for random layers, not for a network",
                         "heddle verify");
    if (!verify.network && (verify.recipe || !verify.layers.empty()))
      return usage_error("--recipe and --layers are for a network; expected NETWORK", "heddle verify");
    return verify;
  }
  if (app.got_subcommand("show")) {
    if (show.dot && show.kind != "network") return usage_error("--dot is for networks", "heddle show");
    if (show.arch && show.kind != "mapping") return usage_error("--arch is for mappings", "heddle show");
    if (show.kind == "mapping" && !show.arch) {
      return usage_error("a mapping names the levels of an accelerator; expected --arch ARCH", "heddle show");
    }
    return show;
  }
  if (app.got_subcommand("report")) return report;
  return usage_error(missing, "heddle");
}

}  // namespace heddle::app
