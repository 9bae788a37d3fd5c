// What one point of a sweep comes to: its run, as the numbers that the database keeps.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "app/locate.h"
#include "app/run_result.h"

namespace heddle::sweep {

using Json = nlohmann::json;  ///< keys in alphabetical order: equal contents, equal texts

/// Results of a run by name, with what units_of() says: totals, the area where the energy table has one,
/// accuracies, and every figure of the CSV that adds up, over all layers.
Json results_of(const app::RunResult& run, double area_mm2);

/// "s", "pJ", "mm2", ... of a result; empty for counts and shares.
std::string unit_of(const std::string& result);

/// Runs the options. An object with
///   state      "done" or "failed"
///   message    why it failed
///   results    results_of()
///   machine    name, network, clock_hz, peak_macs_per_cycle, memories: [{name, bytes_per_cycle}]
///   layers     [{name, op, macs, effective_macs, cycles, compute_cycles, stalls, energy_pj, bytes,
///   bound_by}] mapper     layers and cached ones, which depend on what ran before
/// Never throws for a run that cannot be: that is an outcome. Simulated runs: one in a process.
Json evaluate(const app::RunOptions& options, const app::ConfigLibrary& library);

/// The same work has the same key: everything that the outcome depends on, files by content. 16 hexadecimal
/// digits.
class PointKeys {
 public:
  explicit PointKeys(const app::ConfigLibrary& library) : library_(library) {}
  /// Throws InputError for files that are not there or edits that lead nowhere.
  std::string key(const app::RunOptions& options);

 private:
  std::string content(const std::filesystem::path& file);
  std::string content(app::ConfigKind kind, const std::string& name, const std::string& prefix,
                      const std::vector<yaml::Edit>& edits);

  const app::ConfigLibrary& library_;
  std::map<std::string, std::string> known_;  ///< contents, by path and edits
};

}  // namespace heddle::sweep
