// Shapes of a layer: what comes out for what goes in, and which shapes the parameters must have.
#pragma once

#include <vector>

#include "workload/layer.h"

namespace heddle::workload {

/// Output shape of `layer` for inputs of these shapes. Completes the layer on the way: negative axes and a -1
/// in a reshape become what they stand for, parameters without a shape get theirs. Conv, linear, embedding,
/// batch_norm and layer_norm always have weights, batch_norm always has a bias, the others have one if
/// `layer.bias` is engaged. Throws std::invalid_argument saying what was found and what was expected.
Shape infer_shapes(Layer& layer, const std::vector<Shape>& inputs);

}  // namespace heddle::workload
