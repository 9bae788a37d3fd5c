// Activation functions, Softmax and LayerNormalization.
#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "workload/readers/onnx_folding.h"
#include "workload/readers/onnx_operators.h"
#include "workload/readers/onnx_patterns.h"

namespace heddle::workload::onnx_import {
namespace {

Handler activation(Activation function) {
  return [function](Importer& importer, const Node& node) {
    importer.add_for(node, Activate{}, {importer.tensor(node.required_input(0))}, function);
  };
}

bool close(double value, double expected) { return std::abs(value - expected) <= 1e-4; }

void hard_sigmoid(Importer& importer, const Node& node) {
  const double alpha = node.number("alpha", 0.2);
  const double beta = node.number("beta", 0.5);
  if (!close(alpha, 1.0 / 6.0) || !close(beta, 0.5)) {
    throw std::invalid_argument(
        fmt::format("alpha {} and beta {}, expected 1/6 and 0.5 (PyTorch's hard sigmoid)", alpha, beta));
  }
  importer.add_for(node, Activate{}, {importer.tensor(node.required_input(0))}, Activation::hard_sigmoid);
}

void gelu(Importer& importer, const Node& node) {
  if (node.text("approximate", "none") != "none") {
    throw std::invalid_argument(fmt::format("approximate is \"{}\", expected \"none\" (GELU by erf)",
                                            node.text("approximate", "none")));
  }
  importer.add_for(node, Activate{}, {importer.tensor(node.required_input(0))}, Activation::gelu);
}

/// Bounds 0 and 6 are relu6, 0 and none relu.
void clip(Importer& importer, const Node& node) {
  const auto bound = [&](int input, const char* attribute, double fallback) {
    double value = node.number(attribute, fallback);
    if (node.has_input(input)) {
      const Constant& constant = importer.constant(node.input(input), "bounds");
      if (constant.count() != 1) throw std::invalid_argument("expected single numbers as bounds");
      value = constant.number(0);
    }
    return value;
  };
  constexpr double kNone = 3.4e38;  // the largest floats stand for no bound
  const double low = bound(1, "min", -INFINITY);
  const double high = bound(2, "max", INFINITY);
  const bool no_high = high >= kNone;
  if (low <= -kNone && no_high) return importer.alias(node.output(), node.required_input(0));
  if (low != 0.0 || (high != 6.0 && !no_high)) {
    throw std::invalid_argument(
        fmt::format("clips to [{}, {}], expected [0, 6] (relu6) or [0, infinity] (relu)", low, high));
  }
  importer.add_for(node, Activate{}, {importer.tensor(node.required_input(0))},
                   no_high ? Activation::relu : Activation::relu6);
}

/// From opset 13 over one axis; before over all from `axis` on.
void softmax(Importer& importer, const Node& node) {
  const std::string& x = node.required_input(0);
  const Shape shape = importer.shape(x);
  const bool one_axis = importer.opset() >= 13;
  const int axis = normal_axis(node.integer("axis", one_axis ? -1 : 1), shape.size());
  const auto after = static_cast<std::ptrdiff_t>(axis) + 1;
  if (one_axis || checked_count(Shape(shape.begin() + after, shape.end())) == 1) {
    return importer.add_for(node, Softmax{axis}, {importer.tensor(x)});
  }
  Layer layer;
  layer.name = Importer::layer_name(node);
  layer.operation = Softmax{1};
  const std::string name = layer.name;
  layer.inputs = {importer.reshape(importer.tensor(x), flattened(shape, axis), name + ".view")};
  const bool same = flattened(shape, axis) == shape;
  const TensorId result = importer.add(std::move(layer), same ? node.output() : "");
  importer.define(node.output(), importer.reshape(result, shape, name + ".shape", node.output()));
}

/// A parameter of ones where the file has no scale; it counts as none.
Parameter ones(std::int64_t count) {
  if (count > kMostFoldedElements)
    throw std::invalid_argument(fmt::format("normalizes over {} elements", count));
  return {{count}, std::make_shared<const std::vector<float>>(static_cast<std::size_t>(count), 1.0F), false};
}

void layer_normalization(Importer& importer, const Node& node) {
  const std::string& x = node.required_input(0);
  const Shape shape = importer.shape(x);
  const int axis = normal_axis(node.integer("axis", -1), shape.size());
  if (node.integer(kOneAxis, 0) == 1 && axis + 1 != static_cast<int>(shape.size())) {
    throw std::invalid_argument(
        fmt::format("normalizes {} over axis {}, expected the last one", to_string(shape), axis));
  }
  const auto split = shape.begin() + axis;
  const std::int64_t count = checked_count(Shape(split, shape.end()));
  Layer layer;
  layer.name = Importer::layer_name(node);
  layer.operation = LayerNorm{node.number("epsilon", 1e-5), node.integer(kNoMean, 0) == 0};
  const auto vector = [&](int input, const char* role) {
    const Constant& constant = importer.constant(node.input(input), role);
    if (constant.count() != count) {
      throw std::invalid_argument(
          fmt::format("a {} of shape {}, expected {} elements", role, to_string(constant.shape), count));
    }
    return importer.parameter(reshaped(constant, {count}));
  };
  layer.weights = node.has_input(1) ? vector(1, "scale") : ones(count);
  if (node.has_input(2)) layer.bias = vector(2, "bias");
  const bool last_only = axis + 1 == static_cast<int>(shape.size());
  Shape view = last_only ? shape : Shape{checked_count(Shape(shape.begin(), split)), count};
  const std::string name = layer.name;
  layer.inputs = {importer.reshape(importer.tensor(x), view, name + ".view")};
  const TensorId result = importer.add(std::move(layer), view == shape ? node.output() : "");
  importer.define(node.output(), importer.reshape(result, shape, name + ".shape", node.output()));
}

}  // namespace

void add_activation_operators(Handlers& table) {
  table["Relu"] = activation(Activation::relu);
  table["Sigmoid"] = activation(Activation::sigmoid);
  table["Tanh"] = activation(Activation::tanh);
  table["HardSwish"] = activation(Activation::hard_swish);
  table["Silu"] = activation(Activation::silu);
  table["HardSigmoid"] = hard_sigmoid;
  table["Gelu"] = gelu;
  table["Clip"] = clip;
  table["Softmax"] = softmax;
  table["LayerNormalization"] = layer_normalization;
}

}  // namespace heddle::workload::onnx_import
