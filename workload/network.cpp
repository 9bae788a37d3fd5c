#include "workload/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/reverse_graph.hpp>
#include <boost/graph/topological_sort.hpp>
#include <iterator>
#include <stdexcept>

#include "workload/shape_inference.h"

namespace heddle::workload {
namespace {

// Together they keep every total of a network within 63 bits.
constexpr double kMostMacs = 281474976710656.0;  // 2^48 a layer
constexpr std::size_t kMostLayers = 1 << 14;

std::int64_t counted(const std::optional<Parameter>& parameter) {
  return parameter && parameter->counted ? element_count(parameter->shape) : 0;
}

std::int64_t product(Shape::const_iterator begin, Shape::const_iterator end) {
  return element_count(Shape(begin, end));
}

MacShape loop_nest(const Convolution& conv, const Shape& in, const Shape& out) {
  MacShape shape;
  shape.size[Dim::N] = in[0];
  shape.size[Dim::G] = conv.groups;
  shape.size[Dim::M] = conv.out_channels / conv.groups;
  shape.size[Dim::C] = in[1] / conv.groups;
  shape.size[Dim::P] = out[2];
  shape.size[Dim::Q] = out[3];
  shape.size[Dim::R] = conv.window.kernel[0];
  shape.size[Dim::S] = conv.window.kernel[1];
  shape.stride_h = conv.window.stride[0];
  shape.stride_w = conv.window.stride[1];
  shape.dilation_h = conv.window.dilation[0];
  shape.dilation_w = conv.window.dilation[1];
  shape.pad_top = conv.window.padding[0];
  shape.pad_left = conv.window.padding[1];
  shape.input_h = in[2];
  shape.input_w = in[3];
  return shape;
}

std::optional<MacShape> loop_nest(const Operation& operation, const Shape& in, const Shape& out) {
  if (const auto* conv = std::get_if<Convolution>(&operation)) return loop_nest(*conv, in, out);
  MacShape shape;
  if (std::holds_alternative<Linear>(operation)) {
    shape.size[Dim::N] = product(in.begin(), in.end() - 1);
  } else if (std::holds_alternative<MatMul>(operation)) {
    shape.size[Dim::G] = product(in.begin(), in.end() - 2);
    shape.size[Dim::N] = in[in.size() - 2];
  } else {
    return std::nullopt;
  }
  shape.size[Dim::C] = in.back();
  shape.size[Dim::M] = out.back();
  return shape;
}

void check_macs(const Operation& operation, const Shape& in, const Shape& out) {
  const std::optional<MacShape> shape = loop_nest(operation, in, out);
  if (!shape) return;
  double macs = 1;
  for (const Dim d : kDims) macs *= static_cast<double>(shape->size[d]);
  if (macs > kMostMacs) {
    throw std::invalid_argument(
        fmt::format("{:.3g} multiply-accumulates in one layer, expected at most 2^48", macs));
  }
}

}  // namespace

TensorId Network::add_input(const std::string& name, const Shape& shape) {
  check_tensor_name(name);
  element_count(shape);
  const auto id = static_cast<TensorId>(values_.size());
  values_.push_back({name, shape, -1, {}});
  tensor_names_.insert(name);
  inputs_.push_back(id);
  return id;
}

TensorId Network::add_layer(Layer layer, std::string output_name) {
  if (output_name.empty()) output_name = layer.name;
  if (layer.name.empty()) throw std::invalid_argument("a layer without a name");
  if (layer_names_.contains(layer.name)) {
    throw std::invalid_argument(fmt::format("there is already a layer \"{}\"", layer.name));
  }
  if (layers_.size() >= kMostLayers) {
    throw std::invalid_argument(fmt::format("more than {} layers", kMostLayers));
  }
  check_tensor_name(output_name);
  std::vector<Shape> shapes;
  for (const TensorId input : layer.inputs) {
    if (input < 0 || static_cast<std::size_t>(input) >= values_.size()) {
      throw std::invalid_argument(
          fmt::format("tensor {} as an input, expected one of the {} that exist", input, values_.size()));
    }
    shapes.push_back(shape(input));
  }
  Shape output = infer_shapes(layer, shapes);
  check_macs(layer.operation, shapes[0], output);

  const auto vertex = static_cast<int>(boost::add_vertex(graph_));
  const auto id = static_cast<TensorId>(values_.size());
  layer.output = id;
  for (const TensorId input : layer.inputs) {
    Value& value = values_[static_cast<std::size_t>(input)];
    if (!value.consumers.empty() && value.consumers.back() == vertex) continue;  // one layer reads it twice
    value.consumers.push_back(vertex);
    if (value.producer >= 0) {
      boost::add_edge(static_cast<std::size_t>(value.producer), static_cast<std::size_t>(vertex), input,
                      graph_);
    }
  }
  values_.push_back({output_name, std::move(output), vertex, {}});
  tensor_names_.insert(output_name);
  layer_names_.insert(layer.name);
  layers_.push_back(std::move(layer));
  return id;
}

void Network::check_tensor_name(const std::string& name) const {
  if (name.empty()) throw std::invalid_argument("a tensor without a name");
  if (tensor_names_.contains(name))
    throw std::invalid_argument(fmt::format("there is already a tensor \"{}\"", name));
}

void Network::mark_output(TensorId tensor) {
  if (tensor < 0 || static_cast<std::size_t>(tensor) >= values_.size()) {
    throw std::invalid_argument(
        fmt::format("tensor {} as an output, expected one of the {} that exist", tensor, values_.size()));
  }
  if (std::find(outputs_.begin(), outputs_.end(), tensor) == outputs_.end()) outputs_.push_back(tensor);
}

std::vector<TensorId> Network::outputs() const {
  if (!outputs_.empty()) return outputs_;
  std::vector<TensorId> result;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (values_[i].consumers.empty()) result.push_back(static_cast<TensorId>(i));
  }
  return result;
}

std::vector<int> Network::topological_order() const {
  // Sorting the reversed graph, whose result comes out back to front, keeps the order of addition where it is
  // free.
  std::vector<int> order;
  order.reserve(layers_.size());
  const boost::reverse_graph<Graph, const Graph&> reversed(graph_);
  boost::topological_sort(reversed, std::back_inserter(order));
  return order;
}

std::int64_t Network::macs() const {
  std::int64_t sum = 0;
  for (const Layer& layer : layers_) sum += workload::macs(*this, layer);
  return sum;
}

std::int64_t Network::parameter_count() const {
  std::int64_t sum = 0;
  for (const Layer& layer : layers_)
    sum += counted(layer.weights) + counted(layer.bias) + counted(layer.extra);
  return sum;
}

std::optional<MacShape> mac_shape(const Network& network, const Layer& layer) {
  return loop_nest(layer.operation, network.shape(layer.inputs.at(0)), network.shape(layer.output));
}

std::int64_t macs(const Network& network, const Layer& layer) {
  const std::optional<MacShape> shape = mac_shape(network, layer);
  return shape ? shape->macs() : 0;
}

}  // namespace heddle::workload
