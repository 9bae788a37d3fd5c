// Does the float executor compute the operations' definitions, and hold no tensor longer than it is read?
#include <cmath>

#include "one_layer.h"

using namespace heddle::workload;
using namespace heddle::workload::test;

namespace {

/// One layer with these weights and bias on these inputs.
FloatTensor run(const Network& network, const std::vector<FloatTensor>& inputs,
                const FloatTensor& weights = {}, const FloatTensor& bias = {}) {
  std::vector<const FloatTensor*> pointers;
  for (const FloatTensor& input : inputs) pointers.push_back(&input);
  return float_layer(network, 0, pointers,
                     [&](int, Role role) { return role == Role::weights ? weights : bias; });
}

void check_close(const FloatTensor& result, const std::vector<double>& expected, double relative) {
  REQUIRE(result.values.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO("element " << i);
    CHECK(std::abs(result.values[i] - expected[i]) <= relative * (1 + std::abs(expected[i])));
  }
}

}  // namespace

TEST_CASE("convolution equals its definition") {
  struct Case {
    Shape in;
    Convolution conv;
  };
  const std::vector<Case> cases = {{{1, 1, 1, 1}, {{}, 1, 1}},
                                   {{2, 6, 9, 7}, {{{3, 2}, {2, 1}, {1, 2}, {1, 0, 2, 1}, false}, 4, 2}},
                                   {{1, 5, 8, 8}, {{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, false}, 5, 5}},
                                   {{3, 3, 11, 13}, {{{5, 5}, {3, 2}, {1, 1}, {2, 2, 2, 2}, false}, 7, 1}}};
  Random random(51);
  for (const Case& test : cases) {
    for (const bool biased : {false, true}) {
      const Network network = one_layer(test.conv, {test.in}, Activation::none, biased);
      const MacShape s = *mac_shape(network, network.layers()[0]);
      const FloatTensor x = random_floats(random, test.in, -1, 1);
      const FloatTensor w = random_floats(random, network.layers()[0].weights->shape, -1, 1);
      const FloatTensor b = biased ? random_floats(random, {test.conv.out_channels}, -1, 1) : FloatTensor{};
      std::vector<double> expected;
      const std::int64_t per_group = s.size[Dim::M], channels = s.size[Dim::C];
      for (std::int64_t n = 0; n < test.in[0]; ++n)
        for (std::int64_t m = 0; m < test.conv.out_channels; ++m)
          for (std::int64_t p = 0; p < s.size[Dim::P]; ++p)
            for (std::int64_t q = 0; q < s.size[Dim::Q]; ++q) {
              double sum = biased ? b.values[static_cast<std::size_t>(m)] : 0;
              for (std::int64_t c = 0; c < channels; ++c)
                for (std::int64_t r = 0; r < s.size[Dim::R]; ++r)
                  for (std::int64_t t = 0; t < s.size[Dim::S]; ++t) {
                    const std::int64_t h = p * s.stride_h + r * s.dilation_h - s.pad_top;
                    const std::int64_t v = q * s.stride_w + t * s.dilation_w - s.pad_left;
                    if (h < 0 || h >= s.input_h || v < 0 || v >= s.input_w) continue;
                    const std::int64_t from =
                        ((n * test.in[1] + m / per_group * channels + c) * s.input_h + h) * s.input_w + v;
                    const std::int64_t by = ((m * channels + c) * s.size[Dim::R] + r) * s.size[Dim::S] + t;
                    sum += static_cast<double>(x.values[static_cast<std::size_t>(from)]) *
                           w.values[static_cast<std::size_t>(by)];
                  }
              expected.push_back(sum);
            }
      INFO(to_string(test.in) << (biased ? " with bias" : "") << ", seed 51");
      // 75 terms at most, each rounded to 24 bits.
      check_close(run(network, {x}, w, b), expected, 75 * 0x1p-23);
    }
  }
}

TEST_CASE("linear and matmul equal their definitions") {
  Random random(53);
  const FloatTensor x = random_floats(random, {2, 3, 5}, -1, 1), w = random_floats(random, {4, 5}, -1, 1);
  const FloatTensor b = random_floats(random, {4}, -1, 1), other = random_floats(random, {1, 5, 4}, -1, 1);
  std::vector<double> linear, product;
  for (std::size_t row = 0; row < 6; ++row)
    for (std::size_t m = 0; m < 4; ++m) {
      double sum = b.values[m], dot = 0;
      for (std::size_t c = 0; c < 5; ++c) {
        sum += static_cast<double>(x.values[row * 5 + c]) * w.values[m * 5 + c];
        dot += static_cast<double>(x.values[row * 5 + c]) * other.values[c * 4 + m];
      }
      linear.push_back(sum);
      product.push_back(dot);
    }
  check_close(run(one_layer(Linear{4}, {{2, 3, 5}}, Activation::none, true), {x}, w, b), linear, 6 * 0x1p-23);
  check_close(run(one_layer(MatMul{false}, {{2, 3, 5}, {1, 5, 4}}), {x, other}), product, 6 * 0x1p-23);
}

TEST_CASE("normalizations equal hand-worked examples") {
  const FloatTensor row{{1, 4}, {1, 2, 3, 6}};
  // Mean 3, variance (4 + 1 + 0 + 9) / 4 = 3.5.
  const double deviation = std::sqrt(3.5 + 0.5);
  check_close(run(one_layer(LayerNorm{0.5, true}, {{1, 4}}, Activation::none, true), {row},
                  {{4}, {1, 1, 2, 1}}, {{4}, {0, 1, 0, 0}}),
              {-2 / deviation, -1 / deviation + 1, 0, 3 / deviation}, 1e-6);
  // Mean square 50 / 4 = 12.5.
  const double root = std::sqrt(12.5);
  check_close(run(one_layer(LayerNorm{0, false}, {{1, 4}}), {row}, {{4}, {1, 1, 1, 1}}),
              {1 / root, 2 / root, 3 / root, 6 / root}, 1e-6);
  const double sum = std::exp(-5) + std::exp(-4) + std::exp(-3) + 1;
  check_close(run(one_layer(Softmax{-1}, {{1, 4}}), {row}),
              {std::exp(-5) / sum, std::exp(-4) / sum, std::exp(-3) / sum, 1 / sum}, 1e-6);
  // Window of 2 over channels: itself and the next one (size / 2 after, (size - 1) / 2 before).
  const FloatTensor channels{{1, 3, 1, 1}, {1, 2, 3}};
  check_close(run(one_layer(LocalResponseNorm{2, 2.0, 0.5, 1.0}, {{1, 3, 1, 1}}), {channels}),
              {1 / std::sqrt(1 + 5.0), 2 / std::sqrt(1 + 13.0), 3 / std::sqrt(1 + 9.0)}, 1e-6);
}

TEST_CASE("rotary at position 0 is the identity, and keeps lengths everywhere") {
  Random random(57);
  const FloatTensor x = random_floats(random, {3, 8}, -1, 1);
  const FloatTensor y = run(one_layer(Rotary{}, {{3, 8}}), {x});
  CHECK(std::equal(x.values.begin(), x.values.begin() + 8, y.values.begin()));
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t i = 0; i < 4; ++i) {
      const auto length = [&](const FloatTensor& t) {
        return std::hypot(t.values[row * 8 + i], t.values[row * 8 + 4 + i]);
      };
      CHECK(length(y) == Approx(length(x)).epsilon(1e-6));
    }
  }
  CHECK(y.values[8] == Approx(x.values[8] * std::cos(1.0) - x.values[12] * std::sin(1.0)).epsilon(1e-5));
}

TEST_CASE("the visitor sees every tensor once, and inputs are checked") {
  struct Counter : FloatVisitor {
    std::map<TensorId, int> tensors;
    std::map<int, int> before;
    void tensor(TensorId id, const FloatTensor&) override { ++tensors[id]; }
    void pre_activation(int layer, const FloatTensor& values) override {
      ++before[layer];
      CHECK(values.values == std::vector<float>{-2, 4});  // x + x, before relu
    }
  } counter;
  Network network("twice");
  const TensorId x = network.add_input("x", {2});
  Layer layer;
  layer.name = "double";
  layer.operation = Add{};
  layer.activation = Activation::relu;
  layer.inputs = {x, x};
  const TensorId y = network.add_layer(layer);
  const auto none = [](int, Role) { return FloatTensor{}; };
  const auto out = run_float(network, {{x, {{2}, {-1, 2}}}}, none, &counter);
  CHECK(out.at(y).values == std::vector<float>{0, 4});
  CHECK(counter.tensors == std::map<TensorId, int>{{x, 1}, {y, 1}});
  CHECK(counter.before == std::map<int, int>{{0, 1}});
  CHECK_THROWS_WITH(run_float(network, {}, none), "no values for the input \"x\"");
  CHECK_THROWS_WITH(run_float(network, {{x, {{3}, {1, 2, 3}}}}, none),
                    Catch::Contains("is 3 with 3 values, expected 2"));
}
