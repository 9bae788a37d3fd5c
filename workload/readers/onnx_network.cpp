#include "workload/readers/onnx_network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "support/error.h"
#include "workload/readers/onnx_folding.h"
#include "workload/readers/onnx_operators.h"
#include "workload/readers/onnx_patterns.h"

namespace heddle::workload {
namespace onnx_import {
namespace {

/// Operators that only make sense as a part of a pattern, or on constants.
const std::set<std::string> kPatternOperators = {"Erf", "Pow", "Sqrt", "Reciprocal"};
constexpr std::size_t kMostProblems = 50;

bool is_input_type(int type) {
  return type == onnx::TensorProto::FLOAT || type == onnx::TensorProto::DOUBLE ||
         type == onnx::TensorProto::FLOAT16 || type == onnx::TensorProto::INT64 ||
         type == onnx::TensorProto::INT32;
}

bool is_dynamic(const onnx::TensorShapeProto::Dimension& dimension) {
  return !dimension.has_dim_value() || dimension.dim_value() < 0;
}

/// Reads one graph into one network; notes problems and goes on.
class Reader {
 public:
  Reader(Model& model, Network& network, std::optional<std::int64_t> batch)
      : model_(model), network_(network), importer_(model, network), batch_(batch) {}

  void read() {
    read_inputs();
    stop_on_problems();
    for (int i = 0; i < model_.graph.node_size() && problems_.size() < kMostProblems; ++i) {
      const onnx::NodeProto& proto = model_.graph.node(i);
      if (!proto.op_type().empty()) read_node(proto, i);
    }
    note_unknown_operators();
    stop_on_problems();
    mark_outputs();
    if (problems_.empty() && network_.layers().empty()) note("graph", "has no layer, expected at least one");
    stop_on_problems();
  }

 private:
  void note(const std::string& where, const std::string& message) {
    problems_.push_back(Problem{.file = model_.file, .key_path = where, .message = message});
  }
  void stop_on_problems() {
    if (!problems_.empty()) throw InputError(std::move(problems_));
  }

  void read_inputs() {
    std::set<std::string> batch_names;
    bool any_dynamic = false;
    for (const onnx::ValueInfoProto& input : model_.graph.input()) {
      if (model_.constants.contains(input.name()) || input.type().tensor_type().shape().dim_size() == 0)
        continue;
      const auto& first = input.type().tensor_type().shape().dim(0);
      any_dynamic = any_dynamic || is_dynamic(first);
      if (first.has_dim_param()) batch_names.insert(first.dim_param());
    }
    if (batch_ && *batch_ < 1) note("batch", fmt::format("is {}, expected at least 1", *batch_));
    for (const onnx::ValueInfoProto& input : model_.graph.input()) {
      if (!model_.constants.contains(input.name())) read_input(input, batch_names, any_dynamic);
    }
    if (network_.inputs().empty() && problems_.empty()) note("graph", "has no inputs, expected at least one");
  }

  void read_input(const onnx::ValueInfoProto& input, const std::set<std::string>& batch_names,
                  bool any_dynamic) {
    const std::string where = fmt::format("input \"{}\"", input.name());
    if (!input.type().has_tensor_type()) return note(where, "is no tensor, expected one");
    const auto& type = input.type().tensor_type();
    if (!is_input_type(type.elem_type())) {
      return note(where, fmt::format("has elements of type {}, expected floats, or int32 or int64 indices",
                                     onnx::TensorProto::DataType_IsValid(type.elem_type())
                                         ? onnx::TensorProto::DataType_Name(
                                               static_cast<onnx::TensorProto::DataType>(type.elem_type()))
                                         : std::to_string(type.elem_type())));
    }
    if (!type.has_shape()) return note(where, "has no shape, expected one");
    Shape shape;
    for (int axis = 0; axis < type.shape().dim_size(); ++axis) {
      const auto& dimension = type.shape().dim(axis);
      if (!is_dynamic(dimension)) {
        shape.push_back(dimension.dim_value());
      } else if (axis == 0 || (dimension.has_dim_param() && batch_names.contains(dimension.dim_param()))) {
        shape.push_back(batch_.value_or(1));
      } else {
        return note(
            where,
            fmt::format("dimension {} ({}) is dynamic, expected a number (only the first, the batch, may be "
                        "dynamic)",
                        axis, dimension.has_dim_param() ? dimension.dim_param() : "no name"));
      }
    }
    if (batch_ && !any_dynamic && (shape.empty() || shape[0] != *batch_)) {
      return note(where,
                  fmt::format("has the fixed shape {}, expected a dynamic first dimension for a batch of {}",
                              to_string(shape), *batch_));
    }
    try {
      if (checked_count(shape) == 0)
        throw std::invalid_argument(fmt::format("shape {} has no elements", to_string(shape)));
      const bool integral =
          type.elem_type() == onnx::TensorProto::INT64 || type.elem_type() == onnx::TensorProto::INT32;
      importer_.define(input.name(), network_.add_input(input.name(), shape), integral);
    } catch (const std::logic_error& error) {
      note(where, error.what());
    }
  }

  void read_node(const onnx::NodeProto& proto, int index) {
    const Node node(proto, index);
    const auto give_up = [&] {
      for (const std::string& output : proto.output()) importer_.define_broken(output);
    };
    const bool own_domain = proto.domain().empty() || proto.domain() == "ai.onnx" ||
                            (proto.domain() == "com.microsoft" && proto.op_type() == "Gelu");
    const std::string& op = proto.op_type();
    const bool is_shape = op == "Shape" || op == "Size";
    const auto handler = handlers().find(op);
    if (!own_domain ||
        (handler == handlers().end() && !can_fold(op) && !is_shape && !kPatternOperators.contains(op))) {
      unknown_[own_domain ? op : proto.domain() + "." + op].push_back(describe(proto, index));
      return give_up();
    }
    if (std::any_of(proto.input().begin(), proto.input().end(),
                    [&](const auto& name) { return importer_.is_broken(name); })) {
      return give_up();
    }
    try {
      if (proto.output_size() == 0) throw std::invalid_argument("has no outputs, expected at least one");
      for (int i = 1; i < proto.output_size() && op != "Split"; ++i) {
        if (!proto.output(i).empty() && importer_.readers_of(proto.output(i)) > 0) {
          throw std::invalid_argument(fmt::format(
              "its output {} (\"{}\") is read, expected only the first to be", i + 1, proto.output(i)));
        }
      }
      if (is_shape) {
        importer_.define(node.output(), shape_of(node));
      } else if (can_fold(op) && all_known(proto)) {
        std::vector<const Constant*> inputs;
        for (const std::string& input : proto.input()) inputs.push_back(importer_.constant_if_known(input));
        importer_.define(node.output(), fold(node, model_.opset, inputs));
      } else if (handler != handlers().end()) {
        handler->second(importer_, node);
      } else {
        throw std::invalid_argument(
            kPatternOperators.contains(op)
                ? "is supported as a part of layer normalization, RMS normalization or GELU only"
                : "is supported on constants only");
      }
    } catch (const std::logic_error& error) {
      note(describe(proto, index), error.what());
      give_up();
    }
  }

  bool all_known(const onnx::NodeProto& proto) const {
    return std::all_of(proto.input().begin(), proto.input().end(), [&](const std::string& name) {
      return name.empty() || importer_.constant_if_known(name) != nullptr;
    });
  }

  Constant shape_of(const Node& node) const {
    Shape shape = importer_.shape(node.required_input(0));
    if (node.op() == "Size") return make_integers({}, {checked_count(shape)});
    const auto rank = static_cast<std::int64_t>(shape.size());
    const auto bound = [&](std::int64_t at) {
      return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
    };
    const std::int64_t begin = bound(node.integer("start", 0));
    const std::int64_t end = std::max(begin, bound(node.integer("end", rank)));
    return make_integers({end - begin},
                         std::vector<std::int64_t>(shape.begin() + begin, shape.begin() + end));
  }

  void note_unknown_operators() {
    for (const auto& [op, nodes] : unknown_) {
      const std::vector<std::string> supported = supported_onnx_operators();
      note(nodes.front(),
           fmt::format("operator {} is not supported{}{}; supported: {}", op, did_you_mean(op, supported),
                       nodes.size() == 1 ? "" : fmt::format(" ({} nodes use it)", nodes.size()),
                       fmt::join(supported, ", ")));
    }
  }

  void mark_outputs() {
    if (model_.graph.output_size() == 0) note("graph", "has no outputs, expected at least one");
    for (const onnx::ValueInfoProto& output : model_.graph.output()) {
      const std::string where = fmt::format("output \"{}\"", output.name());
      try {
        const TensorId id = importer_.tensor(output.name());
        network_.mark_output(id);
        check_declared_shape(output, network_.shape(id), where);
      } catch (const std::logic_error& error) {
        note(where, error.what());
      }
    }
  }

  /// A shape that the file states must be the one that its layers give.
  void check_declared_shape(const onnx::ValueInfoProto& output, const Shape& shape,
                            const std::string& where) {
    if (!output.type().has_tensor_type() || !output.type().tensor_type().has_shape()) return;
    const auto& declared = output.type().tensor_type().shape();
    bool same = declared.dim_size() == static_cast<int>(shape.size());
    Shape stated;
    for (int axis = 0; axis < declared.dim_size(); ++axis) {
      const bool open = is_dynamic(declared.dim(axis));
      stated.push_back(open ? -1 : declared.dim(axis).dim_value());
      same = same && (open || shape[static_cast<std::size_t>(axis)] == stated.back());
    }
    if (!same) {
      note(where, fmt::format("is {} by its layers, but the file states {} (-1: dynamic)", to_string(shape),
                              to_string(stated)));
    }
  }

  Model& model_;
  Network& network_;
  Importer importer_;
  std::optional<std::int64_t> batch_;
  std::map<std::string, std::vector<std::string>> unknown_;
  std::vector<Problem> problems_;
};

}  // namespace
}  // namespace onnx_import

Network read_onnx_network(const std::filesystem::path& path, std::optional<std::int64_t> batch) {
  onnx_import::Model model = onnx_import::load_model(path);
  onnx_import::recognize_patterns(model);
  Network network(path.stem().string());
  onnx_import::Reader(model, network, batch).read();
  return network;
}

std::vector<std::string> supported_onnx_operators() {
  std::set<std::string> names = onnx_import::kPatternOperators;
  for (const auto& [name, handler] : onnx_import::handlers()) names.insert(name);
  for (const std::string& name : onnx_import::foldable_operators()) names.insert(name);
  names.insert({"Shape", "Size"});
  names.erase("Silu");  // exists only as a recognized pattern
  return {names.begin(), names.end()};
}

}  // namespace heddle::workload
