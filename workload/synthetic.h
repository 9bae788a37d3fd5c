// Synthetic tensors: values for networks whose files have shapes only. The same seed gives the same bytes on
// every machine and for any number of threads.
#pragma once

#include <cstdint>

#include "workload/network.h"

namespace heddle::workload {

/// Exactly round(density * elements) non-zero values at random positions: normal with standard deviation
/// `scale`, or uniform within [-scale, scale]. Throws std::invalid_argument on a density outside [0, 1], a
/// scale that is not positive and finite, or a bad shape.
FloatTensor synthetic(const Shape& shape, double density, Distribution distribution, double scale,
                      std::uint64_t seed);

/// What a parameter is to its layer.
enum class Role : std::uint8_t { weights, bias, extra };

/// The parameter's own values, or synthetic ones drawn from (seed, layer's name, role): weights of conv,
/// linear and embedding with standard deviation sqrt(2 / fan-in) (He et al., ICCV 2015), thinned to the
/// layer's density; scales of norms about 1; biases uniform within 1 / sqrt(fan-in), shifts of norms within
/// 0.1.
FloatTensor parameter_values(const Layer& layer, const Parameter& parameter, Role role, std::uint64_t seed);

/// A network input drawn from (seed, tensor's name): normal with standard deviation 1, of the activation
/// density of the first layer that reads it; whole numbers below its rows where an embedding reads it.
FloatTensor synthetic_input(const Network& network, TensorId input, std::uint64_t seed);

}  // namespace heddle::workload
