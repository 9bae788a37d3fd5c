// Are synthetic tensors as dense and as distributed as asked for, and the same bytes each time?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <stdexcept>

#include "workload/random.h"
#include "workload/synthetic.h"

namespace heddle::workload {
namespace {

std::int64_t non_zeros(const FloatTensor& tensor) {
  return std::count_if(tensor.values.begin(), tensor.values.end(), [](float value) { return value != 0; });
}

TEST_CASE("the number of non-zeros is exact") {
  for (const std::int64_t count : {1, 2, 3, 7, 64, 1009, 30000}) {
    for (const double density : {0.0, 0.01, 0.09, 1.0 / 3, 0.5, 0.999, 1.0}) {
      for (const Distribution distribution : {Distribution::normal, Distribution::uniform}) {
        const FloatTensor tensor = synthetic({count}, density, distribution, 1.0, 5);
        CHECK(non_zeros(tensor) == std::llround(density * static_cast<double>(count)));
      }
    }
  }
}

TEST_CASE("a seed gives the same bytes, another seed others") {
  const FloatTensor a = synthetic({50, 20}, 0.5, Distribution::normal, 2.0, 11);
  CHECK(a == synthetic({50, 20}, 0.5, Distribution::normal, 2.0, 11));
  CHECK_FALSE(a == synthetic({50, 20}, 0.5, Distribution::normal, 2.0, 12));
}

TEST_CASE("the generator is SplitMix64, on every platform") {
  // First outputs for the seed 1234567, from the reference implementation (Vigna,
  // prng.di.unimi.it/splitmix64.c).
  RandomStream stream(1234567);
  CHECK(stream.next() == 6457827717110365317U);
  CHECK(stream.next() == 3203168211198807973U);
  CHECK(stream.next() == 9817491932198370423U);
}

TEST_CASE("the normal quantile inverts the normal distribution") {
  double worst = 0;
  int compared = 0;
  for (double p = 1e-12; p < 1.0; p = p < 0.01 ? p * 1.3 : p + 0.001) {
    const double back = 0.5 * std::erfc(-normal_quantile(p) / std::sqrt(2.0));
    worst = std::max(worst, std::fabs(back - p) / std::min(p, 1.0 - p));
    ++compared;
  }
  CHECK(compared > 1000);
  CHECK(worst < 1e-5);  // AS 241 gives z to about 1e-7; near p = 1e-12, p changes about 7 times as fast as z,
                        // relatively
}

TEST_CASE("values have the distribution that was asked for") {
  const std::int64_t count = 200000;
  const double scale = 0.3;
  for (const double density : {1.0, 0.25}) {
    for (const Distribution distribution : {Distribution::normal, Distribution::uniform}) {
      const FloatTensor tensor = synthetic({count}, density, distribution, scale, 3);
      double sum = 0;
      double squares = 0;
      for (const float value : tensor.values) {
        sum += value;
        squares += static_cast<double>(value) * value;
        if (distribution == Distribution::uniform) REQUIRE(std::fabs(value) <= scale);
      }
      const auto n = static_cast<double>(non_zeros(tensor));
      const double variance = distribution == Distribution::normal ? scale * scale : scale * scale / 3;
      // Five standard errors: of the mean sigma / sqrt(n), of the variance at most sigma^2 * sqrt(2 / n).
      CHECK(std::fabs(sum / n) < 5 * std::sqrt(variance / n));
      CHECK(std::fabs(squares / n - variance) < 5 * variance * std::sqrt(2 / n));
    }
  }
}

TEST_CASE("non-zeros are spread over the whole tensor") {
  const std::int64_t parts = 100;
  const std::int64_t part = 1000;
  const double density = 0.2;
  const FloatTensor tensor = synthetic({parts, part}, density, Distribution::normal, 1.0, 9);
  for (std::int64_t i = 0; i < parts; ++i) {
    const auto begin = tensor.values.begin() + i * part;
    const auto found = std::count_if(begin, begin + part, [](float value) { return value != 0; });
    // Hypergeometric, standard deviation below that of the binomial: sqrt(1000 * 0.2 * 0.8) = 12.6; six of
    // them.
    CHECK(std::abs(static_cast<double>(found) - density * part) <
          6 * std::sqrt(part * density * (1 - density)));
  }
}

TEST_CASE("bad densities, scales and shapes are refused") {
  const auto draw = [](const Shape& shape, double density, double scale) {
    return synthetic(shape, density, Distribution::normal, scale, 1);
  };
  CHECK_THROWS_AS(draw({2}, -0.1, 1), std::invalid_argument);
  CHECK_THROWS_AS(draw({2}, 1.1, 1), std::invalid_argument);
  CHECK_THROWS_AS(draw({2}, std::nan(""), 1), std::invalid_argument);
  CHECK_THROWS_AS(draw({2}, 1, 0), std::invalid_argument);
  CHECK_THROWS_AS(draw({2}, 1, INFINITY), std::invalid_argument);
  CHECK_THROWS_AS(draw({0}, 1, 1), std::invalid_argument);
}

TEST_CASE("every layer and role has its own seed") {
  const std::set<std::uint64_t> seeds = {tensor_seed(1, "ab", "c"),    tensor_seed(1, "a", "bc"),
                                         tensor_seed(1, "abc", ""),    tensor_seed(1, "", "abc"),
                                         tensor_seed(2, "ab", "c"),    tensor_seed(1, "ab", "weights"),
                                         tensor_seed(1, "ab", "bias"), tensor_seed(0, "", "")};
  CHECK(seeds.size() == 8);
}

TEST_CASE("parameters: values of the file, else He's deviation, thinned to the layer's density") {
  Network network("test");
  const TensorId in = network.add_input("in", {1, 50, 8, 8});
  Layer conv{.name = "conv",
             .operation = Convolution{.window = {.kernel = {2, 2}}, .out_channels = 100},
             .bias = Parameter{},
             .density = {.weights = 0.5},
             .inputs = {in}};
  network.add_layer(conv);
  const Layer& layer = network.layers()[0];
  const FloatTensor weights = parameter_values(layer, *layer.weights, Role::weights, 4);
  CHECK(weights.shape == Shape{100, 50, 2, 2});
  const std::int64_t count = 100 * 50 * 2 * 2;
  CHECK(non_zeros(weights) == count / 2);
  double squares = 0;
  for (const float value : weights.values) squares += static_cast<double>(value) * value;
  const double variance = 2.0 / (50 * 2 * 2);
  CHECK(std::fabs(squares / (count / 2) - variance) < 5 * variance * std::sqrt(2.0 / (count / 2)));
  CHECK(parameter_values(layer, *layer.weights, Role::weights, 4) == weights);
  CHECK_FALSE(parameter_values(layer, *layer.weights, Role::weights, 5) == weights);
  for (const float value : parameter_values(layer, *layer.bias, Role::bias, 4).values) {
    CHECK(std::fabs(value) <= 1 / std::sqrt(200.0F));
  }

  Layer tied = layer;
  tied.name = "other";
  CHECK_FALSE(parameter_values(tied, *tied.weights, Role::weights, 4) == weights);
  tied.weights->tied_to = "conv";
  CHECK(parameter_values(tied, *tied.weights, Role::weights, 4) == weights);

  Parameter given{.shape = {2},
                  .values = std::make_shared<const std::vector<float>>(std::vector<float>{3, 4})};
  CHECK(parameter_values(layer, given, Role::weights, 4).values == std::vector<float>{3, 4});
}

TEST_CASE("inputs: of the first reader's density, whole numbers below its rows for an embedding") {
  Network network("test");
  const TensorId in = network.add_input("in", {1, 1000});
  const TensorId tokens = network.add_input("tokens", {1, 500});
  network.add_layer({.name = "fc",
                     .operation = Linear{.out_features = 2},
                     .density = {.activations = 0.3},
                     .inputs = {in}});
  network.add_layer(
      {.name = "embedding", .operation = Embedding{.rows = 7, .columns = 2}, .inputs = {tokens}});
  CHECK(non_zeros(synthetic_input(network, in, 1)) == 300);
  std::set<float> seen;
  for (const float index : synthetic_input(network, tokens, 1).values) seen.insert(index);
  CHECK(seen == std::set<float>{0, 1, 2, 3, 4, 5, 6});
}

}  // namespace
}  // namespace heddle::workload
