// Operators that move or rename elements: Reshape, Transpose, Concat, Slice, Split, Gather, Identity,
// Dropout, ...
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "workload/readers/onnx_folding.h"
#include "workload/readers/onnx_operators.h"

namespace heddle::workload::onnx_import {
namespace {

/// The tensor whatever its elements are; layout does not care.
TensorId any_tensor(Importer& importer, const std::string& name) {
  return importer.is_integral(name) ? importer.indices(name) : importer.tensor(name);
}

void define_reshaped(Importer& importer, const Node& node, const Shape& shape) {
  const std::string& x = node.required_input(0);
  if (importer.shape(x) == shape) return importer.alias(node.output(), x);
  const bool integral = importer.is_integral(x);
  const TensorId id =
      importer.reshape(any_tensor(importer, x), shape, Importer::layer_name(node), node.output());
  importer.define(node.output(), id, integral);
}

const Constant* optional_constant(const Importer& importer, const Node& node, int input, const char* role) {
  return node.has_input(input) ? &importer.constant(node.input(input), role) : nullptr;
}

void reshape(Importer& importer, const Node& node) {
  const Shape wanted = importer.constant(node.required_input(1), "new extents").integer_values();
  define_reshaped(importer, node,
                  reshape_target(importer.shape(node.input(0)), wanted, node.integer("allowzero", 0) != 0));
}

void flatten(Importer& importer, const Node& node) {
  define_reshaped(importer, node, flattened(importer.shape(node.required_input(0)), node.integer("axis", 1)));
}

void squeeze(Importer& importer, const Node& node) {
  const auto axes = axes_of(node, optional_constant(importer, node, 1, "axes"));
  define_reshaped(importer, node, squeezed(importer.shape(node.required_input(0)), axes));
}

void unsqueeze(Importer& importer, const Node& node) {
  const auto axes = axes_of(node, optional_constant(importer, node, 1, "axes"));
  define_reshaped(importer, node, unsqueezed(importer.shape(node.required_input(0)), axes));
}

void identity(Importer& importer, const Node& node) { importer.alias(node.output(), node.required_input(0)); }

void dropout(Importer& importer, const Node& node) {
  if (node.has_input(2)) {
    const Constant& training = importer.constant(node.input(2), "training_mode");
    if (training.count() != 1 || training.number(0) != 0.0) {
      throw std::invalid_argument("is in training mode, expected a network exported for inference");
    }
  }
  importer.alias(node.output(), node.required_input(0));
}

void cast(Importer& importer, const Node& node) {
  const std::string& x = node.required_input(0);
  const auto to = node.integer("to", onnx::TensorProto::UNDEFINED);
  const bool to_float =
      to == onnx::TensorProto::FLOAT || to == onnx::TensorProto::DOUBLE || to == onnx::TensorProto::FLOAT16;
  const bool to_integer = to == onnx::TensorProto::INT64 || to == onnx::TensorProto::INT32;
  if ((to_float && !importer.is_integral(x)) || (to_integer && importer.is_integral(x))) {
    return importer.alias(node.output(), x);
  }
  throw std::invalid_argument("casts data between floats and integers, expected floats to stay floats");
}

void transpose(Importer& importer, const Node& node) {
  const std::string& x = node.required_input(0);
  const Shape shape = importer.shape(x);
  std::vector<int> permutation;
  if (const auto given = node.integers("perm")) {
    for (const std::int64_t axis : *given) permutation.push_back(normal_axis(axis, shape.size()));
  } else {
    for (std::size_t i = shape.size(); i-- > 0;) permutation.push_back(static_cast<int>(i));
  }
  std::vector<int> unchanged(shape.size());
  std::iota(unchanged.begin(), unchanged.end(), 0);
  if (permutation == unchanged) {
    return importer.alias(node.output(), x);
  }
  importer.add_for(node, Transpose{permutation}, {importer.tensor(x)});
}

void concat(Importer& importer, const Node& node) {
  if (node.input_count() == 1) return importer.alias(node.output(), node.required_input(0));
  std::vector<TensorId> inputs;
  for (int i = 0; i < node.input_count(); ++i) inputs.push_back(importer.tensor(node.required_input(i)));
  if (inputs.empty()) throw std::invalid_argument("has no inputs, expected at least one");
  const Shape first = importer.network().shape(inputs.front());
  importer.add_for(node, Concat{normal_axis(node.integer("axis", 1), first.size())}, std::move(inputs));
}

/// [begin, end) along one axis, as a layer; the tensor itself when that is all of it.
TensorId sliced(Importer& importer, const std::string& name, TensorId x, Slice slice,
                const std::string& output = "") {
  if (slice.begin == 0 && slice.end == importer.network().shape(x)[static_cast<std::size_t>(slice.axis)])
    return x;
  Layer layer;
  layer.name = name;
  layer.operation = slice;
  layer.inputs = {x};
  return importer.add(std::move(layer), output);
}

void slice(Importer& importer, const Node& node) {
  std::vector<const Constant*> inputs = {nullptr};
  for (int i = 1; i < node.input_count(); ++i)
    inputs.push_back(optional_constant(importer, node, i, "ranges"));
  TensorId x = importer.tensor(node.required_input(0));
  const Shape shape = importer.network().shape(x);
  for (const SliceRange& range : slice_ranges(node, shape, inputs)) {
    if (range.step != 1) throw std::invalid_argument(fmt::format("a step of {}, expected 1", range.step));
    x = sliced(importer, Importer::layer_name(node), x, Slice{range.axis, range.begin, range.end});
  }
  importer.define(node.output(), x);
}

void split(Importer& importer, const Node& node) {
  const TensorId x = importer.tensor(node.required_input(0));
  const Shape shape = importer.network().shape(x);
  const int axis = normal_axis(node.integer("axis", 0), shape.size());
  const std::int64_t extent = shape[static_cast<std::size_t>(axis)];
  const auto parts = static_cast<std::int64_t>(node.output_count());
  std::vector<std::int64_t> sizes;
  if (const Constant* given = optional_constant(importer, node, 1, "sizes")) {
    sizes = given->integer_values();
  } else if (const auto attribute = node.integers("split")) {
    sizes = *attribute;
  } else if (extent % parts == 0) {
    sizes.assign(static_cast<std::size_t>(parts), extent / parts);
  }
  if (static_cast<std::int64_t>(sizes.size()) != parts) {
    throw std::invalid_argument(fmt::format(
        "splits {} elements into {} parts, expected as many sizes, or equal parts", extent, parts));
  }
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 1 || sizes[i] > extent - begin) {
      throw std::invalid_argument(fmt::format("part {} has {} of {} elements", i, sizes[i], extent));
    }
    const std::string& output = node.output(static_cast<int>(i));
    if (!output.empty()) {
      importer.define(output, sliced(importer, fmt::format("{}.{}", Importer::layer_name(node), i), x,
                                     Slice{axis, begin, begin + sizes[i]}, output));
    }
    begin += sizes[i];
  }
  if (begin != extent)
    throw std::invalid_argument(fmt::format("its parts hold {} elements, expected {}", begin, extent));
}

/// A table read by the network's input is an embedding; a constant index picks one slice.
void gather(Importer& importer, const Node& node) {
  const std::string& data = node.required_input(0);
  const std::string& index = node.required_input(1);
  const Shape shape = importer.shape(data);
  const int axis = normal_axis(node.integer("axis", 0), shape.size());
  if (const Constant* table = importer.constant_if_known(data)) {
    if (shape.size() != 2 || axis != 0 || table->integral) {
      throw std::invalid_argument(fmt::format(
          "looks up rows of a constant of {} along axis {}, expected a matrix of floats and axis 0",
          to_string(shape), axis));
    }
    Layer layer;
    layer.name = Importer::layer_name(node);
    layer.operation = Embedding{shape[0], shape[1]};
    layer.weights = importer.parameter(*table);
    layer.inputs = {importer.indices(index)};
    return importer.define(node.output(), importer.add(std::move(layer), node.output()));
  }
  const Constant& picked = importer.constant(index, "indices");
  if (picked.count() != 1) {
    throw std::invalid_argument(
        fmt::format("picks {} indices of computed data, expected one", to_string(picked.shape)));
  }
  const std::int64_t extent = shape[static_cast<std::size_t>(axis)];
  const std::int64_t at = picked.integer(0) < 0 ? picked.integer(0) + extent : picked.integer(0);
  if (at < 0 || at >= extent) {
    throw std::invalid_argument(fmt::format("index {} into {} elements", picked.integer(0), extent));
  }
  Shape result(shape.begin(), shape.begin() + axis);
  result.insert(result.end(), picked.shape.begin(), picked.shape.end());
  result.insert(result.end(), shape.begin() + axis + 1, shape.end());
  const std::string name = Importer::layer_name(node);
  const TensorId slice = sliced(importer, name, importer.tensor(data), Slice{axis, at, at + 1});
  importer.define(node.output(), importer.reshape(slice, result, name + ".shape", node.output()));
}

/// Expand to the shape that the tensor has already, which is what exporters leave of a no-op.
void expand(Importer& importer, const Node& node) {
  const Shape wanted = importer.constant(node.required_input(1), "new extents").integer_values();
  const Shape shape = importer.shape(node.required_input(0));
  if (broadcast(shape, wanted) != shape) {
    throw std::invalid_argument(fmt::format("enlarges {} to {}, expected the same extents", to_string(shape),
                                            to_string(broadcast(shape, wanted))));
  }
  importer.alias(node.output(), node.input(0));
}

}  // namespace

void add_layout_operators(Handlers& table) {
  table["Reshape"] = reshape;
  table["Flatten"] = flatten;
  table["Squeeze"] = squeeze;
  table["Unsqueeze"] = unsqueeze;
  table["Identity"] = identity;
  table["Dropout"] = dropout;
  table["Cast"] = cast;
  table["Transpose"] = transpose;
  table["Concat"] = concat;
  table["Slice"] = slice;
  table["Split"] = split;
  table["Gather"] = gather;
  table["Expand"] = expand;
}

}  // namespace heddle::workload::onnx_import
