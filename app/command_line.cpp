#include "app/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "app/command_options.h"
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

/// The budget of `heddle map` for searches that draw.
constexpr double kMapSeconds = 1;
const std::vector<std::string> kCommands = {"run", "map", "sweep", "verify", "show", "report"};
constexpr const char* kWorkerCommand = "worker";  ///< for sweeps alone, and in no help

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
  return mapper.search != MapperChoice{}.search && mapper.search != kDefaultMapping;
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
