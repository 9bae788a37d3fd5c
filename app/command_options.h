// The options of each command, as CLI11 parses them into the structs of command_line.h.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "app/command_line.h"

namespace heddle::app {

/// What the parser fills that is no field of the options.
struct VerifyWords {
  std::string timing = "strict";
  std::string sizes;
  std::int64_t only_case = -1;
};

// Each adds its subcommand to `app`; the structs must live until the parser has run.
void add_run(CLI::App& app, RunOptions& o);
void add_map(CLI::App& app, MapOptions& o);
void add_sweep(CLI::App& app, SweepOptions& o);
void add_verify(CLI::App& app, VerifyOptions& o, VerifyWords& words);
void add_show(CLI::App& app, ShowOptions& o);
void add_report(CLI::App& app, ReportOptions& o);

}  // namespace heddle::app
