// What a run hands to the reports: plain data, layer by layer, filled by the pipeline and read by the tables,
// the JSON and the CSV.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arch/accelerator.h"
#include "arch/actions.h"
#include "arch/energy.h"
#include "arch/mapping.h"
#include "mapper/network_mapping.h"
#include "mapper/search/search.h"
#include "rtl/agreement.h"

namespace heddle::app {

/// One layer as it ran. Counts are of the whole run: all `RunResult::batch` inputs together.
struct LayerResult {
  std::string name;
  std::string op;                   ///< workload::name(Operation): "conv", "linear", "max_pool", ...
  std::int64_t macs = 0;            ///< dense-equivalent: what the layer's shape asks for
  std::int64_t effective_macs = 0;  ///< multiplies performed (analytical: expected to be): neither pruned
                                    ///< away nor gated by a zero input
  arch::CycleCounts cycles;
  double utilization = 0;  ///< macs (eie: effective) / (cycles x peak MACs per cycle), in [0, 1]
  arch::ActionCounts actions;
  arch::Energy energy;
  std::optional<arch::LayerMapping> mapping;       ///< absent for layers of the vector unit
  std::optional<mapper::Certificate> certificate;  ///< of the mapping, when it is what was asked for
  std::string output_sha256;                       ///< of the output codes; empty if none were computed
  std::string check_reference = "not run";         ///< "equal", "not run", or the first difference
  std::string check_rtl = "not run";               ///< the same
  std::string bound_by;                            ///< bound_by() below
  /// eie: the layer once more, its weights in the matrix SRAMs already, as the paper measures. Nothing where
  /// they do not fit there as a whole.
  struct Resident {
    std::int64_t cycles = 0;
    arch::Energy energy;
    arch::EieCounts counts;
  };
  std::optional<Resident> weights_resident;
};

/// Sums over the layers, and what follows from them at the accelerator's clock.
struct Totals {
  std::int64_t macs = 0, effective_macs = 0;
  std::int64_t cycles = 0, compute_cycles = 0, stall_cycles = 0;
  double utilization = 0;  ///< of the multiply-accumulate layers, weighted by cycles
  double seconds = 0;      ///< all inputs of the run
  double inferences_per_second = 0;
  double energy_pj = 0;      ///< all inputs of the run
  double edp_pj_s = 0;       ///< energy x delay
  double tops = 0;           ///< 2 x macs per second / 1e12: dense-equivalent, hence "effective"
  double tops_per_watt = 0;  ///< 2 x macs per picojoule
};

/// Share of classified inputs that were right, in [0, 1].
struct Accuracy {
  std::optional<double> of_float;    ///< the float network
  std::optional<double> of_integer;  ///< the machine's integer outputs
  std::int64_t images = 0;           ///< how many were classified
};

/// What --keep-on-chip decided, and what the mapper expects of it: of all layers that ran, with and without.
struct StayOnChip {
  std::vector<std::string> tensors;  ///< those that stay, in the order in which they are made
  std::int64_t bytes = 0;            ///< of all of them
  mapper::Cost before, after;        ///< with none of them on chip, and with all
};

struct RunResult {
  std::string network;
  arch::Accelerator accelerator;
  std::string energy_table;  ///< its name
  std::string energy_table_version;
  std::string fidelity;  ///< "analytical", "fast" or "clocked"
  std::uint64_t seed = 1;
  std::string version;     ///< of heddle
  std::string recipe;      ///< name or path as given; empty: the default
  std::int64_t batch = 1;  ///< inputs that the counts cover
  std::vector<std::pair<std::string, std::string>>
      options;  ///< others that change results, by name: "mapping", "input", "layers"
  std::vector<LayerResult> layers;
  std::string warning;     ///< of something that did not work and changes no result; empty: none
  std::string incomplete;  ///< why the run ended after these layers; empty: it is complete
  Accuracy accuracy;
  mapper::MappingWork mapped;              ///< what the mappings took; changes no result
  std::optional<StayOnChip> stay_on_chip;  ///< with --keep-on-chip
  std::optional<rtl::Agreement> rtl;       ///< with --array both: what was compared and found equal

  Totals totals() const;
  /// No layer's check found a difference.
  bool passed() const;
};

/// Dense-equivalent MACs that the array can do in a cycle: rows x columns x lanes, times m/n on an n:m array,
/// times 8/bits for narrow operands on a scalable one. An n:m array that runs dense weights reaches n/m of
/// it.
std::int64_t peak_macs_per_cycle(const arch::Accelerator& accelerator, int weight_bits = 8,
                                 int input_bits = 8);
/// macs / (cycles x peak); 0 when there are no cycles.
double utilization(std::int64_t macs, std::int64_t cycles, std::int64_t peak_macs_per_cycle);
/// What most of the layer's cycles went to: "compute", or the largest stall cause when that is larger. For
/// the causes that a memory makes ("memory", "bandwidth", "partial_sums") the busiest memory port is named as
/// well: "memory: dram".
std::string bound_by(const arch::CycleCounts& cycles, const arch::Accelerator& accelerator);
/// Sum over all causes.
std::int64_t stall_cycles(const arch::CycleCounts& cycles);
/// Whether a check's text stands for a difference.
bool is_difference(const std::string& check);

}  // namespace heddle::app
