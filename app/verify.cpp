#include "app/verify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "app/pipeline.h"
#include "app/rtl_units.h"
#include "app/table.h"
#include "rtl/verify/campaign.h"
#include "rtl/verify/line_coverage.h"
#include "support/error.h"

extern char** environ;

namespace heddle::app {
namespace {

/// How long a failing case is made smaller.
constexpr auto kShrinkTime = std::chrono::seconds(60);

/// The command that runs one case alone.
std::vector<std::string> case_command(const VerifyOptions& options, std::int64_t number,
                                      const verify::Overrides& overrides) {
  std::vector<std::string> words = {"verify",
                                    "--arch",
                                    options.arch,
                                    "--seed",
                                    std::to_string(options.seed),
                                    "--case",
                                    std::to_string(number)};
  if (!overrides.empty()) words.insert(words.end(), {"--sizes", verify::to_text(overrides)});
  for (const auto& file : options.rtl.sources) words.insert(words.end(), {"--rtl", file.string()});
  if (!options.rtl.sources.empty())
    words.insert(words.end(), {"--top", options.rtl.top, "--unit", options.rtl.unit});
  if (options.rtl.relaxed) words.insert(words.end(), {"--timing", "relaxed"});
  return words;
}

/// Runs this program on one case in a process of its own (a machine that has failed cannot go on): does it
/// still fail?
bool fails(const std::vector<std::string>& words) {
  std::vector<std::string> all = {"/proc/self/exe"};
  all.insert(all.end(), words.begin(), words.end());
  all.emplace_back("--quiet");
  std::vector<char*> argv;
  for (std::string& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", 1, 0);
  const int failed = posix_spawn(&child, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return false;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

/// Tries to hold one size after the other to less, until nothing gets smaller.
verify::Overrides shrink(const VerifyOptions& options, std::int64_t number, const verify::CaseSummary& found,
                         Progress& progress) {
  const auto deadline = std::chrono::steady_clock::now() + kShrinkTime;
  verify::Overrides smallest = options.sizes;
  verify::Overrides now = found.sizes;
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (const std::string& name : verify::override_names()) {
      const std::int64_t least = name == "pad" || name == "waits" ? 0 : 1;
      for (std::int64_t value = now[name]; value > least;) {
        if (std::chrono::steady_clock::now() > deadline) return smallest;
        progress.update(fmt::format("making case {} smaller", number), 0);
        // As small as possible first; then half; then one less.
        bool shrunk = false;
        for (const std::int64_t next : {least, value / 2, value - 1}) {
          if (next < least || next >= value) continue;
          verify::Overrides candidate = smallest;
          candidate[name] = next;
          if (!fails(case_command(options, number, candidate))) continue;
          smallest = candidate;
          value = now[name] = next;
          shrunk = smaller = true;
          break;
        }
        if (!shrunk) break;
      }
    }
  }
  return smallest;
}

std::string coverage_table(const verify::Coverage& coverage) {
  Table table({{"functional coverage", Table::Align::left}, {"met"}});
  std::int64_t reached = 0;
  for (const auto& point : coverage.points()) {
    table.row({point.name, point.met > 0 ? grouped(point.met) : "never"});
    reached += point.met > 0;
  }
  const auto all = static_cast<std::int64_t>(coverage.points().size());
  return table.text() + fmt::format("{} of {} points ({:.1f} %)\n", reached, all,
                                    100.0 * static_cast<double>(reached) / static_cast<double>(all));
}

/// Share of each source file's lines and toggles that were reached.
std::string rtl_coverage_table(const std::filesystem::path& file) {
  const verify::RtlCoverage coverage = verify::read_rtl_coverage(file);
  Table table(
      {{"RTL", Table::Align::left}, {"lines"}, {"toggles"}, {"lines never reached", Table::Align::left}});
  verify::SourceCoverage lines, toggles;
  const auto share = [](const verify::SourceCoverage& source) {
    return source.points == 0
               ? std::string("-")
               : percent(static_cast<double>(source.reached) / static_cast<double>(source.points));
  };
  for (const auto& [name, source] : coverage.lines) {
    const auto toggled = coverage.toggles.find(name);
    const verify::SourceCoverage toggle =
        toggled == coverage.toggles.end() ? verify::SourceCoverage{} : toggled->second;
    table.row({std::filesystem::path(name).filename().string(), share(source), share(toggle),
               fmt::format("{}", fmt::join(source.missed, " "))});
    lines.points += source.points;
    lines.reached += source.reached;
    toggles.points += toggle.points;
    toggles.reached += toggle.reached;
  }
  table.rule();
  table.row({"all", share(lines), share(toggles), ""});
  return table.text();
}

std::string closing_line(const rtl::Agreement& agreement) {
  return fmt::format("matched {} outputs, {} cycles, {} events\n", grouped(agreement.outputs),
                     grouped(agreement.cycles), grouped(agreement.events));
}

VerifyReport verify_network(const VerifyOptions& options, const ConfigLibrary& library, Progress& progress) {
  RunOptions run;
  run.network = *options.network;
  run.arch = options.arch;
  run.recipe = options.recipe;
  run.layers = options.layers;
  run.seed = options.seed;
  run.fidelity = kRtl;
  run.array = kBothArrays;
  run.waves = options.waves;
  run.rtl = options.rtl;
  const RunResult result = app::run(run, library, progress);
  VerifyReport report;
  for (const LayerResult& layer : result.layers) {
    if (is_difference(layer.check_reference))
      report.text += fmt::format("{}: reference: {}\n", layer.name, layer.check_reference);
    if (is_difference(layer.check_rtl)) report.text += layer.check_rtl + "\n";
  }
  report.matched = result.passed();
  if (!result.incomplete.empty()) report.text += result.incomplete + "\n";
  if (!report.matched) return report;
  if (!result.rtl || result.rtl->outputs == 0)
    throw InputError(*options.network, "has no layer that the array runs: nothing was compared");
  report.text += closing_line(*result.rtl);
  return report;
}

}  // namespace

VerifyReport verify(const VerifyOptions& options, const ConfigLibrary& library, Progress& progress) {
  if (options.network) return verify_network(options, library, progress);
  const arch::Accelerator accelerator =
      arch::read_accelerator(library.find(ConfigKind::accelerator, options.arch));
  const auto began = std::chrono::steady_clock::now();
  const RtlUnits units = make_rtl_units(accelerator, options.rtl, progress);
  rtl::CoSimulationOptions co_simulation;
  co_simulation.relaxed = options.rtl.relaxed;
  co_simulation.waves = options.waves.value_or("");
  rtl::CoSimulation machines("machine", accelerator, units.array(), units.ppu(), co_simulation);
  verify::Coverage coverage(accelerator, machines.device());
  verify::Campaign campaign(accelerator, machines, coverage);

  VerifyReport report;
  const std::int64_t first = options.only_case.value_or(0);
  const std::int64_t end = options.only_case ? first + 1 : options.cases;
  std::int64_t ran = 0;
  std::int64_t latency = 0;
  for (std::int64_t number = first; number < end; ++number) {
    progress.update(fmt::format("case {}", number),
                    static_cast<double>(number - first) / static_cast<double>(end - first));
    try {
      campaign.run(options.seed, number, options.sizes);
    } catch (const rtl::Mismatch& mismatch) {
      progress.clear();
      report.text += fmt::format("{}\n", mismatch.what());
      if (options.only_case) return report;
      if (!options.shrink) {
        report.text += fmt::format("see it alone with\n  heddle {}\n",
                                   fmt::join(case_command(options, number, options.sizes), " "));
        return report;
      }
      const verify::Overrides small = shrink(options, number, campaign.last(), progress);
      progress.clear();
      report.text += fmt::format("case {} of seed {}, made smaller; see it alone with\n  heddle {}\n", number,
                                 options.seed, fmt::join(case_command(options, number, small), " "));
      return report;
    }
    ran += campaign.last().ran;
    latency += machines.latency();
  }
  progress.clear();
  if (ran == 0) throw InputError(options.arch, "no random layer fits this accelerator: nothing was compared");
  report.matched = true;
  if (options.only_case) {
    report.text += closing_line(machines.agreement());
    return report;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  report.text += coverage_table(coverage);
  if (options.coverage) {
    machines.device().write_coverage(*options.coverage);
    report.text += "\n" + rtl_coverage_table(*options.coverage);
  }
  report.text += fmt::format("\n{} layers on {}, seed {}: {} port values, {} results compared\n",
                             grouped(ran), accelerator.name, options.seed,
                             grouped(machines.agreement().ports), grouped(machines.agreement().results));
  if (options.rtl.relaxed) {
    report.text += fmt::format("the RTL takes {:+.1f} cycles a layer beside the rules\n",
                               static_cast<double>(latency) / static_cast<double>(ran));
  }
  report.text += closing_line(machines.agreement());
  fmt::print(
      stderr, "{:.1f} s, {} RTL cycles per second\n", seconds.count(),
      grouped(static_cast<std::int64_t>(static_cast<double>(machines.device().cycles()) / seconds.count())));
  return report;
}

}  // namespace heddle::app
