// Tensors of an ONNX file whose values are known while it is read: weights, and the numbers of shape
// arithmetic.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "workload/layer.h"
#include "workload/tensor.h"

namespace heddle::workload::onnx_import {

/// Values that the file itself does not hold (a filled, expanded or folded tensor) may not grow past this
/// many elements.
inline constexpr std::int64_t kMostFoldedElements = std::int64_t{1} << 24;

/// Floats or integers; or filled: one number repeated, which takes no memory whatever its shape. Extents may
/// be 0.
struct Constant {
  Shape shape;
  bool integral = false;
  std::shared_ptr<const std::vector<float>> floats;
  std::shared_ptr<const std::vector<std::int64_t>> integers;
  bool filled = false;
  double fill = 0.0;
  std::string origin;  ///< the initializer or node that made it: equal origins are one parameter

  std::int64_t count() const;
  /// Element `index` in row-major order.
  double number(std::int64_t index) const;
  std::int64_t integer(std::int64_t index) const;
  /// All elements as integers (throws std::invalid_argument for floats or more than kMostFoldedElements).
  std::vector<std::int64_t> integer_values() const;
  /// All elements as floats; shared, not copied, where they are floats already.
  std::shared_ptr<const std::vector<float>> float_values() const;
};

Constant make_integers(Shape shape, std::vector<std::int64_t> values);
Constant make_floats(Shape shape, std::vector<float> values);
Constant make_filled(Shape shape, bool integral, double value, std::string origin);

/// Extents multiplied; throws std::invalid_argument on a negative one or beyond 2^40 elements.
std::int64_t checked_count(const Shape& shape);

/// Throws std::invalid_argument when dimensions, type and data disagree, or the type is not a number.
Constant read_tensor(const onnx::TensorProto& tensor);

/// The constant with its axes permuted (filled ones change only in shape).
Constant transposed(const Constant& constant, const std::vector<int>& permutation);
/// The same elements in another shape of the same count.
Constant reshaped(Constant constant, Shape shape);

/// A layer's parameter: filled constants become a shape without values. Throws std::invalid_argument on a
/// value that is not finite.
Parameter make_parameter(const Constant& constant);

}  // namespace heddle::workload::onnx_import
