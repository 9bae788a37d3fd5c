#include "workload/readers/onnx_patterns.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <stdexcept>

#include "workload/readers/onnx_node.h"

namespace heddle::workload::onnx_import {
namespace {

constexpr int kNone = -1;

bool near(std::optional<double> value, double expected) {
  return value && std::abs(*value - expected) <= 1e-4 * std::abs(expected);
}

class Recognizer {
 public:
  explicit Recognizer(Model& model) : model_(model), graph_(model.graph) {
    for (int i = 0; i < graph_.node_size(); ++i) {
      for (const std::string& output : graph_.node(i).output()) maker_[output] = i;
      for (const std::string& input : graph_.node(i).input()) readers_[input].push_back(i);
    }
    for (const auto& output : graph_.output()) outputs_.insert(output.name());
  }

  void run() {
    for (int i = 0; i < graph_.node_size(); ++i) {
      const std::string op = graph_.node(i).op_type();
      if (op == "Div") layer_norm(i);
      if (op == "Erf") gelu(i);
      if (op == "Mul") gated(i);
      if (op == "Mul") rms_norm(i);
    }
  }

 private:
  Node node(int i) const { return {graph_.node(i), i}; }

  /// The node that makes `name`, if it is of this operator and has at least this many inputs.
  int maker(const std::string& name, const std::string& op, int inputs) const {
    const auto found = maker_.find(name);
    if (found == maker_.end()) return kNone;
    const onnx::NodeProto& proto = graph_.node(found->second);
    return proto.op_type() == op && proto.input_size() >= inputs && proto.output_size() == 1 ? found->second
                                                                                             : kNone;
  }

  /// The one node that reads what node `i` makes, if it is of this operator (of two inputs).
  int only_reader(int i, const std::string& op) const {
    if (graph_.node(i).output_size() != 1 || outputs_.contains(graph_.node(i).output(0))) return kNone;
    const auto found = readers_.find(graph_.node(i).output(0));
    if (found == readers_.end() || found->second.size() != 1) return kNone;
    const onnx::NodeProto& proto = graph_.node(found->second[0]);
    return proto.op_type() == op && proto.input_size() == 2 && proto.output_size() == 1 ? found->second[0]
                                                                                        : kNone;
  }

  /// The other input of a node with two.
  std::string other(int i, const std::string& name) const {
    const onnx::NodeProto& proto = graph_.node(i);
    return proto.input(0) == name ? proto.input(1) : proto.input(0);
  }

  std::optional<Constant> known(const std::string& name) const {
    if (const auto found = model_.constants.find(name); found != model_.constants.end()) return found->second;
    const int constant = maker(name, "Constant", 0);
    if (constant == kNone) return std::nullopt;
    const onnx::TensorProto* tensor = node(constant).tensor("value");
    if (tensor == nullptr) return std::nullopt;
    return read_tensor(*tensor);
  }

  std::optional<double> scalar(const std::string& name) const {
    const std::optional<Constant> constant = known(name);
    if (!constant || constant->count() != 1) return std::nullopt;
    return constant->number(0);
  }

  bool is_vector(const std::string& name) const {
    if (const std::optional<Constant> constant = known(name)) return constant->shape.size() == 1;
    return maker(name, "ConstantOfShape", 1) != kNone;
  }

  /// The single axis of a ReduceMean that keeps its dimension.
  std::optional<std::int64_t> mean_axis(int i) const {
    const auto axes = node(i).integers("axes");
    if (!axes || axes->size() != 1 || node(i).integer("keepdims", 1) != 1) return std::nullopt;
    return axes->front();
  }

  /// Nobody outside of `inner` and `last` reads what `inner` makes.
  bool closed(const std::vector<int>& inner, int last) const {
    for (const int i : inner) {
      for (const std::string& output : graph_.node(i).output()) {
        if (outputs_.contains(output)) return false;
        const auto found = readers_.find(output);
        if (found == readers_.end()) continue;
        for (const int reader : found->second) {
          if (reader != last && std::find(inner.begin(), inner.end(), reader) == inner.end()) return false;
        }
      }
    }
    return true;
  }

  void replace(int last, const std::vector<int>& inner, const std::string& op,
               const std::vector<std::string>& inputs,
               const std::vector<onnx::AttributeProto>& attributes = {}) {
    onnx::NodeProto fused;
    std::string name = graph_.node(last).name();
    // "/encoder/norm/Add_1" is a step of /encoder/norm; the whole is that module's operator.
    if (const auto slash = name.rfind('/'); slash != std::string::npos) name = name.substr(0, slash + 1) + op;
    fused.set_name(name);
    fused.set_op_type(op);
    for (const std::string& input : inputs) fused.add_input(input);
    fused.add_output(graph_.node(last).output(0));
    for (const auto& attribute : attributes) *fused.add_attribute() = attribute;
    for (const int i : inner) {
      for (const std::string& output : graph_.node(i).output()) maker_.erase(output);
      graph_.mutable_node(i)->Clear();
    }
    *graph_.mutable_node(last) = fused;
  }

  static onnx::AttributeProto integer(const std::string& name, std::int64_t value) {
    onnx::AttributeProto attribute;
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
    return attribute;
  }
  static onnx::AttributeProto number(const std::string& name, double value) {
    onnx::AttributeProto attribute;
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::FLOAT);
    attribute.set_f(static_cast<float>(value));
    return attribute;
  }

  /// sqrt(mean(centered^2) + epsilon) read back from its Sqrt.
  struct Deviation {
    std::string of;  ///< the tensor that is squared
    std::int64_t axis = 0;
    double epsilon = 0.0;
    std::vector<int> inner;
  };
  std::optional<Deviation> deviation(const std::string& name) const {
    const int root = maker(name, "Sqrt", 1);
    const int add = root == kNone ? kNone : maker(graph_.node(root).input(0), "Add", 2);
    if (add == kNone) return std::nullopt;
    for (const int side : {0, 1}) {
      const std::optional<double> epsilon = scalar(graph_.node(add).input(1 - side));
      const int mean = maker(graph_.node(add).input(side), "ReduceMean", 1);
      if (!epsilon || mean == kNone || !mean_axis(mean)) continue;
      const std::string& squared = graph_.node(mean).input(0);
      int square = maker(squared, "Pow", 2);
      if (square != kNone && !near(scalar(graph_.node(square).input(1)), 2.0)) square = kNone;
      if (square == kNone) {
        square = maker(squared, "Mul", 2);
        if (square != kNone && graph_.node(square).input(0) != graph_.node(square).input(1)) square = kNone;
      }
      if (square == kNone) continue;
      return Deviation{graph_.node(square).input(0), *mean_axis(mean), *epsilon, {square, mean, add, root}};
    }
    return std::nullopt;
  }

  /// Takes the following Mul and Add with vectors into the pattern as scale and shift.
  void finish_norm(int last, const std::string& x, Deviation found, bool subtract_mean) {
    std::vector<std::string> inputs = {x};
    const auto absorb = [&](const std::string& op) {
      const int next = only_reader(last, op);
      if (next == kNone) return false;
      const std::string vector = other(next, graph_.node(last).output(0));
      if (!is_vector(vector)) return false;
      inputs.push_back(vector);
      found.inner.push_back(last);
      last = next;
      return true;
    };
    if (absorb("Mul") && subtract_mean) absorb("Add");
    if (!closed(found.inner, last)) return;
    std::vector<onnx::AttributeProto> attributes = {integer("axis", found.axis),
                                                    number("epsilon", found.epsilon), integer(kOneAxis, 1)};
    if (!subtract_mean) attributes.push_back(integer(kNoMean, 1));
    replace(last, found.inner, "LayerNormalization", inputs, attributes);
  }

  void layer_norm(int div) {
    if (graph_.node(div).input_size() != 2) return;
    std::optional<Deviation> found = deviation(graph_.node(div).input(1));
    if (!found) return;
    std::string x;
    std::set<std::string> centered = {graph_.node(div).input(0), found->of};
    for (const std::string& name : centered) {  // once, or twice where an exporter repeats the subtraction
      const int sub = maker(name, "Sub", 2);
      const int mean = sub == kNone ? kNone : maker(graph_.node(sub).input(1), "ReduceMean", 1);
      if (mean == kNone || mean_axis(mean) != found->axis) return;
      if (graph_.node(mean).input(0) != graph_.node(sub).input(0)) return;
      if (!x.empty() && x != graph_.node(sub).input(0)) return;
      x = graph_.node(sub).input(0);
      found->inner.push_back(sub);
      if (std::find(found->inner.begin(), found->inner.end(), mean) == found->inner.end())
        found->inner.push_back(mean);
    }
    finish_norm(div, x, *found, true);
  }

  /// x * (1 / sqrt(mean(x^2) + epsilon))
  void rms_norm(int mul) {
    if (graph_.node(mul).input_size() != 2) return;
    for (const int side : {0, 1}) {
      const std::string x = graph_.node(mul).input(side);
      const std::string& factor = graph_.node(mul).input(1 - side);
      int inverse = maker(factor, "Reciprocal", 1);
      std::string root = inverse == kNone ? "" : graph_.node(inverse).input(0);
      if (inverse == kNone) {
        inverse = maker(factor, "Div", 2);
        if (inverse == kNone || !near(scalar(graph_.node(inverse).input(0)), 1.0)) continue;
        root = graph_.node(inverse).input(1);
      }
      std::optional<Deviation> found = deviation(root);
      if (!found || found->of != x) continue;
      found->inner.push_back(inverse);
      finish_norm(mul, x, *found, false);
      return;
    }
  }

  /// 0.5 * x * (1 + erf(x / sqrt 2)), the factors in any order.
  void gelu(int erf) {
    if (graph_.node(erf).input_size() != 1) return;
    const std::string scaled = graph_.node(erf).input(0);
    std::string x;
    int scale = maker(scaled, "Div", 2);
    if (scale != kNone && near(scalar(graph_.node(scale).input(1)), std::sqrt(2.0))) {
      x = graph_.node(scale).input(0);
    } else if (scale = maker(scaled, "Mul", 2); scale != kNone) {
      for (const int side : {0, 1}) {
        if (near(scalar(graph_.node(scale).input(side)), std::sqrt(0.5)))
          x = graph_.node(scale).input(1 - side);
      }
    }
    const int add = only_reader(erf, "Add");
    if (x.empty() || add == kNone || !near(scalar(other(add, graph_.node(erf).output(0))), 1.0)) return;
    const int first = only_reader(add, "Mul");
    if (first == kNone) return;
    std::vector<int> inner = {scale, erf, add};
    const std::string factor = other(first, graph_.node(add).output(0));
    const int half = maker(factor, "Mul", 2);
    const auto is_half_x = [&](int i) {
      for (const int side : {0, 1}) {
        if (graph_.node(i).input(side) == x && near(scalar(graph_.node(i).input(1 - side)), 0.5)) return true;
      }
      return false;
    };
    int last = kNone;
    if (half != kNone && is_half_x(half)) {
      inner.push_back(half);
      last = first;
    } else {
      last = only_reader(first, "Mul");
      if (last == kNone) return;
      const std::string second = other(last, graph_.node(first).output(0));
      const bool matches =
          (factor == x && near(scalar(second), 0.5)) || (second == x && near(scalar(factor), 0.5));
      if (!matches) return;
      inner.push_back(first);
    }
    if (closed(inner, last)) replace(last, inner, "Gelu", {x});
  }

  /// x * sigmoid(x) and x * hard_sigmoid(x)
  void gated(int mul) {
    if (graph_.node(mul).input_size() != 2) return;
    for (const int side : {0, 1}) {
      const std::string x = graph_.node(mul).input(side);
      const std::string gate = graph_.node(mul).input(1 - side);
      const int sigmoid = maker(gate, "Sigmoid", 1);
      if (sigmoid != kNone && graph_.node(sigmoid).input(0) == x && closed({sigmoid}, mul)) {
        return replace(mul, {sigmoid}, "Silu", {x});
      }
      const int hard = maker(gate, "HardSigmoid", 1);
      if (hard != kNone && graph_.node(hard).input(0) == x && closed({hard}, mul) &&
          near(node(hard).number("alpha", 0.2), 1.0 / 6.0) && near(node(hard).number("beta", 0.5), 0.5)) {
        return replace(mul, {hard}, "HardSwish", {x});
      }
    }
  }

  Model& model_;
  onnx::GraphProto& graph_;
  std::map<std::string, int> maker_;
  std::map<std::string, std::vector<int>> readers_;
  std::set<std::string> outputs_;
};

}  // namespace

void recognize_patterns(Model& model) {
  try {
    Recognizer(model).run();
  } catch (const std::logic_error&) {
    // A malformed constant or attribute: no pattern; the importer names the node when it gets there.
  }
}

}  // namespace heddle::workload::onnx_import
