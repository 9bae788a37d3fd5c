// A network as machines run it: batch normalization inside the layer before it, activations on their
// producer.
#pragma once

#include <cstdint>

#include "workload/network.h"

namespace heddle::workload {

/// The same function with fewer layers:
/// - a batch_norm becomes part of the conv (or linear over [n, features]) that makes its input, if nobody
/// else reads
///   that: w'[m] = scale[m] * w[m], b'[m] = scale[m] * b[m] + shift[m];
/// - an activate layer becomes the activation of the conv, linear, matmul, add or batch_norm that makes its
/// input, if
///   nobody else reads that and it has none yet.
/// A merged layer keeps its name, its output the name of the last tensor that it now makes. Weights that are
/// folded and have no values are drawn from the seed (parameter_values), so that folding changes no result.
Network prepared_for_execution(const Network& network, std::uint64_t seed);

/// The same layers, names and shapes, for those who only count: folded parameters are shapes, nothing is
/// drawn.
Network prepared_for_counting(const Network& network);

}  // namespace heddle::workload
