#include "workload/readers/yaml_layer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <stdexcept>

namespace heddle::workload {
namespace {

constexpr std::int64_t kMostWindow = 1 << 16;
constexpr std::size_t kMostDimensions = 8;

using yaml::Value;

/// 3 or [3, 5].
std::array<std::int64_t, 2> read_pair(const Value& at, std::int64_t least) {
  if (!at.is_list()) {
    const std::int64_t both = at.integer(least, kMostWindow);
    return {both, both};
  }
  const std::vector<Value> elements = at.elements();
  if (elements.size() != 2) {
    at.problem(fmt::format("a list of {}, expected one number or [rows, columns]", elements.size()));
    return {1, 1};
  }
  return {elements[0].integer(least, kMostWindow), elements[1].integer(least, kMostWindow)};
}

/// 1, [rows, columns] or [top, left, bottom, right].
std::array<std::int64_t, 4> read_padding(const Value& at) {
  if (at.is_list()) {
    const std::vector<Value> elements = at.elements();
    if (elements.size() == 4) {
      std::array<std::int64_t, 4> padding{};
      for (std::size_t i = 0; i < 4; ++i) padding[i] = elements[i].integer(0, kMostWindow);
      return padding;
    }
    if (elements.size() != 2) {
      at.problem(
          fmt::format("a list of {}, expected one number, [rows, columns] or [top, left, bottom, right]",
                      elements.size()));
      return {};
    }
  }
  const auto [rows, columns] = read_pair(at, 0);
  return {rows, columns, rows, columns};
}

Window read_window(const Value& at) {
  Window window;
  window.kernel = read_pair(at.required("kernel"), 1);
  if (const auto stride = at.optional("stride")) window.stride = read_pair(*stride, 1);
  if (const auto dilation = at.optional("dilation")) window.dilation = read_pair(*dilation, 1);
  if (const auto padding = at.optional("padding")) window.padding = read_padding(*padding);
  return window;
}

std::int64_t size_or(const Value& at, const std::string& key, std::int64_t otherwise) {
  const auto value = at.optional(key);
  return value ? value->integer(1, kMostElements) : otherwise;
}

double number_or(const Value& at, const std::string& key, double least, double most, double otherwise) {
  const auto value = at.optional(key);
  return value ? value->number(least, most) : otherwise;
}

bool flag_or(const Value& at, const std::string& key, bool otherwise) {
  const auto value = at.optional(key);
  return value ? value->boolean() : otherwise;
}

int axis_or(const Value& at, const std::string& key, int otherwise) {
  const auto value = at.optional(key);
  const auto most = static_cast<std::int64_t>(kMostDimensions);
  return value ? static_cast<int>(value->integer(-most, most - 1)) : otherwise;
}

void read_bias(const Value& at, Layer& layer) {
  if (flag_or(at, "bias", true)) layer.bias.emplace();
}

void read_convolution(const Value& at, LayerEntry& entry) {
  entry.layer.operation = Convolution{.window = read_window(at),
                                      .out_channels = at.required("out").integer(1, kMostElements),
                                      .groups = size_or(at, "groups", 1)};
  read_bias(at, entry.layer);
}

void read_linear(const Value& at, LayerEntry& entry) {
  entry.layer.operation = Linear{.out_features = at.required("out").integer(1, kMostElements)};
  read_bias(at, entry.layer);
}

void read_pool(const Value& at, LayerEntry& entry, Pool::Kind kind) {
  Pool pool{.kind = kind, .window = read_window(at)};
  if (!at.has("stride")) pool.window.stride = pool.window.kernel;
  pool.window.ceil_mode = flag_or(at, "ceil_mode", false);
  pool.count_padding = flag_or(at, "count_padding", false);
  entry.layer.operation = pool;
}

void read_layer_norm(const Value& at, LayerEntry& entry) {
  entry.layer.operation = LayerNorm{.epsilon = number_or(at, "epsilon", 0, 1, 1e-5),
                                    .subtract_mean = flag_or(at, "subtract_mean", true)};
  read_bias(at, entry.layer);
}

void read_local_response_norm(const Value& at, LayerEntry& entry) {
  entry.layer.operation = LocalResponseNorm{.size = size_or(at, "size", 5),
                                            .alpha = number_or(at, "alpha", 0, 1e6, 1e-4),
                                            .beta = number_or(at, "beta", 0, 100, 0.75),
                                            .bias = number_or(at, "k", 0, 1e6, 1.0)};
}

void read_transpose(const Value& at, LayerEntry& entry) {
  Transpose transpose;
  const auto last = static_cast<std::int64_t>(kMostDimensions) - 1;
  for (const Value& axis : at.required("permutation").elements()) {
    transpose.permutation.push_back(static_cast<int>(axis.integer(0, last)));
  }
  entry.layer.operation = std::move(transpose);
}

/// What an operation's entry may hold besides name, op, from and density.
struct OperationFormat {
  std::vector<std::string> keys;
  std::function<void(const Value&, LayerEntry&)> read;
};

const std::map<std::string, OperationFormat>& formats() {
  static const std::map<std::string, OperationFormat> table = {
      {"conv",
       {{"out", "kernel", "stride", "padding", "dilation", "groups", "bias", "activation", "distribution",
         "tied"},
        read_convolution}},
      {"linear", {{"out", "bias", "activation", "distribution", "tied"}, read_linear}},
      {"matmul",
       {{"transpose_b", "activation"},
        [](const Value& at, LayerEntry& entry) {
          entry.layer.operation = MatMul{.transpose_b = flag_or(at, "transpose_b", false)};
        }}},
      {"max_pool",
       {{"kernel", "stride", "padding", "dilation", "ceil_mode"},
        [](const Value& at, LayerEntry& entry) { read_pool(at, entry, Pool::Kind::max); }}},
      {"average_pool",
       {{"kernel", "stride", "padding", "dilation", "ceil_mode", "count_padding"},
        [](const Value& at, LayerEntry& entry) { read_pool(at, entry, Pool::Kind::average); }}},
      {"global_average_pool",
       {{}, [](const Value&, LayerEntry& entry) { entry.layer.operation = GlobalAveragePool{}; }}},
      {"add", {{"activation"}, [](const Value&, LayerEntry& entry) { entry.layer.operation = Add{}; }}},
      {"multiply", {{}, [](const Value&, LayerEntry& entry) { entry.layer.operation = Multiply{}; }}},
      {"concat",
       {{"axis"},
        [](const Value& at, LayerEntry& entry) {
          entry.layer.operation = Concat{.axis = axis_or(at, "axis", 1)};
        }}},
      {"activate",
       {{"activation"},
        [](const Value& at, LayerEntry& entry) {
          entry.layer.operation = Activate{};
          at.required("activation");
        }}},
      {"softmax",
       {{"axis"},
        [](const Value& at, LayerEntry& entry) {
          entry.layer.operation = Softmax{.axis = axis_or(at, "axis", -1)};
        }}},
      {"layer_norm", {{"epsilon", "subtract_mean", "bias"}, read_layer_norm}},
      {"batch_norm",
       {{"activation"}, [](const Value&, LayerEntry& entry) { entry.layer.operation = BatchNorm{}; }}},
      {"local_response_norm", {{"size", "alpha", "beta", "k"}, read_local_response_norm}},
      {"embedding",
       {{"rows", "columns", "distribution", "tied"},
        [](const Value& at, LayerEntry& entry) {
          entry.layer.operation = Embedding{.rows = at.required("rows").integer(1, kMostElements),
                                            .columns = at.required("columns").integer(1, kMostElements)};
        }}},
      {"rotary", {{}, [](const Value&, LayerEntry& entry) { entry.layer.operation = Rotary{}; }}},
      {"reshape",
       {{"shape"},
        [](const Value& at, LayerEntry& entry) {
          entry.layer.operation = Reshape{.shape = read_shape(at.required("shape"), true)};
        }}},
      {"flatten",
       {{},
        [](const Value&, LayerEntry& entry) {
          entry.layer.operation = Reshape{};
          entry.flatten = true;
        }}},
      {"transpose", {{"permutation"}, read_transpose}},
      {"slice",
       {{"axis", "begin", "end"},
        [](const Value& at, LayerEntry& entry) {
          entry.layer.operation = Slice{.axis = axis_or(at, "axis", 0),
                                        .begin = at.required("begin").integer(0, kMostElements),
                                        .end = at.required("end").integer(1, kMostElements)};
        }}},
  };
  return table;
}

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const auto& [key, format] : formats()) names.push_back(key);
  return names;
}

Activation read_activation(const Value& at) {
  std::vector<std::string> known;
  for (int i = 0; i <= static_cast<int>(Activation::silu); ++i) {
    known.emplace_back(name(static_cast<Activation>(i)));
  }
  return activation_of(at.one_of(known)).value_or(Activation::none);
}

bool has_drawn_weights(const Operation& operation) {
  return std::holds_alternative<Convolution>(operation) || std::holds_alternative<Linear>(operation) ||
         std::holds_alternative<Embedding>(operation);
}

void read_density(const Value& at, LayerEntry& entry) {
  at.only_keys({"weights", "activations"});
  if (const auto weights = at.optional("weights")) {
    entry.layer.density.weights = weights->number(0, 1);
    if (!has_drawn_weights(entry.layer.operation)) {
      weights->problem(fmt::format("a {} layer has no weights to thin, expected conv, linear or embedding",
                                   name(entry.layer.operation)));
    }
    if (entry.tied) weights->problem("tied weights have the density of the layer that they belong to");
  }
  if (const auto activations = at.optional("activations"))
    entry.layer.density.activations = activations->number(0, 1);
}

void read_from(const Value& at, LayerEntry& entry) {
  if (!at.is_list()) {
    entry.from.push_back({at.text(), at});
    return;
  }
  for (const Value& element : at.elements()) entry.from.push_back({element.text(), element});
  if (entry.from.empty()) at.problem("an empty list, expected the names of one or more layers or inputs");
}

}  // namespace

void check_name(const Value& at, const std::string& name) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '/' || c == '-';
  };
  if (name.empty() || !std::all_of(name.begin(), name.end(), plain)) {
    at.problem(fmt::format("the name \"{}\", expected letters, digits and _ . / - only", name));
  } else if (name == kPrevious || name == kBlock) {
    at.problem(fmt::format("the name \"{}\" has a meaning in `from`, expected another one", name));
  }
}

std::string read_name(const Value& at) {
  const std::string text = at.text();
  if (at.is_scalar()) check_name(at, text);
  return text;
}

Shape read_shape(const Value& at, bool free) {
  const std::size_t problems = at.problem_count();
  Shape shape;
  std::size_t free_extents = 0;
  for (const Value& element : at.elements()) {
    const std::int64_t extent = element.integer(free ? -1 : 1, kMostElements);
    if (free && extent == 0)
      element.problem("expected an extent of at least 1, or -1 for what is left, got 0");
    if (extent == -1) ++free_extents;
    shape.push_back(extent);
  }
  if (at.problem_count() > problems || (!at.is_list() && !at.is_scalar())) return {1};
  if (shape.empty() || shape.size() > kMostDimensions) {
    at.problem(fmt::format("{} extents, expected 1 to {}", shape.size(), kMostDimensions));
    return {1};
  }
  if (free_extents > 1) {
    at.problem(fmt::format("{} extents of -1, expected at most one", free_extents));
    return {1};
  }
  Shape known = shape;
  std::replace(known.begin(), known.end(), std::int64_t{-1}, std::int64_t{1});
  try {
    element_count(known);
  } catch (const std::invalid_argument& error) {
    at.problem(error.what());
    return {1};
  }
  return shape;
}

LayerEntry read_layer_entry(const Value& at) {
  LayerEntry entry{.at = at, .layer = {}, .from = {}, .tied = {}};
  const std::size_t problems = at.problem_count();
  if (!at.is_map()) {
    at.problem("expected a layer such as {name: fc1, op: linear, out: 10}, or a repeat");
    entry.sound = false;
    return entry;
  }
  entry.layer.name = read_name(at.required("name"));
  if (const auto from = at.optional("from")) read_from(*from, entry);
  const Value op = at.required("op");
  const std::string operation = op.is_scalar() ? op.one_of(operation_names()) : op.text();
  const bool known_operation = op.is_scalar() && op.text() == operation;
  if (known_operation) {
    const OperationFormat& format = formats().at(operation);
    std::vector<std::string> keys = {"name", "op", "from", "density"};
    keys.insert(keys.end(), format.keys.begin(), format.keys.end());
    at.only_keys(keys);
    format.read(at, entry);
    const auto allowed = [&](const char* key) {
      return at.has(key) && std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    if (allowed("activation")) entry.layer.activation = read_activation(at.required("activation"));
    if (allowed("tied")) entry.tied = NameInFile{at.required("tied").text(), at.required("tied")};
    if (allowed("distribution")) {
      entry.layer.distribution = at.required("distribution").one_of({"normal", "uniform"}) == "uniform"
                                     ? Distribution::uniform
                                     : Distribution::normal;
    }
    if (const auto density = at.optional("density")) read_density(*density, entry);
  }
  entry.sound = at.problem_count() == problems;
  return entry;
}

}  // namespace heddle::workload
