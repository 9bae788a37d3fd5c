// Does each way of writing an operation in ONNX become the layers it means, with the numbers it means?
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/readers/onnx_test_model.h"
#include "workload/readers/onnx_network.h"

using namespace heddle;
using namespace heddle::workload;

namespace {

/// Kinds of the layers in order, e.g. "conv activate".
std::string kinds(const Network& network) {
  std::string text;
  for (const Layer& layer : network.layers())
    text += (text.empty() ? "" : " ") + std::string(name(layer.operation));
  return text;
}

FloatTensor mapped(FloatTensor x, const std::function<double(double, std::size_t)>& f) {
  for (std::size_t i = 0; i < x.values.size(); ++i)
    x.values[i] = static_cast<float>(f(static_cast<double>(x.values[i]), i));
  return x;
}

void check_equal(const FloatTensor& got, const FloatTensor& expected) {
  CHECK(difference(got, expected) == "");
}

}  // namespace

TEST_CASE("layer normalization in its nine parts becomes one layer with its scale and bias") {
  TestModel model;
  model.input("x", {2, 3, 4}).weights("two", {}, {2}).weights("eps", {}, {1e-5F});
  model.weights("w", {4}, {1, 2, 3, 4}).weights("b", {4}, {0.5F, -0.5F, 0, 1});
  const std::vector<onnx::AttributeProto> last = {attribute("axes", std::vector<std::int64_t>{-1})};
  model.node("ReduceMean", {"x"}, "mean", last).node("Sub", {"x", "mean"}, "centered");
  model.node("Pow", {"centered", "two"}, "squared").node("ReduceMean", {"squared"}, "variance", last);
  model.node("Add", {"variance", "eps"}, "safe").node("Sqrt", {"safe"}, "deviation");
  model.node("Div", {"centered", "deviation"}, "normal").node("Mul", {"normal", "w"}, "scaled");
  model.node("Add", {"scaled", "b"}, "y").output("y");
  const Network network = model.read();
  CHECK(kinds(network) == "layer_norm");
  CHECK(network.parameter_count() == 8);

  const FloatTensor x = test_values({2, 3, 4}, 1);
  FloatTensor expected = x;
  const std::vector<double> w = {1, 2, 3, 4};
  const std::vector<double> b = {0.5, -0.5, 0, 1};
  for (std::size_t row = 0; row < 6; ++row) {
    double mean = 0;
    double variance = 0;
    for (std::size_t i = 0; i < 4; ++i) mean += static_cast<double>(x.values[row * 4 + i]) / 4;
    for (std::size_t i = 0; i < 4; ++i)
      variance += std::pow(static_cast<double>(x.values[row * 4 + i]) - mean, 2) / 4;
    for (std::size_t i = 0; i < 4; ++i) {
      expected.values[row * 4 + i] = static_cast<float>(
          (static_cast<double>(x.values[row * 4 + i]) - mean) / std::sqrt(variance + 1e-5) * w[i] + b[i]);
    }
  }
  check_equal(model.run({x}), expected);

  // A part that is read elsewhere keeps the pattern from being one layer; ReduceMean then has no layer of its
  // own.
  model.output("centered");
  CHECK_THROWS_WITH(model.read(), Catch::Contains("part of layer normalization"));
}

TEST_CASE("GELU by erf, SiLU and hard swish are recognized and computed") {
  const FloatTensor x = test_values({3, 5}, 2);
  TestModel gelu;
  gelu.input("x", {3, 5})
      .weights("root", {}, {std::sqrt(2.0F)})
      .weights("one", {}, {1})
      .weights("half", {}, {0.5F});
  gelu.node("Div", {"x", "root"}, "d").node("Erf", {"d"}, "e").node("Add", {"e", "one"}, "a");
  gelu.node("Mul", {"x", "a"}, "m").node("Mul", {"m", "half"}, "y").output("y");
  CHECK(kinds(gelu.read()) == "activate");
  check_equal(gelu.run({x}),
              mapped(x, [](double v, auto) { return 0.5 * v * (1 + std::erf(v / std::sqrt(2.0))); }));

  TestModel silu;
  silu.input("x", {3, 5}).node("Sigmoid", {"x"}, "s").node("Mul", {"x", "s"}, "y").output("y");
  CHECK(silu.read().layers().at(0).activation == Activation::silu);
  CHECK(silu.read().layers().size() == 1);
  check_equal(silu.run({x}), mapped(x, [](double v, auto) { return v / (1 + std::exp(-v)); }));

  TestModel hard;
  hard.input("x", {3, 5})
      .node("HardSigmoid", {"x"}, "s", {attribute("alpha", 1.0F / 6.0F)})
      .node("Mul", {"s", "x"}, "y")
      .output("y");
  CHECK(hard.read().layers().at(0).activation == Activation::hard_swish);
  check_equal(hard.run({x}),
              mapped(x, [](double v, auto) { return v * std::min(std::max(v + 3, 0.0), 6.0) / 6; }));
}

TEST_CASE("RMS normalization becomes a layer norm without mean") {
  TestModel model;
  model.input("x", {2, 4})
      .weights("two", {}, {2})
      .weights("eps", {}, {1e-6F})
      .weights("one", {}, {1})
      .weights("w", {4}, {1, 2, 3, 4});
  model.node("Pow", {"x", "two"}, "p")
      .node("ReduceMean", {"p"}, "m", {attribute("axes", std::vector<std::int64_t>{-1})});
  model.node("Add", {"m", "eps"}, "a").node("Sqrt", {"a"}, "s").node("Div", {"one", "s"}, "r");
  model.node("Mul", {"x", "r"}, "n").node("Mul", {"w", "n"}, "y").output("y");
  CHECK(kinds(model.read()) == "layer_norm");
  const FloatTensor x = test_values({2, 4}, 3);
  check_equal(model.run({x}), mapped(x, [&](double v, std::size_t i) {
                double sum = 0;
                for (std::size_t k = i / 4 * 4; k < i / 4 * 4 + 4; ++k)
                  sum += std::pow(static_cast<double>(x.values[k]), 2) / 4;
                return v / std::sqrt(sum + 1e-6) * static_cast<double>(i % 4 + 1);
              }));
}

TEST_CASE("batch normalization with scale and shift after it becomes one layer of two parameters a channel") {
  TestModel model;
  model.input("x", {1, 2, 2, 2})
      .weights("g", {2}, {2, 3})
      .weights("b", {2}, {1, -1})
      .weights("m", {2}, {0.5F, 0.25F});
  model.weights("v", {2}, {4, 9})
      .weights("s", {2, 1, 1}, {10, 20})
      .weights("t", {2, 1, 1}, {5, 6})
      .weights("c", {}, {0.5F});
  model.node("BatchNormalization", {"x", "g", "b", "m", "v"}, "n", {attribute("epsilon", 0.0F)});
  model.node("Mul", {"n", "s"}, "p").node("Add", {"p", "t"}, "q").node("Sub", {"c", "q"}, "y").output("y");
  const Network network = model.read();
  CHECK(kinds(network) == "batch_norm");
  CHECK(network.parameter_count() == 4);
  const FloatTensor x = test_values({1, 2, 2, 2}, 4);
  check_equal(model.run({x}), mapped(x, [](double v, std::size_t i) {
                const double n = i < 4 ? 2 * (v - 0.5) / 2 + 1 : 3 * (v - 0.25) / 3 - 1;
                return 0.5 - (i < 4 ? n * 10 + 5 : n * 20 + 6);
              }));
}

TEST_CASE("a constant over the last axes is added as it is broadcast, though channels are axis 1") {
  const FloatTensor x = test_values({2, 3, 4}, 5);
  const FloatTensor c = test_values({3, 4}, 6);
  TestModel model;
  model.input("x", {2, 3, 4})
      .weights("c", {1, 3, 4}, c.values)
      .weights("d", {4}, {1, 2, 3, 4})
      .weights("k", {}, {2});
  model.node("Add", {"x", "c"}, "a").node("Mul", {"d", "a"}, "b").node("Sub", {"b", "k"}, "y").output("y");
  check_equal(model.run({x}), mapped(x, [&](double v, std::size_t i) {
                return (v + static_cast<double>(c.values[i % 12])) * static_cast<double>(i % 4 + 1) - 2;
              }));
}

TEST_CASE("MatMul by a constant and the Add after it become one linear layer with a bias") {
  const std::vector<float> w = {1, 2, 3, 4, 5, 6};  // [3 inputs, 2 outputs]
  TestModel model;
  model.input("x", {2, 2, 3}).weights("w", {3, 2}, w).weights("b", {2}, {10, 20});
  model.node("MatMul", {"x", "w"}, "m").node("Add", {"b", "m"}, "y").output("y");
  const Network network = model.read();
  CHECK(kinds(network) == "linear");
  CHECK(network.parameter_count() == 8);
  CHECK(network.layers()[0].weights->shape == Shape{2, 3});
  CHECK(*network.layers()[0].weights->values == std::vector<float>{1, 3, 5, 2, 4, 6});
  const FloatTensor x = test_values({2, 2, 3}, 7);
  FloatTensor expected{{2, 2, 2}, {}};
  for (std::size_t row = 0; row < 4; ++row) {
    for (std::size_t o = 0; o < 2; ++o) {
      double sum = o == 0 ? 10 : 20;
      for (std::size_t i = 0; i < 3; ++i)
        sum += static_cast<double>(x.values[row * 3 + i]) * static_cast<double>(w[i * 2 + o]);
      expected.values.push_back(static_cast<float>(sum));
    }
  }
  check_equal(model.run({x}), expected);
}

TEST_CASE("zero padding before a convolution and SAME padding move into its window") {
  const FloatTensor x = test_values({1, 1, 5, 5}, 8);
  TestModel padded;
  padded.input("x", {1, 1, 5, 5})
      .weights("w", {1, 1, 3, 3}, test_values({9}, 9).values)
      .integers("p", {8}, {0, 0, 1, 1, 0, 0, 1, 1});
  padded.node("Pad", {"x", "p"}, "a")
      .node("Conv", {"a", "w"}, "y", {attribute("strides", std::vector<std::int64_t>{2, 2})})
      .output("y");
  TestModel same;
  same.input("x", {1, 1, 5, 5}).weights("w", {1, 1, 3, 3}, test_values({9}, 9).values);
  same.node("Conv", {"x", "w"}, "y",
            {attribute("strides", std::vector<std::int64_t>{2, 2}),
             attribute("auto_pad", std::string("SAME_UPPER"))});
  same.output("y");
  CHECK(kinds(padded.read()) == "conv");
  // 5 inputs, stride 2, kernel 3: 3 outputs need 7 positions, 1 before and 1 after
  const Network network = same.read();
  const Window& window = std::get<Convolution>(network.layers()[0].operation).window;
  CHECK(window.padding == std::array<std::int64_t, 4>{1, 1, 1, 1});
  check_equal(padded.run({x}), same.run({x}));
}

TEST_CASE("shape arithmetic as PyTorch emits it is worked out") {
  TestModel model;
  model.input("x", {-1, 3, 4})
      .integers("zero", {}, {0})
      .integers("minus", {1}, {-1})
      .integers("axes", {1}, {0});
  model.node("Shape", {"x"}, "shape")
      .node("Gather", {"shape", "zero"}, "n")
      .node("Unsqueeze", {"n", "axes"}, "n1");
  model.node("Concat", {"n1", "minus"}, "target", {attribute("axis", std::int64_t{0})})
      .node("Reshape", {"x", "target"}, "y")
      .output("y");
  const Network network = model.read(5);
  CHECK(kinds(network) == "reshape");
  CHECK(network.shape(network.outputs()[0]) == Shape{5, 12});
}

TEST_CASE("a matrix that two layers share counts once, equal vectors count each") {
  TestModel model;
  model.input("i", {1, 3}, onnx::TensorProto::INT64)
      .weights("e", {5, 4}, test_values({20}, 10).values)
      .weights("b", {5}, {1, 2, 3, 4, 5});
  model.node("Identity", {"e"}, "tied").node("Identity", {"b"}, "b2");
  model.node("Gather", {"e", "i"}, "v")
      .node("Transpose", {"tied"}, "t", {attribute("perm", std::vector<std::int64_t>{1, 0})});
  model.node("MatMul", {"v", "t"}, "m")
      .node("Add", {"m", "b"}, "n")
      .node("Add", {"n", "b2"}, "y")
      .output("y");
  const Network network = model.read();
  CHECK(network.parameter_count() == 20 + 5 + 5);
}

TEST_CASE("a weight that ConstantOfShape makes is a shape without values, however large") {
  TestModel model;
  model.input("x", {1, 1 << 20}).integers("s", {2}, {1 << 19, 1 << 20}).node("ConstantOfShape", {"s"}, "w");
  model.node("Gemm", {"x", "w"}, "y", {attribute("transB", std::int64_t{1})}).output("y");
  const Network network = model.read();
  CHECK(network.parameter_count() == std::int64_t{1} << 39);
  CHECK(network.layers()[0].weights->values == nullptr);
}

TEST_CASE("splitting, slicing and picking give the elements they name") {
  const FloatTensor x = test_values({2, 6}, 11);
  TestModel model;
  model.input("x", {2, 6})
      .integers("from", {1}, {-5})
      .integers("to", {1}, {INT64_MAX})
      .integers("axes", {1}, {1})
      .integers("at", {}, {-1});
  model.node("Slice", {"x", "from", "to", "axes"}, "s")
      .node("Gather", {"s", "at"}, "y", {attribute("axis", std::int64_t{1})})
      .output("y");
  check_equal(model.run({x}), {{2}, {x.values[5], x.values[11]}});
}
