// Does quantization to fixed point choose the binary points that docs/compression.md promises, keep weights
// that are shared already, and stay as close to the float network as its steps add up to?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "support/error.h"
#include "workload/compress/fixed_point.h"
#include "workload/compress/quantize.h"
#include "workload/readers/network_file.h"
#include "workload/reference/integer_reference.h"
#include "workload/synthetic.h"

using namespace heddle;
using namespace heddle::workload;

namespace {

TensorId add(Network& network, const std::string& name, const Operation& operation,
             std::vector<TensorId> inputs, Activation activation = Activation::none,
             std::vector<float> weights = {}, std::vector<float> bias = {}) {
  Layer layer;
  layer.name = name;
  layer.operation = operation;
  layer.activation = activation;
  layer.inputs = std::move(inputs);
  const auto own = [](std::vector<float> values) {
    return std::make_shared<const std::vector<float>>(std::move(values));
  };
  if (!weights.empty()) {
    const auto* linear = std::get_if<Linear>(&operation);
    const std::int64_t out = linear != nullptr ? linear->out_features : 0;
    layer.weights = Parameter{{out, static_cast<std::int64_t>(weights.size()) / out}, own(weights)};
  }
  if (!bias.empty()) layer.bias = Parameter{{static_cast<std::int64_t>(bias.size())}, own(bias)};
  return network.add_layer(layer);
}

/// A network with its calibration on one sample, quantized in fixed arithmetic.
struct Case {
  Network network;
  Recipe recipe;
  std::map<TensorId, FloatTensor> inputs;
  ParameterSource parameters;
  Calibration calibration;
  QuantizedNetwork quantized;

  Case(const Case&) = delete;
  Case(Network from, Recipe how, std::map<TensorId, FloatTensor> sample = {})
      : network(std::move(from)), recipe(std::move(how)), inputs(std::move(sample)) {
    if (inputs.empty()) inputs = synthetic_inputs(network, 5);
    parameters = pruned_parameters(network, recipe, 5);
    calibration = calibrate(network, {inputs}, parameters);
    quantized = quantize_network(network, calibration, recipe, parameters);
  }

  std::map<TensorId, IntTensor> codes() const {
    std::map<TensorId, IntTensor> result;
    for (const auto& [id, values] : inputs)
      result[id] = quantize(values, quantized.tensors[static_cast<std::size_t>(id)]);
    return result;
  }
  FloatTensor output() const {
    return dequantize(reference_network(quantized, codes()).at(network.outputs().at(0)));
  }
};

/// One linear layer with given weights; the input as given.
Network one_linear(std::int64_t out, const std::vector<float>& weights, const std::vector<float>& bias = {},
                   Activation activation = Activation::none) {
  Network network("one");
  const auto in = static_cast<std::int64_t>(weights.size()) / out;
  add(network, "fc", Linear{out}, {network.add_input("x", {1, in})}, activation, weights, bias);
  return network;
}

int points(const Quantization& quantization) {
  const double scale = quantization.scale.at(0);
  int exponent = 0;
  REQUIRE(std::frexp(scale, &exponent) == 0.5);  // a power of two
  return 1 - exponent;
}

}  // namespace

TEST_CASE("binary points are as fine as the range allows") {
  CHECK(binary_point(1.0, 16) == 14);      // 16384; with 15 bits after the point, 32768 is too much
  CHECK(binary_point(0.9999, 16) == 15);   // 32765
  CHECK(binary_point(0.99999, 16) == 14);  // 32767.67 would round to 32768
  CHECK(binary_point(32767, 16) == 0);
  CHECK(binary_point(32768, 16) == -1);
  CHECK(binary_point(1.0, 15) == 13);
  CHECK(binary_point(0, 16) == 0);
  CHECK(binary_point(1e-45, 16) == 0);
  for (double greatest = 1e-30; greatest < 1e30; greatest *= 1.37) {
    const int found = binary_point(greatest, 16);
    CHECK(std::round(std::ldexp(greatest, found)) <= 32767);
    CHECK(std::round(std::ldexp(greatest, found + 1)) > 32767);
  }
}

TEST_CASE("powers of two are exact factors, and beyond their range as good") {
  for (int exponent = -32; exponent <= 29; ++exponent) {
    const FixedPoint factor = power_of_two(exponent);
    CHECK(std::ldexp(factor.multiplier, -factor.shift) == std::ldexp(1.0, exponent));
  }
  const auto requantized = [](int exponent, std::int64_t sum) {
    const FixedPoint factor = power_of_two(exponent);
    const Requantization stage{{factor.multiplier}, {factor.shift}, 0, INT16_MIN, INT16_MAX, {}};
    return stage(sum, 0);
  };
  CHECK(requantized(40, 1) == INT16_MAX);
  CHECK(requantized(40, -1) == INT16_MIN);
  CHECK(requantized(40, 0) == 0);
  CHECK(requantized(-60, INT32_MAX) == 0);
  CHECK(requantized(-60, -INT32_MAX) == 0);
  CHECK(requantized(-1, 3) == 2);  // 1.5 rounds up
  CHECK(requantized(-1, -3) == -1);
}

TEST_CASE("weights that are shared already are kept as they come") {
  // Multiples of 1/64 up to 29/64: exact in 16 bits. 15 of them, and zeros.
  std::vector<float> values = {0, 0, 0};
  for (int i = -7; i <= 7; ++i) values.push_back(static_cast<float>(i < 0 ? 4 * i - 1 : 4 * i + 1) / 64);
  REQUIRE(std::set<float>(values.begin(), values.end()).size() == 16);
  std::vector<float> weights;
  for (std::size_t i = 0; i < 20 * values.size(); ++i) weights.push_back(values[i * 7 % values.size()]);
  const Case fixed(one_linear(20, weights), fixed_point_recipe(4));
  const QuantizedLayer& layer = fixed.quantized.layers[0];
  const int f_w = points(layer.weights.quantization);
  CHECK(f_w == 16);  // 29/64 < 1/2
  CHECK(layer.codebook.size() == 16);
  CHECK(layer.codebook[0] == 0);
  CHECK(std::is_sorted(layer.codebook.begin() + 1, layer.codebook.end()));
  REQUIRE(layer.weights.codes.size() == weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i)
    REQUIRE(std::ldexp(layer.weights.codes[i], -f_w) == weights[i]);
  const std::vector<std::uint8_t> indices = codebook_indices(layer);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    REQUIRE(layer.codebook[indices[i]] == layer.weights.codes[i]);
    REQUIRE((indices[i] == 0) == (weights[i] == 0));
  }
}

TEST_CASE("a weight that is not zero stays so, however small") {
  const Case fixed(one_linear(1, {1.0F, 1e-9F, -1e-9F, 0, 2e-9F}), fixed_point_recipe(3));
  const QuantizedLayer& layer = fixed.quantized.layers[0];
  CHECK(layer.weights.codes == std::vector<std::int16_t>{16384, 1, -1, 0, 1});
  // Two values that 16 bits cannot tell apart share an entry; the unused ones stand at the end.
  CHECK(layer.codebook == std::vector<std::int16_t>{0, -1, 1, 16384, 0, 0, 0, 0});
  CHECK(codebook_indices(layer) == std::vector<std::uint8_t>{3, 2, 1, 0, 2});
  CHECK(format_of(layer).code_bits == 3);
  CHECK(format_of(layer).weight_density == 0.8);
}

TEST_CASE("sums have a bit of headroom over what was calibrated, bias taken off") {
  // x = 1 in all 8 places: sums 4 and -2, biases -1 and 1/2, so 3 and -3/2 were seen.
  std::vector<float> weights(16, 0.5F);
  std::fill(weights.begin() + 8, weights.end(), -0.25F);
  const Network network = one_linear(2, weights, {-1.0F, 0.5F});
  const std::map<TensorId, FloatTensor> ones = {{network.inputs()[0], {{1, 8}, std::vector<float>(8, 1.0F)}}};
  const Case fixed(network, fixed_point_recipe(), ones);
  const QuantizedLayer& layer = fixed.quantized.layers[0];
  const int f_x = points(layer.inputs[0]), f_w = points(layer.weights.quantization),
            f_y = points(layer.output);
  CHECK(f_x == 14);  // 1
  CHECK(f_w == 15);  // 1/2: 16384
  CHECK(f_y == 13);  // 3
  // 3 - (-1) = 4 must fit in 15 bits: 4 * 2^11 = 8192, 4 * 2^12 = 16384 is one too many.
  const int f_a = 11;
  CHECK(layer.fixed_sum == FixedPointSum{f_x + f_w - f_a, 16});
  CHECK(layer.bias == std::vector<std::int64_t>{-(1 << f_a), 1 << (f_a - 1)});
  CHECK(layer.requantization.multiplier == std::vector<std::int32_t>{1 << 30, 1 << 30});
  const int up = 30 - (f_y - f_a);
  CHECK(layer.requantization.shift == std::vector<std::uint8_t>(2, static_cast<std::uint8_t>(up)));
  CHECK(fixed.output().values == std::vector<float>{3.0F, -1.5F});
}

TEST_CASE("the shift of a product stays from 0 to 31") {
  SECTION("sums finer than exact products are not needed") {
    // Inputs of 1000 (f_x 5) that cancel but for a millionth of their size: f_a would be 17 or more.
    const Network network = one_linear(1, {1.0F, -1.0F});
    const Case fixed(network, fixed_point_recipe(), {{network.inputs()[0], {{1, 2}, {1000.0F, 999.999F}}}});
    const QuantizedLayer& layer = fixed.quantized.layers[0];
    CHECK(points(layer.inputs[0]) == 5);
    CHECK(points(layer.weights.quantization) == 14);
    CHECK(layer.fixed_sum->product_shift >= 0);
    CHECK(layer.fixed_sum->product_shift <= 31);
  }
  SECTION("a great bias beside small products") {
    const Network network = one_linear(1, {1e-9F}, {1e6F});
    const Case fixed(network, fixed_point_recipe(), {{network.inputs()[0], {{1, 1}, {1e-6F}}}});
    CHECK(fixed.quantized.layers[0].fixed_sum->product_shift == 31);
    CHECK(fixed.output().values[0] == Approx(1e6).epsilon(1.0 / 16384));
  }
  SECTION("nothing but zeros") {
    const Network network = one_linear(2, {0, 0, 0, 0});
    const Case fixed(network, fixed_point_recipe(), {{network.inputs()[0], {{1, 2}, {0, 0}}}});
    CHECK(fixed.quantized.layers[0].codebook == std::vector<std::int16_t>(16, 0));
    CHECK(fixed.output().values == std::vector<float>{0, 0});
    CHECK(fixed.quantized.layers[0].output.scale[0] == 1.0F);
  }
  SECTION("outputs far smaller than sums") {
    const Network network = one_linear(2, {1000.0F, 1000.0F, 1e-6F, 1e-6F}, {}, Activation::relu);
    const Case fixed(network, fixed_point_recipe(), {{network.inputs()[0], {{1, 2}, {-1.0F, -1.0F}}}});
    CHECK(fixed.output().values == std::vector<float>{0, 0});
  }
}

TEST_CASE("a fixed-point network stays within the error that its steps add up to") {
  Network network("small");
  const TensorId x = network.add_input("x", {2, 3, 12, 12});
  Layer conv;
  conv.name = "conv";
  conv.operation = Convolution{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, false}, 8, 1};
  conv.activation = Activation::relu;
  conv.bias.emplace();
  conv.inputs = {x};
  const TensorId c = network.add_layer(conv);
  const TensorId flat = add(network, "flat", Reshape{{2, -1}}, {c});
  Layer fc;
  fc.name = "fc";
  fc.operation = Linear{10};
  fc.bias.emplace();
  fc.inputs = {flat};
  network.add_layer(fc);
  double before = INFINITY;
  for (const int bits : {2, 4, 6, 8}) {
    const Case fixed(network, fixed_point_recipe(bits));
    const FloatTensor ours = fixed.output();
    const FloatTensor exact = run_float(network, fixed.inputs, fixed.parameters).at(network.outputs()[0]);
    double worst = 0;
    for (std::size_t i = 0; i < exact.values.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(ours.values[i]) - exact.values[i]));
    // Layer by layer, for the worst channel: the input's error through the shared weights, what sharing
    // changes of a weight times the greatest input, half a step of the sum for each product and the bias,
    // half a step of the output.
    double error = fixed.quantized.tensors[0].scale[0] / 2.0;
    for (const int index : {0, 2}) {
      const QuantizedLayer& layer = fixed.quantized.layers[static_cast<std::size_t>(index)];
      const FloatTensor weights = fixed.parameters(index, Role::weights);
      const double w_step = layer.weights.quantization.scale[0], x_step = layer.inputs[0].scale[0];
      const double a_step = std::ldexp(w_step * x_step, layer.fixed_sum->product_shift);
      const std::size_t channels = index == 0 ? 8 : 10, length = weights.values.size() / channels;
      const Range& in =
          fixed.calibration
              .tensors[static_cast<std::size_t>(network.layers()[static_cast<std::size_t>(index)].inputs[0])];
      const double reach = std::max<double>(in.high, -in.low);
      double most = 0;
      for (std::size_t channel = 0; channel < channels; ++channel) {
        double sum = 0;
        for (std::size_t i = channel * length; i < (channel + 1) * length; ++i) {
          const double shared = w_step * layer.weights.codes[i];
          sum += error * std::abs(shared) + reach * std::abs(shared - weights.values[i]) + a_step / 2;
        }
        most = std::max(most, sum);
      }
      error = most + a_step / 2 + layer.output.scale[0] * 0.51;
    }
    INFO(bits << " bits: worst " << worst << " of at most " << error);
    CHECK(worst <= error);
    CHECK(worst < before);
    before = worst;
  }
}

TEST_CASE("matrix products and activations by table run in fixed point") {
  Network network("attention");
  const TensorId q = network.add_input("q", {2, 5, 16}), k = network.add_input("k", {2, 7, 16});
  add(network, "scores", MatMul{true}, {q, k}, Activation::tanh);
  const Case fixed(network, fixed_point_recipe());
  const QuantizedLayer& layer = fixed.quantized.layers[0];
  CHECK(layer.codebook.empty());
  CHECK(layer.weights.codes.empty());
  CHECK(format_of(layer) == LayerFormat{{16, 16}, 8, 16, {}, 0, 1});
  REQUIRE(layer.fixed_sum);
  CHECK(layer.requantization.table.size() == 256);
  const FloatTensor ours = fixed.output();
  const FloatTensor exact = run_float(network, fixed.inputs, fixed.parameters).at(network.outputs()[0]);
  // The table's code of 8 bits is the coarse one: half its step (tanh's slope is at most 1), and a little of
  // the rest.
  const Range& range = fixed.calibration.pre_activations[0];
  const double step = (range.high - range.low) / 255.0;
  for (std::size_t i = 0; i < exact.values.size(); ++i)
    CHECK(std::abs(ours.values[i] - exact.values[i]) <= 0.52 * step);
}

TEST_CASE("the recipe alone says how fixed-point tensors and weights come out") {
  Network network("widths");
  const TensorId x = network.add_input("x", {1, 4, 6, 6});
  const TensorId indices = network.add_input("indices", {3});
  Layer conv;
  conv.name = "conv";
  conv.operation = Convolution{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, false}, 8, 1};
  conv.density.weights = 0.3;
  conv.inputs = {x};
  const TensorId c = network.add_layer(conv);
  const TensorId rows = add(network, "rows", Reshape{{8, 36}}, {c});
  const TensorId turned = add(network, "turned", Transpose{{1, 0}}, {rows});
  const TensorId product = add(network, "product", MatMul{}, {rows, turned});
  const TensorId shares = add(network, "softmax", Softmax{-1}, {product});
  add(network, "fc", Linear{5}, {shares});
  add(network, "given", Linear{2}, {shares}, Activation::none,
      {1, 0, 0, 2, 0, 0, 0, 3, 1, 1, 0, 0, 0, 0, 0, 0});
  add(network, "words", Embedding{7, 4}, {indices});
  const Recipe recipe = parse_recipe(R"(arithmetic: fixed
default: {cluster: {bits: 4}, prune: {density: 0.5}}
layers:
  - {pattern: fc, cluster: {bits: 5, initialization: density}, prune: {density: 0.123}}
)",
                                     "recipe", network);
  const Case fixed(network, recipe);
  const std::vector<int> bits = tensor_bits(network, recipe);
  for (std::size_t id = 0; id < bits.size(); ++id) {
    CHECK(bits[id] == fixed.quantized.tensors[id].bits);
    CHECK(bits[id] == 16);
  }
  for (int layer = 0; layer < static_cast<int>(network.layers().size()); ++layer) {
    INFO(network.layers()[static_cast<std::size_t>(layer)].name);
    CHECK(layer_format(network, layer, bits, recipe) ==
          format_of(fixed.quantized.layers[static_cast<std::size_t>(layer)]));
  }
  const auto format = [&](int layer) { return layer_format(network, layer, bits, recipe); };
  // 288 weights at 30 %, of which no more are taken; 40 at 12.3 %: 5; 5 of 16 came with values.
  CHECK(format(0) == LayerFormat{{16}, 16, 16, {}, 4, std::round(0.3 * 288) / 288});
  CHECK(format(5) == LayerFormat{{16}, 16, 16, {}, 5, 5.0 / 40});
  CHECK(format(6) == LayerFormat{{16}, 16, 16, {}, 4, 5.0 / 16});
  CHECK(format(3).code_bits == 0);
}

TEST_CASE("the published networks keep as many weights as Deep Compression says") {
  const std::filesystem::path root = HEDDLE_SOURCE_DIR;
  // Parameters left, in millions, as published to two or three digits (Han et al., NIPS 2015 and ICLR 2016).
  // The paper's AlexNet has grouped convolutions, but nearly all weights are in the fully connected layers:
  // within 3 %.
  for (const auto& [name, left] : {std::pair{"alexnet", 6.7e6}, {"vgg16", 10.3e6}}) {
    INFO(name);
    const Network network =
        read_network_file(root / "configs/networks" / (std::string(name) + ".yaml"), std::nullopt);
    const Recipe recipe = read_recipe(
        root / "configs/compression" / ("deep-compression-" + std::string(name) + ".yaml"), network);
    const std::vector<int> bits = tensor_bits(network, recipe);
    double kept = 0;
    int layers = 0;
    for (int index = 0; index < static_cast<int>(network.layers().size()); ++index) {
      const LayerFormat format = layer_format(network, index, bits, recipe);
      if (format.code_bits == 0) continue;
      CHECK(format.code_bits == 4);
      ++layers;
      kept += format.weight_density * static_cast<double>(element_count(
                                          network.layers()[static_cast<std::size_t>(index)].weights->shape));
    }
    CHECK(layers == (std::string(name) == "alexnet" ? 8 : 16));
    CHECK(std::abs(kept / left - 1) < 0.03);
  }
}

TEST_CASE("what fixed point cannot hold is named") {
  const Network network = one_linear(1, {1.0F, 2.0F});
  const ParameterSource not_finite = [](int, Role) { return FloatTensor{{1, 2}, {1.0F, NAN}}; };
  CHECK_THROWS_WITH(quantize_layer(network, 0, {{{0, 1}, {0, 1}}, {{0, 1}}},
                                   {{16, {1.0F}, 0}, {16, {1.0F}, 0}}, fixed_point_recipe(), not_finite),
                    Catch::Contains("fc: weight 1 is nan"));
  Recipe none = fixed_point_recipe();
  none.defaults.cluster.reset();
  CHECK_THROWS_AS(quantize_layer(network, 0, {{{0, 1}, {0, 1}}, {{0, 1}}}, {{16, {1.0F}, 0}, {16, {1.0F}, 0}},
                                 none, parameter_source(network, 1)),
                  std::invalid_argument);
  QuantizedLayer layer;
  layer.weights.codes = {1};
  CHECK_THROWS_AS(codebook_indices(layer), std::invalid_argument);
  layer.codebook = {0, 2};
  CHECK_THROWS_WITH(codebook_indices(layer), Catch::Contains("weight 0 is 1, which is not in the codebook"));
}
