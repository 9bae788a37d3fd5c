#include "app/integer_run.h"

#include "app/accuracy.h"
#include "workload/compress/prune.h"
#include "workload/compress/quantize.h"
#include "workload/reference/float_executor.h"
#include "workload/reference/integer_reference.h"

namespace heddle::app {
namespace {

using workload::IntTensor;
using workload::TensorId;

/// Weights that come pruned to the array's n:m run that way without a recipe that says so (where it saves
/// anything).
std::optional<workload::StructuredSparsity> found_sparsity(const workload::QuantizedLayer& layer,
                                                           const arch::Accelerator& accelerator) {
  const auto& nm = accelerator.array.sparsity;
  const bool worth_it = nm && layer.weights.shape.size() >= 2 && layer.weights.shape[1] > nm->n;
  return worth_it && workload::keeps_to(layer.weights, *nm) ? nm : std::nullopt;
}

}  // namespace

IntegerRun::IntegerRun(const RunPlan& plan, const RunOptions& options, const ConfigLibrary& library)
    : plan_(plan),
      calibration_(calibrate_workload(plan.workload, options, library)),
      quantizations_(workload::tensor_quantizations(plan.network(), calibration_, plan.workload.recipe)),
      parameters_(workload::pruned_parameters(plan.network(), plan.workload.recipe, options.seed)) {
  for (const auto& [id, values] : plan.workload.inputs)
    tensors_[id] = workload::quantize(values, quantizations_[static_cast<std::size_t>(id)]);
}

workload::QuantizedLayer IntegerRun::quantize(std::size_t step) const {
  workload::QuantizedLayer quantized =
      workload::quantize_layer(plan_.network(), plan_.live.order[step], calibration_, quantizations_,
                               plan_.workload.recipe, parameters_);
  if (!quantized.sparsity) quantized.sparsity = found_sparsity(quantized, plan_.accelerator);
  return quantized;
}

std::vector<const IntTensor*> IntegerRun::inputs(std::size_t step) const {
  std::vector<const IntTensor*> inputs;
  for (const TensorId input : layer(step).inputs) inputs.push_back(&tensors_.at(input));
  return inputs;
}

IntTensor IntegerRun::reference(std::size_t step, const workload::QuantizedLayer& quantized) const {
  return workload::reference_layer(plan_.network(), plan_.live.order[step], quantized, inputs(step));
}

void IntegerRun::finish(std::size_t step, IntTensor output) {
  tensors_[layer(step).output] = std::move(output);
  for (const TensorId dead : plan_.live.dead_after(static_cast<int>(step))) tensors_.erase(dead);
}

Accuracy IntegerRun::accuracy(const RunOptions& options) const {
  Accuracy result;
  const Workload& workload = plan_.workload;
  if (workload.labels.empty()) return result;
  const TensorId scores = plan_.network().outputs().front();
  result.images = static_cast<std::int64_t>(workload.labels.size());
  result.of_integer = accuracy_of(tensors_.at(scores).codes, workload.labels);
  const auto floats = workload::run_float(plan_.network(), workload.inputs,
                                          workload::parameter_source(plan_.network(), options.seed));
  result.of_float = accuracy_of(floats.at(scores).values, workload.labels);
  return result;
}

Accuracy reference_accuracy(const RunOptions& options, const ConfigLibrary& library) {
  RunOptions computing = options;
  computing.fidelity = kFast;
  const RunPlan plan = plan_run(computing, library);
  IntegerRun integers(plan, computing, library);
  for (std::size_t step = 0; step < plan.live.order.size(); ++step)
    integers.finish(step, integers.reference(step, integers.quantize(step)));
  return integers.accuracy(computing);
}

}  // namespace heddle::app
