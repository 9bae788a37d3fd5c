// Works out nodes whose inputs are all known: the shape arithmetic that PyTorch leaves in a file, and changes
// of form of weights.
#pragma once

#include <cstdint>
#include <vector>

#include "workload/readers/onnx_constants.h"
#include "workload/readers/onnx_node.h"

namespace heddle::workload::onnx_import {

/// Whether fold() knows the operator.
bool can_fold(const std::string& op);
/// Operators that fold() knows, sorted.
std::vector<std::string> foldable_operators();

/// The node's first output. `inputs` holds a null where an optional input is absent. Shape and Size are the
/// importer's. Throws std::invalid_argument when the operator does not apply, or the result would be larger
/// than kMostFoldedElements though nothing in the file has that size.
Constant fold(const Node& node, std::int64_t opset, const std::vector<const Constant*>& inputs);

/// Axis counted from the front; throws std::invalid_argument outside [-rank, rank).
int normal_axis(std::int64_t axis, std::size_t rank);

/// The axes of a Squeeze, Unsqueeze or Reduce node: attribute, or second input when that is given as `given`.
std::vector<std::int64_t> axes_of(const Node& node, const Constant* given);
/// Shape after Squeeze or Unsqueeze.
Shape squeezed(const Shape& shape, const std::vector<std::int64_t>& axes);
Shape unsqueezed(const Shape& shape, const std::vector<std::int64_t>& axes);
/// Shape after Reshape with ONNX's 0 (keep) and -1 (the rest).
Shape reshape_target(const Shape& from, const std::vector<std::int64_t>& wanted, bool allow_zero);
/// Shape after Flatten.
Shape flattened(const Shape& shape, std::int64_t axis);
/// numpy's common shape; throws std::invalid_argument when there is none.
Shape broadcast(const Shape& a, const Shape& b);

/// Start, end (exclusive) and step along one axis, clamped as Slice does.
struct SliceRange {
  int axis = 0;
  std::int64_t begin = 0, end = 0, step = 1;
  std::int64_t count() const;
};
std::vector<SliceRange> slice_ranges(const Node& node, const Shape& shape,
                                     const std::vector<const Constant*>& inputs);

}  // namespace heddle::workload::onnx_import
