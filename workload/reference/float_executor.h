// Runs a network in 32-bit floats: the yardstick that integers are held against, and what calibration
// watches.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "workload/network.h"
#include "workload/synthetic.h"

namespace heddle::workload {

/// Values of a layer's weights or bias, asked for when the layer runs and dropped after it, so that a network
/// whose file has shapes only never holds all of its weights. Called only for parameters that the layer has.
using ParameterSource = std::function<FloatTensor(int layer, Role role)>;

/// parameter_values() of the network for this seed. The network must outlive the result.
ParameterSource parameter_source(const Network& network, std::uint64_t seed);

/// Sees every tensor of a run. The tensors are valid during the call.
class FloatVisitor {
 public:
  virtual ~FloatVisitor() = default;
  /// A network input or the output of a layer, after the activation.
  virtual void tensor(TensorId /*id*/, const FloatTensor& /*values*/) {}
  /// What a layer with an activation computes before it.
  virtual void pre_activation(int /*layer*/, const FloatTensor& /*values*/) {}
};

/// One layer without its activation. `inputs` in the order of the layer; conv, linear and matmul by oneDNN on
/// one thread, the rest by plain loops. Throws std::invalid_argument if an input has not the shape that the
/// network says.
FloatTensor float_layer(const Network& network, int layer, const std::vector<const FloatTensor*>& inputs,
                        const ParameterSource& parameters);

/// The whole network; returns its outputs. Tensors are freed when no later layer reads them. Throws
/// std::invalid_argument if an input is missing or of another shape.
std::map<TensorId, FloatTensor> run_float(const Network& network, std::map<TensorId, FloatTensor> inputs,
                                          const ParameterSource& parameters, FloatVisitor* visitor = nullptr);

/// synthetic_input() for every input of the network.
std::map<TensorId, FloatTensor> synthetic_inputs(const Network& network, std::uint64_t seed);

}  // namespace heddle::workload
