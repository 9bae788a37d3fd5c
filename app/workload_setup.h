// Brings a network and its inputs together: reads both, makes the batch fit, draws what is missing.
#pragma once

#include <filesystem>
#include <map>
#include <vector>

#include "app/command_line.h"
#include "app/locate.h"
#include "arch/accelerator.h"
#include "workload/compress/calibrate.h"
#include "workload/compress/recipe.h"

namespace heddle::app {

using Tensors = std::map<workload::TensorId, workload::FloatTensor>;

struct Workload {
  workload::Network network;  ///< prepared for execution, at the batch of the inputs
  workload::Recipe recipe;
  Tensors inputs;  ///< of the run: from --input, or synthetic; none for a run without tensors
  std::vector<std::int64_t> labels;  ///< from --labels, one for each image; may be empty
};

/// Throws InputError for files that cannot be read or do not fit each other.
Workload load_workload(const RunOptions& options, const ConfigLibrary& library,
                       const arch::Accelerator& accelerator);

/// Ranges of all tensors, seen on the calibration inputs (--calibration, or the inputs of the run).
workload::Calibration calibrate_workload(const Workload& workload, const RunOptions& options,
                                         const ConfigLibrary& library);

}  // namespace heddle::app
