// Are the reference's accumulators those of an independent integer library, and of a plain loop nest?
#include <oneapi/dnnl/dnnl.hpp>

#include "one_layer.h"

using namespace heddle::workload;
using namespace heddle::workload::test;
using dnnl::memory;

namespace {

memory::desc plain(const memory::dims& dims, memory::data_type type) {
  memory::dims strides(dims.size(), 1);
  for (std::size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return {dims, type, strides};
}

void* pointer(const void* data) { return const_cast<void*>(data); }

/// Codes as oneDNN's 8-bit integers: signed, or with 128 added as unsigned.
std::vector<std::uint8_t> bytes(const IntTensor& tensor, bool as_unsigned) {
  std::vector<std::uint8_t> result;
  for (const std::int16_t code : tensor.codes)
    result.push_back(static_cast<std::uint8_t>(code + (as_unsigned ? 128 : 0)));
  return result;
}

std::vector<std::int32_t> onednn_convolution(const Convolution& conv, const IntTensor& x,
                                             const QuantizedLayer& layer, const Shape& out,
                                             bool as_unsigned) {
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const auto type = as_unsigned ? memory::data_type::u8 : memory::data_type::s8;
  memory::dims weights = layer.weights.shape;
  if (conv.groups > 1) {
    weights[0] /= conv.groups;
    weights.insert(weights.begin(), conv.groups);
  }
  const Window& w = conv.window;
  const auto any = [](const memory::dims& dims, memory::data_type t) {
    return memory::desc(dims, t, memory::format_tag::any);
  };
  const dnnl::convolution_forward::desc desc(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, any(x.shape, type),
      any(weights, memory::data_type::s8), any(out, memory::data_type::s32), {w.stride[0], w.stride[1]},
      {w.dilation[0] - 1, w.dilation[1] - 1}, {w.padding[0], w.padding[1]}, {w.padding[2], w.padding[3]});
  dnnl::primitive_attr attributes;
  attributes.set_zero_points(DNNL_ARG_SRC, 0, {layer.inputs[0].zero_point + (as_unsigned ? 128 : 0)});
  const dnnl::convolution_forward::primitive_desc primitive(desc, attributes, engine);
  const auto move = [&](memory from, const memory::desc& wanted) {
    memory to(wanted, engine);
    dnnl::reorder(from, to).execute(stream, from, to);
    return to;
  };
  const std::vector<std::uint8_t> source = bytes(x, as_unsigned), kernel = bytes(layer.weights, false);
  const memory from = move({plain(x.shape, type), engine, pointer(source.data())}, primitive.src_desc());
  const memory by =
      move({plain(weights, memory::data_type::s8), engine, pointer(kernel.data())}, primitive.weights_desc());
  memory to(primitive.dst_desc(), engine);
  dnnl::convolution_forward(primitive).execute(
      stream, {{DNNL_ARG_SRC, from}, {DNNL_ARG_WEIGHTS, by}, {DNNL_ARG_DST, to}});
  std::vector<std::int32_t> result(static_cast<std::size_t>(element_count(out)));
  memory back(plain(out, memory::data_type::s32), engine, result.data());
  dnnl::reorder(to, back).execute(stream, to, back);
  stream.wait();
  return result;
}

/// Weights within [-62, 62] and even: without VNNI instructions oneDNN halves the weights of signed layers
/// and adds two products in 16 bits, which is exact for such weights only.
IntTensor small_even_weights(Random& random, const Shape& shape) {
  IntTensor weights = random_codes(random, shape, {}, -31, 31);
  for (std::int16_t& code : weights.codes) code = static_cast<std::int16_t>(2 * code);
  return weights;
}

/// The definition, element by element: conv and linear (as a 1x1 conv).
std::vector<std::int64_t> by_definition(const MacShape& s, const QuantizedLayer& layer, const IntTensor& x) {
  std::vector<std::int64_t> result;
  const auto size = [&](Dim d) { return s.size[d]; };
  for (std::int64_t n = 0; n < size(Dim::N); ++n)
    for (std::int64_t g = 0; g < size(Dim::G); ++g)
      for (std::int64_t m = 0; m < size(Dim::M); ++m)
        for (std::int64_t p = 0; p < size(Dim::P); ++p)
          for (std::int64_t q = 0; q < size(Dim::Q); ++q) {
            const std::int64_t channel = g * size(Dim::M) + m;
            std::int64_t sum = layer.bias.empty() ? 0 : layer.bias[static_cast<std::size_t>(channel)];
            for (std::int64_t c = 0; c < size(Dim::C); ++c)
              for (std::int64_t r = 0; r < size(Dim::R); ++r)
                for (std::int64_t t = 0; t < size(Dim::S); ++t) {
                  const std::int64_t h = p * s.stride_h + r * s.dilation_h - s.pad_top;
                  const std::int64_t w = q * s.stride_w + t * s.dilation_w - s.pad_left;
                  if (h < 0 || h >= s.input_h || w < 0 || w >= s.input_w) continue;
                  const std::int64_t from =
                      (((n * size(Dim::G) + g) * size(Dim::C) + c) * s.input_h + h) * s.input_w + w;
                  const std::int64_t by =
                      ((channel * size(Dim::C) + c) * size(Dim::R) + r) * size(Dim::S) + t;
                  sum += static_cast<std::int64_t>(layer.weights.codes[static_cast<std::size_t>(by)]) *
                         (x.codes[static_cast<std::size_t>(from)] - layer.inputs[0].zero_point);
                }
            result.push_back(sum);
          }
  return result;
}

struct ConvCase {
  const char* what;
  Shape input;
  Convolution conv;
};

std::vector<ConvCase> conv_cases() {
  const auto conv = [](std::int64_t m, std::int64_t groups, std::array<std::int64_t, 2> kernel,
                       std::array<std::int64_t, 2> stride, std::array<std::int64_t, 2> dilation,
                       std::array<std::int64_t, 4> padding) {
    Convolution result;
    result.out_channels = m;
    result.groups = groups;
    result.window = {kernel, stride, dilation, padding, false};
    return result;
  };
  return {
      {"size 1", {1, 1, 1, 1}, conv(1, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0})},
      {"1x1", {1, 16, 7, 7}, conv(32, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0})},
      {"3x3, padding", {2, 8, 9, 9}, conv(12, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1})},
      {"stem", {1, 3, 31, 29}, conv(16, 1, {7, 7}, {2, 2}, {1, 1}, {3, 3, 3, 3})},
      {"primes, unequal everything", {3, 5, 13, 11}, conv(7, 1, {3, 5}, {2, 3}, {1, 1}, {1, 2, 1, 2})},
      {"dilation", {1, 4, 17, 17}, conv(8, 1, {3, 3}, {1, 1}, {2, 3}, {2, 3, 2, 3})},
      {"dilation and stride", {1, 3, 19, 23}, conv(5, 1, {3, 3}, {2, 2}, {3, 2}, {3, 2, 3, 2})},
      {"groups", {1, 12, 8, 8}, conv(18, 3, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1})},
      {"depthwise", {2, 13, 10, 9}, conv(13, 13, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1})},
      {"kernel as large as the input", {1, 6, 5, 5}, conv(11, 1, {5, 5}, {1, 1}, {1, 1}, {0, 0, 0, 0})},
      {"padding on one side", {1, 4, 6, 6}, conv(4, 1, {3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1})},
      {"window mostly in the padding", {1, 2, 2, 2}, conv(3, 1, {5, 5}, {1, 1}, {1, 1}, {4, 4, 4, 4})},
  };
}

}  // namespace

TEST_CASE("convolution accumulators equal oneDNN's") {
  Random random(11);
  for (const ConvCase& test : conv_cases()) {
    for (const bool as_unsigned : {true, false}) {
      for (const int zero_point : {0, -128, 37}) {
        INFO(test.what << ", " << (as_unsigned ? "u8" : "s8") << ", zero point " << zero_point
                       << ", seed 11");
        const Network network = one_layer(test.conv, {test.input});
        QuantizedLayer layer;
        layer.inputs = {{8, {1.0F}, zero_point}};
        layer.weights = small_even_weights(random, network.layers()[0].weights->shape);
        const IntTensor x = random_codes(random, test.input, layer.inputs[0], -128, 127);
        const std::vector<std::int64_t> ours = reference_accumulators(network, 0, layer, {&x});
        const std::vector<std::int32_t> theirs =
            onednn_convolution(test.conv, x, layer, network.shape(network.layers()[0].output), as_unsigned);
        REQUIRE(ours.size() == theirs.size());
        CHECK(std::equal(ours.begin(), ours.end(), theirs.begin()));
      }
    }
  }
}

TEST_CASE("linear and matmul accumulators equal oneDNN's") {
  Random random(13);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  for (const auto& [n, c, m] : std::vector<std::array<std::int64_t, 3>>{
           {1, 1, 1}, {1, 784, 300}, {5, 31, 7}, {67, 64, 33}, {4, 4, 4}, {3, 257, 2}}) {
    for (const int zero_point : {0, -128, 19}) {
      INFO(n << " x " << c << " x " << m << ", zero point " << zero_point << ", seed 13");
      QuantizedLayer layer;
      layer.inputs = {{8, {1.0F}, zero_point}, {8, {1.0F}, 0}};
      const IntTensor a = random_codes(random, {n, c}, layer.inputs[0], -128, 127);
      const IntTensor b = small_even_weights(random, {m, c});  // [m, c], read as c x m
      std::vector<std::int32_t> theirs(static_cast<std::size_t>(n * m));
      const std::vector<std::uint8_t> left = bytes(a, true), right = bytes(b, false);
      const memory::desc a_desc = plain({n, c}, memory::data_type::u8),
                         out = plain({n, m}, memory::data_type::s32);
      const memory::desc b_desc({c, m}, memory::data_type::s8, memory::dims{1, c});
      dnnl::primitive_attr attributes;
      attributes.set_zero_points(DNNL_ARG_SRC, 0, {zero_point + 128});
      const dnnl::matmul::primitive_desc primitive(dnnl::matmul::desc(a_desc, b_desc, out), attributes,
                                                   engine);
      dnnl::matmul(primitive).execute(stream,
                                      {{DNNL_ARG_SRC, memory(a_desc, engine, pointer(left.data()))},
                                       {DNNL_ARG_WEIGHTS, memory(b_desc, engine, pointer(right.data()))},
                                       {DNNL_ARG_DST, memory(out, engine, theirs.data())}});
      stream.wait();

      QuantizedLayer linear = layer;
      linear.inputs.pop_back();
      linear.weights = b;
      const auto as_linear = reference_accumulators(one_layer(Linear{m}, {{n, c}}), 0, linear, {&a});
      CHECK(std::equal(as_linear.begin(), as_linear.end(), theirs.begin(), theirs.end()));

      const auto as_matmul =
          reference_accumulators(one_layer(MatMul{true}, {{n, c}, {m, c}}), 0, layer, {&a, &b});
      CHECK(std::equal(as_matmul.begin(), as_matmul.end(), theirs.begin(), theirs.end()));

      IntTensor turned{{c, m}, b.quantization, {}};
      for (std::int64_t i = 0; i < c; ++i)
        for (std::int64_t j = 0; j < m; ++j)
          turned.codes.push_back(b.codes[static_cast<std::size_t>(j * c + i)]);
      const auto untransposed =
          reference_accumulators(one_layer(MatMul{false}, {{n, c}, {c, m}}), 0, layer, {&a, &turned});
      CHECK(untransposed == as_matmul);
    }
  }
}

TEST_CASE("accumulators equal the definition at every width, with a bias, and where 32 bits do not do") {
  Random random(17);
  for (const ConvCase& test : conv_cases()) {
    for (const int bits : {2, 4, 8, 16}) {
      INFO(test.what << ", " << bits << " bits, seed 17");
      const Network network = one_layer(test.conv, {test.input});
      const Shape& weights = network.layers()[0].weights->shape;
      const std::int64_t half = std::int64_t{1} << (bits - 1);
      QuantizedLayer layer;
      layer.inputs = {{bits, {1.0F}, bits == 16 ? 0 : static_cast<std::int32_t>(half - 1)}};
      layer.weights = random_codes(random, weights, {bits, {1.0F}, 0}, -half + 1, half - 1);
      for (std::int64_t i = 0; i < weights[0]; ++i) layer.bias.push_back(draw(random, -1000000, 1000000));
      const IntTensor x = random_codes(random, test.input, layer.inputs[0], -half, half - 1);
      const auto ours = reference_accumulators(network, 0, layer, {&x});
      CHECK(ours == by_definition(*mac_shape(network, network.layers()[0]), layer, x));
    }
  }
}

TEST_CASE("the worst inputs reach the accumulator bound, and the sum is exact there") {
  Random random(0);
  for (const int bits : {8, 16}) {
    const std::int64_t c = 4099;  // prime; 16 bits need more than 32 for it
    const Network network = one_layer(Linear{3}, {{1, c}});
    QuantizedLayer layer;
    layer.inputs = {{bits, {1.0F}, bits == 8 ? 127 : 0}};
    layer.weights.shape = {3, c};
    layer.weights.quantization.bits = bits;
    layer.weights.codes.resize(static_cast<std::size_t>(3 * c));
    const int w = layer.weights.quantization.highest(), x = layer.inputs[0].lowest();
    for (std::int64_t i = c; i < 2 * c; ++i)
      layer.weights.codes[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(w);
    layer.bias = {5, -7, 9};
    const IntTensor in = random_codes(random, {1, c}, layer.inputs[0], x, x);
    const std::int64_t bound = c * w * (static_cast<std::int64_t>(layer.inputs[0].zero_point) - x) + 7;
    const auto sums = reference_accumulators(network, 0, layer, {&in});
    CHECK(sums == std::vector<std::int64_t>{5, -bound, 9});
    int needed = 1;
    while ((std::int64_t{1} << (needed - 1)) - 1 < bound) ++needed;
    CHECK(accumulator_bits(layer, *mac_shape(network, network.layers()[0])) == needed);
  }
}

TEST_CASE("stacks of matrices pair up by numpy's broadcasting") {
  Random random(19);
  const Shape a_shape = {2, 3, 5, 4};
  for (const Shape& b_shape :
       {Shape{2, 3, 4, 6}, Shape{1, 3, 4, 6}, Shape{2, 1, 4, 6}, Shape{3, 4, 6}, Shape{4, 6}}) {
    const Network network = one_layer(MatMul{false}, {a_shape, b_shape});
    QuantizedLayer layer;
    layer.inputs = {{8, {1.0F}, -3}, {8, {1.0F}, 0}};
    const IntTensor a = random_codes(random, a_shape, layer.inputs[0], -128, 127);
    const IntTensor b = random_codes(random, b_shape, layer.inputs[1], -128, 127);
    std::vector<std::int64_t> expected;
    Shape wide = b_shape;
    wide.insert(wide.begin(), 4 - wide.size(), 1);
    for (std::int64_t i = 0; i < 2; ++i)
      for (std::int64_t j = 0; j < 3; ++j)
        for (std::int64_t n = 0; n < 5; ++n)
          for (std::int64_t m = 0; m < 6; ++m) {
            std::int64_t sum = 0;
            for (std::int64_t c = 0; c < 4; ++c) {
              const std::int64_t bi = wide[0] == 1 ? 0 : i, bj = wide[1] == 1 ? 0 : j;
              sum += (a.codes[static_cast<std::size_t>(((i * 3 + j) * 5 + n) * 4 + c)] + 3) *
                     b.codes[static_cast<std::size_t>(((bi * wide[1] + bj) * 4 + c) * 6 + m)];
            }
            expected.push_back(sum);
          }
    INFO("second operand " << to_string(b_shape) << ", seed 19");
    CHECK(reference_accumulators(network, 0, layer, {&a, &b}) == expected);
  }
}
