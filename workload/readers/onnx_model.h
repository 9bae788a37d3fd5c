// An ONNX file as a checked list of nodes: parsed, within the supported versions, every tensor made once and
// before use.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "workload/readers/onnx_constants.h"

namespace heddle::workload::onnx_import {

inline constexpr std::int64_t kLeastOpset = 6;
inline constexpr std::int64_t kMostOpset = 17;

struct Model {
  std::string file;                           ///< as the user wrote it, for messages
  std::int64_t opset = 0;                     ///< of the default domain
  std::map<std::string, Constant> constants;  ///< initializers; their protobuf copies are gone
  onnx::GraphProto graph;                     ///< nodes, inputs and outputs
};

/// Throws InputError: no such file, not ONNX, truncated, unsupported version, tensor that is undefined, made
/// twice, or made from itself, initializer whose data and dimensions disagree.
Model load_model(const std::filesystem::path& path);

/// "node 12 (Conv "features.0")", for messages.
std::string describe(const onnx::NodeProto& node, int index);

}  // namespace heddle::workload::onnx_import
