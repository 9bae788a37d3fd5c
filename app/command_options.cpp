#include "app/command_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "app/edited_files.h"
#include "support/error.h"

namespace heddle::app {
namespace {

/// The fidelities and array drivers of this version.
const std::vector<std::string> kFidelities = {kAnalytical, kFast, kClocked};
const std::vector<std::string> kArrays = {kModelArray, kRtlArray, kBothArrays};
const std::vector<std::string> kSearches = {"optimal", "random", "annealing", "genetic"};
const std::vector<std::string> kObjectives = {"edp", "energy", "latency"};
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
              const bool known =
                  std::find(std::begin(kEditable), std::end(kEditable), file) != std::end(kEditable);
              if (equals == std::string::npos || !known || text.find('.') > equals) {
                throw CLI::ValidationError("--set",
                                           fmt::format("expected KEY=VALUE with a key in {}, such as "
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

}  // namespace

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

}  // namespace heddle::app
