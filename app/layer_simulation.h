// One layer on the machine: map it, run it, compare every element with the reference, price what was counted.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/run_result.h"
#include "sim/accelerator.h"
#include "workload/quantized.h"

namespace heddle::app {

struct SimulatedLayer {
  LayerResult result;
  workload::IntTensor output;  ///< what the machine computed
};

class LayerSimulator {
 public:
  /// Elaborates the machine: one in a process. Everything must outlive the simulator; `mappings` by layer
  /// name, layers without one get the default mapping; errors in one name `mapping_file`.
  /// `check_in_parallel`: the reference runs on a thread of its own.
  LayerSimulator(const arch::Accelerator& accelerator, const arch::EnergyTable& table,
                 const std::map<std::string, arch::LayerMapping>& mappings, std::string mapping_file,
                 bool check_in_parallel);

  /// Throws InputError when the layer cannot run on this accelerator.
  SimulatedLayer run(const workload::Network& network, int layer, const workload::QuantizedLayer& quantized,
                     const std::vector<const workload::IntTensor*>& inputs, const sim::TraceSink& trace);

 private:
  arch::LayerMapping mapping_of(const arch::LayerProblem& problem) const;

  const arch::Accelerator& accelerator_;
  const arch::EnergyTable& table_;
  const std::map<std::string, arch::LayerMapping>& mappings_;
  const std::string mapping_file_;  ///< for messages
  const bool check_in_parallel_;
  sim::Accelerator machine_;
};

/// "equal", or where the first difference is, what was expected and what came. Throws std::logic_error for
/// tensors of different or no size: comparing nothing proves nothing.
std::string compare(const workload::IntTensor& expected, const workload::IntTensor& got);

}  // namespace heddle::app
