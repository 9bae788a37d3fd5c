#include "workload/readers/onnx_importer.h"

#include <fmt/format.h>

#include <stdexcept>

namespace heddle::workload::onnx_import {

Importer::Importer(const Model& model, Network& network) : opset_(model.opset), network_(network) {
  for (const auto& [name, constant] : model.constants) values_[name] = constant;
  for (const onnx::NodeProto& node : model.graph.node()) {
    for (const std::string& input : node.input()) ++readers_[input];
    for (const std::string& output : node.output()) tensor_names_.insert(output);
  }
  for (const auto& output : model.graph.output()) ++readers_[output.name()];
  for (const auto& input : model.graph.input()) tensor_names_.insert(input.name());
}

void Importer::define(const std::string& name, Constant constant) { values_[name] = std::move(constant); }

void Importer::define(const std::string& name, TensorId id, bool integral) {
  values_[name] = Computed{id, integral};
}

void Importer::alias(const std::string& name, const std::string& source) {
  const Value& original = value(source);
  if (std::holds_alternative<Constant>(original)) {
    values_[name] = Value(original);
    return;
  }
  if (readers_of(source) == 1 && !std::holds_alternative<Computed>(original)) {
    values_[name] = Value(original);  // it goes on waiting under the new name
    return;
  }
  const TensorId id = settle(source);
  define(name, id, is_integral(source));
}

const Importer::Value& Importer::value(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) {
    throw std::invalid_argument(fmt::format("reads \"{}\", an output that is not supported", name));
  }
  return found->second;
}

bool Importer::is_broken(const std::string& name) const {
  const auto found = values_.find(name);
  return found != values_.end() && std::holds_alternative<Broken>(found->second);
}

const Constant* Importer::constant_if_known(const std::string& name) const {
  if (name.empty()) return nullptr;
  return std::get_if<Constant>(&value(name));
}

const Constant& Importer::constant(const std::string& name, const char* role) const {
  if (const Constant* known = constant_if_known(name)) return *known;
  throw std::invalid_argument(
      fmt::format("its {} \"{}\" depend on the input, expected a constant", role, name));
}

Shape Importer::shape(const std::string& name) const {
  const Value& found = value(name);
  if (const auto* constant = std::get_if<Constant>(&found)) return constant->shape;
  if (const auto* computed = std::get_if<Computed>(&found)) return network_.shape(computed->id);
  if (const auto* affine = std::get_if<Affine>(&found)) return affine->shape;
  if (const auto* linear = std::get_if<OpenLinear>(&found)) return linear->shape;
  if (const auto* padded = std::get_if<Padded>(&found)) return padded->shape;
  throw std::invalid_argument(fmt::format("reads \"{}\", which could not be made", name));
}

bool Importer::is_integral(const std::string& name) const {
  const Value& found = value(name);
  if (const auto* constant = std::get_if<Constant>(&found)) return constant->integral;
  if (const auto* computed = std::get_if<Computed>(&found)) return computed->integral;
  return false;
}

const Padded* Importer::padded(const std::string& name) const { return std::get_if<Padded>(&value(name)); }

int Importer::readers_of(const std::string& name) const {
  const auto found = readers_.find(name);
  return found == readers_.end() ? 0 : found->second;
}

TensorId Importer::settle(const std::string& name) {
  const Value found = value(name);
  if (const auto* computed = std::get_if<Computed>(&found)) return computed->id;
  if (std::holds_alternative<Constant>(found)) {
    throw std::invalid_argument(
        fmt::format("\"{}\" is a constant, expected a tensor that depends on the network's input", name));
  }
  if (const auto* padded = std::get_if<Padded>(&found)) {
    throw std::invalid_argument(
        fmt::format("reads \"{}\", padded by {} of {}: Pad is supported before a window that can take it "
                    "over (zeros before Conv and "
                    "AveragePool, -inf before MaxPool)",
                    name,
                    fmt::format("{}, {}, {}, {}", padded->padding[0], padded->padding[1], padded->padding[2],
                                padded->padding[3]),
                    padded->value));
  }
  TensorId id = -1;
  if (const auto* affine = std::get_if<Affine>(&found)) id = add_affine(*affine);
  if (const auto* linear = std::get_if<OpenLinear>(&found)) id = add(linear->layer, linear->output_name);
  if (id < 0) throw std::invalid_argument(fmt::format("reads \"{}\", which could not be made", name));
  define(name, id);
  return id;
}

TensorId Importer::tensor(const std::string& name) {
  const TensorId id = settle(name);
  if (is_integral(name)) {
    throw std::invalid_argument(
        fmt::format("\"{}\" holds integers, expected floats (integers only index embeddings)", name));
  }
  return id;
}

TensorId Importer::indices(const std::string& name) {
  const TensorId id = settle(name);
  if (!is_integral(name))
    throw std::invalid_argument(fmt::format("\"{}\" holds floats, expected integers", name));
  return id;
}

TensorId Importer::add_affine(const Affine& affine) {
  Layer layer;
  layer.name = affine.layer_name;
  layer.operation = BatchNorm{};
  layer.weights = Parameter{{affine.channels}, affine.scale, affine.scale_counted};
  layer.bias = Parameter{{affine.channels}, affine.shift, affine.shift_counted};
  const bool channels_first =
      affine.shape.size() >= 2 && affine.shape[0] == affine.before && affine.shape[1] == affine.channels;
  if (channels_first) {
    layer.inputs = {affine.input};
    return add(std::move(layer), affine.output_name);
  }
  Shape view = {affine.before, affine.channels};
  if (affine.after != 1) view.push_back(affine.after);
  layer.inputs = {reshape(affine.input, view, affine.layer_name + ".view")};
  const bool same = view == affine.shape;
  const TensorId result = add(std::move(layer), same ? affine.output_name : "");
  return reshape(result, affine.shape, affine.layer_name + ".shape", affine.output_name);
}

std::string Importer::layer_name(const Node& node) {
  std::string name = node.proto().name();
  if (name.empty()) name = node.output_count() > 0 ? node.output() : node.op();
  const std::string last = "/" + node.op();
  if (name.size() > last.size() && name.ends_with(last)) {
    const std::string module = name.substr(0, name.size() - last.size());
    if (module != "/" && !module.empty()) name = module;
  }
  while (name.size() > 1 && name.front() == '/') name.erase(0, 1);
  return name;
}

TensorId Importer::add(Layer layer, const std::string& output_name) {
  const auto unique = [](const std::string& wanted, const std::set<std::string>& taken) {
    std::string name = wanted;
    for (int i = 2; taken.contains(name); ++i) name = fmt::format("{}_{}", wanted, i);
    return name;
  };
  layer.name = unique(layer.name, layer_names_);
  std::string tensor = output_name.empty() ? unique(layer.name, tensor_names_) : output_name;
  const std::string name = layer.name;
  const TensorId id = network_.add_layer(std::move(layer), tensor);
  layer_names_.insert(name);
  tensor_names_.insert(std::move(tensor));
  return id;
}

void Importer::add_for(const Node& node, Operation operation, std::vector<TensorId> inputs,
                       Activation activation) {
  Layer layer;
  layer.name = layer_name(node);
  layer.operation = std::move(operation);
  layer.activation = activation;
  layer.inputs = std::move(inputs);
  define(node.output(), add(std::move(layer), node.output()));
}

TensorId Importer::reshape(TensorId tensor, const Shape& shape, const std::string& layer_name,
                           const std::string& output_name) {
  if (network_.shape(tensor) == shape) return tensor;
  Layer layer;
  layer.name = layer_name;
  layer.operation = Reshape{shape};
  layer.inputs = {tensor};
  return add(std::move(layer), output_name);
}

Parameter Importer::parameter(const Constant& constant) {
  Parameter result = make_parameter(constant);
  result.counted = count_once(constant.origin);
  return result;
}

bool Importer::count_once(const std::string& origin) { return counted_.insert(origin).second; }

}  // namespace heddle::workload::onnx_import
