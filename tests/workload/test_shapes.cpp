// Which shape comes out of each operation, which parameters it needs, and what it refuses.
#include <catch2/catch.hpp>
#include <limits>
#include <stdexcept>

#include "workload/network.h"

namespace heddle::workload {
namespace {

/// A network of one layer.
struct Single {
  Network network{"test"};
  Shape output;

  Single(Layer layer, const std::vector<Shape>& inputs) {
    layer.name = "layer";
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      layer.inputs.push_back(network.add_input("in" + std::to_string(i), inputs[i]));
    }
    output = network.shape(network.add_layer(std::move(layer)));
  }
  const Layer& layer() const { return network.layers()[0]; }
};

Shape output_of(Operation operation, const std::vector<Shape>& inputs) {
  return Single(Layer{.operation = std::move(operation)}, inputs).output;
}

/// Counts the positions of a window by walking them.
std::int64_t walked_positions(std::int64_t input, std::int64_t kernel, std::int64_t stride,
                              std::int64_t dilation, std::int64_t before, std::int64_t after) {
  std::int64_t count = 0;
  for (std::int64_t start = -before; start + dilation * (kernel - 1) < input + after; start += stride)
    ++count;
  return count;
}

TEST_CASE("window sizes equal a walk over the positions") {
  for (const std::int64_t input : {1, 2, 3, 5, 7, 8, 13, 28, 31}) {
    for (const std::int64_t kernel : {1, 2, 3, 5}) {
      for (const std::int64_t stride : {1, 2, 3, 4}) {
        for (const std::int64_t dilation : {1, 2, 3}) {
          for (const std::int64_t before : {0, 1, 2}) {
            const Window window{.kernel = {1, kernel},
                                .stride = {1, stride},
                                .dilation = {1, dilation},
                                .padding = {0, before, 0, 1}};
            CHECK(window.output_size(1, input) ==
                  walked_positions(input, kernel, stride, dilation, before, 1));
          }
        }
      }
    }
  }
}

TEST_CASE("ceil_mode adds a short last window, unless it would start in the padding") {
  Window window{.kernel = {3, 3}, .stride = {2, 2}, .ceil_mode = true};
  CHECK(window.output_size(0, 6) == 3);  // windows at 0, 2 and 4; the last sees 2 of 3 rows
  CHECK(window.output_size(0, 7) == 3);
  window.ceil_mode = false;
  CHECK(window.output_size(0, 6) == 2);
  // Kernel 2, stride 2, padding 1: windows start at -1 and 1.
  const Window padded{.kernel = {2, 2}, .stride = {2, 2}, .padding = {1, 1, 1, 1}, .ceil_mode = true};
  CHECK(padded.output_size(0, 2) == 2);
  CHECK(padded.output_size(0, 3) == 2);  // a third would start at 3, behind the input
}

TEST_CASE("convolutions: odd sizes, groups, stride, dilation, uneven padding") {
  const Convolution conv{
      .window = {.kernel = {3, 5}, .stride = {2, 1}, .dilation = {2, 1}, .padding = {1, 0, 2, 3}},
      .out_channels = 6,
      .groups = 3};
  const Single single(Layer{.operation = conv, .bias = Parameter{}}, {{2, 9, 13, 7}});
  // Rows: (13 + 1 + 2 - (2 * 2 + 1)) / 2 + 1 = 6; columns: 7 + 0 + 3 - 5 + 1 = 6.
  CHECK(single.output == Shape{2, 6, 6, 6});
  CHECK(single.layer().weights->shape == Shape{6, 3, 3, 5});
  CHECK(single.layer().bias->shape == Shape{6});
  CHECK(single.network.parameter_count() == 6 * 3 * 3 * 5 + 6);

  const MacShape shape = mac_shape(single.network, single.layer()).value();
  PerDim<std::int64_t> size;
  size[Dim::N] = 2, size[Dim::G] = 3, size[Dim::M] = 2, size[Dim::C] = 3;
  size[Dim::P] = 6, size[Dim::Q] = 6, size[Dim::R] = 3, size[Dim::S] = 5;
  CHECK(shape.size == size);
  CHECK((shape.stride_h == 2 && shape.stride_w == 1 && shape.dilation_h == 2 && shape.dilation_w == 1));
  CHECK((shape.pad_top == 1 && shape.pad_left == 0 && shape.input_h == 13 && shape.input_w == 7));
  CHECK(single.network.macs() == 2 * 6 * (9 / 3) * 3 * 5 * 6 * 6);  // N M C/G R S P Q
  CHECK(shape.weight_count() == element_count(single.layer().weights->shape));
  CHECK(shape.input_count() == 2 * 9 * 13 * 7);
  CHECK(shape.output_count() == element_count(single.output));
}

TEST_CASE("linear and matmul as loop nests") {
  const Single linear(Layer{.operation = Linear{.out_features = 11}}, {{2, 3, 5}});
  CHECK(linear.output == Shape{2, 3, 11});
  CHECK_FALSE(linear.layer().bias.has_value());
  const MacShape l = mac_shape(linear.network, linear.layer()).value();
  CHECK((l.size[Dim::N] == 6 && l.size[Dim::G] == 1 && l.size[Dim::M] == 11 && l.size[Dim::C] == 5));
  CHECK(linear.network.macs() == 2 * 3 * 5 * 11);

  const Single plain(Layer{.operation = MatMul{}}, {{2, 3, 4, 5}, {2, 3, 5, 7}});
  CHECK(plain.output == Shape{2, 3, 4, 7});
  const MacShape m = mac_shape(plain.network, plain.layer()).value();
  CHECK((m.size[Dim::G] == 6 && m.size[Dim::N] == 4 && m.size[Dim::C] == 5 && m.size[Dim::M] == 7));
  CHECK(plain.network.parameter_count() == 0);

  CHECK(output_of(MatMul{.transpose_b = true}, {{2, 3, 4, 5}, {1, 3, 7, 5}}) == Shape{2, 3, 4, 7});
  CHECK(output_of(MatMul{}, {{2, 3, 4, 5}, {5, 7}}) == Shape{2, 3, 4, 7});
}

TEST_CASE("shapes of the other operations") {
  const Window window{.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1, 1, 1}};
  CHECK(output_of(Pool{.window = window}, {{1, 5, 7, 8}}) == Shape{1, 5, 4, 4});
  CHECK(output_of(GlobalAveragePool{}, {{2, 5, 7, 1}}) == Shape{2, 5, 1, 1});
  CHECK(output_of(Add{}, {{2, 3, 4}, {3, 1}}) == Shape{2, 3, 4});
  CHECK(output_of(Multiply{}, {{2, 3, 4}, {1}}) == Shape{2, 3, 4});
  CHECK(output_of(Concat{.axis = -1}, {{2, 3}, {2, 1}, {2, 5}}) == Shape{2, 9});
  CHECK(output_of(Softmax{}, {{2, 3}}) == Shape{2, 3});
  CHECK(output_of(LocalResponseNorm{}, {{1, 4, 2, 2}}) == Shape{1, 4, 2, 2});
  CHECK(output_of(Rotary{}, {{1, 4, 6}}) == Shape{1, 4, 6});
  CHECK(output_of(Reshape{.shape = {3, -1, 2}}, {{4, 6}}) == Shape{3, 4, 2});
  CHECK(output_of(Reshape{.shape = {24}}, {{4, 6}}) == Shape{24});
  CHECK(output_of(Transpose{.permutation = {2, 0, 1}}, {{2, 3, 4}}) == Shape{4, 2, 3});
  CHECK(output_of(Slice{.axis = -1, .begin = 1, .end = 3}, {{2, 4}}) == Shape{2, 2});

  const Single embedding(Layer{.operation = Embedding{.rows = 10, .columns = 4}}, {{2, 3}});
  CHECK(embedding.output == Shape{2, 3, 4});
  CHECK(embedding.network.parameter_count() == 40);
  const Single batch_norm(Layer{.operation = BatchNorm{}}, {{2, 3, 4, 4}});
  CHECK(batch_norm.network.parameter_count() == 2 * 3);
  const Single layer_norm(Layer{.operation = LayerNorm{}, .bias = Parameter{}}, {{2, 3, 7}});
  CHECK(layer_norm.network.parameter_count() == 2 * 7);
  const Single rms_norm(Layer{.operation = LayerNorm{.subtract_mean = false}}, {{2, 3, 7}});
  CHECK(rms_norm.network.parameter_count() == 7);
}

TEST_CASE("axes and open extents are stored as what they stand for") {
  const Single softmax(Layer{.operation = Softmax{.axis = -1}}, {{2, 3, 4}});
  CHECK(std::get<Softmax>(softmax.layer().operation).axis == 2);
  const Single reshape(Layer{.operation = Reshape{.shape = {-1, 6}}}, {{2, 3, 4}});
  CHECK(std::get<Reshape>(reshape.layer().operation).shape == Shape{4, 6});
}

struct Bad {
  Layer layer;
  std::vector<Shape> inputs;
  std::string fragment;
};

TEST_CASE("impossible layers say what was found and what was expected") {
  const auto conv = [](std::int64_t out, std::int64_t groups, Window window) {
    return Layer{.operation = Convolution{.window = window, .out_channels = out, .groups = groups}};
  };
  const Window three{.kernel = {3, 3}};
  const auto values = [](std::vector<float> v) {
    return std::make_shared<const std::vector<float>>(std::move(v));
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<Bad> table = {
      {conv(4, 1, three),
       {{1, 3, 2, 9}},
       "the window does not fit: 2 input rows and padding 0 + 0, but a kernel of 3"},
      {conv(4, 1, three), {{3, 9, 9}}, "(3 dimensions), expected 4 dimensions"},
      {conv(4, 2, three), {{1, 3, 9, 9}}, "3 input channels in 2 groups"},
      {conv(5, 3, three), {{1, 3, 9, 9}}, "5 output channels in 3 groups"},
      {conv(0, 1, three), {{1, 3, 9, 9}}, "0 output channels, expected at least 1"},
      {conv(4, 0, three), {{1, 3, 9, 9}}, "0 groups, expected at least 1"},
      {conv(4, 1, {.kernel = {3, 3}, .stride = {0, 1}}), {{1, 3, 9, 9}}, "a stride of 0, expected 1 to"},
      {conv(4, 1, {.kernel = {3, 3}, .padding = {0, -1, 0, 0}}), {{1, 3, 9, 9}}, "a padding of -1"},
      {conv(4, 1, three), {{1, 3, 9, 9}, {1}}, "2 inputs, expected 1"},
      {conv(4, 1, three), {}, "0 inputs, expected 1"},
      {conv(std::int64_t{1} << 38, 1, three), {{1, 3, 9, 9}}, "more than 1099511627776 elements"},
      {Layer{.operation = Linear{.out_features = 1 << 20}},
       {{1 << 16, 1 << 16}},
       "multiply-accumulates in one layer"},
      {Layer{.operation = Linear{.out_features = 3}, .weights = Parameter{.shape = {3, 5}}},
       {{1, 4}},
       "weights of shape 3x5, expected 3x4"},
      {Layer{.operation = Linear{.out_features = 1}, .weights = Parameter{.values = values({1, 2, 3})}},
       {{1, 4}},
       "weights with 3 values, expected 4"},
      {Layer{.operation = Linear{.out_features = 1}, .weights = Parameter{.values = values({1, nan})}},
       {{1, 2}},
       "value 1 of the weights is nan"},
      {Layer{.operation = MatMul{}}, {{2, 3}, {4, 5}}, "the first has 3 columns, the second 4 rows"},
      {Layer{.operation = MatMul{}}, {{2, 3, 4}, {3, 4, 5}}, "the leading dimensions of the second"},
      {Layer{.operation = MatMul{}}, {{3}, {3, 4}}, "(1 dimensions), expected at least 2"},
      {Layer{.operation = Pool{.window = {.kernel = {2, 2}, .padding = {2, 0, 0, 0}}}},
       {{1, 1, 4, 4}},
       "the window of output row 0 sees only padding"},
      {Layer{.operation = Pool{.window = {.kernel = {2, 2}, .padding = {0, 0, 0, 2}}}},
       {{1, 1, 4, 4}},
       "the window of output column 4 sees only padding"},
      {Layer{.operation = Pool{.window = {.kernel = {2, 1}, .dilation = {2, 1}, .padding = {1, 0, 1, 0}}}},
       {{1, 1, 1, 1}},
       "sees only padding"},
      {Layer{.operation = Add{}}, {{2, 3}, {2}}, "the second operand cannot be broadcast to the first"},
      {Layer{.operation = Add{}}, {{3}, {2, 3}}, "the other way round it can"},
      {Layer{.operation = Add{}}, {{3}}, "1 input, expected 2"},
      {Layer{.operation = Concat{.axis = 2}},
       {{2, 3}, {2, 3}},
       "axis 2 of a tensor of 2x3, expected -2 to 1"},
      {Layer{.operation = Concat{.axis = 1}}, {{2, 3}, {3, 3}}, "cannot join 2x3 and 3x3 along axis 1"},
      {Layer{.operation = Activate{}}, {{2}}, "no activation, expected one such as relu"},
      {Layer{.operation = Softmax{}, .activation = Activation::relu},
       {{2}},
       "the activation relu on a softmax layer"},
      {Layer{.operation = Softmax{}, .weights = Parameter{}}, {{2}}, "parameters on a softmax layer"},
      {Layer{.operation = Embedding{.rows = 0, .columns = 2}}, {{2}}, "an embedding of 0 x 2"},
      {Layer{.operation = Rotary{}}, {{2, 3}}, "a last dimension of 3, expected an even one"},
      {Layer{.operation = Reshape{.shape = {5}}},
       {{2, 3}},
       "5 has 5 elements, expected the 6 of the input 2x3"},
      {Layer{.operation = Reshape{.shape = {4, -1}}}, {{2, 3}}, "do not divide by 4"},
      {Layer{.operation = Reshape{.shape = {-1, -1}}}, {{2, 3}}, "more than one -1"},
      {Layer{.operation = Reshape{.shape = {0, 6}}}, {{2, 3}}, "an extent of 0"},
      {Layer{.operation = Transpose{.permutation = {0, 0}}}, {{2, 3}}, "expected every axis once"},
      {Layer{.operation = Transpose{.permutation = {0}}}, {{2, 3}}, "expected every axis once"},
      {Layer{.operation = Slice{.axis = 0, .begin = 1, .end = 3}},
       {{2, 3}},
       "the range [1, 3) of an axis of 2"},
      {Layer{.operation = BatchNorm{}}, {{2}}, "(1 dimensions), expected at least 2"},
      {Layer{.operation = Linear{.out_features = 3}, .density = {.weights = 1.5}},
       {{1, 4}},
       "a density of 1.5"},
  };
  for (const Bad& bad : table) {
    INFO(bad.fragment);
    CHECK_THROWS_WITH(Single(bad.layer, bad.inputs), Catch::Contains(bad.fragment));
  }
}

}  // namespace
}  // namespace heddle::workload
