// Matrix products: Gemm and MatMul, with constant weights or between two tensors.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "workload/readers/onnx_operators.h"

namespace heddle::workload::onnx_import {
namespace {

/// The numbers of a constant times `factor`; place holders stay as they are.
Constant scaled(const Constant& constant, double factor) {
  if (factor == 1.0 || constant.filled) return constant;
  std::vector<float> values;
  for (const float value : *constant.float_values()) values.push_back(static_cast<float>(value * factor));
  Constant result = make_floats(constant.shape, std::move(values));
  result.origin = constant.origin;
  return result;
}

/// A transposed view of a matrix as a layer before the node.
TensorId transposed_tensor(Importer& importer, const Node& node, TensorId tensor) {
  Layer layer;
  layer.name = Importer::layer_name(node) + ".transpose";
  layer.operation = Transpose{{1, 0}};
  layer.inputs = {tensor};
  return importer.add(std::move(layer));
}

/// A bias that Gemm broadcasts over rows, as one number for each output; nothing if it differs between rows.
std::optional<Constant> row_bias(const Constant& c, std::int64_t outputs) {
  if (!c.shape.empty() &&
      std::any_of(c.shape.begin(), c.shape.end() - 1, [](auto extent) { return extent != 1; })) {
    return std::nullopt;
  }
  if (c.count() == outputs) return reshaped(c, {outputs});
  if (c.count() != 1) return std::nullopt;
  if (outputs > kMostFoldedElements) throw std::invalid_argument("a scalar bias for too many outputs");
  if (c.filled) return make_filled({outputs}, false, c.fill, c.origin);
  Constant spread = make_floats(
      {outputs}, std::vector<float>(static_cast<std::size_t>(outputs), static_cast<float>(c.number(0))));
  spread.origin = c.origin;
  return spread;
}

/// y = x * weights^T, without a bias yet.
OpenLinear open_linear(Importer& importer, const Node& node, TensorId x, const Constant& weights) {
  OpenLinear open;
  open.layer.name = Importer::layer_name(node);
  open.layer.operation = Linear{weights.shape[0]};
  open.layer.inputs = {x};
  open.layer.weights = importer.parameter(weights);
  open.output_name = node.output();
  open.shape = importer.network().shape(x);
  if (open.shape.empty() || open.shape.back() != weights.shape[1]) {
    throw std::invalid_argument(
        fmt::format("multiplies {} by weights for {} inputs, expected the same number", to_string(open.shape),
                    weights.shape[1]));
  }
  open.shape.back() = weights.shape[0];
  return open;
}

void matrix_shape(const Shape& shape, const char* what) {
  if (shape.size() == 2) return;
  throw std::invalid_argument(
      fmt::format("{} of shape {} ({} dimensions), expected a matrix", what, to_string(shape), shape.size()));
}

void gemm(Importer& importer, const Node& node) {
  const bool transpose_a = node.integer("transA", 0, 0, 1) == 1;
  const bool transpose_b = node.integer("transB", 0, 0, 1) == 1;
  const double alpha = node.number("alpha", 1.0);
  const double beta = node.number("beta", 1.0);
  matrix_shape(importer.shape(node.required_input(0)), "a first operand");
  matrix_shape(importer.shape(node.required_input(1)), "a second operand");
  TensorId x = importer.tensor(node.input(0));
  if (transpose_a) x = transposed_tensor(importer, node, x);

  const Constant* weights = importer.constant_if_known(node.input(1));
  const Constant* c = importer.constant_if_known(node.input(2));
  if (node.has_input(2) && (c == nullptr || weights == nullptr)) {
    throw std::invalid_argument(
        "adds to a product what depends on the input, expected constant weights and bias");
  }
  if (weights == nullptr) {
    if (alpha != 1.0)
      throw std::invalid_argument(fmt::format("alpha is {} between two tensors, expected 1", alpha));
    return importer.add_for(node, MatMul{transpose_b}, {x, importer.tensor(node.input(1))});
  }
  const Constant oriented = scaled(transpose_b ? *weights : transposed(*weights, {1, 0}), alpha);
  OpenLinear open = open_linear(importer, node, x, oriented);
  if (c == nullptr || beta == 0.0) return importer.define(node.output(), std::move(open));
  const std::optional<Constant> bias = row_bias(*c, oriented.shape[0]);
  if (!bias) {
    throw std::invalid_argument(
        fmt::format("a bias of shape {}, expected one number for each of the {} outputs", to_string(c->shape),
                    oriented.shape[0]));
  }
  open.layer.bias = importer.parameter(scaled(*bias, beta));
  importer.define(node.output(), importer.add(std::move(open.layer), node.output()));
}

void matmul(Importer& importer, const Node& node) {
  const std::string& a = node.required_input(0);
  const std::string& b = node.required_input(1);
  const Constant* weights = importer.constant_if_known(b);
  if (weights == nullptr) {
    if (importer.constant_if_known(a) != nullptr) {
      throw std::invalid_argument(
          "multiplies constant weights from the left, expected them as the second operand");
    }
    return importer.add_for(node, MatMul{}, {importer.tensor(a), importer.tensor(b)});
  }
  Constant matrix = *weights;
  const Shape input = importer.shape(a);
  while (matrix.shape.size() > 2 && matrix.shape.size() <= input.size() && matrix.shape.front() == 1) {
    matrix.shape.erase(matrix.shape.begin());
  }
  matrix_shape(matrix.shape, "constant weights");
  importer.define(node.output(), open_linear(importer, node, importer.tensor(a), transposed(matrix, {1, 0})));
}

}  // namespace

void add_linear_operators(Handlers& table) {
  table["Gemm"] = gemm;
  table["MatMul"] = matmul;
}

}  // namespace heddle::workload::onnx_import
