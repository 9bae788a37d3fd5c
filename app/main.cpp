// The program: parses the command line, runs the command inside SystemC's elaboration, turns errors into exit
// statuses.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <systemc>

#include "app/command_line.h"
#include "app/html/page.h"
#include "app/html/run_file.h"
#include "app/map_network.h"
#include "app/pipeline.h"
#include "app/report_csv.h"
#include "app/report_json.h"
#include "app/report_mapping.h"
#include "app/report_table.h"
#include "app/show.h"
#include "app/sweep/engine.h"
#include "app/sweep/results.h"
#include "app/sweep/sweep.h"
#include "app/sweep/worker.h"
#include "app/verify.h"
#include "support/error.h"
#include "support/write_file.h"

namespace {

using namespace heddle;

int execute(const app::RunOptions& options) {
  // Opened before the run: a long simulation shall not end at a folder that does not exist.
  std::optional<OutputFile> json, csv;
  if (options.json) json.emplace(*options.json);
  if (options.csv) csv.emplace(*options.csv);
  app::Progress progress(options.quiet);
  const app::RunResult result = app::run(options, app::ConfigLibrary::of_this_program(), progress);
  progress.clear();
  if (!options.quiet) fmt::print("{}", app::report_table(result));
  if (json) {
    json->stream() << app::report_json(result);
    json->commit();
  }
  if (csv) {
    csv->stream() << app::report_csv(result);
    csv->commit();
  }
  if (!result.warning.empty()) fmt::print(stderr, "{}\n", result.warning);
  if (!result.incomplete.empty()) fmt::print(stderr, "{}\n", result.incomplete);
  if (!result.passed()) return 1;
  return result.incomplete.empty() ? 0 : 2;
}

int execute(const app::MapOptions& options) {
  std::optional<OutputFile> json, mappings;
  if (options.run.json) json.emplace(*options.run.json);
  const bool folder = options.output && app::asks_for_folder(*options.output);
  if (options.output && !folder) mappings.emplace(*options.output);
  app::Progress progress(options.run.quiet);
  const app::MapResult result = app::map_network(options, app::ConfigLibrary::of_this_program(), progress);
  progress.clear();
  if (!options.run.quiet) fmt::print("{}", app::report_mapping(result));
  if (json) {
    json->stream() << app::report_json(result.run);
    json->commit();
  }
  if (mappings) {
    mappings->stream() << app::mapping_file(result);
    mappings->commit();
  }
  if (folder) app::write_timeloop(result, *options.output);
  if (!result.run.warning.empty()) fmt::print(stderr, "{}\n", result.run.warning);
  return 0;
}

int execute(const app::SweepOptions& options) {
  app::Progress progress(options.quiet);
  const std::string text = sweep::sweep(options, app::ConfigLibrary::of_this_program(), progress);
  progress.clear();
  if (!options.quiet) fmt::print("{}", text);
  return 0;
}

int execute(const app::WorkerOptions&) {
  sweep::serve(app::ConfigLibrary::of_this_program());
  return 0;
}

int execute(const app::VerifyOptions& options) {
  app::Progress progress(options.quiet);
  const app::VerifyReport report = app::verify(options, app::ConfigLibrary::of_this_program(), progress);
  progress.clear();
  fmt::print("{}", report.text);
  return report.matched ? 0 : 1;
}

int execute(const app::ShowOptions& options) {
  fmt::print("{}", app::show(options, app::ConfigLibrary::of_this_program()));
  return 0;
}

int execute(const app::ReportOptions& options) {
  const bool sweeps = std::filesystem::is_directory(options.results) || options.results.extension() == ".db";
  write_file(options.html,
             html::page(sweeps ? sweep::page_data(options.results) : html::run_file_data(options.results)));
  return 0;
}

int execute(const app::Exit& exit) {
  std::fputs(exit.text.c_str(), exit.status == 0 ? stdout : stderr);
  return exit.status;
}

}  // namespace

int sc_main(int argc, char* argv[]) {
  try {
    return std::visit([](const auto& command) { return execute(command); },
                      app::parse_command_line({argv + 1, argv + argc}));
  } catch (const InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  } catch (const sweep::Interrupted& stop) {
    fmt::print(stderr, "{}\n", stop.what());
    return 2;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "out of memory: run fewer inputs at a time, or a smaller network\n");
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "internal error: {}\nThis is a bug in heddle.\n", error.what());
    return 1;
  }
}

int main(int argc, char* argv[]) {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
  return sc_core::sc_elab_and_sim(argc, argv);
}
