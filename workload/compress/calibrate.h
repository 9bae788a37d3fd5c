// Calibration: the range of every tensor, seen while the float network runs on sample inputs.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "workload/compress/recipe.h"
#include "workload/reference/float_executor.h"

namespace heddle::workload {

/// Least and greatest value, zero included.
struct Range {
  float low = 0;
  float high = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

struct Calibration {
  std::vector<Range> tensors;          ///< by TensorId
  std::vector<Range> pre_activations;  ///< by layer, before its activation; [0, 0] for layers without one
};

/// The network's parameters for this seed, pruned as the recipe says. Network and recipe must outlive the
/// result.
ParameterSource pruned_parameters(const Network& network, const Recipe& recipe, std::uint64_t seed);

/// Ranges over all samples; a sample holds values for every network input. Throws std::invalid_argument if
/// there is no sample, InputError on a tensor with a value that is not finite (names the layer).
Calibration calibrate(const Network& network, const std::vector<std::map<TensorId, FloatTensor>>& samples,
                      const ParameterSource& parameters);

}  // namespace heddle::workload
