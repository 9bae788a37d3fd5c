// One layer on the machine: map it, run it, compare every element with the reference, price what was counted.
#pragma once

#include <string>
#include <vector>

#include "app/progress.h"
#include "app/run_plan.h"
#include "rtl/co_simulation.h"
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
  /// `check_in_parallel`: the reference runs on a thread of its own. Throws InputError if the options ask for
  /// an array in RTL that there is none of.
  LayerSimulator(const RunPlan& plan, const RunOptions& options, bool check_in_parallel, Progress& progress);

  /// Throws InputError when the layer cannot run on this accelerator, rtl::Mismatch when the array in RTL
  /// does not do what the model does: nothing can run after that.
  SimulatedLayer run(int layer, const workload::QuantizedLayer& quantized,
                     const std::vector<const workload::IntTensor*>& inputs, const sim::TraceSink& trace);

  /// What model and RTL have agreed in so far; null if they are not compared.
  const rtl::Agreement* agreement() const { return compares_rtl_ ? &rtl_->agreement() : nullptr; }

 private:
  struct Outcome {
    sim::LayerOutcome machine;
    std::optional<arch::LayerMapping> mapping;
    std::optional<sim::LayerOutcome> resident;  ///< eie: with its weights on chip
  };
  Outcome run_mac(const workload::Layer& layer, const workload::QuantizedLayer& quantized,
                  const std::vector<const workload::IntTensor*>& inputs, arch::LayerProblem& problem,
                  const sim::TraceSink& trace);

  template <class Program>
  sim::LayerOutcome run(const Program& program, const sim::TraceSink& trace) {
    return rtl_ ? rtl_->run(program, trace) : machine_->run(program, trace);
  }

  const RunPlan& plan_;
  const bool check_in_parallel_;
  const bool compares_rtl_;
  std::unique_ptr<sim::Accelerator> machine_;
  std::unique_ptr<rtl::CoSimulation> rtl_;  ///< instead, with an array in RTL
};

/// Share of weights that are not zero in the PE of an eie array that stores most: rows are dealt to the PEs
/// one by one.
double pe_density(const workload::IntTensor& weights, std::int64_t groups, std::int64_t pes);

/// "equal", or where the first difference is, what was expected and what came. Throws std::logic_error for
/// tensors of different or no size: comparing nothing proves nothing.
std::string compare(const workload::IntTensor& expected, const workload::IntTensor& got);

}  // namespace heddle::app
