// One layer on the machine: map it, run it, compare every element with the reference, price what was counted.
#pragma once

#include <string>
#include <vector>

#include "app/run_plan.h"
#include "sim/accelerator.h"
#include "workload/quantized.h"

namespace heddle::app {

struct SimulatedLayer {
  LayerResult result;
  workload::IntTensor output;  ///< what the machine computed
};

class LayerSimulator {
 public:
  /// Elaborates the plan's machine: one in a process. The plan must outlive the simulator.
  /// `check_in_parallel`: the reference runs on a thread of its own.
  LayerSimulator(const RunPlan& plan, sim::Fidelity fidelity, bool check_in_parallel);

  /// Throws InputError when the layer cannot run on this accelerator.
  SimulatedLayer run(int layer, const workload::QuantizedLayer& quantized,
                     const std::vector<const workload::IntTensor*>& inputs, const sim::TraceSink& trace);

 private:
  struct Outcome {
    sim::LayerOutcome machine;
    std::optional<arch::LayerMapping> mapping;
    std::optional<sim::LayerOutcome> resident;  ///< eie: with its weights on chip
  };
  Outcome run_mac(const workload::Layer& layer, const workload::QuantizedLayer& quantized,
                  const std::vector<const workload::IntTensor*>& inputs, arch::LayerProblem& problem,
                  const sim::TraceSink& trace);

  const RunPlan& plan_;
  const bool check_in_parallel_;
  sim::Accelerator machine_;
};

/// Share of weights that are not zero in the PE of an eie array that stores most: rows are dealt to the PEs
/// one by one.
double pe_density(const workload::IntTensor& weights, std::int64_t groups, std::int64_t pes);

/// "equal", or where the first difference is, what was expected and what came. Throws std::logic_error for
/// tensors of different or no size: comparing nothing proves nothing.
std::string compare(const workload::IntTensor& expected, const workload::IntTensor& got);

}  // namespace heddle::app
