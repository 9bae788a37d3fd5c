// Bad network files: what each is told, where, and that nothing else is blamed.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "support/error.h"
#include "workload/readers/yaml_network.h"

namespace heddle::workload {
namespace {

struct Bad {
  std::string text;
  std::string fragment;  ///< of the first problem's text, mark and key path included
  std::size_t problems = 1;
};

std::vector<Problem> problems_of(const std::string& text) {
  try {
    parse_yaml_network(text, "n.yaml");
  } catch (const InputError& error) {
    return error.problems();
  }
  return {};
}

void check(const Bad& bad) {
  INFO(bad.text);
  const std::vector<Problem> problems = problems_of(bad.text);
  REQUIRE_FALSE(problems.empty());
  CHECK_THAT(problems[0].text(), Catch::Contains(bad.fragment));
  std::string all;
  for (const Problem& problem : problems) all += problem.text() + "\n";
  INFO(all);
  CHECK(problems.size() == bad.problems);
}

/// A good head; one of these layers is bad.
std::string with_layers(const std::string& layers) {
  return "name: net\ninput: [1, 3, 8, 8]\nlayers:\n" + layers;
}

TEST_CASE("bad files") {
  const std::vector<Bad> table = {
      {"", "expected a map with the keys name, input, inputs, outputs, layers, got nothing"},
      {"[1, 2]", "n.yaml:1:1: expected a map with the keys"},
      {"just a text", "got \"just a text\""},
      {"name: [", "is not valid YAML"},
      {"name: \"net", "is not valid YAML"},
      {"name: net\ninput: [1]\n", "the key \"layers\" is missing"},
      {"input: [1, 4]\nlayers: [{name: a, op: linear, out: 1}]", "n.yaml:1:1: the key \"name\" is missing"},
      {"name: net\nlayers: [{name: a, op: softmax}]", "neither `input: [extents]` nor `inputs", 2},
      {"name: net\ninput: [1, 4]\nlayer: []\nlayers: [{name: a, op: softmax}]",
       "n.yaml:3:1: layer: unknown key (did you mean \"layers\"?)"},
      {"name: net\nname: net\ninput: [1]\nlayers: [{name: a, op: softmax}]", "n.yaml:2:1: name: given twice"},
      {"name: net\ninput: [1]\nlayers: []", "n.yaml:3:9: layers: no layers, expected at least one"},
      {"name: net\ninput: [1]\nlayers: 3", "layers: expected a list, got \"3\""},
      {"name: net\ninput: [1]\ninputs: {a: [1]}\nlayers: [{name: a, op: softmax, from: a}]",
       "inputs: besides `input`, expected one of the two", 2},  // and the layer has the input's name
      {"name: net\ninputs: {a: [1], b: [1]}\nlayers: [{name: c, op: softmax}]",
       "layers[0]: no layer before this one and not one single network input"},
      {"name: net\ninputs: {}\nlayers: [{name: c, op: softmax, from: d}]",
       "inputs: no inputs, expected at least one", 2},
      {"name: net\ninputs: [a]\nlayers: [{name: c, op: softmax, from: a}]",
       "expected a map of `name: [extents]`", 2},
      {"name: net\ninputs: {previous: [1]}\nlayers: [{name: c, op: softmax}]",
       "the name \"previous\" has a meaning in `from`"},
      {"name: a net\ninput: [1]\nlayers: [{name: c, op: softmax}]",
       "the name \"a net\", expected letters, digits"},
      {"name: net\ninput: [1]\nlayers: [{name: c, op: softmax}]\noutputs: [d]",
       "n.yaml:4:11: outputs[0]: there is no layer or input \"d\""},
      {"name: net\ninput: [1]\nlayers: [{name: c, op: softmax}]\noutputs: c",
       "outputs: expected a list, got \"c\""},
  };
  for (const Bad& bad : table) check(bad);
}

TEST_CASE("bad input shapes") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"[1, 0]", "n.yaml:2:12: input[1]: expected an integer from 1 to 1099511627776, got 0"},
      {"[-3]", "expected an integer from 1 to 1099511627776, got -3"},
      {"[1, 2.5]", "expected an integer, got \"2.5\""},
      {"[1, nan]", "expected an integer, got \"nan\""},
      {"[99999999999999999999]", "expected an integer, got \"99999999999999999999\""},
      {"[1099511627777]", "expected an integer from 1 to"},
      {"[1000000, 1000000, 1000000]", "has more than 1099511627776 elements"},
      {"[]", "input: 0 extents, expected 1 to 8"},
      {"[1, 1, 1, 1, 1, 1, 1, 1, 1]", "9 extents, expected 1 to 8"},
      {"7", "input: expected a list, got \"7\""},
      {"{a: 1}", "input: expected a list, got a map"},
      {"", "input: expected a list, got nothing"},
      {"[[1]]", "input[0]: expected an integer, got a list"},
      {"[-1]", "expected an integer from 1"},
  };
  for (const auto& [shape, fragment] : table) {
    check({"name: net\ninput: " + shape + "\nlayers: [{name: a, op: softmax}]", fragment});
  }
}

TEST_CASE("bad layers") {
  const std::string conv = "  - {name: a, op: conv, out: 4, kernel: 3}\n";
  const std::vector<Bad> table = {
      {"  - 5\n", "n.yaml:4:5: layers[0]: expected a layer such as"},
      {"  - {name: a, op: convolution, out: 4, kernel: 3}\n", "layers[0].op: unknown value \"convolution\""},
      {"  - {name: a, op: con, out: 4, kernel: 3}\n", "(did you mean \"conv\"?)"},
      {"  - {name: a, op: [conv], out: 4}\n", "layers[0].op: expected a text, got a list"},
      {"  - {name: a}\n", "layers[0]: the key \"op\" is missing"},
      {"  - {op: conv, out: 4, kernel: 3}\n", "layers[0]: the key \"name\" is missing"},
      {"  - {name: '', op: softmax}\n", "the name \"\", expected letters"},
      {"  - {name: block, op: softmax}\n", "the name \"block\" has a meaning in `from`"},
      {"  - {name: a, op: conv, out: 4, kernel: 3, strides: 2}\n",
       "n.yaml:4:44: layers[0].strides: unknown key (did you mean \"stride\"?)"},
      {"  - {name: a, op: softmax, activation: relu}\n", "layers[0].activation: unknown key"},
      {"  - {name: a, op: conv, kernel: 3}\n", "layers[0]: the key \"out\" is missing"},
      {"  - {name: a, op: conv, out: 4}\n", "layers[0]: the key \"kernel\" is missing"},
      {"  - {name: a, op: conv, out: 0, kernel: 3}\n", "layers[0].out: expected an integer from 1"},
      {"  - {name: a, op: conv, out: -4, kernel: 3}\n", "got -4"},
      {"  - {name: a, op: conv, out: many, kernel: 3}\n", "layers[0].out: expected an integer, got \"many\""},
      {"  - {name: a, op: conv, out: 4, kernel: [3, 3, 3]}\n",
       "a list of 3, expected one number or [rows, columns]"},
      {"  - {name: a, op: conv, out: 4, kernel: 3, stride: 0}\n",
       "layers[0].stride: expected an integer from 1 to 65536"},
      {"  - {name: a, op: conv, out: 4, kernel: 3, padding: [1, 2, 3]}\n", "or [top, left, bottom, right]"},
      {"  - {name: a, op: conv, out: 4, kernel: 3, padding: -1}\n",
       "layers[0].padding: expected an integer from 0"},
      {"  - {name: a, op: conv, out: 4, kernel: 3, bias: perhaps}\n",
       "layers[0].bias: expected true or false"},
      {"  - {name: a, op: conv, out: 4, kernel: 3, activation: rellu}\n", "(did you mean \"relu\"?)"},
      {"  - {name: a, op: conv, out: 4, kernel: 3, density: 0.5}\n", "layers[0].density: expected a map"},
      {"  - {name: a, op: conv, out: 4, kernel: 3, density: {weights: 1.5}}\n",
       "expected a number from 0 to 1, got 1.5"},
      {"  - {name: a, op: conv, out: 4, kernel: 3, density: {weights: .nan}}\n",
       "expected a number from 0 to 1, got nan"},
      {"  - {name: a, op: softmax, density: {weights: 0.5}}\n", "a softmax layer has no weights to thin"},
      {"  - {name: a, op: conv, out: 4, kernel: 3, distribution: gauss}\n",
       "expected one of normal, uniform"},
      {"  - {name: a, op: activate}\n", "the key \"activation\" is missing"},
      {"  - {name: a, op: reshape, shape: [0, -1]}\n",
       "layers[0].shape[0]: expected an extent of at least 1, or -1"},
      {"  - {name: a, op: reshape, shape: [-1, -1]}\n", "2 extents of -1, expected at most one"},
      {"  - {name: a, op: transpose, permutation: [0, 1, 2, 9]}\n", "expected an integer from 0 to 7, got 9"},
      {"  - {name: a, op: softmax, from: []}\n", "layers[0].from: an empty list"},
      {"  - {name: a, op: softmax, from: {b: 1}}\n", "layers[0].from: expected a text, got a map"},
      // shapes
      {"  - {name: a, op: conv, out: 4, kernel: 9}\n",
       "n.yaml:4:5: layers[0]: the layer \"a\" (conv): the window does not fit: 8 input rows"},
      {"  - {name: a, op: conv, out: 4, kernel: 3, groups: 2}\n", "3 input channels in 2 groups"},
      {"  - {name: a, op: linear, out: 1099511627776}\n", "more than 1099511627776 elements"},
      {"  - {name: a, op: conv, out: 1000, kernel: 100, padding: 10000}\n",
       "multiply-accumulates in one layer"},
      {"  - {name: a, op: matmul}\n", "1 input, expected 2"},
      {"  - {name: a, op: reshape, shape: [7, -1]}\n", "do not divide by 7"},
      {"  - {name: a, op: slice, axis: 1, begin: 2, end: 4}\n", "the range [2, 4) of an axis of 3"},
      {"  - {name: a, op: softmax, axis: 4}\n", "axis 4 of a tensor of 1x3x8x8, expected -4 to 3"},
      // names
      {conv + conv, "n.yaml:5:5: layers[1]: the layer \"a\" (conv): there is already a layer \"a\""},
      {"  - {name: input, op: softmax}\n", "there is already a tensor \"input\""},
      {conv + "  - {name: b, op: add, from: [a, aa]}\n",
       "n.yaml:5:34: layers[1].from[1]: there is no layer or input \"aa\""},
      {"  - {name: a, op: add, from: [input, a]}\n", "the layer \"a\" reads itself"},
      {"  - {name: a, op: softmax, from: b}\n  - {name: b, op: softmax, from: a}\n",
       "n.yaml:4:34: layers[0].from: the layer \"a\" reads \"b\", which comes later; expected a layer above "
       "it"},
      {"  - {name: a, op: softmax, from: block}\n", "here is no repeat"},
      {"  - {name: a, op: linear, out: 4, tied: nobody}\n",
       "layers[0].tied: there is no layer or input \"nobody\""},
      {"  - {name: a, op: linear, out: 4, tied: input}\n",
       "\"input\" is a network input, expected a layer with weights"},
      {"  - {name: a, op: softmax}\n  - {name: b, op: linear, out: 4, tied: a}\n",
       "the softmax layer \"a\" has no weights"},
      {conv + "  - {name: b, op: linear, out: 4, tied: a}\n", "weights of shape 4x3x3x3, expected 4x6"},
      {conv + "  - {name: b, op: conv, out: 4, kernel: 3, from: input, tied: a, density: {weights: 0.5}}\n",
       "tied weights have the density of the layer that they belong to"},
      // repeats
      {"  - repeat: {times: 0, layers: [{name: a, op: softmax}]}\n",
       "layers[0].repeat.times: expected an integer from 1"},
      {"  - repeat: {layers: [{name: a, op: softmax}]}\n", "layers[0].repeat: the key \"times\" is missing"},
      {"  - repeat: {times: 2}\n", "layers[0].repeat: the key \"layers\" is missing"},
      {"  - repeat: {times: 2, layers: []}\n", "layers[0].repeat.layers: no layers"},
      {"  - repeat: 2\n", "layers[0].repeat: expected a map with the keys times, inputs, layers, got \"2\""},
      {"  - {repeat: {times: 2, layers: [{name: a, op: softmax}]}, name: r}\n",
       "layers[0].name: unknown key"},
      {"  - repeat: {times: 3, layers: [{name: a, op: conv, out: 4, kernel: 4}]}\n",
       "the layer \"a.3\" (conv): the window does not fit: 2 input rows"},
      {"  - repeat: {times: 100, layers: [{name: a, op: softmax, from: b}]}\n",
       "there is no layer or input \"b\""},
      {"  - repeat: {times: 16000, layers: [{name: a, op: softmax}, {name: b, op: softmax}]}\n",
       "more than 16384 layers"},
      {"  - repeat: {times: 2, layers: [{name: a, op: softmax, from: b}, {name: b, op: softmax}]}\n",
       "reads \"b\", which comes later"},
  };
  for (const Bad& bad : table) check({with_layers(bad.text), bad.fragment, bad.problems});
}

TEST_CASE("everything wrong is reported at once, and what only follows from it is not") {
  const std::vector<Problem> problems = problems_of(R"(name: net
input: [1, 8]
layers:
  - {name: a, op: linear, out: zero}
  - {name: b, op: linear, out: 4}
  - {name: c, op: linear, outs: 4, from: input}
  - {name: d, op: add, from: [c, nobody]}
  - {name: e, op: slice, from: input, axis: 1, begin: 5, end: 9}
  - {name: f, op: add, from: [e, b]}
extra: 1
)");
  std::vector<std::string> marks;
  for (const Problem& problem : problems)
    marks.push_back(fmt::format("{} {}", problem.line, problem.key_path));
  std::sort(marks.begin(), marks.end());
  CHECK(marks == std::vector<std::string>{"10 extra", "4 layers[0].out", "6 layers[2]", "6 layers[2].outs",
                                          "7 layers[3].from[1]", "8 layers[4]"});
}

TEST_CASE("a file that refers to itself, or that unrolls to millions of layers, ends in a message") {
  const std::vector<Problem> self =
      problems_of("name: net\ninput: [1, 8]\nlayers: &all\n  - repeat: {times: 9, layers: *all}\n");
  REQUIRE_FALSE(self.empty());
  CHECK_THAT(self[0].text(), Catch::Contains("an alias that contains itself"));

  std::string deep = "[{name: a, op: softmax}]";
  for (int i = 0; i < 9; ++i) deep = "[{repeat: {times: 1, layers: " + deep + "}}]";
  const std::vector<Problem> ninth = problems_of("name: net\ninput: [1, 8]\nlayers: " + deep + "\n");
  REQUIRE_FALSE(ninth.empty());
  CHECK_THAT(ninth[0].text(), Catch::Contains("repeats nested more than 8 deep"));

  std::string nested = "[{name: a, op: softmax}]";
  for (int i = 0; i < 6; ++i) nested = "[{repeat: {times: 16384, layers: " + nested + "}}]";
  const std::vector<Problem> wide = problems_of("name: net\ninput: [1, 8]\nlayers: " + nested + "\n");
  REQUIRE(wide.size() == 1);
  CHECK_THAT(wide[0].text(), Catch::Contains("more than 16384 layers"));

  std::string empty = "[]";
  for (int i = 0; i < 6; ++i) empty = "[{repeat: {times: 16384, layers: " + empty + "}}]";
  CHECK(problems_of("name: net\ninput: [1, 8]\nlayers: " + empty + "\n").size() == 1);

  std::string aliases = "name: net\ninput: [1, 8]\nx0: &x0 {name: a, op: softmax}\n";
  for (int i = 1; i < 8; ++i) {
    aliases += fmt::format(
        "x{0}: &x{0} {{repeat: {{times: 1, layers: [*x{1}, *x{1}, *x{1}, *x{1}, *x{1}, *x{1}, *x{1}, "
        "*x{1}]}}}}\n",
        i, i - 1);
  }
  CHECK_FALSE(problems_of(aliases + "layers: [*x7, *x7, *x7]\n").empty());
  CHECK_FALSE(problems_of("name: net\ninput: " + std::string(100000, '[')).empty());
}

}  // namespace
}  // namespace heddle::workload
