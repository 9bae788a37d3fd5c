// Elementwise arithmetic. With a constant it is a scale and shift by channel (BatchNorm); chains of those
// become one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

#include "workload/readers/onnx_folding.h"
#include "workload/readers/onnx_operators.h"

namespace heddle::workload::onnx_import {
namespace {

using Numbers = std::shared_ptr<const std::vector<float>>;

/// A tensor seen as [before, channels, after].
struct View {
  std::int64_t before = 1, channels = 1, after = 1;
  friend bool operator==(const View&, const View&) = default;
};

/// A constant as one number for each channel of a view; no values for a place holder.
struct ChannelConstant {
  View view;
  Numbers values;
  bool scalar = false;
  std::string origin;
};

std::int64_t extent(const Shape& shape, std::size_t begin, std::size_t end) {
  return checked_count(Shape(shape.begin() + static_cast<std::ptrdiff_t>(begin),
                             shape.begin() + static_cast<std::ptrdiff_t>(end)));
}

Numbers repeated(std::int64_t count, float value) {
  if (count > kMostFoldedElements) {
    throw std::invalid_argument(
        fmt::format("{} channels, expected at most 2^24 for arithmetic with a constant", count));
  }
  return std::make_shared<const std::vector<float>>(static_cast<std::size_t>(count), value);
}

/// The usual view: axis 1 is the channel.
View channel_view(const Shape& shape) {
  if (shape.size() < 2) return {1, checked_count(shape), 1};
  return {shape[0], shape[1], extent(shape, 2, shape.size())};
}

ChannelConstant channel_constant(const Constant& constant, const Shape& shape) {
  if (broadcast(shape, constant.shape) != shape) {
    throw std::invalid_argument(
        fmt::format("a constant of {} would enlarge the tensor of {}, expected one that fits into it",
                    to_string(constant.shape), to_string(shape)));
  }
  ChannelConstant result;
  result.origin = constant.origin;
  if (constant.count() == 1) {
    result.scalar = true;
    result.view = channel_view(shape);
    const double value = constant.number(0);
    if (!std::isfinite(value))
      throw std::invalid_argument(fmt::format("a constant of {}, expected a finite number", value));
    result.values = repeated(result.view.channels, static_cast<float>(value));
    return result;
  }
  const std::size_t offset = shape.size() - constant.shape.size();
  std::size_t begin = 0;
  std::size_t end = constant.shape.size();
  while (constant.shape[begin] == 1) ++begin;
  while (constant.shape[end - 1] == 1) --end;
  for (std::size_t i = begin; i < end; ++i) {
    if (constant.shape[i] == shape[i + offset]) continue;
    throw std::invalid_argument(
        fmt::format("a constant of {} is broadcast within the tensor of {}, expected it on "
                    "neighbouring axes of the same extents",
                    to_string(constant.shape), to_string(shape)));
  }
  result.view = {extent(shape, 0, begin + offset), extent(shape, begin + offset, end + offset),
                 extent(shape, end + offset, shape.size())};
  result.values = make_parameter(constant).values;
  return result;
}

bool uniform(const Numbers& values) {
  return values && std::all_of(values->begin(), values->end(), [&](float v) { return v == values->front(); });
}

Numbers combine(const Numbers& a, const Numbers& b, const std::function<double(double, double)>& operation) {
  if (!a || !b) return nullptr;
  auto result = std::make_shared<std::vector<float>>(a->size());
  for (std::size_t i = 0; i < a->size(); ++i) {
    (*result)[i] = static_cast<float>(operation(static_cast<double>((*a)[i]), static_cast<double>((*b)[i])));
    if (!std::isfinite((*result)[i])) {
      throw std::invalid_argument(
          fmt::format("arithmetic with its constant gives {}, expected finite numbers", (*result)[i]));
    }
  }
  return result;
}

Numbers mapped(const Numbers& a, const std::function<double(double)>& operation) {
  return combine(a, a, [&](double x, double) { return operation(x); });
}

/// Brings affine and constant to one view; false when they scale along different axes.
bool join(Affine& affine, ChannelConstant& constant) {
  const View view = {affine.before, affine.channels, affine.after};
  if (view == constant.view) return true;
  if (constant.scalar) {
    constant.view = view;
    constant.values = repeated(view.channels, constant.values->front());
    return true;
  }
  if (!uniform(affine.scale) || !uniform(affine.shift)) return false;
  affine.scale = repeated(constant.view.channels, affine.scale->front());
  affine.shift = repeated(constant.view.channels, affine.shift->front());
  affine.before = constant.view.before;
  affine.channels = constant.view.channels;
  affine.after = constant.view.after;
  return true;
}

/// Scale 1 and shift 0 of a tensor, in the constant's view.
Affine fresh_affine(const Importer& importer, const Node& node, TensorId input,
                    const ChannelConstant& constant) {
  Affine affine;
  affine.layer_name = Importer::layer_name(node);
  affine.input = input;
  affine.shape = importer.network().shape(input);
  affine.before = constant.view.before;
  affine.channels = constant.view.channels;
  affine.after = constant.view.after;
  affine.scale = repeated(affine.channels, 1.0F);
  affine.shift = repeated(affine.channels, 0.0F);
  return affine;
}

/// What waits under `name` if the constant can join it, or a fresh one.
Affine open_affine(Importer& importer, const Node& node, const std::string& name, ChannelConstant& constant) {
  Affine affine;
  const Affine* waiting = importer.waiting<Affine>(name);
  if (waiting != nullptr) affine = *waiting;
  if (waiting == nullptr || !join(affine, constant))
    affine = fresh_affine(importer, node, importer.tensor(name), constant);
  affine.output_name = node.output();
  return affine;
}

/// Multiplies by a constant that is in the affine's view.
void scale(Importer& importer, Affine& affine, const ChannelConstant& constant) {
  const auto product = [](double a, double b) { return a * b; };
  affine.scale = combine(affine.scale, constant.values, product);
  const bool no_shift = uniform(affine.shift) && affine.shift->front() == 0.0F;
  if (!no_shift) affine.shift = combine(affine.shift, constant.values, product);
  affine.scale_counted = affine.scale_counted || (!constant.scalar && importer.count_once(constant.origin));
}

/// Adds a constant that is in the affine's view.
void shift(Importer& importer, Affine& affine, const ChannelConstant& constant) {
  affine.shift = combine(affine.shift, constant.values, [](double a, double b) { return a + b; });
  affine.shift_counted = affine.shift_counted || (!constant.scalar && importer.count_once(constant.origin));
}

void multiply_by(Importer& importer, const Node& node, const std::string& x, ChannelConstant constant) {
  Affine affine = open_affine(importer, node, x, constant);
  scale(importer, affine, constant);
  importer.define(node.output(), std::move(affine));
}

void add_to(Importer& importer, const Node& node, const std::string& x, ChannelConstant constant) {
  Affine affine = open_affine(importer, node, x, constant);
  shift(importer, affine, constant);
  importer.define(node.output(), std::move(affine));
}

/// The bias of a linear layer that waits for one.
bool add_bias(Importer& importer, const Node& node, const std::string& x, const Constant& constant) {
  const OpenLinear* waiting = importer.waiting<OpenLinear>(x);
  if (waiting == nullptr || constant.shape.empty() || constant.count() != waiting->shape.back() ||
      constant.shape.back() != constant.count() || constant.shape.size() > waiting->shape.size()) {
    return false;
  }
  OpenLinear open = *waiting;
  open.layer.bias = importer.parameter(reshaped(constant, {constant.count()}));
  importer.define(node.output(), importer.add(std::move(open.layer), node.output()));
  return true;
}

/// ONNX before opset 7 aligned operands by an attribute.
void refuse_legacy_broadcast(const Node& node) {
  if (node.has("axis"))
    throw std::invalid_argument("broadcasts along an attribute axis, expected operator set 7 or later");
}

/// Add or Multiply of two tensors; the one that is broadcast comes second.
void elementwise(Importer& importer, const Node& node, const Operation& operation, const std::string& a,
                 const std::string& b) {
  const Shape first = importer.shape(a);
  const Shape second = importer.shape(b);
  const Shape result = broadcast(first, second);
  const bool swap = result != first;
  if (swap && result != second) {
    throw std::invalid_argument(
        fmt::format("broadcasts {} and {} to each other, expected one to have the result's shape {}",
                    to_string(first), to_string(second), to_string(result)));
  }
  importer.add_for(node, operation, {importer.tensor(swap ? b : a), importer.tensor(swap ? a : b)});
}

void add(Importer& importer, const Node& node) {
  refuse_legacy_broadcast(node);
  std::string a = node.required_input(0);
  std::string b = node.required_input(1);
  if (importer.constant_if_known(a) != nullptr) std::swap(a, b);
  const Constant* constant = importer.constant_if_known(b);
  if (constant == nullptr) return elementwise(importer, node, Add{}, a, b);
  if (add_bias(importer, node, a, *constant)) return;
  add_to(importer, node, a, channel_constant(*constant, importer.shape(a)));
}

void mul(Importer& importer, const Node& node) {
  refuse_legacy_broadcast(node);
  std::string a = node.required_input(0);
  std::string b = node.required_input(1);
  if (importer.constant_if_known(a) != nullptr) std::swap(a, b);
  const Constant* constant = importer.constant_if_known(b);
  if (constant == nullptr) return elementwise(importer, node, Multiply{}, a, b);
  multiply_by(importer, node, a, channel_constant(*constant, importer.shape(a)));
}

void div(Importer& importer, const Node& node) {
  refuse_legacy_broadcast(node);
  const std::string& a = node.required_input(0);
  const Constant& divisor = importer.constant(node.required_input(1), "divisor");
  ChannelConstant constant = channel_constant(divisor, importer.shape(a));
  constant.values = mapped(constant.values, [](double v) { return 1.0 / v; });
  multiply_by(importer, node, a, std::move(constant));
}

/// What waits under `name`, or nothing yet, times -1.
Affine negated(Importer& importer, const Node& node, const std::string& name) {
  ChannelConstant minus_one = channel_constant(make_floats({}, {-1.0F}), importer.shape(name));
  Affine affine = open_affine(importer, node, name, minus_one);
  scale(importer, affine, minus_one);
  return affine;
}

void neg(Importer& importer, const Node& node) {
  importer.define(node.output(), negated(importer, node, node.required_input(0)));
}

void sub(Importer& importer, const Node& node) {
  refuse_legacy_broadcast(node);
  const std::string& a = node.required_input(0);
  const std::string& b = node.required_input(1);
  if (const Constant* constant = importer.constant_if_known(b)) {
    ChannelConstant negative = channel_constant(*constant, importer.shape(a));
    negative.values = mapped(negative.values, [](double v) { return -v; });
    return add_to(importer, node, a, std::move(negative));
  }
  if (const Constant* constant = importer.constant_if_known(a)) {
    ChannelConstant offset = channel_constant(*constant, importer.shape(b));
    Affine affine = negated(importer, node, b);
    if (!join(affine, offset)) {
      affine.output_name = "";
      importer.define(node.output(), std::move(affine));
      affine = fresh_affine(importer, node, importer.tensor(node.output()), offset);
      affine.output_name = node.output();
    }
    shift(importer, affine, offset);
    return importer.define(node.output(), std::move(affine));
  }
  // a - b: the negative of b, then a sum.
  Affine negative = negated(importer, node, b);
  negative.layer_name += ".negative";
  negative.output_name = "";
  importer.define(node.output(), std::move(negative));
  elementwise(importer, node, Add{}, a, node.output());
}

void sum(Importer& importer, const Node& node) {
  if (node.input_count() == 1) return importer.alias(node.output(), node.required_input(0));
  TensorId total = importer.tensor(node.required_input(0));
  for (int i = 1; i < node.input_count(); ++i) {
    const bool last = i + 1 == node.input_count();
    TensorId next = importer.tensor(node.required_input(i));
    const Shape shape = importer.network().shape(total);
    if (broadcast(shape, importer.network().shape(next)) != shape) std::swap(total, next);
    Layer layer;
    layer.name = Importer::layer_name(node) + (last ? "" : fmt::format(".{}", i));
    layer.operation = Add{};
    layer.inputs = {total, next};
    total = importer.add(std::move(layer), last ? node.output() : "");
  }
  importer.define(node.output(), total);
}

/// scale * (x - mean) / sqrt(variance + epsilon) + bias as scale and shift.
void batch_normalization(Importer& importer, const Node& node) {
  if (node.integer("training_mode", 0) != 0 || (importer.opset() < 7 && node.integer("is_test", 0) == 0)) {
    throw std::invalid_argument("is in training mode, expected a network exported for inference");
  }
  if (importer.opset() < 9 && node.integer("spatial", 1) != 1) {
    throw std::invalid_argument("attribute spatial is 0, expected statistics for each channel");
  }
  const std::string& x = node.required_input(0);
  const Shape shape = importer.shape(x);
  if (shape.size() < 2) {
    throw std::invalid_argument(
        fmt::format("its input is {}, expected at least 2 dimensions: [n, channels, ...]", to_string(shape)));
  }
  const double epsilon = node.number("epsilon", 1e-5);
  std::array<Numbers, 4> values;
  bool known = true;
  const std::array<const char*, 4> roles = {"scale", "bias", "mean", "variance"};
  for (std::size_t i = 0; i < 4; ++i) {
    const Constant& constant = importer.constant(node.required_input(static_cast<int>(i) + 1), roles[i]);
    if (constant.shape != Shape{shape[1]}) {
      throw std::invalid_argument(fmt::format("a {} of shape {}, expected {} ({} channels)", roles[i],
                                              to_string(constant.shape), shape[1], shape[1]));
    }
    values[i] = make_parameter(constant).values;
    known = known && values[i];
  }
  ChannelConstant factor;
  factor.view = channel_view(shape);
  ChannelConstant offset = factor;
  factor.origin = importer.constant(node.input(1), "scale").origin;
  offset.origin = importer.constant(node.input(2), "bias").origin;
  if (known) {
    const Numbers deviation = mapped(values[3], [&](double v) {
      if (!(v + epsilon > 0.0)) {
        throw std::invalid_argument(
            fmt::format("a variance of {}, expected one that is positive with epsilon {}", v, epsilon));
      }
      return std::sqrt(v + epsilon);
    });
    factor.values = combine(values[0], deviation, [](double g, double d) { return g / d; });
    const Numbers moved = combine(values[2], factor.values, [](double m, double s) { return m * s; });
    offset.values = combine(values[1], moved, [](double b, double m) { return b - m; });
  }
  Affine affine = open_affine(importer, node, x, factor);
  scale(importer, affine, factor);
  shift(importer, affine, offset);
  importer.define(node.output(), std::move(affine));
}

}  // namespace

void add_arithmetic_operators(Handlers& table) {
  table["Add"] = add;
  table["Sub"] = sub;
  table["Mul"] = mul;
  table["Div"] = div;
  table["Neg"] = neg;
  table["Sum"] = sum;
  table["BatchNormalization"] = batch_normalization;
}

}  // namespace heddle::workload::onnx_import
