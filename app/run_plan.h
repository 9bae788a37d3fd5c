// What a run is made of before its first layer: the accelerator and its prices, the network at its batch, the
// layers chosen, the mappings given. And what every fidelity reports of a layer, once it has counted.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/on_chip.h"
#include "app/run_result.h"
#include "app/workload_setup.h"
#include "arch/legality.h"
#include "mapper/network_mapping.h"
#include "workload/live_ranges.h"

namespace heddle::app {

struct RunPlan {
  arch::Accelerator accelerator;
  arch::EnergyTable table;
  Workload workload;
  workload::LiveRanges live;
  std::vector<int> selected;                           ///< steps of live.order that run, ascending
  std::map<std::string, arch::LayerMapping> mappings;  ///< from --mapping, by layer
  std::string mapping_file;                            ///< for messages
  std::shared_ptr<mapper::NetworkMapper> mapper;       ///< of the other layers; null: the default mapping
  std::map<workload::TensorId, bool> stated;           ///< by the mappings, of tensors: on chip or not
  TensorSet on_chip;  ///< the tensors that are: as stated, and those that keep_on_chip() found

  const workload::Network& network() const { return workload.network; }
  const workload::Layer& layer_of(std::size_t step) const {
    return network().layers()[static_cast<std::size_t>(live.order[step])];
  }
  bool runs(std::size_t step) const;
};

/// Reads all files that the options name. Throws InputError for what cannot be read or does not fit together.
RunPlan plan_run(const RunOptions& options, const ConfigLibrary& library);

/// A result without layers: where it comes from.
RunResult describe_run(const RunOptions& options, const RunPlan& plan);

/// The mapping given for the layer, else the mapper's (or the default one), with the plan's tensors on chip.
/// Throws InputError for one that is not legal, or when there is none.
arch::LayerMapping mapping_of(const RunPlan& plan, const workload::Layer& layer,
                              const arch::LayerProblem& problem);

/// eie: the mapping under which the layer runs when its weights are in the matrix SRAMs already; nothing when
/// they do not fit there as a whole. `cold`: the layer's mapping, which is kept where the mapper has no say.
std::optional<arch::LayerMapping> resident_mapping_of(const RunPlan& plan, const workload::Layer& layer,
                                                      const arch::LayerProblem& problem,
                                                      const arch::LayerMapping& cold);

/// A layer's entry in the result: what was counted, and what follows from it (energy, utilization, what
/// bounds it). `problem` and `mapping`: of multiply-accumulate layers.
LayerResult priced_layer(const RunPlan& plan, const workload::Layer& layer,
                         const workload::LayerFormat& format,
                         const std::optional<arch::LayerProblem>& problem,
                         std::optional<arch::LayerMapping> mapping, arch::ActionCounts actions,
                         arch::CycleCounts cycles);

}  // namespace heddle::app
