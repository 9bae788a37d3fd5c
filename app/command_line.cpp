#include "app/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <sstream>

#include "app/version.h"
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
  heddle show network resnet50 --dot resnet50.dot
  heddle show arch nm-16x16

NETWORK, ARCH and recipes are files, or names of files in configs/.
Exit status: 0 fine, 1 a check found a difference, 2 bad usage or input.)";

/// The fidelities and array drivers of this version.
const std::vector<std::string> kFidelities = {kAnalytical, "clocked"};
const std::vector<std::string> kArrays = {"model"};
const std::vector<std::string> kKinds = {"network", "arch", "mapping", "energy"};

/// Says what is wrong with a value that is not offered, and what is.
CLI::Validator one_of(const std::vector<std::string>& choices, const std::vector<std::string>& later = {}) {
  return {[choices, later](std::string& text) -> std::string {
            if (std::find(choices.begin(), choices.end(), text) != choices.end()) return "";
            if (std::find(later.begin(), later.end(), text) != later.end()) {
              return fmt::format("\"{}\" is not part of this version; expected {}", text,
                                 fmt::join(choices, " or "));
            }
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

void add_run(CLI::App& app, RunOptions& o) {
  CLI::App* run =
      app.add_subcommand("run", "Run a network on an accelerator, layer by layer, and check every layer");
  run->add_option(
         "NETWORK", o.network,
         "An .onnx file, a network or Timeloop problem YAML, a SCALE-Sim CSV, or a name in configs/networks")
      ->required();
  run->add_option("--arch", o.arch, "An accelerator YAML, or a name in configs/accelerators")
      ->required()
      ->type_name("ARCH");
  run->add_option("--recipe", o.recipe, "Widths and pruning: a YAML, or a name in configs/compression")
      ->type_name("R");
  run->add_option("--mapping", o.mapping, "Mappings of some or all layers")->type_name("FILE");
  run->add_option("--fidelity", o.fidelity, "How closely the machine is simulated")
      ->check(one_of(kFidelities, {"fast"}))
      ->capture_default_str();
  run->add_option("--array", o.array, "What sits in the array's socket")
      ->check(one_of(kArrays, {"rtl", "both"}))
      ->capture_default_str();
  run->add_option("--layers", o.layers, "Only these: names or positions from 1, such as conv1,conv2 or 1-5")
      ->type_name("LIST");
  run->add_option("--input", o.input, "Inputs, the batch first; absent: synthetic ones")
      ->type_name("FILE.npy");
  run->add_option("--labels", o.labels, "The class of each input: prints accuracies")->type_name("FILE.npy");
  run->add_option("--calibration", o.calibration,
                  "Inputs that set the quantization ranges; absent: those of the run")
      ->type_name("FILE.npy");
  run->add_option("--seed", o.seed, "Of everything synthetic")
      ->check(digits())
      ->capture_default_str()
      ->type_name("N");
  run->add_option("--jobs", o.jobs, "Threads; absent: one per core")
      ->check(digits())
      ->check(CLI::Range(1, 4096))
      ->type_name("N");
  run->add_option("--json", o.json, "Write the results there")->type_name("FILE");
  run->add_option("--csv", o.csv, "Write a row per layer there")->type_name("FILE");
  run->add_option("--trace", o.trace, "Write what happened when there, for ui.perfetto.dev")
      ->type_name("FILE");
  run->add_flag("--quiet", o.quiet, "No progress bar, no tables");
}

void add_show(CLI::App& app, ShowOptions& o) {
  CLI::App* show =
      app.add_subcommand("show", "Print a network, an accelerator, a mapping or an energy table");
  show->add_option("KIND", o.kind, "What the file holds")->required()->check(one_of(kKinds));
  show->add_option("FILE", o.file, "A file, or a name in configs/")->required();
  show->add_option("--arch", o.arch, "For a mapping: the accelerator that it is for")->type_name("ARCH");
  show->add_option("--dot", o.dot, "For a network: write its graph there, for Graphviz")->type_name("FILE");
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
          "{} is for runs that compute: --fidelity {} needs no tensors; expected --fidelity clocked", name,
          kAnalytical);
    }
  }
  if (run.trace) {
    return fmt::format(
        "--trace shows what the machine does: --fidelity {} runs none; expected --fidelity clocked",
        kAnalytical);
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

Command parse_command_line(const std::vector<std::string>& arguments) {
  RunOptions run;
  ShowOptions show;
  CLI::App app("Simulates sparse and quantized neural-network accelerators, cycle by cycle.", "heddle");
  app.set_version_flag("--version", fmt::format("heddle {}", kVersion), "Print the version");
  app.set_help_flag("-h,--help", "Print this text");
  app.footer(kExamples);
  add_run(app, run);
  add_show(app, show);

  const std::vector<std::string> commands = {"run", "show"};
  if (arguments.empty()) return usage_error("a command is missing; expected run or show", "heddle");
  const std::string& first = arguments.front();
  if (first.empty() ||
      (first.front() != '-' && std::find(commands.begin(), commands.end(), first) == commands.end())) {
    return usage_error(
        fmt::format("unknown command \"{}\"{}; expected run or show", first, did_you_mean(first, commands)),
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
    if (run.labels && !run.input)
      return usage_error("--labels needs --input: the inputs that they label", "heddle run");
    return run;
  }
  if (app.got_subcommand("show")) {
    if (show.dot && show.kind != "network") return usage_error("--dot is for networks", "heddle show");
    if (show.arch && show.kind != "mapping") return usage_error("--arch is for mappings", "heddle show");
    if (show.kind == "mapping" && !show.arch) {
      return usage_error("a mapping names the levels of an accelerator; expected --arch ARCH", "heddle show");
    }
    return show;
  }
  return usage_error("a command is missing; expected run or show", "heddle");
}

}  // namespace heddle::app
