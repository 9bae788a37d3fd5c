// Is a recipe read as written, and is everything wrong in one named?
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/error.h"
#include "workload/compress/recipe.h"

using namespace heddle;
using namespace heddle::workload;

namespace {

Network network() {
  Network result("three");
  TensorId last = result.add_input("x", {1, 16});
  for (const char* name : {"conv1", "fc1", "fc2"}) {
    Layer layer;
    layer.name = name;
    layer.operation = Linear{16};
    layer.inputs = {last};
    last = result.add_layer(layer);
  }
  return result;
}

std::string error_of(const std::string& text) {
  try {
    parse_recipe(text, "r.yaml", network());
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("globs") {
  CHECK(matches("*", ""));
  CHECK(matches("*", "conv1"));
  CHECK(matches("conv?", "conv1"));
  CHECK_FALSE(matches("conv?", "conv"));
  CHECK_FALSE(matches("conv?", "conv12"));
  CHECK(matches("*.attn.*", "h.0.attn.q"));
  CHECK(matches("*a*b", "xaabab"));
  CHECK_FALSE(matches("*a*b", "xaaba"));
  CHECK_FALSE(matches("", "x"));
  CHECK(matches("", ""));
  CHECK_FALSE(matches("fc", "fc1"));
}

TEST_CASE("each setting comes from the last rule that gives it") {
  const Recipe recipe = parse_recipe(R"(
default: {weights: 4, prune: {density: 0.25}}
layers:
  - {pattern: "fc*", weights: 5, prune: {structured: "2:4"}}
  - {pattern: "*2", weights: 6, activations: 16}
  - {pattern: conv1, prune: none}
)",
                                     "r.yaml", network());
  CHECK(recipe.of("conv1") == LayerRecipe{4, 8, {}});
  CHECK(recipe.of("fc1") == LayerRecipe{5, 8, {std::nullopt, StructuredSparsity{2, 4}}});
  CHECK(recipe.of("fc2") == LayerRecipe{6, 16, {std::nullopt, StructuredSparsity{2, 4}}});
  CHECK(recipe.of("other") == LayerRecipe{4, 8, {0.25, std::nullopt}});
}

TEST_CASE("the recipes that ship are read") {
  const std::filesystem::path folder = std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/compression";
  const auto read = [&](const char* name) { return read_recipe(folder / name, network()).of("fc1"); };
  CHECK(read("int8.yaml") == LayerRecipe{});
  CHECK(read("int8-2-4.yaml") == LayerRecipe{8, 8, {std::nullopt, StructuredSparsity{2, 4}}});
  CHECK(read("int4-weights.yaml") == LayerRecipe{4, 8, {}});
  CHECK(read("int16.yaml") == LayerRecipe{16, 16, {}});
  CHECK(read("pruned-10.yaml") == LayerRecipe{8, 8, {0.1, std::nullopt}});
  CHECK_THROWS_AS(read_recipe(folder / "absent.yaml", network()), InputError);
}

TEST_CASE("bad recipes are refused with file, line and key") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"default: {weight: 8}", "r.yaml:1:11: default.weight: unknown key (did you mean \"weights\"?)"},
      {"defaults: {weights: 8}", "unknown key (did you mean \"default\"?)"},
      {"default: {weights: 1}", "default.weights: expected an integer from 2 to 16, got 1"},
      {"default: {weights: 9}", "default.weights: expected 2 to 8 or 16 bits, got 9"},
      {"default: {weights: 17}", "from 2 to 16, got 17"},
      {"default: {activations: eight}", "default.activations: expected an integer, got \"eight\""},
      {"default: {activations: 7.5}", "expected an integer, got \"7.5\""},
      {"default: {weights: []}", "expected an integer, got a list"},
      {"default: {prune: {density: 1.5}}", "default.prune.density: expected a number from 0 to 1, got 1.5"},
      {"default: {prune: {density: -1}}", "from 0 to 1, got -1"},
      {"default: {prune: {density: .nan}}", "expected a number from 0 to 1, got nan"},
      {"default: {prune: {structured: \"4:2\"}}",
       "expected n:m with 1 <= n <= m <= 256 such as \"2:4\", got \"4:2\""},
      {"default: {prune: {structured: \"0:4\"}}", "got \"0:4\""},
      {"default: {prune: {structured: \"2/4\"}}", "got \"2/4\""},
      {"default: {prune: {structured: \"2:4x\"}}", "got \"2:4x\""},
      {"default: {prune: {structured: \"2:99999999999\"}}", "got \"2:99999999999\""},
      {"default: {prune: {}}", "expected either \"density\" or \"structured\""},
      {"default: {prune: {density: 0.5, structured: \"2:4\"}}",
       "expected either \"density\" or \"structured\""},
      {"default: {prune: some}", "unknown value \"some\""},
      {"default: {prune: [2, 4]}", "expected a map with the keys density, structured, got a list"},
      {"layers:\n  - {pattern: cov1, weights: 4}",
       "r.yaml:2:15: layers[0].pattern: \"cov1\" matches no layer (did you mean \"conv1\"?)"},
      {"layers:\n  - {pattern: \"zzz*\", weights: 4}", "\"zzz*\" matches no layer"},
      {"layers:\n  - {weights: 4}", "r.yaml:2:5: layers[0]: the key \"pattern\" is missing"},
      {"layers:\n  - {pattern: fc1}",
       "layers[0]: sets nothing, expected at least one of weights, activations, prune, cluster"},
      {"layers: {pattern: fc1}", "layers: expected a list, got a map"},
      {"layers: [fc1]", "layers[0]: expected a map"},
      {"default: 8", "default: expected a map"},
      {"- default", "expected a map with the keys name, arithmetic, default, layers, got a list"},
      {"", "expected a map with the keys name, arithmetic, default, layers, got nothing"},
      {"default: {weights: 8", "r.yaml"},
      {"default: {weights: 8, weights: 4}", "given twice"},
  };
  for (const auto& [text, fragment] : cases) {
    INFO(text);
    CHECK_THAT(error_of(text), Catch::Contains(fragment));
  }
}

TEST_CASE("fixed arithmetic is read, with 16 bits and the clusters of each layer") {
  const Recipe recipe = parse_recipe(R"(
arithmetic: fixed
default: {cluster: {bits: 4}}
layers:
  - {pattern: "fc*", cluster: {bits: 5, initialization: density}, prune: {density: 0.25}}
  - {pattern: fc2, cluster: {initialization: random, seed: 7}, weights: 16}
)",
                                     "r.yaml", network());
  CHECK(recipe.arithmetic == Arithmetic::fixed);
  CHECK(recipe.of("conv1") == LayerRecipe{16, 16, {}, Clustering{4, Initialization::linear}});
  CHECK(recipe.of("fc1") == LayerRecipe{16, 16, {0.25, {}}, Clustering{5, Initialization::density}});
  CHECK(recipe.of("fc2") == LayerRecipe{16, 16, {0.25, {}}, Clustering{4, Initialization::random, 7}});
  CHECK(parse_recipe("arithmetic: integer\ndefault: {cluster: none}", "r.yaml", network()).of("fc1") ==
        LayerRecipe{});

  const std::filesystem::path folder = std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/compression";
  for (const char* name : {"eie", "digits-eie"}) {
    const Recipe shipped = read_recipe(folder / (std::string(name) + ".yaml"), network());
    CHECK(shipped.name == name);
    CHECK(shipped.arithmetic == fixed_point_recipe().arithmetic);
    CHECK(shipped.defaults == fixed_point_recipe(4).defaults);
    CHECK(shipped.rules.empty());
  }
}

TEST_CASE("what does not go with an arithmetic is refused") {
  const std::string fixed = "arithmetic: fixed\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"arithmetic: float", "r.yaml:1:13: arithmetic: unknown value \"float\""},
      {"default: {cluster: {bits: 4}}", "default.cluster: expected none, or \"arithmetic: fixed\""},
      {fixed + "default: {weights: 16}",
       "expected a \"cluster\" such as {bits: 4} in \"default\" (without it: conv1, fc1, fc2)"},
      {fixed + "default: {cluster: {bits: 4}}\nlayers: [{pattern: fc1, cluster: none}]", "(without it: fc1)"},
      {fixed + "layers: [{pattern: \"fc*\", cluster: {bits: 4}}]", "(without it: conv1)"},
      {fixed + "default: {cluster: {bits: 4}, weights: 8}",
       "r.yaml:2:40: default.weights: expected 16 bits, which is what all tensors have"},
      {fixed + "default: {cluster: {bits: 4}, activations: 4}", "default.activations: expected 16 bits"},
      {fixed + "default: {cluster: {bits: 4}}\nlayers: [{pattern: fc1, activations: 8}]",
       "layers[0].activations: expected 16 bits"},
      {fixed + "default: {cluster: {bits: 4}, prune: {structured: \"2:4\"}}",
       "default.prune.structured: n:m does not go with \"arithmetic: fixed\""},
      {fixed + "default: {cluster: {bits: 1}}",
       "default.cluster.bits: expected an integer from 2 to 8, got 1"},
      {fixed + "default: {cluster: {bits: 9}}", "from 2 to 8, got 9"},
      {fixed + "default: {cluster: {bits: 4, initialization: linaer}}",
       "default.cluster.initialization: unknown value \"linaer\""},
      {fixed + "default: {cluster: {bits: 4, seed: -1}}", "default.cluster.seed: expected an integer"},
      {fixed + "default: {cluster: {bit: 4}}", "default.cluster.bit: unknown key (did you mean \"bits\"?)"},
      {fixed + "default: {cluster: all}", "unknown value \"all\""},
      {fixed + "default: {cluster: [4]}",
       "expected a map with the keys bits, initialization, seed, got a list"},
  };
  for (const auto& [text, fragment] : cases) {
    INFO(text);
    CHECK_THAT(error_of(text), Catch::Contains(fragment));
  }
}

TEST_CASE("everything wrong in a recipe is told at once") {
  const std::string error =
      error_of("default: {weights: 1, bits: 8}\nlayers:\n  - {pattern: nothing, activations: 99}");
  CHECK_THAT(error, Catch::Contains("default.weights") && Catch::Contains("default.bits") &&
                        Catch::Contains("matches no layer") && Catch::Contains("layers[0].activations"));
}
