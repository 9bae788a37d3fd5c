// Sliding windows: Conv, MaxPool, AveragePool, the global and spatial means, Pad before a window, LRN.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "workload/readers/onnx_folding.h"
#include "workload/readers/onnx_operators.h"

namespace heddle::workload::onnx_import {
namespace {

constexpr std::int64_t kMostWindow = 1 << 16;

Shape image_shape(const Importer& importer, const std::string& name) {
  Shape shape = importer.shape(name);
  if (shape.size() != 4) {
    throw std::invalid_argument(
        fmt::format("its input is {} ({} dimensions), expected 4: [n, channels, rows, columns]",
                    to_string(shape), shape.size()));
  }
  return shape;
}

template <std::size_t N>
std::array<std::int64_t, N> numbers(const Node& node, const std::string& attribute,
                                    std::array<std::int64_t, N> fallback, std::int64_t least) {
  const auto given = node.integers(attribute);
  if (!given) return fallback;
  if (given->size() != N) {
    throw std::invalid_argument(fmt::format(
        "attribute {} has {} numbers, expected {} (two spatial dimensions)", attribute, given->size(), N));
  }
  std::array<std::int64_t, N> result;
  for (std::size_t i = 0; i < N; ++i) {
    result[i] = (*given)[i];
    if (result[i] < least || result[i] > kMostWindow) {
      throw std::invalid_argument(
          fmt::format("attribute {} holds {}, expected {} to {}", attribute, result[i], least, kMostWindow));
    }
  }
  return result;
}

/// Stride, dilation and padding of a node; `shape` is the input's.
Window read_window(const Node& node, std::array<std::int64_t, 2> kernel, const Shape& shape) {
  Window window;
  window.kernel = kernel;
  window.stride = numbers<2>(node, "strides", {1, 1}, 1);
  window.dilation = numbers<2>(node, "dilations", {1, 1}, 1);
  window.ceil_mode = node.integer("ceil_mode", 0, 0, 1) == 1;
  const std::string automatic = node.text("auto_pad", "NOTSET");
  if (automatic == "NOTSET" || automatic.empty()) {
    window.padding = numbers<4>(node, "pads", {0, 0, 0, 0}, 0);
  } else if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    window.ceil_mode = false;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const std::int64_t outputs = (shape[axis + 2] - 1) / window.stride[axis] + 1;
      const std::int64_t reach = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
      const std::int64_t total =
          std::max<std::int64_t>((outputs - 1) * window.stride[axis] + reach - shape[axis + 2], 0);
      const std::int64_t less = total / 2;
      window.padding[axis] = automatic == "SAME_UPPER" ? less : total - less;
      window.padding[axis + 2] = total - window.padding[axis];
    }
  } else if (automatic != "VALID") {
    throw std::invalid_argument(fmt::format(
        "attribute auto_pad is \"{}\", expected NOTSET, SAME_UPPER, SAME_LOWER or VALID", automatic));
  }
  return window;
}

/// The window's input; padding that waits there moves into the window when its value is `neutral`.
TensorId padded_input(Importer& importer, const std::string& name, double neutral, Window& window) {
  const Padded* padded = importer.padded(name);
  if (padded == nullptr || padded->value != neutral) return importer.tensor(name);
  for (std::size_t side = 0; side < 4; ++side) window.padding[side] += padded->padding[side];
  return padded->input;
}

void conv(Importer& importer, const Node& node) {
  const std::string& x = node.required_input(0);
  const Shape shape = image_shape(importer, x);
  const Constant& weights = importer.constant(node.required_input(1), "weights");
  if (weights.shape.size() != 4) {
    throw std::invalid_argument(
        fmt::format("weights of shape {}, expected 4 dimensions: [out, in / groups, rows, columns]",
                    to_string(weights.shape)));
  }
  const std::array<std::int64_t, 2> kernel = {weights.shape[2], weights.shape[3]};
  if (numbers<2>(node, "kernel_shape", kernel, 1) != kernel) {
    throw std::invalid_argument(fmt::format("attribute kernel_shape differs from the weights, which are {}",
                                            to_string(weights.shape)));
  }
  Layer layer;
  layer.name = Importer::layer_name(node);
  Convolution attributes;
  attributes.window = read_window(node, kernel, shape);
  attributes.window.ceil_mode = false;
  attributes.out_channels = weights.shape[0];
  attributes.groups = node.integer("group", 1, 1, INT32_MAX);
  layer.inputs = {padded_input(importer, x, 0.0, attributes.window)};
  layer.operation = attributes;
  layer.weights = importer.parameter(weights);
  if (node.has_input(2)) layer.bias = importer.parameter(importer.constant(node.input(2), "bias"));
  importer.define(node.output(), importer.add(std::move(layer), node.output()));
}

void pool(Importer& importer, const Node& node, Pool::Kind kind) {
  const std::string& x = node.required_input(0);
  const Shape shape = image_shape(importer, x);
  if (!node.has("kernel_shape")) throw std::invalid_argument("has no attribute kernel_shape");
  Pool attributes;
  attributes.kind = kind;
  attributes.window = read_window(node, numbers<2>(node, "kernel_shape", {1, 1}, 1), shape);
  attributes.count_padding = node.integer("count_include_pad", 0, 0, 1) == 1;
  TensorId input = -1;
  if (kind == Pool::Kind::max) {
    input = padded_input(importer, x, -INFINITY, attributes.window);
  } else {
    const bool own_padding = attributes.window.padding != std::array<std::int64_t, 4>{};
    input = padded_input(importer, x, 0.0, attributes.window);
    if (importer.padded(x) != nullptr) {
      if (own_padding && !attributes.count_padding) {
        throw std::invalid_argument(
            "averages without its own padding over zeros that a Pad put in, which cannot be joined");
      }
      attributes.count_padding = true;
    }
  }
  importer.add_for(node, attributes, {input});
}

void global_average_pool(Importer& importer, const Node& node) {
  const std::string& x = node.required_input(0);
  image_shape(importer, x);
  importer.add_for(node, GlobalAveragePool{}, {importer.tensor(x)});
}

/// The mean over rows and columns is a global average pooling.
void reduce_mean(Importer& importer, const Node& node) {
  const std::string& x = node.required_input(0);
  const Shape shape = importer.shape(x);
  std::vector<int> axes;
  const Constant* given = node.has_input(1) ? &importer.constant(node.input(1), "axes") : nullptr;
  for (const std::int64_t axis : axes_of(node, given)) axes.push_back(normal_axis(axis, shape.size()));
  std::sort(axes.begin(), axes.end());
  if (shape.size() != 4 || axes != std::vector<int>{2, 3}) {
    throw std::invalid_argument(
        fmt::format("takes the mean of {} over the axes [{}]: supported over rows and columns (axes 2 and 3 "
                    "of 4), or as a part of layer "
                    "normalization",
                    to_string(shape), fmt::join(axes, ", ")));
  }
  if (node.integer("keepdims", 1, 0, 1) == 1)
    return importer.add_for(node, GlobalAveragePool{}, {importer.tensor(x)});
  Layer layer;
  layer.name = Importer::layer_name(node);
  layer.operation = GlobalAveragePool{};
  layer.inputs = {importer.tensor(x)};
  const std::string name = layer.name;
  const TensorId mean = importer.add(std::move(layer));
  importer.define(node.output(),
                  importer.reshape(mean, {shape[0], shape[1]}, name + ".shape", node.output()));
}

void pad(Importer& importer, const Node& node) {
  const std::string& x = node.required_input(0);
  const Shape shape = importer.shape(x);
  if (node.text("mode", "constant") != "constant") {
    throw std::invalid_argument(
        fmt::format("pads in mode \"{}\", expected \"constant\"", node.text("mode", "constant")));
  }
  if (node.has_input(3)) throw std::invalid_argument("names axes, expected padding for all of them");
  std::vector<std::int64_t> pads;
  if (node.has_input(1)) {
    pads = importer.constant(node.input(1), "pads").integer_values();
  } else {
    pads = node.integers("pads").value_or(std::vector<std::int64_t>{});
  }
  double value = node.number("value", 0.0);
  if (node.has_input(2)) {
    const Constant& given = importer.constant(node.input(2), "value");
    if (given.count() != 1) throw std::invalid_argument("expected one number as the value to pad with");
    value = given.number(0);
  }
  if (pads.size() != 2 * shape.size()) {
    throw std::invalid_argument(
        fmt::format("{} pads for {} dimensions, expected {}", pads.size(), shape.size(), 2 * shape.size()));
  }
  if (std::all_of(pads.begin(), pads.end(), [](std::int64_t p) { return p == 0; })) {
    return importer.alias(node.output(), x);
  }
  const bool spatial = shape.size() == 4 && pads[0] == 0 && pads[1] == 0 && pads[4] == 0 && pads[5] == 0;
  const bool in_range =
      std::all_of(pads.begin(), pads.end(), [](auto p) { return p >= 0 && p <= kMostWindow; });
  if (!spatial || !in_range) {
    throw std::invalid_argument(
        fmt::format("pads {} by [{}], expected rows and columns of [n, channels, rows, columns] only",
                    to_string(shape), fmt::join(pads, ", ")));
  }
  Padded padded;
  padded.input = importer.tensor(x);
  padded.padding = {pads[2], pads[3], pads[6], pads[7]};
  padded.value = value;
  padded.shape = shape;
  padded.shape[2] += pads[2] + pads[6];
  padded.shape[3] += pads[3] + pads[7];
  importer.define(node.output(), padded);
}

void local_response_norm(Importer& importer, const Node& node) {
  if (!node.has("size")) throw std::invalid_argument("has no attribute size");
  const LocalResponseNorm attributes{node.integer("size", 5, 1, kMostWindow), node.number("alpha", 1e-4),
                                     node.number("beta", 0.75), node.number("bias", 1.0)};
  importer.add_for(node, attributes, {importer.tensor(node.required_input(0))});
}

}  // namespace

void add_window_operators(Handlers& table) {
  table["Conv"] = conv;
  table["MaxPool"] = [](Importer& importer, const Node& node) { pool(importer, node, Pool::Kind::max); };
  table["AveragePool"] = [](Importer& importer, const Node& node) {
    pool(importer, node, Pool::Kind::average);
  };
  table["GlobalAveragePool"] = global_average_pool;
  table["ReduceMean"] = reduce_mean;
  table["Pad"] = pad;
  table["LRN"] = local_response_norm;
}

}  // namespace heddle::workload::onnx_import
