// A network in integers, layer by layer: ranges are set once, each layer is quantized when its turn comes,
// and tensors are kept as long as a layer needs them.
#pragma once

#include <map>
#include <vector>

#include "app/run_plan.h"
#include "workload/compress/calibrate.h"
#include "workload/network.h"
#include "workload/quantized.h"

namespace heddle::app {

class IntegerRun {
 public:
  /// Calibrates. The plan must outlive this. Throws InputError.
  IntegerRun(const RunPlan& plan, const RunOptions& options, const ConfigLibrary& library);

  /// Steps follow each other: quantize step k, take its inputs, finish it.
  workload::QuantizedLayer quantize(std::size_t step) const;
  std::vector<const workload::IntTensor*> inputs(std::size_t step) const;
  /// The layer's output as the untimed reference computes it.
  workload::IntTensor reference(std::size_t step, const workload::QuantizedLayer& quantized) const;
  /// Hands over the step's output, and drops the tensors that no later step reads.
  void finish(std::size_t step, workload::IntTensor output);

  /// After the last step: of the integer outputs and of the float network. Nothing without labels.
  Accuracy accuracy(const RunOptions& options) const;

 private:
  const workload::Layer& layer(std::size_t step) const { return plan_.layer_of(step); }

  const RunPlan& plan_;
  workload::Calibration calibration_;
  std::vector<workload::Quantization> quantizations_;
  workload::ParameterSource parameters_;
  std::map<workload::TensorId, workload::IntTensor> tensors_;
};

/// Accuracies without a machine: what every simulated run of these integers gets. Throws InputError.
Accuracy reference_accuracy(const RunOptions& options, const ConfigLibrary& library);

}  // namespace heddle::app
