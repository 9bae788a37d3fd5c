#include "workload/shape_inference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

namespace heddle::workload {
namespace {

constexpr std::int64_t kMostWindow =
    1 << 16;  // kernel, stride, dilation, padding; keeps their products in range

template <class... Arguments>
[[noreturn]] void fail(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  throw std::invalid_argument(fmt::format(text, std::forward<Arguments>(arguments)...));
}

void need_rank(const Shape& shape, std::size_t rank, const char* layout) {
  if (shape.size() != rank) {
    fail("the input is {} ({} dimensions), expected {} dimensions: {}", to_string(shape), shape.size(), rank,
         layout);
  }
}

void need_rank_from(const Shape& shape, std::size_t least) {
  if (shape.size() < least) {
    fail("the input is {} ({} dimensions), expected at least {}", to_string(shape), shape.size(), least);
  }
}

int normal_axis(int axis, const Shape& shape) {
  const int rank = static_cast<int>(shape.size());
  if (axis < -rank || axis >= rank) {
    fail("axis {} of a tensor of {}, expected {} to {}", axis, to_string(shape), -rank, rank - 1);
  }
  return axis < 0 ? axis + rank : axis;
}

void check_window(const Window& window) {
  for (std::size_t a = 0; a < 2; ++a) {
    for (const auto& [what, value] :
         {std::pair{"kernel", window.kernel[a]}, std::pair{"stride", window.stride[a]},
          std::pair{"dilation", window.dilation[a]}}) {
      if (value < 1 || value > kMostWindow) fail("a {} of {}, expected 1 to {}", what, value, kMostWindow);
    }
  }
  for (const std::int64_t padding : window.padding) {
    if (padding < 0 || padding > kMostWindow) fail("a padding of {}, expected 0 to {}", padding, kMostWindow);
  }
}

std::int64_t window_output(const Window& window, int axis, std::int64_t input_size) {
  const std::int64_t size = window.output_size(axis, input_size);
  if (size >= 1) return size;
  const auto a = static_cast<std::size_t>(axis);
  fail("the window does not fit: {} {} and padding {} + {}, but a kernel of {} with dilation {} spans {}",
       input_size, axis == 0 ? "input rows" : "input columns", window.padding[a], window.padding[a + 2],
       window.kernel[a], window.dilation[a], window.dilation[a] * (window.kernel[a] - 1) + 1);
}

/// A pooling window that sees only padding has no value.
void check_pool_sees_input(const Window& window, int axis, std::int64_t input_size) {
  const auto a = static_cast<std::size_t>(axis);
  const std::int64_t reach = window.dilation[a] * (window.kernel[a] - 1);
  const std::int64_t count = window.output_size(axis, input_size);
  const auto sees_input = [&](std::int64_t output) {
    const std::int64_t start = output * window.stride[a] - window.padding[a];
    const std::int64_t d = window.dilation[a];
    const std::int64_t first = start >= 0 ? start : start + (-start + d - 1) / d * d;  // first tap from 0 on
    return first < input_size && first <= start + reach;
  };
  std::int64_t bad = -1;
  for (std::int64_t o = 0; o < count && o * window.stride[a] < window.padding[a] && bad < 0; ++o) {
    if (!sees_input(o)) bad = o;
  }
  for (std::int64_t o = count - 1; o >= 0 && bad < 0; --o) {
    if (o * window.stride[a] - window.padding[a] + reach < input_size) break;
    if (!sees_input(o)) bad = o;
  }
  if (bad >= 0) {
    fail("the window of output {} {} sees only padding: kernel {}, dilation {}, padding {} + {} on {} inputs",
         axis == 0 ? "row" : "column", bad, window.kernel[a], window.dilation[a], window.padding[a],
         window.padding[a + 2], input_size);
  }
}

void check_parameter(const char* what, Parameter& parameter, const Shape& expected) {
  if (parameter.shape.empty()) parameter.shape = expected;
  if (parameter.shape != expected) {
    fail("{} of shape {}, expected {}", what, to_string(parameter.shape), to_string(expected));
  }
  const std::int64_t count = element_count(parameter.shape);
  if (!parameter.values) return;
  if (static_cast<std::int64_t>(parameter.values->size()) != count) {
    fail("{} with {} values, expected {} ({})", what, parameter.values->size(), count, to_string(expected));
  }
  const auto bad = std::find_if(parameter.values->begin(), parameter.values->end(),
                                [](float value) { return !std::isfinite(value); });
  if (bad != parameter.values->end()) {
    fail("value {} of the {} is {}, expected a finite number", bad - parameter.values->begin(), what, *bad);
  }
}

/// What a second operand of `b` must look like to be broadcast to `a` (numpy's rule, extents aligned at the
/// end).
bool broadcasts_to(const Shape& b, const Shape& a) {
  if (b.size() > a.size()) return false;
  return std::equal(b.rbegin(), b.rend(), a.rbegin(),
                    [](auto from, auto to) { return from == to || from == 1; });
}

/// One overload for each operation; sets parameters, completes attributes, returns the output's shape.
class Inference {
 public:
  Inference(Layer& layer, const std::vector<Shape>& inputs) : layer_(layer), inputs_(inputs) {}

  Shape operator()(Convolution& conv) const {
    const Shape& in = only_input();
    need_rank(in, 4, "[n, channels, rows, columns]");
    check_window(conv.window);
    if (conv.window.ceil_mode) fail("ceil_mode on a convolution, expected it on pooling only");
    if (conv.out_channels < 1) fail("{} output channels, expected at least 1", conv.out_channels);
    if (conv.groups < 1) fail("{} groups, expected at least 1", conv.groups);
    if (in[1] % conv.groups != 0) {
      fail("{} input channels in {} groups, expected a multiple of the groups", in[1], conv.groups);
    }
    if (conv.out_channels % conv.groups != 0) {
      fail("{} output channels in {} groups, expected a multiple of the groups", conv.out_channels,
           conv.groups);
    }
    parameters({conv.out_channels, in[1] / conv.groups, conv.window.kernel[0], conv.window.kernel[1]},
               {conv.out_channels});
    return {in[0], conv.out_channels, window_output(conv.window, 0, in[2]),
            window_output(conv.window, 1, in[3])};
  }

  Shape operator()(Linear& linear) const {
    Shape out = only_input();
    need_rank_from(out, 1);
    if (linear.out_features < 1) fail("{} output features, expected at least 1", linear.out_features);
    parameters({linear.out_features, out.back()}, {linear.out_features});
    out.back() = linear.out_features;
    return out;
  }

  Shape operator()(MatMul& matmul) const {
    need_inputs(2, 2);
    no_parameters();
    const Shape& a = inputs_[0];
    const Shape& b = inputs_[1];
    need_rank_from(a, 2);
    need_rank_from(b, 2);
    const std::int64_t c = b[b.size() - (matmul.transpose_b ? 1 : 2)];
    const std::int64_t m = b[b.size() - (matmul.transpose_b ? 2 : 1)];
    if (a.back() != c) {
      fail("{} x {}{}: the first has {} columns, the second {} rows, expected the same", to_string(a),
           to_string(b), matmul.transpose_b ? " transposed" : "", a.back(), c);
    }
    if (!broadcasts_to(Shape(b.begin(), b.end() - 2), Shape(a.begin(), a.end() - 2))) {
      fail("{} x {}: the leading dimensions of the second must be those of the first, or 1", to_string(a),
           to_string(b));
    }
    Shape out = a;
    out.back() = m;
    return out;
  }

  Shape operator()(Pool& pool) const {
    const Shape& in = only_input();
    no_parameters();
    need_rank(in, 4, "[n, channels, rows, columns]");
    check_window(pool.window);
    const Shape out = {in[0], in[1], window_output(pool.window, 0, in[2]),
                       window_output(pool.window, 1, in[3])};
    for (int axis = 0; axis < 2; ++axis)
      check_pool_sees_input(pool.window, axis, in[static_cast<std::size_t>(axis) + 2]);
    return out;
  }

  Shape operator()(GlobalAveragePool&) const {
    const Shape& in = only_input();
    no_parameters();
    need_rank(in, 4, "[n, channels, rows, columns]");
    return {in[0], in[1], 1, 1};
  }

  Shape operator()(Add&) const { return elementwise(); }
  Shape operator()(Multiply&) const { return elementwise(); }

  Shape operator()(Concat& concat) const {
    need_inputs(1, SIZE_MAX);
    no_parameters();
    Shape out = inputs_[0];
    concat.axis = normal_axis(concat.axis, out);
    const auto axis = static_cast<std::size_t>(concat.axis);
    for (std::size_t i = 1; i < inputs_.size(); ++i) {
      Shape same = inputs_[i];
      if (same.size() == out.size()) same[axis] = out[axis];
      if (same != out) {
        fail("cannot join {} and {} along axis {}: the other extents differ", to_string(inputs_[0]),
             to_string(inputs_[i]), axis);
      }
      out[axis] += inputs_[i][axis];
      element_count(out);
    }
    return out;
  }

  Shape operator()(Activate&) const {
    no_parameters();
    if (layer_.activation == Activation::none) fail("no activation, expected one such as relu");
    return only_input();
  }

  Shape operator()(Softmax& softmax) const {
    no_parameters();
    softmax.axis = normal_axis(softmax.axis, only_input());
    return only_input();
  }

  Shape operator()(LayerNorm& norm) const {
    const Shape& in = only_input();
    need_rank_from(in, 1);
    if (!(norm.epsilon >= 0) || !std::isfinite(norm.epsilon))
      fail("an epsilon of {}, expected at least 0", norm.epsilon);
    parameters({in.back()}, {in.back()});
    return in;
  }

  Shape operator()(BatchNorm&) const {
    const Shape& in = only_input();
    need_rank_from(in, 2);
    if (!layer_.bias) layer_.bias.emplace();
    parameters({in[1]}, {in[1]});
    return in;
  }

  Shape operator()(LocalResponseNorm& norm) const {
    const Shape& in = only_input();
    no_parameters();
    need_rank_from(in, 2);
    if (norm.size < 1) fail("a size of {}, expected at least 1", norm.size);
    if (!std::isfinite(norm.alpha) || !std::isfinite(norm.beta) || !std::isfinite(norm.bias)) {
      fail("alpha {}, beta {}, bias {}, expected finite numbers", norm.alpha, norm.beta, norm.bias);
    }
    return in;
  }

  Shape operator()(Embedding& embedding) const {
    Shape out = only_input();
    if (embedding.rows < 1 || embedding.columns < 1) {
      fail("an embedding of {} x {}, expected at least 1 x 1", embedding.rows, embedding.columns);
    }
    if (layer_.bias) fail("a bias on an embedding, expected none");
    parameters({embedding.rows, embedding.columns}, {});
    out.push_back(embedding.columns);
    return out;
  }

  Shape operator()(Rotary&) const {
    const Shape& in = only_input();
    no_parameters();
    need_rank_from(in, 2);
    if (in.back() % 2 != 0) fail("a last dimension of {}, expected an even one", in.back());
    return in;
  }

  Shape operator()(Reshape& reshape) const {
    const Shape& in = only_input();
    no_parameters();
    const std::int64_t count = element_count(in);
    Shape known = reshape.shape;
    const auto unknown = std::find(known.begin(), known.end(), -1);
    if (unknown == known.end()) {
      if (element_count(known) != count) {
        fail("{} has {} elements, expected the {} of the input {}", to_string(known), element_count(known),
             count, to_string(in));
      }
      return known;
    }
    *unknown = 1;
    if (std::find(known.begin(), known.end(), -1) != known.end())
      fail("more than one -1 in a shape, expected at most one");
    const std::int64_t rest = element_count(known);
    if (count % rest != 0) {
      fail("the {} elements of the input {} do not divide by {}, the product of the other extents", count,
           to_string(in), rest);
    }
    *unknown = count / rest;
    reshape.shape = known;
    return known;
  }

  Shape operator()(Transpose& transpose) const {
    const Shape& in = only_input();
    no_parameters();
    std::vector<int>& order = transpose.permutation;
    std::set<int> seen;
    for (int& axis : order) seen.insert(axis = normal_axis(axis, in));
    if (order.size() != in.size() || seen.size() != in.size()) {
      fail("the permutation [{}] of a tensor of {}, expected every axis once", fmt::join(order, ", "),
           to_string(in));
    }
    Shape out;
    for (const int axis : order) out.push_back(in[static_cast<std::size_t>(axis)]);
    return out;
  }

  Shape operator()(Slice& slice) const {
    Shape out = only_input();
    no_parameters();
    slice.axis = normal_axis(slice.axis, out);
    std::int64_t& extent = out[static_cast<std::size_t>(slice.axis)];
    if (slice.begin < 0 || slice.end > extent || slice.begin >= slice.end) {
      fail("the range [{}, {}) of an axis of {}, expected 0 <= begin < end <= {}", slice.begin, slice.end,
           extent, extent);
    }
    extent = slice.end - slice.begin;
    return out;
  }

 private:
  void need_inputs(std::size_t least, std::size_t most) const {
    if (inputs_.size() < least || inputs_.size() > most) {
      fail("{} input{}, expected {}{}", inputs_.size(), inputs_.size() == 1 ? "" : "s",
           least == most ? "" : "at least ", least);
    }
  }

  const Shape& only_input() const {
    need_inputs(1, 1);
    return inputs_[0];
  }

  void no_parameters() const {
    if (layer_.weights || layer_.bias)
      fail("parameters on a {} layer, expected none", name(layer_.operation));
  }

  void parameters(const Shape& weights, const Shape& bias) const {
    if (!layer_.weights) layer_.weights.emplace();
    check_parameter("weights", *layer_.weights, weights);
    if (layer_.bias) check_parameter("bias", *layer_.bias, bias);
  }

  Shape elementwise() const {
    need_inputs(2, 2);
    no_parameters();
    if (broadcasts_to(inputs_[1], inputs_[0])) return inputs_[0];
    fail("{} and {}: the second operand cannot be broadcast to the first{}", to_string(inputs_[0]),
         to_string(inputs_[1]), broadcasts_to(inputs_[0], inputs_[1]) ? " (the other way round it can)" : "");
  }

  Layer& layer_;
  const std::vector<Shape>& inputs_;
};

bool can_fuse_activation(const Operation& operation) {
  return std::holds_alternative<Convolution>(operation) || std::holds_alternative<Linear>(operation) ||
         std::holds_alternative<MatMul>(operation) || std::holds_alternative<Add>(operation) ||
         std::holds_alternative<BatchNorm>(operation) || std::holds_alternative<Activate>(operation);
}

void check_density(const char* what, const std::optional<double>& density) {
  if (density && !(*density >= 0 && *density <= 1)) {
    fail("a density of {} of the {}, expected 0 to 1", *density, what);
  }
}

}  // namespace

Shape infer_shapes(Layer& layer, const std::vector<Shape>& inputs) {
  if (layer.activation != Activation::none && !can_fuse_activation(layer.operation)) {
    fail(
        "the activation {} on a {} layer, expected it on conv, linear, matmul, add, batch_norm or a layer of "
        "its own",
        name(layer.activation), name(layer.operation));
  }
  check_density("weights", layer.density.weights);
  check_density("activations", layer.density.activations);
  if (const auto& kept = layer.density.structured; kept && !(kept->n >= 1 && kept->n <= kept->m)) {
    fail("{} of every {} weights, expected 1 to {} of them", kept->n, kept->m, kept->m);
  }
  if (layer.extra) check_parameter("extra parameters", *layer.extra, layer.extra->shape);
  Shape output = std::visit(Inference(layer, inputs), layer.operation);
  element_count(output);
  return output;
}

}  // namespace heddle::workload
