// The CSV of a run: a header, then one row per layer (RFC 4180, newlines as "\n"). Columns in
// docs/results.md.
#pragma once

#include <string>

#include "app/run_result.h"

namespace heddle::app {

std::string report_csv(const RunResult& result);
/// A cell, quoted when it has to be.
std::string csv_cell(const std::string& text);

}  // namespace heddle::app
