// From a network's layer and the width of its numbers to what the machine runs: a loop nest's problem, or a
// layer of the vector unit.
#pragma once

#include <optional>

#include "arch/legality.h"
#include "arch/vector_layer.h"
#include "workload/network.h"
#include "workload/quantized.h"

namespace heddle::arch {

/// The loops and widths of a conv, linear or matmul layer on an accelerator; `sparsity` only if its unit runs
/// it. Nothing for other layers.
std::optional<LayerProblem> make_problem(const workload::Network& network, const workload::Layer& layer,
                                         const workload::LayerFormat& format, const Accelerator& accelerator);

/// A layer that `operation` computes, all its tensors in the dram.
VectorLayer make_vector_layer(const workload::Network& network, const workload::Layer& layer,
                              const workload::LayerFormat& format, const workload::VectorOp& operation);

}  // namespace heddle::arch
