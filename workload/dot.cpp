#include "workload/dot.h"

#include <fmt/format.h>

namespace heddle::workload {
namespace {

/// A quoted string; lines are joined by "\n".
std::string quoted(const std::vector<std::string>& lines) {
  std::string result = "\"";
  for (const std::string& line : lines) {
    if (result.size() > 1) result += "\\n";
    for (const char character : line) {
      if (character == '"' || character == '\\') result += '\\';
      result += character == '\n' ? ' ' : character;
    }
  }
  return result + "\"";
}

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return digits;
}

std::int64_t parameters(const Layer& layer) {
  std::int64_t sum = 0;
  for (const auto* parameter : {&layer.weights, &layer.bias, &layer.extra}) {
    if (*parameter && (*parameter)->counted) sum += element_count((*parameter)->shape);
  }
  return sum;
}

std::vector<std::string> label(const Network& network, const Layer& layer) {
  std::vector<std::string> lines = {layer.name, std::string(name(layer.operation))};
  if (const auto* conv = std::get_if<Convolution>(&layer.operation)) {
    lines.back() += fmt::format(" {}x{}", conv->window.kernel[0], conv->window.kernel[1]);
  }
  if (layer.activation != Activation::none) lines.back() += fmt::format(", {}", name(layer.activation));
  lines.push_back(to_string(network.shape(layer.output)));
  if (const std::int64_t count = macs(network, layer); count > 0) lines.push_back(grouped(count) + " MACs");
  if (const std::int64_t count = parameters(layer); count > 0)
    lines.push_back(grouped(count) + " parameters");
  return lines;
}

}  // namespace

std::string to_dot(const Network& network) {
  std::string text = fmt::format("digraph {} {{\n", quoted({network.name()}));
  text += fmt::format("  label={};\n",
                      quoted({fmt::format("{}: {} MACs, {} parameters", network.name(),
                                          grouped(network.macs()), grouped(network.parameter_count()))}));
  text += "  node [fontname=\"Helvetica\", shape=box];\n  edge [fontname=\"Helvetica\", fontsize=10];\n";
  for (const TensorId input : network.inputs()) {
    const Value& value = network.values()[static_cast<std::size_t>(input)];
    text += fmt::format("  t{} [shape=ellipse, label={}];\n", input,
                        quoted({value.name, to_string(value.shape)}));
    for (const int consumer : value.consumers) text += fmt::format("  t{} -> l{};\n", input, consumer);
  }
  for (const int index : network.topological_order()) {
    text += fmt::format("  l{} [label={}];\n", index,
                        quoted(label(network, network.layers()[static_cast<std::size_t>(index)])));
  }
  const auto [begin, end] = boost::edges(network.graph());
  const auto tensor_of = boost::get(boost::edge_index, network.graph());
  for (auto edge = begin; edge != end; ++edge) {
    text += fmt::format("  l{} -> l{} [label={}];\n", boost::source(*edge, network.graph()),
                        boost::target(*edge, network.graph()),
                        quoted({to_string(network.shape(tensor_of[*edge]))}));
  }
  for (const TensorId output : network.outputs()) {
    const Value& value = network.values()[static_cast<std::size_t>(output)];
    if (value.producer < 0) continue;
    text += fmt::format("  out{} [shape=ellipse, label={}];\n  l{} -> out{};\n", output, quoted({value.name}),
                        value.producer, output);
  }
  return text + "}\n";
}

}  // namespace heddle::workload
