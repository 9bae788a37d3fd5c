#include "workload/readers/onnx_model.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <deque>
#include <set>
#include <stdexcept>

#include "support/error.h"

namespace heddle::workload::onnx_import {
namespace {

/// Protobuf writes its complaints to standard error; ours go through InputError.
void silence_protobuf() {
  static const auto previous = google::protobuf::SetLogHandler(nullptr);
  static_cast<void>(previous);
}

onnx::ModelProto parse(const std::filesystem::path& path) {
  silence_protobuf();
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || !std::filesystem::exists(status)) throw InputError(path.string(), "no such file");
  if (std::filesystem::is_directory(status))
    throw InputError(path.string(), "is a folder, expected an ONNX file");
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw InputError(path.string(), "cannot be opened for reading");
  google::protobuf::io::FileInputStream stream(descriptor);
  stream.SetCloseOnDelete(true);
  onnx::ModelProto model;
  if (!model.ParseFromZeroCopyStream(&stream)) {
    throw InputError(path.string(), "is no ONNX file, or a truncated one (protobuf cannot parse it)");
  }
  if (!model.has_graph() || (model.graph().node_size() == 0 && model.graph().output_size() == 0)) {
    throw InputError(path.string(), "holds no graph, expected an ONNX model");
  }
  return model;
}

std::int64_t checked_opset(const onnx::ModelProto& model, const std::string& file) {
  for (const auto& import : model.opset_import()) {
    if (!import.domain().empty() && import.domain() != "ai.onnx") continue;
    if (import.version() >= kLeastOpset && import.version() <= kMostOpset) return import.version();
    throw InputError(Problem{.file = file,
                             .key_path = "opset_import",
                             .message = fmt::format("operator set {} is not supported, expected {} to {}",
                                                    import.version(), kLeastOpset, kMostOpset)});
  }
  throw InputError(Problem{.file = file,
                           .key_path = "opset_import",
                           .message = "names no version of the ONNX operators, expected one"});
}

std::map<std::string, Constant> take_initializers(onnx::GraphProto& graph, const std::string& file) {
  std::map<std::string, Constant> constants;
  std::vector<Problem> problems;
  const auto note = [&](const std::string& name, const std::string& message) {
    problems.push_back(
        Problem{.file = file, .key_path = fmt::format("initializer \"{}\"", name), .message = message});
  };
  for (onnx::TensorProto& tensor : *graph.mutable_initializer()) {
    try {
      if (!constants.emplace(tensor.name(), read_tensor(tensor)).second)
        note(tensor.name(), "is given twice");
    } catch (const std::invalid_argument& error) {
      note(tensor.name(), error.what());
    }
    onnx::TensorProto().Swap(&tensor);
  }
  if (graph.sparse_initializer_size() > 0) {
    note(graph.sparse_initializer(0).values().name(), "is a sparse tensor, expected dense ones");
  }
  if (!problems.empty()) throw InputError(std::move(problems));
  graph.clear_initializer();
  return constants;
}

/// The names along one cycle, starting from a node that is on it or leads into it.
std::string cycle_from(const onnx::GraphProto& graph, const std::map<std::string, int>& producer,
                       const std::vector<bool>& placed, int start) {
  std::vector<int> path;
  int node = start;
  while (std::find(path.begin(), path.end(), node) == path.end()) {
    path.push_back(node);
    for (const std::string& input : graph.node(node).input()) {
      const auto maker = producer.find(input);
      if (maker != producer.end() && !placed[static_cast<std::size_t>(maker->second)]) {
        node = maker->second;
        break;
      }
    }
  }
  std::string text;
  const auto first = std::find(path.begin(), path.end(), node);
  for (auto at = path.end(); at != first;) {
    --at;
    text += describe(graph.node(*at), *at) + " -> ";
  }
  return text + describe(graph.node(path.back()), path.back());
}

/// Every tensor is made once, by something that comes before its readers.
void check_order(const Model& model) {
  const onnx::GraphProto& graph = model.graph;
  std::vector<Problem> problems;
  const auto note = [&](int index, const std::string& message) {
    problems.push_back(
        Problem{.file = model.file, .key_path = describe(graph.node(index), index), .message = message});
  };

  std::set<std::string> given = {""};
  for (const auto& [name, constant] : model.constants) given.insert(name);
  for (const auto& input : graph.input()) given.insert(input.name());

  std::map<std::string, int> producer;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& output : graph.node(i).output()) {
      if (output.empty()) continue;
      if (given.contains(output) || !producer.emplace(output, i).second) {
        note(i, fmt::format("makes \"{}\", which something else makes already", output));
      }
    }
  }

  // Kahn's algorithm: what cannot be placed is on a cycle or behind one.
  std::vector<int> waiting(static_cast<std::size_t>(graph.node_size()), 0);
  std::vector<std::vector<int>> readers(static_cast<std::size_t>(graph.node_size()));
  bool in_order = true;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& input : graph.node(i).input()) {
      if (given.contains(input)) continue;
      const auto maker = producer.find(input);
      if (maker == producer.end()) {
        note(i,
             fmt::format("reads \"{}\", which is no input, no initializer and no output of a node", input));
        continue;
      }
      in_order = in_order && maker->second < i;
      ++waiting[static_cast<std::size_t>(i)];
      readers[static_cast<std::size_t>(maker->second)].push_back(i);
    }
  }
  for (const auto& output : graph.output()) {
    if (given.contains(output.name()) || producer.contains(output.name())) continue;
    problems.push_back(Problem{.file = model.file,
                               .key_path = fmt::format("output \"{}\"", output.name()),
                               .message = "is made by no node"});
  }
  if (!in_order) {
    std::vector<bool> placed(static_cast<std::size_t>(graph.node_size()), false);
    std::deque<int> ready;
    for (int i = 0; i < graph.node_size(); ++i) {
      if (waiting[static_cast<std::size_t>(i)] == 0) ready.push_back(i);
    }
    while (!ready.empty()) {
      const int node = ready.front();
      ready.pop_front();
      placed[static_cast<std::size_t>(node)] = true;
      for (const int reader : readers[static_cast<std::size_t>(node)]) {
        if (--waiting[static_cast<std::size_t>(reader)] == 0) ready.push_back(reader);
      }
    }
    const auto stuck = std::find(placed.begin(), placed.end(), false);
    if (stuck != placed.end()) {
      const int node = static_cast<int>(stuck - placed.begin());
      note(node, "the graph has a cycle: " + cycle_from(graph, producer, placed, node));
    } else {
      problems.push_back(
          Problem{.file = model.file,
                  .key_path = "graph",
                  .message = "nodes are out of order, expected every node after the ones it reads from"});
    }
  }
  if (!problems.empty()) throw InputError(std::move(problems));
}

}  // namespace

std::string describe(const onnx::NodeProto& node, int index) {
  const std::string name = !node.name().empty() ? node.name() : node.output_size() > 0 ? node.output(0) : "";
  return fmt::format("node {} ({} \"{}\")", index, node.op_type(), name);
}

Model load_model(const std::filesystem::path& path) {
  onnx::ModelProto proto = parse(path);
  Model model;
  model.file = path.string();
  model.opset = checked_opset(proto, model.file);
  model.constants = take_initializers(*proto.mutable_graph(), model.file);
  model.graph.Swap(proto.mutable_graph());
  check_order(model);
  return model;
}

}  // namespace heddle::workload::onnx_import
