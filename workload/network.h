// A network: a directed acyclic graph of layers, joined by tensors.
#pragma once

#include <boost/graph/adjacency_list.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "workload/layer.h"
#include "workload/mac_shape.h"

namespace heddle::workload {

/// A tensor that flows between layers. Input tensors have no producer.
struct Value {
  std::string name;
  Shape shape;
  int producer = -1;           ///< layer index; -1 for a network input
  std::vector<int> consumers;  ///< layer indices, in the order they were added, each once
};

/// Vertices are layers (same index as in layers()), edges are labelled with the tensor that flows.
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, boost::no_property,
                                    boost::property<boost::edge_index_t, TensorId>>;

/// Layers are added in any order in which every input exists; shapes are inferred and checked on the way, so
/// a Network that exists is consistent and acyclic.
class Network {
 public:
  explicit Network(std::string name) : name_(std::move(name)) {}

  TensorId add_input(const std::string& name, const Shape& shape);
  /// Adds a layer that reads `layer.inputs`; sets its output, infers the output's shape and the parameters'
  /// shapes (parameters that came with values must have the inferred shape). `output_name` defaults to the
  /// layer's name. Throws std::invalid_argument saying what is wrong and what was expected (readers add the
  /// mark).
  TensorId add_layer(Layer layer, std::string output_name = "");
  void mark_output(TensorId tensor);

  const std::string& name() const { return name_; }
  const std::vector<Layer>& layers() const { return layers_; }
  const std::vector<Value>& values() const { return values_; }
  const std::vector<TensorId>& inputs() const { return inputs_; }
  /// Marked outputs, or every tensor that nobody reads.
  std::vector<TensorId> outputs() const;
  const Graph& graph() const { return graph_; }
  /// Layer indices such that producers come before consumers (Boost's topological sort), in the order of
  /// addition.
  std::vector<int> topological_order() const;

  const Shape& shape(TensorId tensor) const { return values_.at(static_cast<std::size_t>(tensor)).shape; }
  /// Multiply-accumulates of all conv, linear and matmul layers.
  std::int64_t macs() const;
  /// Counted parameters (weights and biases; tied ones once).
  std::int64_t parameter_count() const;

 private:
  void check_tensor_name(const std::string& name) const;

  std::string name_;
  std::set<std::string> layer_names_;
  std::set<std::string> tensor_names_;
  std::vector<Layer> layers_;
  std::vector<Value> values_;
  std::vector<TensorId> inputs_;
  std::vector<TensorId> outputs_;
  Graph graph_;
};

/// The loop nest of a conv, linear or matmul layer; nothing for others.
std::optional<MacShape> mac_shape(const Network& network, const Layer& layer);
/// Multiply-accumulates of one layer, 0 for others.
std::int64_t macs(const Network& network, const Layer& layer);

}  // namespace heddle::workload
