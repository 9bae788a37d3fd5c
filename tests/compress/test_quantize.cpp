// Does quantization follow its formulas, and does the integer network stay as close to the float one as they
// promise?
#include <catch2/catch.hpp>
#include <cmath>

#include "support/error.h"
#include "workload/compress/prune.h"
#include "workload/compress/quantize.h"
#include "workload/reference/integer_reference.h"
#include "workload/synthetic.h"

using namespace heddle;
using namespace heddle::workload;

namespace {

TensorId add(Network& network, const std::string& name, const Operation& operation,
             std::vector<TensorId> inputs, Activation activation = Activation::none, bool bias = false) {
  Layer layer;
  layer.name = name;
  layer.operation = operation;
  layer.activation = activation;
  layer.inputs = std::move(inputs);
  if (bias) layer.bias.emplace();
  return network.add_layer(layer);
}

/// conv, relu, max pool, linear.
Network small_network(Activation activation = Activation::relu) {
  Network network("small");
  const TensorId x = network.add_input("x", {2, 3, 12, 12});
  const TensorId c = add(network, "conv", Convolution{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, false}, 8, 1},
                         {x}, activation, true);
  const TensorId p =
      add(network, "pool", Pool{Pool::Kind::max, {{2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}, false}, false}, {c});
  const TensorId f = add(network, "flat", Reshape{{2, -1}}, {p});
  add(network, "fc", Linear{10}, {f}, Activation::none, true);
  return network;
}

/// Greatest sum over an output channel of |w|, and of |x| rounding errors that half a weight step makes.
struct Gain {
  double weights = 0;
  double half_steps = 0;
};
Gain gain(const QuantizedLayer& layer, const FloatTensor& weights) {
  Gain result;
  const std::size_t channels = layer.weights.quantization.scale.size(),
                    length = weights.values.size() / channels;
  for (std::size_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (std::size_t i = 0; i < length; ++i) sum += std::abs(weights.values[c * length + i]);
    const double step = layer.weights.quantization.scale[c];
    result.weights = std::max(result.weights, sum);
    // Half a step for every weight and, with the input's scale, for the bias.
    result.half_steps =
        std::max(result.half_steps, step / 2 * (static_cast<double>(length) + layer.inputs[0].scale[0]));
  }
  return result;
}

struct Outcome {
  double worst = 0;  ///< greatest difference of an output from the float network's
  double bound = 0;  ///< what the formulas allow
};

Outcome run_small(int bits) {
  const Network network = small_network();
  Recipe recipe;
  recipe.defaults = {bits, bits, {}};
  const ParameterSource parameters = pruned_parameters(network, recipe, 5);
  const auto inputs = synthetic_inputs(network, 5);
  const Calibration calibration = calibrate(network, {inputs}, parameters);
  const QuantizedNetwork quantized = quantize_network(network, calibration, recipe, parameters);
  std::map<TensorId, IntTensor> codes;
  for (const auto& [id, values] : inputs)
    codes[id] = quantize(values, quantized.tensors[static_cast<std::size_t>(id)]);
  const TensorId out = network.outputs().at(0);
  const FloatTensor ours = dequantize(reference_network(quantized, codes).at(out));
  const FloatTensor exact = run_float(network, inputs, parameters).at(out);
  Outcome result;
  for (std::size_t i = 0; i < exact.values.size(); ++i) {
    result.worst = std::max(result.worst, std::abs(static_cast<double>(ours.values[i]) - exact.values[i]));
  }
  // Errors propagate: out <= in * sum|w| + |x| * half a weight step for each weight + half an output step.
  // Relu and max pool do not widen them, nor does saturation, as float values lie within the calibrated
  // range.
  double error = quantized.tensors[0].scale[0] / 2;
  double reach = std::max(-calibration.tensors[0].low, calibration.tensors[0].high) + error;
  for (const int index : {0, 3}) {
    const QuantizedLayer& layer = quantized.layers[static_cast<std::size_t>(index)];
    const Gain g = gain(layer, parameters(index, Role::weights));
    error =
        error * g.weights + reach * g.half_steps + g.half_steps + layer.output.scale[0] * (0.5 + 1.0 / 64);
    const Range& range =
        calibration
            .tensors[static_cast<std::size_t>(network.layers()[static_cast<std::size_t>(index)].output)];
    reach = std::max(-range.low, range.high) + error;
  }
  result.bound = error;
  return result;
}

}  // namespace

TEST_CASE("a quantized network stays within the error that its steps add up to") {
  double before = INFINITY;
  for (const int bits : {4, 6, 8, 16}) {
    const Outcome outcome = run_small(bits);
    INFO(bits << " bits: worst " << outcome.worst << " of at most " << outcome.bound);
    CHECK(outcome.worst <= outcome.bound);
    CHECK(outcome.worst < before);
    before = outcome.worst;
  }
}

TEST_CASE("zero is a code, and ranges reach the ends of the code") {
  for (const auto& [low, high] :
       {std::pair{-1.0F, 3.0F}, std::pair{0.0F, 5.0F}, std::pair{-2.5F, 0.0F}, std::pair{0.5F, 2.0F},
        std::pair{-1e-30F, 1e-30F}, std::pair{-1e30F, 1e30F}, std::pair{0.0F, 0.0F}}) {
    for (const int bits : {2, 4, 8, 16}) {
      INFO("[" << low << ", " << high << "], " << bits << " bits");
      const Quantization q = activation_quantization({low, high}, bits);
      const FloatTensor values{{3}, {0, low, high}};
      const FloatTensor back = dequantize(quantize(values, q));
      CHECK(back.values[0] == 0.0F);
      // The ends saturate by at most half a step (the zero point is rounded), plus half a step of rounding.
      CHECK(std::abs(back.values[1] - low) <= q.scale[0] * 1.001F);
      CHECK(std::abs(back.values[2] - high) <= q.scale[0] * 1.001F);
      if (low >= 0 && bits <= 8) CHECK(q.zero_point == q.lowest());
      if (bits == 16) CHECK(q.zero_point == 0);
      CHECK(activation_quantization({low, high}, bits, true).zero_point == 0);
    }
  }
}

TEST_CASE("the recipe alone says how wide everything comes out") {
  Network network("widths");
  const TensorId x = network.add_input("x", {1, 4, 6, 6});
  const TensorId indices = network.add_input("indices", {3});
  const TensorId c = add(network, "conv", Convolution{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, false}, 8, 1},
                         {x}, Activation::relu, true);
  const TensorId p =
      add(network, "pool", Pool{Pool::Kind::max, {{2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}, false}, false}, {c});
  const TensorId rows = add(network, "rows", Reshape{{8, 9}}, {p});
  const TensorId turned = add(network, "turned", Transpose{{1, 0}}, {rows});
  const TensorId product = add(network, "product", MatMul{}, {rows, turned});
  const TensorId shares = add(network, "softmax", Softmax{-1}, {product});
  add(network, "fc", Linear{5}, {shares}, Activation::none, true);
  add(network, "words", Embedding{7, 4}, {indices});
  const Recipe recipe = parse_recipe(R"(default: {weights: 6, activations: 7, prune: {structured: "2:4"}}
layers:
  - {pattern: conv, activations: 5, prune: none}
  - {pattern: product, activations: 16}
  - {pattern: fc, weights: 4, activations: 3}
  - {pattern: words, activations: 4}
)",
                                     "recipe", network);
  std::map<TensorId, FloatTensor> inputs;
  for (const TensorId input : network.inputs()) inputs[input] = synthetic_input(network, input, 3);
  const ParameterSource parameters = pruned_parameters(network, recipe, 3);
  const Calibration calibration = calibrate(network, {inputs}, parameters);
  const std::vector<Quantization> quantizations = tensor_quantizations(network, calibration, recipe);
  const std::vector<int> bits = tensor_bits(network, recipe);
  REQUIRE(bits.size() == quantizations.size());
  for (std::size_t id = 0; id < bits.size(); ++id) CHECK(bits[id] == quantizations[id].bits);
  const auto format = [&](int layer) { return layer_format(network, layer, bits, recipe); };
  for (int layer = 0; layer < static_cast<int>(network.layers().size()); ++layer) {
    INFO(network.layers()[static_cast<std::size_t>(layer)].name);
    CHECK(format(layer) ==
          format_of(quantize_layer(network, layer, calibration, quantizations, recipe, parameters)));
  }
  CHECK(format(0) == LayerFormat{{7}, 6, 5, std::nullopt});
  CHECK(format(1).output_bits == 5);                   // the pool keeps the codes
  CHECK(format(4) == LayerFormat{{5, 5}, 8, 16, {}});  // product
  CHECK(format(6) == LayerFormat{{7}, 4, 3, StructuredSparsity{2, 4}});
  CHECK(format(7) == LayerFormat{{16}, 4, 4, {}});  // an index has 16 bits, the table output codes
}

TEST_CASE("the second operand of a matmul is symmetric, and so is what shares its codes") {
  Network network("attention");
  const TensorId q = network.add_input("q", {2, 5, 4}), k = network.add_input("k", {2, 4, 5});
  const TensorId turned = add(network, "turn", Transpose{{0, 2, 1}}, {k});
  add(network, "product", MatMul{true}, {q, turned});
  const Calibration calibration =
      calibrate(network, {synthetic_inputs(network, 1)}, parameter_source(network, 1));
  const Recipe recipe;
  const auto tensors = tensor_quantizations(network, calibration, recipe);
  CHECK(tensors[static_cast<std::size_t>(k)].zero_point == 0);
  CHECK(tensors[static_cast<std::size_t>(turned)] == tensors[static_cast<std::size_t>(k)]);
  CHECK(tensors[static_cast<std::size_t>(q)].zero_point != 0);
}

TEST_CASE("weights are symmetric by channel, pruned weights keep to n:m, relu clamps at the zero point") {
  const Network network = small_network();
  Recipe recipe;
  recipe.defaults = {8, 8, {std::nullopt, StructuredSparsity{1, 2}}};
  const ParameterSource parameters = pruned_parameters(network, recipe, 5);
  const Calibration calibration = calibrate(network, {synthetic_inputs(network, 5)}, parameters);
  const auto tensors = tensor_quantizations(network, calibration, recipe);
  const QuantizedLayer conv = quantize_layer(network, 0, calibration, tensors, recipe, parameters);
  CHECK(conv.sparsity == StructuredSparsity{1, 2});
  CHECK(keeps_to(conv.weights, {1, 2}));
  CHECK(conv.requantization.low == conv.output.zero_point);
  CHECK(conv.output.zero_point == -128);
  const FloatTensor weights = parameters(0, Role::weights);
  const FloatTensor bias = parameters(0, Role::bias);
  for (std::size_t c = 0; c < 8; ++c) {
    double greatest = 0;
    int code = 0;
    for (std::size_t i = c * 27; i < (c + 1) * 27; ++i) {
      greatest = std::max<double>(greatest, std::abs(weights.values[i]));
      code = std::max<int>(code, std::abs(conv.weights.codes[i]));
      CHECK(std::abs(conv.weights.codes[i] * conv.weights.quantization.scale[c] - weights.values[i]) <=
            conv.weights.quantization.scale[c] * 0.5001);
    }
    CHECK(code == 127);
    CHECK(conv.weights.quantization.scale[c] == static_cast<float>(greatest / 127));
    const double real = static_cast<double>(conv.inputs[0].scale[0]) * conv.weights.quantization.scale[c];
    CHECK(std::abs(static_cast<double>(conv.bias[c]) - bias.values[c] / real) <= 0.5);
    const double factor = std::ldexp(conv.requantization.multiplier[c], -conv.requantization.shift[c]);
    CHECK(factor == Approx(real / conv.output.scale[0]).epsilon(0x1p-30));
  }
  const QuantizedLayer unpruned_source = [&] {
    Recipe dense;
    return quantize_layer(network, 0, calibration, tensors, dense, parameter_source(network, 5));
  }();
  CHECK_FALSE(unpruned_source.sparsity);
  CHECK_THROWS_AS(quantize_layer(network, 0, calibration, tensors, recipe, parameter_source(network, 5)),
                  std::invalid_argument);
}

TEST_CASE("a channel without weights keeps its bias, within a 32-bit accumulator") {
  Network network("dead");
  const TensorId x = network.add_input("x", {1, 2});
  Layer layer;
  layer.name = "fc";
  layer.operation = Linear{3};
  layer.inputs = {x};
  layer.weights = Parameter{
      {3, 2}, std::make_shared<const std::vector<float>>(std::vector<float>{0, 0, 1e-20F, 0, 1, -1})};
  layer.bias = Parameter{{3}, std::make_shared<const std::vector<float>>(std::vector<float>{0.75F, -3, 0})};
  network.add_layer(layer);
  const Recipe recipe;
  const ParameterSource parameters = parameter_source(network, 1);
  std::map<TensorId, FloatTensor> inputs = {{x, {{1, 2}, {1, -1}}}};
  const QuantizedNetwork quantized =
      quantize_network(network, calibrate(network, {inputs}, parameters), recipe, parameters);
  CHECK(accumulator_bits(quantized.layers[0], *mac_shape(network, network.layers()[0])) <= 32);
  std::map<TensorId, IntTensor> codes = {{x, quantize(inputs[x], quantized.tensors[0])}};
  const FloatTensor out = dequantize(reference_network(quantized, codes).at(network.outputs()[0]));
  const float step = quantized.tensors[1].scale[0];
  CHECK(std::abs(out.values[0] - 0.75F) <= step / 2 * 1.001F);
  CHECK(std::abs(out.values[1] + 3) <= step);  // the end of the range saturates by up to half a step
  CHECK(std::abs(out.values[2] - 2) <= step * 2);
}

TEST_CASE("activations by table: within half a code before and after") {
  for (const Activation activation :
       {Activation::hard_swish, Activation::gelu, Activation::sigmoid, Activation::tanh}) {
    const Network network = small_network(activation);
    const Recipe recipe;
    const ParameterSource parameters = pruned_parameters(network, recipe, 5);
    const auto inputs = synthetic_inputs(network, 5);
    const Calibration calibration = calibrate(network, {inputs}, parameters);
    const auto tensors = tensor_quantizations(network, calibration, recipe);
    const QuantizedLayer conv = quantize_layer(network, 0, calibration, tensors, recipe, parameters);
    REQUIRE(conv.requantization.table.size() == 256);
    const IntTensor x = quantize(inputs.at(0), tensors[0]);
    const FloatTensor seen = dequantize(x);
    // The same layer in floats, with the weights that the codes stand for.
    const ParameterSource rounded = [&](int index, Role role) {
      return role == Role::weights ? dequantize(conv.weights) : parameters(index, role);
    };
    const FloatTensor before = float_layer(network, 0, {&seen}, rounded);
    const IntTensor out = reference_layer(network, 0, conv, {&x});
    const Range& range = calibration.pre_activations[0];
    const double step = (static_cast<double>(range.high) - range.low) / 255;
    for (std::size_t i = 0; i < out.codes.size(); ++i) {
      // Values of the activation around what it really got: half a step for rounding, half for where the
      // range saturates, and the bias's own rounding, far less.
      double low = INFINITY, high = -INFINITY;
      const double center = std::clamp<double>(before.values[i], range.low, range.high);
      for (int k = -50; k <= 50; ++k) {
        const double y = apply(activation, static_cast<float>(center + k * step * 1.02 / 50));
        low = std::min(low, y);
        high = std::max(high, y);
      }
      const double value =
          static_cast<double>(conv.output.scale[0]) * (out.codes[i] - conv.output.zero_point);
      REQUIRE(value >= low - conv.output.scale[0] * 1.01);
      REQUIRE(value <= high + conv.output.scale[0] * 1.01);
    }
  }
}

TEST_CASE("what cannot be quantized is named") {
  Network network("bad");
  const TensorId x = network.add_input("x", {1, 2});
  add(network, "table", Embedding{65537, 2}, {x});
  const Recipe recipe;
  const ParameterSource parameters = parameter_source(network, 1);
  const Calibration calibration = calibrate(network, {{{x, {{1, 2}, {0, 1}}}}}, parameters);
  CHECK_THROWS_WITH(quantize_network(network, calibration, recipe, parameters),
                    Catch::Contains("table: an embedding of 65537 rows, expected at most 65536"));
  CHECK_THROWS_WITH(calibrate(network, {{{x, {{1, 2}, {0, NAN}}}}}, parameters),
                    Catch::Contains("the tensor \"x\" holds nan, expected finite values"));
  CHECK_THROWS_AS(calibrate(network, {}, parameters), std::invalid_argument);
  CHECK_THROWS_AS(calibrate(network, {{}}, parameters), std::invalid_argument);
}
