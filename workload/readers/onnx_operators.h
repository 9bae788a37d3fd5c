// What each ONNX operator becomes in a network, when its input depends on the network's input.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "workload/readers/onnx_importer.h"

namespace heddle::workload::onnx_import {

/// Adds what the node computes to the network and defines its outputs. Throws std::invalid_argument saying
/// what is wrong.
using Handler = std::function<void(Importer&, const Node&)>;
using Handlers = std::map<std::string, Handler>;

/// By operator name.
const Handlers& handlers();

// The rooms of operators; handlers() joins them.
void add_window_operators(Handlers& table);      ///< Conv, pooling, Pad, LRN
void add_linear_operators(Handlers& table);      ///< Gemm, MatMul
void add_arithmetic_operators(Handlers& table);  ///< Add, Sub, Mul, Div, Sum, BatchNormalization
void add_activation_operators(Handlers& table);  ///< Relu, Clip, Gelu, ..., Softmax, LayerNormalization
void add_layout_operators(Handlers& table);      ///< Reshape, Transpose, Concat, Slice, Gather, ...

}  // namespace heddle::workload::onnx_import
