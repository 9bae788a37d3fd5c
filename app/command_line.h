// The command line of heddle, parsed into plain structs. Nothing here opens a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "support/yaml.h"

namespace heddle::app {

/// The fidelity that works layers out from their loop nests, without tensors.
inline constexpr const char* kAnalytical = "analytical";
inline constexpr const char* kFast = "fast";
inline constexpr const char* kClocked = "clocked";
/// What runs on the array in RTL; the rest of the machine is then clocked.
inline constexpr const char* kRtl = "rtl";

/// What sits in the array's socket: the model, RTL, or both, which are then compared.
inline constexpr const char* kModelArray = "model";
inline constexpr const char* kRtlArray = "rtl";
inline constexpr const char* kBothArrays = "both";

/// The `--search` that searches nothing: mapper/default_mapping.h.
inline constexpr const char* kDefaultMapping = "default";

/// Mappings that a search looks at which draws, and would never end, when the user sets no budget. No time,
/// so that the same seed gives the same bytes.
inline constexpr std::int64_t kRunDraws = 2000;

/// How mappings are found.
struct MapperChoice {
  std::string search = "optimal";                    ///< of mapper::Search; run: or kDefaultMapping
  std::string objective = "edp";                     ///< of mapper::Objective
  std::optional<std::filesystem::path> constraints;  ///< name in configs/constraints, or a path
  double seconds = 0;  ///< budget of each distinct layer; 0: none. A search that draws always has one
  std::int64_t evaluations = 0;  ///< the same, in mappings; 0: none
  double gap = 0;     ///< the optimal search may end this share above what it has shown to be the least
  bool cache = true;  ///< read and write what other runs have found
  bool keep_on_chip = false;  ///< decide which tensors stay on chip between layers
};

/// Whether the search draws mappings, and so needs a budget.
bool draws(const MapperChoice& mapper);

/// What `--unit` of a user's RTL stands for.
inline constexpr const char* kArrayUnit = "array";
inline constexpr const char* kPpuUnit = "ppu";

/// Whose RTL, and what of it is compared.
struct RtlChoice {
  std::vector<std::filesystem::path> sources;  ///< a user's: SystemVerilog or file lists; empty: heddle's own
  std::string top;                             ///< the user's module
  std::string unit = kArrayUnit;               ///< what it is to be
  bool relaxed = false;                        ///< outputs and their order are compared, cycles are not
  bool coverage = false;                       ///< built to collect lines and toggles
};

/// `heddle run NETWORK --arch ARCH ...`
struct RunOptions {
  std::string network;  ///< name in configs/networks, or a path
  std::string arch;     ///< name in configs/accelerators, or a path
  std::optional<std::string>
      recipe;  ///< name in configs/compression, or a path; absent: 8 bits, nothing pruned
  std::optional<std::filesystem::path> mapping;  ///< layers that it does not name are left to the mapper
  std::vector<yaml::Edit> edits;                 ///< of keys in the files: "arch.array.rows" is 32
  MapperChoice mapper;
  std::string fidelity = kFast;
  std::string array = kModelArray;
  std::optional<std::filesystem::path> waves;        ///< of the cycles before a difference; absent: no file
  RtlChoice rtl;                                     ///< for arrays other than the model
  std::string layers;                                ///< for select_layers(); empty: all
  std::optional<std::filesystem::path> input;        ///< .npy, first dimension the batch
  std::optional<std::filesystem::path> labels;       ///< .npy, one class per input; gives accuracies
  std::optional<std::filesystem::path> calibration;  ///< .npy; absent: the inputs of the run
  std::uint64_t seed = 1;
  int jobs = 0;  ///< threads; 0: one per core
  std::optional<std::filesystem::path> json, csv, trace;
  bool quiet = false;  ///< no progress, no tables
};

/// `heddle map NETWORK --arch ARCH ...`
struct MapOptions {
  RunOptions run;                               ///< analytical, of the layers to map
  std::optional<std::filesystem::path> output;  ///< mapping file; a folder: Timeloop's files
};

/// `heddle verify --arch ARCH [NETWORK] ...`
struct VerifyOptions {
  std::string arch;
  std::optional<std::string> network;  ///< absent: random layers
  std::optional<std::string> recipe;
  std::string layers;
  std::int64_t cases = 100;                   ///< random layers
  std::optional<std::int64_t> only_case;      ///< this one alone
  std::map<std::string, std::int64_t> sizes;  ///< what layers are held to (verify/campaign.h)
  std::uint64_t seed = 1;
  RtlChoice rtl;
  std::optional<std::filesystem::path> waves, coverage;
  bool shrink = true;  ///< make a failing case smaller
  bool quiet = false;
};

/// `heddle sweep SWEEP ...`
struct SweepOptions {
  std::string file;                             ///< name in configs/sweeps, or a path
  std::optional<std::filesystem::path> output;  ///< folder of the results; absent: the sweep's name, here
  int jobs = 0;                                 ///< worker processes; 0: one per core, under MPI one per rank
  bool quiet = false;
};

/// `heddle worker`: what a sweep starts (app/sweep/worker.h).
struct WorkerOptions {};

/// `heddle show KIND FILE ...`
struct ShowOptions {
  std::string kind;                          ///< "network", "arch", "mapping", "energy"
  std::string file;                          ///< name in configs/, or a path
  std::optional<std::string> arch;           ///< mapping: the accelerator whose levels it names
  std::optional<std::filesystem::path> dot;  ///< network: Graphviz is written there
};

/// `heddle report RESULTS --html FILE`
struct ReportOptions {
  std::filesystem::path results;  ///< JSON of a run, or a sweep's folder or .db file
  std::filesystem::path html;
};

/// Nothing to do but to print: help or version (status 0, standard output), or a usage error (status 2,
/// standard error).
struct Exit {
  int status = 0;
  std::string text;
};

using Command = std::variant<RunOptions, MapOptions, SweepOptions, WorkerOptions, VerifyOptions, ShowOptions,
                             ReportOptions, Exit>;

/// `arguments` without the program's name.
Command parse_command_line(const std::vector<std::string>& arguments);

}  // namespace heddle::app
