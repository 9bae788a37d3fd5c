// Does the reference add with saturation, product by product in the order of docs/eie.md?
#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "tests/reference/one_layer.h"

namespace heddle::workload::test {
namespace {

/// docs/eie.md word for word, in 64-bit steps; channel n, g, m at p, q. Matmul: `group_outermost`.
struct Definition {
  MacShape shape;
  bool group_outermost = false;
  int shift = 0, bits = 16;

  std::int64_t output(const std::vector<std::int16_t>& weights, const std::vector<std::int16_t>& inputs,
                      std::int64_t n, std::int64_t g, std::int64_t m, std::int64_t p, std::int64_t q) const {
    const auto size = [&](Dim d) { return shape.size[d]; };
    const std::int64_t image = group_outermost ? g * size(Dim::N) + n : n * size(Dim::G) + g;
    std::int64_t a = 0;
    for (std::int64_t c = 0; c < size(Dim::C); ++c)
      for (std::int64_t r = 0; r < size(Dim::R); ++r)
        for (std::int64_t t = 0; t < size(Dim::S); ++t) {
          const std::int64_t h = p * shape.stride_h + r * shape.dilation_h - shape.pad_top;
          const std::int64_t w = q * shape.stride_w + t * shape.dilation_w - shape.pad_left;
          if (h < 0 || h >= shape.input_h || w < 0 || w >= shape.input_w) continue;
          const std::int64_t x = inputs[static_cast<std::size_t>(
              ((image * size(Dim::C) + c) * shape.input_h + h) * shape.input_w + w)];
          const std::int64_t by = weights[static_cast<std::size_t>(
              (((g * size(Dim::M) + m) * size(Dim::C) + c) * size(Dim::R) + r) * size(Dim::S) + t)];
          std::int64_t product = by * x;
          if (shift > 0) product = (product + (std::int64_t{1} << (shift - 1))) >> shift;
          const std::int64_t limit = std::int64_t{1} << (bits - 1);
          a = std::clamp(a + product, -limit, limit - 1);
        }
    return a;
  }

  std::vector<std::int64_t> run(const std::vector<std::int16_t>& weights,
                                const std::vector<std::int16_t>& inputs) const {
    std::vector<std::int64_t> result(static_cast<std::size_t>(shape.output_count()));
    const auto size = [&](Dim d) { return shape.size[d]; };
    for (std::int64_t n = 0; n < size(Dim::N); ++n)
      for (std::int64_t g = 0; g < size(Dim::G); ++g)
        for (std::int64_t m = 0; m < size(Dim::M); ++m)
          for (std::int64_t p = 0; p < size(Dim::P); ++p)
            for (std::int64_t q = 0; q < size(Dim::Q); ++q) {
              const std::int64_t image = group_outermost ? g * size(Dim::N) + n : n * size(Dim::G) + g;
              const std::int64_t at = ((image * size(Dim::M) + m) * size(Dim::P) + p) * size(Dim::Q) + q;
              result[static_cast<std::size_t>(at)] = output(weights, inputs, n, g, m, p, q);
            }
    return result;
  }

  std::int64_t saturated(const std::vector<std::int64_t>& sums) const {
    const std::int64_t limit = std::int64_t{1} << (bits - 1);
    return std::count_if(sums.begin(), sums.end(),
                         [&](std::int64_t sum) { return sum == -limit || sum == limit - 1; });
  }
};

IntTensor thinned(Random& random, IntTensor tensor, std::int64_t kept_of_ten) {
  for (std::int16_t& code : tensor.codes) {
    if (draw(random, 1, 10) > kept_of_ten) code = 0;
  }
  return tensor;
}

const Quantization kFixed{16, {1.0F}, 0};

}  // namespace

TEST_CASE("terms are rounded half up and sums saturate") {
  const FixedPointSum three{3, 16};
  CHECK(three.term(1, 3) == 0);    // 3/8
  CHECK(three.term(1, 4) == 1);    // 1/2
  CHECK(three.term(-1, 4) == 0);   // -1/2
  CHECK(three.term(-1, 5) == -1);  // -5/8
  CHECK(three.term(-3, 4) == -1);  // -3/2
  CHECK(FixedPointSum{0, 16}.term(-32768, -32768) == 1 << 30);
  CHECK(FixedPointSum{31, 16}.term(-32768, -32768) == 1);
  CHECK(FixedPointSum{31, 16}.term(-32768, 32767) == 0);
  CHECK(three.add(32000, 767) == 32767);
  CHECK(three.add(32000, 768) == 32767);
  CHECK(three.add(-32768, -1) == -32768);
  CHECK(three.add(32767, -1) == 32766);
  CHECK(FixedPointSum{0, 8}.add(100, 100) == 127);
}

TEST_CASE("fixed-point sums of convolutions follow the definition") {
  const std::uint64_t seed = 17;
  INFO("seed " << seed);
  Random random(seed);
  std::int64_t compared = 0, saturated = 0;
  for (int round = 0; round < 60; ++round) {
    Convolution conv;
    conv.groups = draw(random, 1, 3);
    conv.out_channels = conv.groups * draw(random, 1, 4);
    conv.window.kernel = {draw(random, 1, 3), draw(random, 1, 3)};
    conv.window.stride = {draw(random, 1, 2), draw(random, 1, 3)};
    conv.window.dilation = {draw(random, 1, 2), 1};
    conv.window.padding = {draw(random, 0, 2), draw(random, 0, 1), draw(random, 0, 1), draw(random, 0, 2)};
    // Up to 256 positions an image: fewer than the reference takes at a time, as many, and more.
    const Shape input = {draw(random, 1, 2), conv.groups * draw(random, 1, 9), draw(random, 5, 16),
                         draw(random, 3, 16)};
    const Network network = one_layer(conv, {input}, Activation::none, true);
    const MacShape shape = *mac_shape(network, network.layers()[0]);
    const int shift = static_cast<int>(draw(random, 0, 31));
    // Magnitudes with which some sums saturate and most do not.
    const std::int64_t range = std::clamp<std::int64_t>(std::int64_t{1} << ((shift + 16) / 2), 1, 32767);
    QuantizedLayer layer;
    layer.inputs = {kFixed};
    layer.fixed_sum = FixedPointSum{shift, 16};
    layer.weights =
        thinned(random, random_codes(random, network.layers()[0].weights->shape, kFixed, -range, range),
                draw(random, 0, 10));
    for (std::int64_t i = 0; i < conv.out_channels; ++i) layer.bias.push_back(draw(random, -100000, 100000));
    const IntTensor x = random_codes(random, input, kFixed, -range - 1, range);
    const Definition definition{shape, false, shift, 16};
    std::vector<std::int64_t> expected = definition.run(layer.weights.codes, x.codes);
    saturated += definition.saturated(expected);
    const std::int64_t pixels = shape.size[Dim::P] * shape.size[Dim::Q];
    for (std::size_t i = 0; i < expected.size(); ++i)
      expected[i] += layer.bias[i / static_cast<std::size_t>(pixels) % layer.bias.size()];
    INFO("round " << round << ", input " << to_string(input) << ", shift " << shift);
    REQUIRE(accumulator_bits(layer, shape) == 16);
    REQUIRE(reference_accumulators(network, 0, layer, {&x}) == expected);
    compared += static_cast<std::int64_t>(expected.size());
  }
  CHECK(compared > 10000);
  CHECK(saturated > compared / 200);
  CHECK(saturated < compared / 2);
}

TEST_CASE("fixed-point sums of linear layers and matrix products follow the definition") {
  Random random(23);
  for (const std::int64_t rows : {1, 3, 64, 65, 130}) {
    const Network linear = one_layer(Linear{7}, {{rows, 33}});
    QuantizedLayer layer;
    layer.inputs = {kFixed};
    layer.fixed_sum = FixedPointSum{11, 16};
    layer.weights = thinned(random, random_codes(random, {7, 33}, kFixed, -20000, 20000), 3);
    const IntTensor x = random_codes(random, {rows, 33}, kFixed, 0, 3000);
    const Definition definition{*mac_shape(linear, linear.layers()[0]), false, 11, 16};
    CHECK(reference_accumulators(linear, 0, layer, {&x}) == definition.run(layer.weights.codes, x.codes));
  }
  for (const bool transpose_b : {false, true}) {
    const Network product =
        one_layer(MatMul{transpose_b}, {{2, 3, 5, 6}, transpose_b ? Shape{2, 3, 4, 6} : Shape{2, 3, 6, 4}});
    QuantizedLayer layer;
    layer.inputs = {kFixed, kFixed};
    layer.fixed_sum = FixedPointSum{9, 10};
    const IntTensor a = random_codes(random, {2, 3, 5, 6}, kFixed, -600, 600);
    IntTensor b = random_codes(random, {2, 3, 4, 6}, kFixed, -600, 600);
    const Definition definition{*mac_shape(product, product.layers()[0]), true, 9, 10};
    const std::vector<std::int64_t> expected = definition.run(b.codes, a.codes);  // [m][c] as weights are
    CHECK(definition.saturated(expected) > 0);
    if (!transpose_b) {  // [c][m]
      const std::vector<std::int16_t> rows = b.codes;
      b.shape = {2, 3, 6, 4};
      for (std::size_t g = 0; g < 6; ++g)
        for (std::size_t m = 0; m < 4; ++m)
          for (std::size_t c = 0; c < 6; ++c) b.codes[(g * 6 + c) * 4 + m] = rows[(g * 4 + m) * 6 + c];
    }
    CHECK(reference_accumulators(product, 0, layer, {&a, &b}) == expected);
  }
}

TEST_CASE("the order of additions is that of the columns") {
  // Two at the upper end, then one back: 32767 - 1, not 40000 - 1 clamped. The other order does not saturate
  // the same.
  const Network network = one_layer(Linear{2}, {{1, 3}});
  QuantizedLayer layer;
  layer.inputs = {kFixed};
  layer.fixed_sum = FixedPointSum{};
  layer.weights = {{2, 3}, kFixed, {20000, 20000, -10000, -10000, 20000, 20000}};
  layer.requantization = {{1 << 30, 1 << 30}, {30, 30}, 0, INT16_MIN, INT16_MAX, {}};
  layer.output = kFixed;
  const IntTensor ones{{1, 3}, kFixed, {1, 1, 1}};
  CHECK(reference_accumulators(network, 0, layer, {&ones}) == std::vector<std::int64_t>{22767, 30000});
  CHECK(reference_layer(network, 0, layer, {&ones}).codes == std::vector<std::int16_t>{22767, 30000});
  // The bias comes after the last sum, which has saturated, and is not clamped before requantization.
  layer.bias = {20000, -40000};
  CHECK(reference_accumulators(network, 0, layer, {&ones}) == std::vector<std::int64_t>{42767, -10000});
  CHECK(reference_layer(network, 0, layer, {&ones}).codes == std::vector<std::int16_t>{32767, -10000});
}

TEST_CASE("sums that fixed-point arithmetic does not know are refused") {
  const Network network = one_layer(Linear{1}, {{1, 1}});
  const IntTensor one{{1, 1}, kFixed, {1}};
  QuantizedLayer layer;
  layer.weights = {{1, 1}, kFixed, {1}};
  for (const auto& [shift, bits, zero_point] :
       {std::tuple{-1, 16, 0}, {32, 16, 0}, {0, 1, 0}, {0, 32, 0}, {0, 16, 3}}) {
    layer.inputs = {{16, {1.0F}, zero_point}};
    layer.fixed_sum = FixedPointSum{shift, bits};
    CHECK_THROWS_AS(reference_accumulators(network, 0, layer, {&one}), std::invalid_argument);
  }
}

}  // namespace heddle::workload::test
