// Does a network file mean what docs/networks.md says?
#include <catch2/catch.hpp>

#include "support/error.h"
#include "workload/readers/yaml_network.h"

namespace heddle::workload {
namespace {

Network parse(const std::string& text) { return parse_yaml_network(text, "test.yaml"); }

/// "name <- input, input" for every layer.
std::vector<std::string> wiring(const Network& network) {
  std::vector<std::string> result;
  for (const Layer& layer : network.layers()) {
    std::string line = layer.name + " <-";
    for (const TensorId input : layer.inputs)
      line += " " + network.values()[static_cast<std::size_t>(input)].name;
    result.push_back(line);
  }
  return result;
}

TEST_CASE("layers read the previous one unless they say otherwise") {
  const Network network = parse(R"(
name: plain
input: [1, 4]
layers:
  - {name: a, op: linear, out: 6}
  - {name: b, op: linear, out: 6}
  - {name: c, op: add, from: [previous, a]}
  - {name: d, op: linear, from: input, out: 2}
  - {name: e, op: concat, from: [c, d, b]}
outputs: [e, a]
)");
  CHECK(network.name() == "plain");
  CHECK(wiring(network) ==
        std::vector<std::string>{"a <- input", "b <- a", "c <- b a", "d <- input", "e <- c d b"});
  REQUIRE(network.outputs().size() == 2);
  CHECK(network.shape(network.outputs()[0]) == Shape{1, 6 + 2 + 6});
  CHECK(network.shape(network.outputs()[1]) == Shape{1, 6});
}

TEST_CASE("several inputs are named") {
  const Network network = parse(R"(
name: two
inputs: {x: [2, 3], y: [2, 5]}
layers:
  - {name: both, op: concat, from: [y, x]}
)");
  CHECK(wiring(network) == std::vector<std::string>{"both <- y x"});
  CHECK(network.inputs().size() == 2);
}

TEST_CASE("repeats: suffixes, block, inputs of each iteration, names inside and outside") {
  const Network network = parse(R"(
name: repeated
input: [1, 4]
layers:
  - {name: stem, op: linear, out: 4}
  - repeat:
      times: 2
      inputs: {cache: [1, 4]}
      layers:
        - {name: inner, op: linear, from: block, out: 4}
        - repeat:
            times: 2
            layers:
              - {name: deep, op: linear, out: 4}
              - {name: deep_add, op: add, from: [deep, block]}
        - {name: sum, op: add, from: [previous, block]}
        - {name: sum_stem, op: add, from: [sum, stem]}
        - {name: sum_cache, op: add, from: [sum_stem, cache]}
  - {name: last, op: add, from: [previous, deep.1.2]}
)");
  CHECK(wiring(network) == std::vector<std::string>{
                               "stem <- input",
                               "inner.1 <- stem",
                               "deep.1.1 <- inner.1",
                               "deep_add.1.1 <- deep.1.1 inner.1",
                               "deep.1.2 <- deep_add.1.1",
                               "deep_add.1.2 <- deep.1.2 deep_add.1.1",
                               "sum.1 <- deep_add.1.2 stem",
                               "sum_stem.1 <- sum.1 stem",
                               "sum_cache.1 <- sum_stem.1 cache.1",
                               "inner.2 <- sum_cache.1",
                               "deep.2.1 <- inner.2",
                               "deep_add.2.1 <- deep.2.1 inner.2",
                               "deep.2.2 <- deep_add.2.1",
                               "deep_add.2.2 <- deep.2.2 deep_add.2.1",
                               "sum.2 <- deep_add.2.2 sum_cache.1",
                               "sum_stem.2 <- sum.2 stem",
                               "sum_cache.2 <- sum_stem.2 cache.2",
                               "last <- sum_cache.2 deep.1.2",
                           });
}

TEST_CASE("attributes and their defaults") {
  const Network network = parse(R"(
name: attributes
input: [1, 4, 20, 30]
layers:
  - {name: conv, op: conv, out: 8, kernel: [3, 5], stride: [1, 2], padding: [1, 2], dilation: 1, groups: 2, bias: false,
     activation: relu6, density: {weights: 0.25, activations: 0.5}, distribution: uniform}
  - {name: uneven, op: conv, out: 8, kernel: 3, padding: [1, 0, 2, 1]}
  - {name: pool, op: max_pool, kernel: [2, 3]}
  - {name: average, op: average_pool, kernel: 2, stride: 1, count_padding: true, ceil_mode: true}
  - {name: norm, op: local_response_norm, size: 3, k: 2}
  - {name: act, op: activate, activation: hard_swish}
  - {name: flat, op: flatten}
  - {name: fc, op: linear, out: 6}
  - {name: split, op: reshape, shape: [1, 2, -1]}
  - {name: turn, op: transpose, permutation: [0, 2, 1]}
  - {name: cut, op: slice, axis: 1, begin: 1, end: 3}
  - {name: rms, op: layer_norm, subtract_mean: false, bias: false, epsilon: 1.0e-6}
  - {name: soft, op: softmax}
)");
  const auto& layers = network.layers();
  const auto& conv = std::get<Convolution>(layers[0].operation);
  CHECK(conv.window.kernel == std::array<std::int64_t, 2>{3, 5});
  CHECK(conv.window.stride == std::array<std::int64_t, 2>{1, 2});
  CHECK(conv.window.padding == std::array<std::int64_t, 4>{1, 2, 1, 2});
  CHECK(conv.groups == 2);
  CHECK_FALSE(layers[0].bias.has_value());
  CHECK(layers[0].activation == Activation::relu6);
  CHECK(layers[0].density.weights == 0.25);
  CHECK(layers[0].density.activations == 0.5);
  CHECK(layers[0].distribution == Distribution::uniform);
  CHECK(layers[1].distribution == Distribution::normal);
  CHECK(layers[1].bias.has_value());
  CHECK(std::get<Convolution>(layers[1].operation).window.padding == std::array<std::int64_t, 4>{1, 0, 2, 1});
  const auto& pool = std::get<Pool>(layers[2].operation);
  CHECK(pool.kind == Pool::Kind::max);
  CHECK(pool.window.stride == std::array<std::int64_t, 2>{2, 3});  // the kernel's
  const auto& average = std::get<Pool>(layers[3].operation);
  CHECK((average.kind == Pool::Kind::average && average.count_padding && average.window.ceil_mode));
  CHECK(average.window.stride == std::array<std::int64_t, 2>{1, 1});
  const auto& norm = std::get<LocalResponseNorm>(layers[4].operation);
  CHECK((norm.size == 3 && norm.bias == 2.0 && norm.alpha == 1e-4 && norm.beta == 0.75));
  CHECK(layers[5].activation == Activation::hard_swish);
  CHECK(network.shape(layers[6].output).size() == 2);
  CHECK(network.shape(layers[8].output) == Shape{1, 2, 3});
  CHECK(network.shape(layers[9].output) == Shape{1, 3, 2});
  CHECK(network.shape(layers[10].output) == Shape{1, 2, 2});
  const auto& rms = std::get<LayerNorm>(layers[11].operation);
  CHECK((!rms.subtract_mean && rms.epsilon == 1e-6 && !layers[11].bias));
  CHECK(std::get<Softmax>(layers[12].operation).axis == 2);
}

TEST_CASE("a tied layer shares weights and counts none") {
  const Network network = parse(R"(
name: tied
input: [1, 3]
layers:
  - {name: words, op: embedding, rows: 10, columns: 4, density: {weights: 0.5}, distribution: uniform}
  - {name: head, op: linear, out: 10, bias: false, tied: words}
  - {name: again, op: linear, from: words, out: 10, bias: false, tied: head}
)");
  CHECK(network.parameter_count() == 10 * 4);
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    CHECK(network.layers()[i].weights->tied_to == "words");
    CHECK_FALSE(network.layers()[i].weights->counted);
    CHECK(network.layers()[i].density.weights == 0.5);
    CHECK(network.layers()[i].distribution == Distribution::uniform);
  }
}

TEST_CASE("the file's own name stands in messages of read_yaml_network") {
  CHECK_THROWS_WITH(read_yaml_network("no/such/file.yaml"),
                    Catch::StartsWith("no/such/file.yaml: cannot be read"));
  CHECK_THROWS_WITH(read_yaml_network("."), Catch::Contains("is a folder"));
}

}  // namespace
}  // namespace heddle::workload
