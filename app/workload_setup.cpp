#include "app/workload_setup.h"

#include <fmt/format.h>

#include <cmath>

#include "app/edited_files.h"
#include "support/error.h"
#include "workload/fold.h"
#include "workload/readers/network_file.h"
#include "workload/readers/npy.h"

namespace heddle::app {
namespace {

/// `batch`: of an ONNX network; other files have theirs.
workload::Network read_network(const RunOptions& options, const ConfigLibrary& library,
                               std::optional<std::int64_t> batch) {
  const std::filesystem::path file = library.find(ConfigKind::network, options.network);
  if (edits_of("network", options.edits).empty()) return workload::read_network_file(file, batch);
  const std::string extension = file.extension().string();
  if (extension == ".onnx" || extension == ".csv")
    throw InputError(file.string(), "has no keys to set; expected a YAML network, or no network.* edits");
  return workload::read_network_file(edited_document(file, "network", options.edits));
}

/// The network at the batch size of a tensor file, and that tensor as its (only) input.
std::pair<workload::Network, Tensors> with_input(const RunOptions& options, const ConfigLibrary& library,
                                                 const std::filesystem::path& tensor_file) {
  workload::FloatTensor tensor = workload::read_npy(tensor_file);
  if (tensor.shape.empty())
    throw InputError(tensor_file.string(), "holds a single number, expected a batch of inputs");
  workload::Network network = read_network(options, library, tensor.shape.front());
  if (network.inputs().size() != 1) {
    throw InputError(tensor_file.string(), fmt::format("{} has {} inputs, a tensor file can serve only one",
                                                       network.name(), network.inputs().size()));
  }
  const workload::TensorId input = network.inputs().front();
  if (network.shape(input) != tensor.shape) {
    throw InputError(tensor_file.string(),
                     fmt::format("has the shape {}, {} expects {}", workload::to_string(tensor.shape),
                                 network.name(), workload::to_string(network.shape(input))));
  }
  for (std::size_t i = 0; i < tensor.values.size(); ++i) {
    if (std::isfinite(tensor.values[i])) continue;
    throw InputError(tensor_file.string(),
                     fmt::format("element {} is {}, expected finite numbers", i, tensor.values[i]));
  }
  Tensors inputs;
  inputs.emplace(input, std::move(tensor));
  return {std::move(network), std::move(inputs)};
}

std::vector<std::int64_t> read_labels(const std::filesystem::path& file, const workload::Network& network,
                                      const Tensors& inputs) {
  const workload::FloatTensor labels = workload::read_npy(file);
  const std::int64_t images = inputs.begin()->second.shape.front();
  if (labels.shape != workload::Shape{images}) {
    throw InputError(file.string(), fmt::format("has the shape {}, expected one label for each of {} inputs",
                                                workload::to_string(labels.shape), images));
  }
  const std::int64_t scores = workload::element_count(network.shape(network.outputs().front())) / images;
  std::vector<std::int64_t> classes;
  for (std::size_t i = 0; i < labels.values.size(); ++i) {
    const float label = labels.values[i];
    if (!(label >= 0 && label < static_cast<float>(scores) && label == std::floor(label))) {
      throw InputError(file.string(), fmt::format("element {} is {}, expected class numbers from 0 to {}", i,
                                                  label, scores - 1));
    }
    classes.push_back(static_cast<std::int64_t>(label));
  }
  return classes;
}

}  // namespace

Workload load_workload(const RunOptions& options, const ConfigLibrary& library,
                       const arch::Accelerator& accelerator) {
  Workload result{workload::Network(""), {}, {}, {}};
  if (options.fidelity == kAnalytical) {
    // Of inputs only their number counts.
    result.network =
        workload::prepared_for_counting(options.input ? with_input(options, library, *options.input).first
                                                      : read_network(options, library, std::nullopt));
  } else if (options.input) {
    auto [network, inputs] = with_input(options, library, *options.input);
    result.network = workload::prepared_for_execution(network, options.seed);
    result.inputs = std::move(inputs);
  } else {
    result.network =
        workload::prepared_for_execution(read_network(options, library, std::nullopt), options.seed);
    result.inputs = workload::synthetic_inputs(result.network, options.seed);
  }
  if (options.labels && options.fidelity != kAnalytical) {
    if (!options.input)
      throw InputError("--labels", "needs --input: the labels of synthetic inputs mean nothing");
    result.labels = read_labels(*options.labels, result.network, result.inputs);
  }
  const auto& eie = accelerator.array.eie;
  if (const auto recipe = recipe_document(options.recipe, eie.has_value(), options.edits, library)) {
    result.recipe = workload::read_recipe(*recipe, result.network);
    const bool fixed = result.recipe.arithmetic == workload::Arithmetic::fixed;
    if (fixed != eie.has_value()) {
      throw InputError(
          recipe->file(),
          eie ? fmt::format(
                    "asks for integer arithmetic, the eie unit of {} has 16-bit fixed point; expected "
                    "arithmetic: fixed and cluster, as in the recipe eie",
                    accelerator.name)
              : fmt::format("asks for fixed arithmetic, the dot unit of {} has exact sums; expected "
                            "arithmetic: integer",
                            accelerator.name));
    }
  } else if (eie) {
    result.recipe = workload::fixed_point_recipe(eie->code_bits);
  }
  return result;
}

workload::Calibration calibrate_workload(const Workload& workload, const RunOptions& options,
                                         const ConfigLibrary& library) {
  if (!options.calibration) {
    return workload::calibrate(workload.network, {workload.inputs},
                               workload::pruned_parameters(workload.network, workload.recipe, options.seed));
  }
  // The same network at another batch size has the same layers and tensors.
  auto [network, inputs] = with_input(options, library, *options.calibration);
  network = workload::prepared_for_execution(network, options.seed);
  return workload::calibrate(network, {std::move(inputs)},
                             workload::pruned_parameters(network, workload.recipe, options.seed));
}

}  // namespace heddle::app
