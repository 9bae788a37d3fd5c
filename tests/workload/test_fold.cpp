// Does the network that the machine runs compute what the network in the file computes?
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "workload/fold.h"
#include "workload/synthetic.h"

namespace heddle::workload {
namespace {

constexpr std::uint64_t kSeed = 17;

std::vector<double> values_of(const Layer& layer, const std::optional<Parameter>& parameter, Role role) {
  if (!parameter) return {};
  const FloatTensor tensor = parameter_values(layer, *parameter, role, kSeed);
  return {tensor.values.begin(), tensor.values.end()};
}

/// Plain loops over the shape of mac_shape.h, in doubles.
std::vector<double> multiply_accumulate(const Network& network, const Layer& layer,
                                        const std::vector<double>& x) {
  const MacShape s = mac_shape(network, layer).value();
  const std::vector<double> w = values_of(layer, layer.weights, Role::weights);
  const std::vector<double> b = values_of(layer, layer.bias, Role::bias);
  const auto size = [&](Dim d) { return s.size[d]; };
  std::vector<double> y;
  for (std::int64_t n = 0; n < size(Dim::N); ++n)
    for (std::int64_t gm = 0; gm < size(Dim::G) * size(Dim::M); ++gm)
      for (std::int64_t p = 0; p < size(Dim::P); ++p)
        for (std::int64_t q = 0; q < size(Dim::Q); ++q) {
          double sum = b.empty() ? 0 : b[static_cast<std::size_t>(gm)];
          for (std::int64_t c = 0; c < size(Dim::C); ++c)
            for (std::int64_t r = 0; r < size(Dim::R); ++r)
              for (std::int64_t t = 0; t < size(Dim::S); ++t) {
                const std::int64_t row = p * s.stride_h + r * s.dilation_h - s.pad_top;
                const std::int64_t column = q * s.stride_w + t * s.dilation_w - s.pad_left;
                if (row < 0 || row >= s.input_h || column < 0 || column >= s.input_w) continue;
                const std::int64_t channel = gm / size(Dim::M) * size(Dim::C) + c;
                const std::int64_t from =
                    ((n * size(Dim::G) * size(Dim::C) + channel) * s.input_h + row) * s.input_w + column;
                const std::int64_t weight = ((gm * size(Dim::C) + c) * size(Dim::R) + r) * size(Dim::S) + t;
                sum += w[static_cast<std::size_t>(weight)] * x[static_cast<std::size_t>(from)];
              }
          y.push_back(sum);
        }
  return y;
}

/// Runs conv, linear, batch_norm, add and activate layers; the result by tensor name.
std::map<std::string, std::vector<double>> run(const Network& network) {
  std::map<std::string, std::vector<double>> results;
  std::map<TensorId, std::vector<double>> made;
  for (const TensorId input : network.inputs()) {
    const FloatTensor tensor = synthetic_input(network, input, kSeed);
    made[input] = {tensor.values.begin(), tensor.values.end()};
  }
  for (const int index : network.topological_order()) {
    const Layer& layer = network.layers()[static_cast<std::size_t>(index)];
    std::vector<double> y = made.at(layer.inputs[0]);
    if (mac_shape(network, layer)) y = multiply_accumulate(network, layer, y);
    if (std::holds_alternative<Add>(layer.operation)) {
      const std::vector<double>& second = made.at(layer.inputs[1]);
      for (std::size_t i = 0; i < y.size(); ++i) y[i] += second[i];
    }
    if (std::holds_alternative<BatchNorm>(layer.operation)) {
      const std::vector<double> scale = values_of(layer, layer.weights, Role::weights);
      const std::vector<double> shift = values_of(layer, layer.bias, Role::bias);
      const Shape& shape = network.shape(layer.output);
      const std::size_t plane = y.size() / static_cast<std::size_t>(shape[0] * shape[1]);
      for (std::size_t i = 0; i < y.size(); ++i) {
        const std::size_t c = i / plane % scale.size();
        y[i] = scale[c] * y[i] + shift[c];
      }
    }
    for (double& value : y) value = apply(layer.activation, static_cast<float>(value));
    results[network.values()[static_cast<std::size_t>(layer.output)].name] = y;
    made[layer.output] = std::move(y);
  }
  return results;
}

TensorId add(Network& network, const std::string& name, Operation operation, std::vector<TensorId> inputs,
             Activation activation = Activation::none, bool bias = false) {
  Layer layer{
      .name = name, .operation = std::move(operation), .activation = activation, .inputs = std::move(inputs)};
  if (bias) layer.bias.emplace();
  return network.add_layer(std::move(layer));
}

std::vector<std::string> names(const Network& network) {
  std::vector<std::string> result;
  for (const Layer& layer : network.layers()) result.push_back(layer.name);
  return result;
}

/// Every tensor of the prepared network must be the tensor of the same name in the original.
void check_same_function(const Network& network, const Network& prepared) {
  const auto expected = run(network);
  const auto got = run(prepared);
  int compared = 0;
  for (const auto& [name, values] : got) {
    const std::vector<double>& reference = expected.at(name);
    REQUIRE(values.size() == reference.size());
    for (std::size_t i = 0; i < values.size(); ++i, ++compared) {
      // Folded weights are rounded to floats (2^-24 each); sums here have fewer than 100 terms below 10.
      REQUIRE(std::fabs(values[i] - reference[i]) <
              100 * 10 * std::ldexp(1.0, -24) * (1 + std::fabs(reference[i])));
    }
  }
  CHECK(compared > 0);
  for (const TensorId output : network.outputs()) {
    CHECK(got.count(network.values()[static_cast<std::size_t>(output)].name) == 1);
  }
}

/// The network for counting: the same layers, tensors and parameter shapes, and no values that were not
/// given.
void check_same_shapes(const Network& prepared, const Network& counting) {
  REQUIRE(names(counting) == names(prepared));
  REQUIRE(counting.values().size() == prepared.values().size());
  for (std::size_t i = 0; i < counting.values().size(); ++i) {
    CHECK(counting.values()[i].name == prepared.values()[i].name);
    CHECK(counting.values()[i].shape == prepared.values()[i].shape);
  }
  CHECK(counting.outputs() == prepared.outputs());
  for (std::size_t i = 0; i < counting.layers().size(); ++i) {
    const Layer &a = counting.layers()[i], &b = prepared.layers()[i];
    CHECK(a.operation.index() == b.operation.index());
    CHECK(a.activation == b.activation);
    CHECK(a.inputs == b.inputs);
    for (const auto part : {&Layer::weights, &Layer::bias}) {
      REQUIRE((a.*part).has_value() == (b.*part).has_value());
      if (!(a.*part)) continue;
      CHECK((a.*part)->shape == (b.*part)->shape);
      CHECK((a.*part)->values == nullptr);
    }
  }
}

TEST_CASE("batch norms and activations join the layer before them") {
  Network network("residual");
  const TensorId in = network.add_input("in", {2, 4, 7, 5});
  const Window window{.kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0, 1, 1}};
  TensorId x = add(network, "conv1", Convolution{.window = window, .out_channels = 6, .groups = 2}, {in});
  x = add(network, "bn1", BatchNorm{}, {x});
  const TensorId shortcut = add(network, "relu1", Activate{}, {x}, Activation::relu);
  x = add(network, "conv2", Convolution{.out_channels = 6}, {shortcut}, Activation::none, true);
  x = add(network, "bn2", BatchNorm{}, {x});
  x = add(network, "sum", Add{}, {x, shortcut});
  x = add(network, "relu2", Activate{}, {x}, Activation::relu6);

  const Network prepared = prepared_for_execution(network, kSeed);
  CHECK(names(prepared) == std::vector<std::string>{"conv1", "conv2", "sum"});
  CHECK(prepared.layers()[0].activation == Activation::relu);
  CHECK(prepared.layers()[1].activation == Activation::none);
  CHECK(prepared.layers()[2].activation == Activation::relu6);
  CHECK(prepared.values()[static_cast<std::size_t>(prepared.layers()[0].output)].name == "relu1");
  CHECK(prepared.macs() == network.macs());
  check_same_function(network, prepared);
  check_same_shapes(prepared, prepared_for_counting(network));
}

TEST_CASE("a linear layer over [n, features] takes a batch norm, one over more dimensions does not") {
  Network flat("flat");
  TensorId x =
      add(flat, "fc", Linear{.out_features = 5}, {flat.add_input("in", {3, 9})}, Activation::none, true);
  x = add(flat, "bn", BatchNorm{}, {x}, Activation::tanh);
  const Network prepared = prepared_for_execution(flat, kSeed);
  CHECK(names(prepared) == std::vector<std::string>{"fc"});
  CHECK(prepared.layers()[0].activation == Activation::tanh);
  check_same_function(flat, prepared);
  check_same_shapes(prepared, prepared_for_counting(flat));

  Network deep("deep");  // here the norm's channels are rows, not features
  x = add(deep, "fc", Linear{.out_features = 4}, {deep.add_input("in", {2, 4, 9})});
  x = add(deep, "bn", BatchNorm{}, {x});
  const Network kept = prepared_for_execution(deep, kSeed);
  CHECK(names(kept) == std::vector<std::string>{"fc", "bn"});
  check_same_function(deep, kept);
  check_same_shapes(kept, prepared_for_counting(deep));
}

TEST_CASE("what somebody else reads, or what leaves the network, stays") {
  Network network("shared");
  const TensorId in = network.add_input("in", {1, 4, 3, 3});
  const TensorId conv = add(network, "conv", Convolution{.out_channels = 4}, {in});
  const TensorId bn = add(network, "bn", BatchNorm{}, {conv});
  const TensorId relu = add(network, "relu", Activate{}, {bn}, Activation::relu);
  add(network, "sum", Add{}, {relu, conv});
  SECTION("two readers of the convolution") {
    const Network prepared = prepared_for_execution(network, kSeed);
    CHECK(names(prepared) == std::vector<std::string>{"conv", "bn", "sum"});  // bn takes the relu
    CHECK(prepared.layers()[1].activation == Activation::relu);
    check_same_function(network, prepared);
    check_same_shapes(prepared, prepared_for_counting(network));
  }
  SECTION("the norm's result is an output") {
    network.mark_output(bn);
    network.mark_output(relu);
    const Network prepared = prepared_for_execution(network, kSeed);
    CHECK(names(prepared) == std::vector<std::string>{"conv", "bn", "relu", "sum"});
    check_same_function(network, prepared);
    check_same_shapes(prepared, prepared_for_counting(network));
  }
}

TEST_CASE("an activation after an activation, or on the input, stays") {
  Network network("twice");
  TensorId x = add(network, "first", Activate{}, {network.add_input("in", {1, 8})}, Activation::tanh);
  x = add(network, "fc", Linear{.out_features = 8}, {x}, Activation::relu);
  x = add(network, "second", Activate{}, {x}, Activation::sigmoid);
  const Network prepared = prepared_for_execution(network, kSeed);
  CHECK(names(prepared) == std::vector<std::string>{"first", "fc", "second"});
  check_same_function(network, prepared);
  check_same_shapes(prepared, prepared_for_counting(network));
}

}  // namespace
}  // namespace heddle::workload
