// Reads a float network from an ONNX file, as PyTorch exports it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "workload/network.h"

namespace heddle::workload {

/// The network of an ONNX file of opset 6 to 17. It is named after the file; its layers after the nodes.
///
/// Batch: a dynamic first dimension of an input (a name instead of a number) becomes `batch`, or 1. Other
/// dynamic dimensions are errors, and so is a `batch` that the file does not allow.
///
/// Parameters: initializers become Parameter::values. A weight that a ConstantOfShape node makes is a place
/// holder: it becomes a shape without values, so that a synthetic tensor is drawn for it. An initializer that
/// several layers read counts once.
///
/// Shape arithmetic (Shape, Gather, Concat, ...) is worked out; Identity, Dropout and zero Pad vanish; layer
/// normalization, GELU and SiLU are recognized when they come as their parts. Arithmetic with constants
/// becomes BatchNorm.
///
/// Throws InputError naming the file and the node, with everything wrong that was found: unreadable or
/// truncated file, unsupported operators or attributes, cycles, missing tensors, impossible shapes, weights
/// that are not finite.
Network read_onnx_network(const std::filesystem::path& path,
                          std::optional<std::int64_t> batch = std::nullopt);

/// Operators that read_onnx_network() knows, sorted. Some only within a pattern or on constants.
std::vector<std::string> supported_onnx_operators();

}  // namespace heddle::workload
