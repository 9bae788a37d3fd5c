// The state of one import: what every ONNX tensor name stands for so far, and the network that grows.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "workload/network.h"
#include "workload/readers/onnx_constants.h"
#include "workload/readers/onnx_model.h"
#include "workload/readers/onnx_node.h"

namespace heddle::workload::onnx_import {

/// Comes from a node that has a problem already; its readers are skipped.
struct Broken {};

/// A tensor of the network.
struct Computed {
  TensorId id = -1;
  bool integral = false;  ///< indices of an embedding
};

/// scale * x + shift, by channel, that has not become a layer yet: further arithmetic with constants may join
/// it. The tensor is seen as [before, channels, after].
struct Affine {
  std::string layer_name;
  std::string output_name;
  TensorId input = -1;
  Shape shape;
  std::int64_t before = 1, channels = 1, after = 1;
  std::shared_ptr<const std::vector<float>> scale, shift;  ///< null: a shape only
  bool scale_counted = false, shift_counted = false;       ///< false where the numbers are no parameters
};

/// A linear layer without bias that waits for the Add that may follow.
struct OpenLinear {
  Layer layer;
  std::string output_name;
  Shape shape;
};

/// A padded tensor that waits for the window that takes the padding over.
struct Padded {
  TensorId input = -1;
  Shape shape;                                         ///< with padding
  std::array<std::int64_t, 4> padding = {0, 0, 0, 0};  ///< top, left, bottom, right
  double value = 0.0;
};

/// All functions throw std::invalid_argument with what is wrong; the reader adds file and node.
class Importer {
 public:
  Importer(const Model& model, Network& network);

  std::int64_t opset() const { return opset_; }
  const Network& network() const { return network_; }

  void define(const std::string& name, Constant constant);
  void define(const std::string& name, TensorId id, bool integral = false);
  void define(const std::string& name, Affine affine) { values_[name] = std::move(affine); }
  void define(const std::string& name, OpenLinear linear) { values_[name] = std::move(linear); }
  void define(const std::string& name, Padded padded) { values_[name] = padded; }
  void define_broken(const std::string& name) { values_[name] = Broken{}; }
  /// `name` is another name for what `source` stands for.
  void alias(const std::string& name, const std::string& source);

  bool is_broken(const std::string& name) const;
  /// The value, if it is known; null for "" and for computed tensors.
  const Constant* constant_if_known(const std::string& name) const;
  /// The value, which must be known. `role` says what it is for the message ("weights").
  const Constant& constant(const std::string& name, const char* role) const;
  Shape shape(const std::string& name) const;
  /// The tensor as floats; what waits under this name becomes a layer first.
  TensorId tensor(const std::string& name);
  /// The tensor as indices.
  TensorId indices(const std::string& name);
  bool is_integral(const std::string& name) const;
  /// What waits under `name`, if it is of this kind and nobody but the current node reads it; null otherwise.
  template <class Waiting>
  const Waiting* waiting(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end() || readers_of(name) != 1) return nullptr;
    return std::get_if<Waiting>(&found->second);
  }
  const Padded* padded(const std::string& name) const;

  /// How many nodes and graph outputs read `name`.
  int readers_of(const std::string& name) const;

  /// The node's name without its module path's ornaments: "/layer1/conv1/Conv" is "layer1/conv1".
  static std::string layer_name(const Node& node);
  /// Adds a layer (its name made unique). Its tensor is called `output_name`, or after the layer.
  TensorId add(Layer layer, const std::string& output_name = "");
  /// Adds a layer named after the node, whose output is the node's.
  void add_for(const Node& node, Operation operation, std::vector<TensorId> inputs,
               Activation activation = Activation::none);
  /// The tensor in another shape: itself when the shape is the same.
  TensorId reshape(TensorId tensor, const Shape& shape, const std::string& layer_name,
                   const std::string& output_name = "");

  /// A layer's parameter from a constant; one that an earlier layer has already is not counted again.
  Parameter parameter(const Constant& constant);
  /// Whether a parameter of this origin is still to be counted; notes it.
  bool count_once(const std::string& origin);

 private:
  using Value = std::variant<Broken, Constant, Computed, Affine, OpenLinear, Padded>;

  const Value& value(const std::string& name) const;
  TensorId settle(const std::string& name);
  TensorId add_affine(const Affine& affine);

  std::int64_t opset_;
  Network& network_;
  std::map<std::string, Value> values_;
  std::map<std::string, int> readers_;
  std::set<std::string> layer_names_;
  std::set<std::string> tensor_names_;
  std::set<std::string> counted_;
};

}  // namespace heddle::workload::onnx_import
