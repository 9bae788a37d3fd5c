// Recognizes operations that a file gives as their parts: layer and RMS normalization, GELU by erf, SiLU,
// hard swish.
#pragma once

#include "workload/readers/onnx_model.h"

namespace heddle::workload::onnx_import {

/// Attributes of a LayerNormalization node made here, which ONNX itself does not have.
inline constexpr const char* kOneAxis =
    "heddle.one_axis";  ///< the mean was over `axis` alone, not over all from it on
inline constexpr const char* kNoMean = "heddle.no_mean";  ///< RMS norm: no mean is subtracted

/// Replaces the last node of every pattern by one node (LayerNormalization, Gelu, Silu, HardSwish) and
/// empties the others (no operator, no outputs), so that node numbers stay. A pattern one of whose inner
/// tensors is read elsewhere stays as it is.
void recognize_patterns(Model& model);

}  // namespace heddle::workload::onnx_import
