// A sweep as its YAML file describes it. docs/sweeps.md has every key.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/sweep/axis.h"

namespace heddle::sweep {

struct Objective {
  std::string name;  ///< as it is written: a result of a point, or arithmetic with them
  bool maximize = false;
};

enum class Sampling : std::uint8_t { full, random, latin_hypercube, nsga2 };

/// Which points of the space are worked out.
struct Sample {
  Sampling method = Sampling::full;
  std::size_t points = 0;  ///< of each workload; full: all of them
  std::uint64_t seed = 1;
  std::size_t population = 32;      ///< nsga2
  bool compares_to_random = false;  ///< nsga2: as many points are drawn at random, too
};

/// Which points are simulated after all have been analyzed.
struct Refinement {
  std::string fidelity = "fast";
  double within = 0;  ///< also those that would be on the front if they were this share better everywhere
  std::size_t most = 100;  ///< of each workload; the front's own first
};

struct SweepFile {
  std::string name;
  std::string text;                                           ///< the file itself
  std::filesystem::path folder;                               ///< paths in it begin there
  std::vector<yaml::Edit> base;                               ///< settings of every point
  std::vector<Axis> axes;                                     ///< the first varies slowest
  std::vector<std::pair<std::string, std::string>> computed;  ///< key, expression of the axes: `set`
  std::vector<std::pair<std::string, std::string>> derived;   ///< name, expression of the axes
  std::vector<std::string> where;                             ///< what points must be
  Sample sample;
  std::vector<Objective> objectives;
  std::vector<std::string> budgets;  ///< what results must be
  std::optional<Refinement> refine;
};

/// Throws InputError with everything that is wrong in the file: keys that no run has, names that are nowhere,
/// expressions that cannot be read.
SweepFile read_sweep_file(const std::filesystem::path& file);
SweepFile parse_sweep_file(const std::string& text, const std::string& name);

}  // namespace heddle::sweep
