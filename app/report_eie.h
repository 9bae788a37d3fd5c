// What limits a layer on the eie unit: padding, full queues, unequal work. Text and JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "app/run_result.h"

namespace heddle::app {

/// What follows from a layer's counts on the eie unit.
struct EieFigures {
  double theoretical_cycles =
      0;                         ///< entries / PEs: with perfect balance, padding included (the paper's term)
  std::int64_t walk_cycles = 0;  ///< of all passes, from the first broadcast to the last issue
  double load_balance = 0;       ///< work / (PEs x walk_cycles), in [0, 1]
  double padding = 0;            ///< share of the entries
  double queue_full = 0;         ///< share of the walk cycles
};
/// `counts` of a layer that ran on so many PEs.
EieFigures eie_figures(const arch::EieCounts& counts, std::int64_t pes);

/// A row per layer, then a picture of the PEs' work; empty if no layer ran on the eie unit.
std::string eie_table(const RunResult& result);
/// A bar per PE (of more than 64 PEs: per group of neighbours), from the one with least work to the one with
/// most.
std::string load_picture(const std::vector<std::int64_t>& work);

/// Milliwatts of a PE, by the modules of the paper's table II, while the layers run with their weights resident (those that do
/// not fit: cold), beside the paper's; empty if no layer ran on the eie unit. DRAM and post-processing are not in it.
std::string power_table(const RunResult& result);

/// The counters, and the figures above.
nlohmann::ordered_json eie_json(const arch::EieCounts& counts, std::int64_t pes);

}  // namespace heddle::app
