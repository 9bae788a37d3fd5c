#include "workload/readers/onnx_folding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <stdexcept>

namespace heddle::workload::onnx_import {
namespace {

using Inputs = std::vector<const Constant*>;

const Constant& at(const Inputs& inputs, std::size_t i) {
  if (i >= inputs.size() || inputs[i] == nullptr) {
    throw std::invalid_argument(fmt::format("has no input {}, expected at least {} inputs", i + 1, i + 1));
  }
  return *inputs[i];
}

std::int64_t bounded_count(const Shape& shape) {
  const std::int64_t count = checked_count(shape);
  if (count > kMostFoldedElements) {
    throw std::invalid_argument(
        fmt::format("would make a constant of shape {}, expected at most 2^24 elements", to_string(shape)));
  }
  return count;
}

/// A constant of `shape` whose element i is element pick(i) of `from`.
Constant gathered(const Constant& from, Shape shape, const std::function<std::int64_t(std::int64_t)>& pick) {
  if (from.filled) {
    Constant result = from;
    result.shape = std::move(shape);
    checked_count(result.shape);
    return result;
  }
  const std::int64_t count =
      from.count() >= checked_count(shape) ? checked_count(shape) : bounded_count(shape);
  const auto copy = [&](const auto& values) {
    std::remove_cvref_t<decltype(values)> picked;
    picked.reserve(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) picked.push_back(values.at(static_cast<std::size_t>(pick(i))));
    return picked;
  };
  Constant result = from.integral ? make_integers(std::move(shape), copy(*from.integers))
                                  : make_floats(std::move(shape), copy(*from.floats));
  result.origin = from.origin;
  return result;
}

/// For element i of `shape`, the element of a tensor of shape `from` that is broadcast to it.
std::int64_t broadcast_source(std::int64_t i, const Shape& shape, const Shape& from) {
  std::int64_t source = 0;
  std::int64_t stride = 1;
  for (std::size_t axis = 1; axis <= shape.size(); ++axis) {
    const std::int64_t index = i % shape[shape.size() - axis];
    i /= shape[shape.size() - axis];
    if (axis > from.size()) break;
    const std::int64_t extent = from[from.size() - axis];
    if (extent != 1) source += index * stride;
    stride *= extent;
  }
  return source;
}

Constant elementwise(const Inputs& inputs, bool makes_integers,
                     const std::function<std::int64_t(std::int64_t, std::int64_t)>& on_integers,
                     const std::function<double(double, double)>& on_numbers) {
  const Constant& a = at(inputs, 0);
  const Constant& b = at(inputs, 1);
  const Shape shape = broadcast(a.shape, b.shape);
  const std::int64_t count = bounded_count(shape);
  if (a.integral && b.integral) {
    std::vector<std::int64_t> values;
    for (std::int64_t i = 0; i < count; ++i) {
      values.push_back(on_integers(a.integer(broadcast_source(i, shape, a.shape)),
                                   b.integer(broadcast_source(i, shape, b.shape))));
    }
    return make_integers(shape, std::move(values));
  }
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<float>(on_numbers(a.number(broadcast_source(i, shape, a.shape)),
                                                   b.number(broadcast_source(i, shape, b.shape)))));
  }
  if (!makes_integers) return make_floats(shape, std::move(values));
  return make_integers(shape, {values.begin(), values.end()});
}

Constant unary(const Inputs& inputs, double (*function)(double)) {
  const Constant& x = at(inputs, 0);
  if (x.integral) throw std::invalid_argument("works on a constant of integers, expected floats");
  const std::int64_t count = bounded_count(x.shape);
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(function(x.number(i))));
  return make_floats(x.shape, std::move(values));
}

// Arithmetic of 64-bit integers that says so when it overflows.
template <class Operation>
std::int64_t exact(std::int64_t a, std::int64_t b, Operation operation) {
  std::int64_t result = 0;
  if (operation(a, b, &result)) throw std::invalid_argument(fmt::format("{} and {} overflow 64 bits", a, b));
  return result;
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
  return exact(a, b, [](auto x, auto y, auto* r) { return __builtin_add_overflow(x, y, r); });
}
std::int64_t minus(std::int64_t a, std::int64_t b) {
  return exact(a, b, [](auto x, auto y, auto* r) { return __builtin_sub_overflow(x, y, r); });
}
std::int64_t times(std::int64_t a, std::int64_t b) {
  return exact(a, b, [](auto x, auto y, auto* r) { return __builtin_mul_overflow(x, y, r); });
}
std::int64_t over(std::int64_t a, std::int64_t b) {
  if (b == 0) throw std::invalid_argument(fmt::format("divides {} by zero", a));
  return b == -1 ? minus(0, a) : a / b;
}
double quotient(double a, double b) { return a / b; }

Constant fold_constant(const Node& node) {
  if (const onnx::TensorProto* tensor = node.tensor("value")) {
    Constant constant = read_tensor(*tensor);
    constant.origin = node.output();
    return constant;
  }
  if (node.has("value_float")) return make_floats({}, {static_cast<float>(node.number("value_float", 0))});
  if (node.has("value_int")) return make_integers({}, {node.integer("value_int", 0)});
  if (const auto list = node.integers("value_ints")) {
    return make_integers({static_cast<std::int64_t>(list->size())}, *list);
  }
  if (const auto* list = node.find("value_floats")) {
    return make_floats({list->floats_size()}, {list->floats().begin(), list->floats().end()});
  }
  throw std::invalid_argument(
      "expected one of the attributes value, value_int, value_ints, value_float, value_floats");
}

Constant fold_constant_of_shape(const Node& node, const Inputs& inputs) {
  const Shape shape = at(inputs, 0).integer_values();
  double value = 0.0;
  bool integral = false;
  if (const onnx::TensorProto* tensor = node.tensor("value")) {
    const Constant element = read_tensor(*tensor);
    if (element.count() != 1) throw std::invalid_argument("expected one element in the attribute value");
    value = element.number(0);
    integral = element.integral;
    if (!std::isfinite(value)) throw std::invalid_argument("expected a finite number in the attribute value");
  }
  return make_filled(shape, integral, value, node.output());
}

Constant fold_gather(const Node& node, const Inputs& inputs) {
  const Constant& data = at(inputs, 0);
  const Constant& indices = at(inputs, 1);
  const auto axis = static_cast<std::size_t>(normal_axis(node.integer("axis", 0), data.shape.size()));
  const std::int64_t extent = data.shape[axis];
  const std::int64_t inner =
      checked_count(Shape(data.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, data.shape.end()));
  const std::int64_t picks = indices.count();
  Shape shape(data.shape.begin(), data.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), data.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, data.shape.end());
  return gathered(data, shape, [&](std::int64_t i) {
    std::int64_t index = indices.integer(i / inner % picks);
    if (index < -extent || index >= extent) {
      throw std::invalid_argument(fmt::format("index {} into {} elements", index, extent));
    }
    if (index < 0) index += extent;
    return (i / inner / picks * extent + index) * inner + i % inner;
  });
}

Constant fold_concat(const Node& node, const Inputs& inputs) {
  const Constant& first = at(inputs, 0);
  const auto axis = static_cast<std::size_t>(normal_axis(node.integer("axis", 1), first.shape.size()));
  Shape shape = first.shape;
  shape[axis] = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Shape same = at(inputs, i).shape;
    if (same.size() != shape.size()) throw std::invalid_argument("expected inputs of as many dimensions");
    shape[axis] += same[axis];
    same[axis] = first.shape[axis];
    if (same != first.shape) throw std::invalid_argument("the extents off the axis differ");
  }
  bounded_count(shape);
  const std::int64_t outer =
      checked_count(Shape(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(axis)));
  std::vector<std::int64_t> integers;
  std::vector<float> floats;
  for (std::int64_t o = 0; o < outer; ++o) {
    for (const Constant* part : inputs) {
      const std::int64_t run = part->count() / outer;
      for (std::int64_t i = 0; i < run; ++i) {
        if (first.integral) {
          integers.push_back(part->integer(o * run + i));
        } else {
          floats.push_back(static_cast<float>(part->number(o * run + i)));
        }
      }
    }
  }
  return first.integral ? make_integers(shape, std::move(integers)) : make_floats(shape, std::move(floats));
}

Constant fold_slice(const Node& node, const Inputs& inputs) {
  Constant result = at(inputs, 0);
  for (const SliceRange& range : slice_ranges(node, result.shape, inputs)) {
    const auto axis = static_cast<std::size_t>(range.axis);
    const std::int64_t extent = result.shape[axis];
    Shape shape = result.shape;
    shape[axis] = range.count();
    const std::int64_t inner =
        checked_count(Shape(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end()));
    result = gathered(result, shape, [&](std::int64_t i) {
      const std::int64_t index = range.begin + i / inner % shape[axis] * range.step;
      return (i / inner / shape[axis] * extent + index) * inner + i % inner;
    });
  }
  return result;
}

Constant fold_cast(const Node& node, const Inputs& inputs) {
  const Constant& x = at(inputs, 0);
  Constant result = x;
  switch (node.integer("to", onnx::TensorProto::UNDEFINED)) {
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::DOUBLE:
      result.integral = false;
      if (x.filled || !x.integral) return result;
      result.floats = x.float_values();
      result.integers = nullptr;
      return result;
    case onnx::TensorProto::INT64:
    case onnx::TensorProto::INT32:
    case onnx::TensorProto::BOOL: {
      const bool truth = node.integer("to", 0) == onnx::TensorProto::BOOL;
      std::vector<std::int64_t> values;
      const std::int64_t count = bounded_count(x.shape);
      for (std::int64_t i = 0; i < count; ++i) {
        const double number = x.number(i);
        if (!(std::abs(number) < 0x1p62))
          throw std::invalid_argument(fmt::format("{} does not fit an integer", number));
        values.push_back(truth        ? (number != 0.0 ? 1 : 0)
                         : x.integral ? x.integer(i)
                                      : static_cast<std::int64_t>(number));
      }
      return make_integers(x.shape, std::move(values));
    }
    default:
      throw std::invalid_argument(
          "casts a constant to a type other than float, double, int32, int64 and bool");
  }
}

Constant fold_transpose(const Node& node, const Inputs& inputs) {
  const Constant& x = at(inputs, 0);
  std::vector<int> permutation;
  if (const auto given = node.integers("perm")) {
    for (const std::int64_t axis : *given) permutation.push_back(normal_axis(axis, x.shape.size()));
  } else {
    for (std::size_t i = x.shape.size(); i-- > 0;) permutation.push_back(static_cast<int>(i));
  }
  std::vector<int> sorted = permutation;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted.size() != x.shape.size() || sorted[i] != static_cast<int>(i)) {
      throw std::invalid_argument(
          fmt::format("its permutation does not name every axis of {} once", to_string(x.shape)));
    }
  }
  return transposed(x, permutation);
}

Constant fold_where(const Inputs& inputs) {
  const Constant& condition = at(inputs, 0);
  const Constant& yes = at(inputs, 1);
  const Constant& no = at(inputs, 2);
  const Shape shape = broadcast(condition.shape, broadcast(yes.shape, no.shape));
  const std::int64_t count = bounded_count(shape);
  std::vector<std::int64_t> integers;
  std::vector<float> floats;
  for (std::int64_t i = 0; i < count; ++i) {
    const Constant& from = condition.number(broadcast_source(i, shape, condition.shape)) != 0.0 ? yes : no;
    const std::int64_t source = broadcast_source(i, shape, from.shape);
    if (yes.integral && no.integral) {
      integers.push_back(from.integer(source));
    } else {
      floats.push_back(static_cast<float>(from.number(source)));
    }
  }
  return yes.integral && no.integral ? make_integers(shape, std::move(integers))
                                     : make_floats(shape, std::move(floats));
}

Constant fold_range(const Inputs& inputs) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (at(inputs, i).count() != 1)
      throw std::invalid_argument("expected start, limit and step to be single numbers");
  }
  const double start = at(inputs, 0).number(0);
  const double limit = at(inputs, 1).number(0);
  const double step = at(inputs, 2).number(0);
  const double length = std::ceil((limit - start) / step);
  if (!(length < static_cast<double>(kMostFoldedElements)))
    throw std::invalid_argument("a range of too many numbers");
  const auto count = static_cast<std::int64_t>(std::max(length, 0.0));
  std::vector<float> floats;
  std::vector<std::int64_t> integers;
  for (std::int64_t i = 0; i < count; ++i) {
    const double value = start + static_cast<double>(i) * step;
    at(inputs, 0).integral ? integers.push_back(static_cast<std::int64_t>(value))
                           : floats.push_back(static_cast<float>(value));
  }
  return at(inputs, 0).integral ? make_integers({count}, std::move(integers))
                                : make_floats({count}, std::move(floats));
}

Constant fold_expand(const Inputs& inputs) {
  const Constant& x = at(inputs, 0);
  const Shape shape = broadcast(x.shape, at(inputs, 1).integer_values());
  return gathered(x, shape, [&](std::int64_t i) { return broadcast_source(i, shape, x.shape); });
}

Constant fold_identity(const Node& node, const Inputs& inputs) {
  Constant result = at(inputs, 0);
  // PyTorch stores vectors that happen to be equal (all ones, all zeros) once and hands them out through
  // Identity; each is a parameter of its own. Equal matrices are tied on purpose.
  if (result.shape.size() < 2) result.origin = node.output();
  return result;
}

using Folder = std::function<Constant(const Node&, std::int64_t, const Inputs&)>;

const std::map<std::string, Folder>& folders() {
  static const std::map<std::string, Folder> table = {
      {"Constant", [](const Node& n, auto, const Inputs&) { return fold_constant(n); }},
      {"ConstantOfShape", [](const Node& n, auto, const Inputs& x) { return fold_constant_of_shape(n, x); }},
      {"Identity", [](const Node& n, auto, const Inputs& x) { return fold_identity(n, x); }},
      {"Gather", [](const Node& n, auto, const Inputs& x) { return fold_gather(n, x); }},
      {"Concat", [](const Node& n, auto, const Inputs& x) { return fold_concat(n, x); }},
      {"Slice", [](const Node& n, auto, const Inputs& x) { return fold_slice(n, x); }},
      {"Cast", [](const Node& n, auto, const Inputs& x) { return fold_cast(n, x); }},
      {"Transpose", [](const Node& n, auto, const Inputs& x) { return fold_transpose(n, x); }},
      {"Where", [](const Node&, auto, const Inputs& x) { return fold_where(x); }},
      {"Range", [](const Node&, auto, const Inputs& x) { return fold_range(x); }},
      {"Expand", [](const Node&, auto, const Inputs& x) { return fold_expand(x); }},
      {"Squeeze",
       [](const Node& n, auto, const Inputs& x) {
         return reshaped(at(x, 0), squeezed(at(x, 0).shape, axes_of(n, x.size() > 1 ? x[1] : nullptr)));
       }},
      {"Unsqueeze",
       [](const Node& n, auto, const Inputs& x) {
         return reshaped(at(x, 0), unsqueezed(at(x, 0).shape, axes_of(n, x.size() > 1 ? x[1] : nullptr)));
       }},
      {"Reshape",
       [](const Node& n, auto, const Inputs& x) {
         return reshaped(at(x, 0), reshape_target(at(x, 0).shape, at(x, 1).integer_values(),
                                                  n.integer("allowzero", 0) != 0));
       }},
      {"Flatten",
       [](const Node& n, auto, const Inputs& x) {
         return reshaped(at(x, 0), flattened(at(x, 0).shape, n.integer("axis", 1)));
       }},
      {"Add",
       [](const Node&, auto, const Inputs& x) { return elementwise(x, false, plus, std::plus<double>()); }},
      {"Sub",
       [](const Node&, auto, const Inputs& x) { return elementwise(x, false, minus, std::minus<double>()); }},
      {"Mul", [](const Node&, auto,
                 const Inputs& x) { return elementwise(x, false, times, std::multiplies<double>()); }},
      {"Div", [](const Node&, auto, const Inputs& x) { return elementwise(x, false, over, quotient); }},
      {"Equal",
       [](const Node&, auto, const Inputs& x) {
         return elementwise(
             x, true, [](auto a, auto b) { return a == b ? 1 : 0; },
             [](double a, double b) { return a == b ? 1.0 : 0.0; });
       }},
      {"Sqrt", [](const Node&, auto, const Inputs& x) { return unary(x, std::sqrt); }},
      {"Floor", [](const Node&, auto, const Inputs& x) { return unary(x, std::floor); }},
      {"Ceil", [](const Node&, auto, const Inputs& x) { return unary(x, std::ceil); }},
      {"Neg",
       [](const Node&, auto, const Inputs& x) {
         const Constant zero = make_integers({}, {0});
         return elementwise({&zero, x.empty() ? nullptr : x[0]}, false, minus, std::minus<double>());
       }},
  };
  return table;
}

}  // namespace

bool can_fold(const std::string& op) { return folders().contains(op); }

std::vector<std::string> foldable_operators() {
  std::vector<std::string> names;
  for (const auto& [name, folder] : folders()) names.push_back(name);
  return names;
}

Constant fold(const Node& node, std::int64_t opset, const std::vector<const Constant*>& inputs) {
  Constant result = folders().at(node.op())(node, opset, inputs);
  if (result.shape.size() > 32) throw std::invalid_argument("more than 32 dimensions");
  return result;
}

}  // namespace heddle::workload::onnx_import
