// Are the vector operations right against floats, exact where they can be, and the same tile by tile?
#include <cmath>

#include "one_layer.h"
#include "workload/reference/vector_ops.h"

using namespace heddle::workload;
using namespace heddle::workload::test;

namespace {

struct OpCase {
  const char* what;
  Operation operation;
  std::vector<Shape> inputs;
  Activation activation = Activation::none;
  bool bias = false;
};

Pool pool(Pool::Kind kind, std::array<std::int64_t, 2> kernel, std::array<std::int64_t, 2> stride,
          std::array<std::int64_t, 4> padding, bool count_padding = false, bool ceil_mode = false,
          std::array<std::int64_t, 2> dilation = {1, 1}) {
  return {kind, {kernel, stride, dilation, padding, ceil_mode}, count_padding};
}

std::vector<OpCase> op_cases() {
  const auto max = Pool::Kind::max, average = Pool::Kind::average;
  return {
      {"add", Add{}, {{2, 3, 5, 7}, {2, 3, 5, 7}}},
      {"add, one element", Add{}, {{1}, {1}}},
      {"add with relu", Add{}, {{1, 4, 3, 3}, {1, 4, 3, 3}}, Activation::relu},
      {"add, broadcast over planes", Add{}, {{2, 3, 5, 7}, {3, 1, 1}}},
      {"add, broadcast in the middle", Add{}, {{2, 3, 5, 7}, {2, 1, 5, 7}}},
      {"add, broadcast along rows", Add{}, {{2, 3, 5, 7}, {2, 3, 5, 1}}},
      {"multiply", Multiply{}, {{3, 11}, {3, 11}}},
      {"multiply, broadcast (squeeze and excite)", Multiply{}, {{2, 5, 3, 3}, {2, 5, 1, 1}}},
      {"concat along channels", Concat{1}, {{2, 3, 4, 4}, {2, 1, 4, 4}, {2, 5, 4, 4}}},
      {"concat along rows", Concat{0}, {{2, 3}, {5, 3}}},
      {"concat of one", Concat{-1}, {{2, 3}}},
      {"relu", Activate{}, {{2, 3, 4}}, Activation::relu},
      {"relu6", Activate{}, {{2, 3, 4}}, Activation::relu6},
      {"hard_swish", Activate{}, {{7, 13}}, Activation::hard_swish},
      {"sigmoid", Activate{}, {{7, 13}}, Activation::sigmoid},
      {"tanh", Activate{}, {{7, 13}}, Activation::tanh},
      {"gelu", Activate{}, {{7, 13}}, Activation::gelu},
      {"batch norm", BatchNorm{}, {{2, 5, 3, 4}}, Activation::none, true},
      {"batch norm with relu", BatchNorm{}, {{2, 5}}, Activation::relu, true},
      {"max pool", pool(max, {2, 2}, {2, 2}, {0, 0, 0, 0}), {{2, 3, 8, 6}}},
      {"max pool, overlapping, padded", pool(max, {3, 3}, {2, 2}, {1, 1, 1, 1}), {{1, 3, 7, 9}}},
      {"max pool, dilated, ceil",
       pool(max, {2, 3}, {2, 2}, {0, 1, 0, 1}, false, true, {2, 2}),
       {{1, 2, 8, 11}}},
      {"average pool", pool(average, {2, 2}, {2, 2}, {0, 0, 0, 0}), {{2, 3, 8, 6}}},
      {"average pool, padding left out", pool(average, {3, 3}, {2, 2}, {1, 1, 1, 1}), {{1, 3, 7, 9}}},
      {"average pool, padding counted", pool(average, {3, 3}, {2, 2}, {1, 1, 1, 1}, true), {{1, 3, 7, 9}}},
      {"average pool, ceil", pool(average, {3, 2}, {2, 2}, {1, 0, 0, 0}, true, true), {{1, 2, 8, 7}}},
      {"global average pool", GlobalAveragePool{}, {{2, 3, 7, 5}}},
      {"softmax", Softmax{-1}, {{3, 17}}},
      {"softmax over channels", Softmax{1}, {{2, 5, 3, 2}}},
      {"softmax of one", Softmax{-1}, {{4, 1}}},
      {"layer norm", LayerNorm{1e-5, true}, {{5, 48}}, Activation::none, true},
      {"layer norm without bias", LayerNorm{1e-5, true}, {{2, 3, 7}}},
      {"layer norm, epsilon as large as the variance",
       LayerNorm{2.0, true},
       {{5, 48}},
       Activation::none,
       true},
      {"rms norm, large epsilon", LayerNorm{3.0, false}, {{5, 12}}},
      {"rms norm", LayerNorm{1e-6, false}, {{5, 64}}},
      {"lrn", LocalResponseNorm{5, 1e-1, 0.75, 1.0}, {{2, 9, 3, 3}}},
      {"lrn, even size, other exponent", LocalResponseNorm{4, 5.0, 0.5, 2.0}, {{1, 6, 2, 2}}},
      {"rotary", Rotary{}, {{2, 6, 16}}},
      {"reshape", Reshape{{4, -1}}, {{2, 3, 4}}},
      {"transpose", Transpose{{0, 2, 3, 1}}, {{2, 3, 4, 5}}},
      {"transpose, last axis stays", Transpose{{0, 2, 1, 3}}, {{2, 3, 4, 5}}},
      {"slice of channels", Slice{1, 1, 3}, {{2, 5, 3, 2}}},
      {"slice of columns", Slice{-1, 2, 6}, {{2, 5, 7}}},
  };
}

std::vector<FloatTensor> inputs_for(Random& random, const OpCase& test) {
  std::vector<FloatTensor> result;
  for (std::size_t i = 0; i < test.inputs.size(); ++i) {
    result.push_back(random_floats(random, test.inputs[i], -2.0 - static_cast<double>(i), 3.0));
  }
  return result;
}

/// Greatest distance of a code from the real-valued one: half a code of rounding, and what
/// docs/vector-unit.md adds.
double allowed(const Quantized& q, const OpCase& test, int bits) {
  const double small = 0.5 + 1.0 / 64;  // rounding, multipliers and the float executor's own rounding
  const double codes = std::ldexp(1.0, bits);
  if (std::holds_alternative<Softmax>(test.operation)) {
    const auto axis = static_cast<std::size_t>(std::get<Softmax>(q.network.layers()[0].operation).axis);
    // Each power and so the sum is off by 2^-16 of the greatest (twice that from two tables), relative to a
    // sum >= 1.
    const double n = static_cast<double>(test.inputs[0][axis]);
    return small + codes * (n + 1) * (bits > 8 ? 3 : 1) * 0x1p-16;
  }
  if (std::holds_alternative<LayerNorm>(test.operation))
    return small + 0x1p-16 * 1.1 / q.layer.output.scale[0];
  if (std::holds_alternative<LocalResponseNorm>(test.operation)) return small + codes * 0x1p-14;
  if (std::holds_alternative<Activate>(test.operation) && bits > 8 && test.activation != Activation::relu &&
      test.activation != Activation::relu6) {
    // Half a step of the 8-bit code in front of the table; no activation here is steeper than 1.5 or its
    // range wider than 6.
    return small + 1.5 * 0.5 * (6.0 / 255) / q.layer.output.scale[0];
  }
  return small;
}

}  // namespace

TEST_CASE(
    "vector operations are the float operation rounded to the nearest code, within the documented error") {
  std::uint64_t seed = 100;
  for (const OpCase& test : op_cases()) {
    for (const int bits : {8, 4, 16}) {
      INFO(test.what << ", " << bits << " bits, seed " << seed);
      Random random(seed++);
      const Quantized q(one_layer(test.operation, test.inputs, test.activation, test.bias),
                        inputs_for(random, test), bits);
      const IntTensor result = q.run();
      REQUIRE(result.codes.size() == q.exact.size());
      const double limit = allowed(q, test, bits);
      double worst = 0;
      for (std::size_t i = 0; i < q.exact.size(); ++i) {
        // Beyond the calibrated range the code saturates.
        const double expected =
            std::clamp<double>(q.exact[i], q.layer.output.lowest(), q.layer.output.highest());
        worst = std::max(worst, std::abs(result.codes[i] - expected));
      }
      CHECK(worst <= limit);
    }
  }
}

TEST_CASE("any split into units gives the same codes and reads nothing but its ranges") {
  std::uint64_t seed = 500;
  for (const OpCase& test : op_cases()) {
    Random random(seed);
    INFO(test.what << ", seed " << seed++);
    const Quantized q(one_layer(test.operation, test.inputs, test.activation, test.bias),
                      inputs_for(random, test), 8);
    const IntTensor whole = q.run();
    const VectorOp op = VectorOp::make(q.network, 0, q.layer);
    CHECK(op.output_range(0, op.units()) == ElementRange(0, static_cast<std::int64_t>(whole.codes.size())));
    std::vector<std::int16_t> tiled(whole.codes.size(), INT16_MAX);
    std::int64_t operations = 0;
    for (std::int64_t begin = 0; begin < op.units();) {
      const std::int64_t end = std::min(op.units(), begin + draw(random, 1, 1 + op.units() / 3));
      std::vector<std::vector<std::int16_t>> seen;
      std::vector<const std::int16_t*> pointers;
      for (std::size_t i = 0; i < q.inputs.size(); ++i) {
        // Garbage wherever the unit says that it does not read.
        std::vector<std::int16_t> codes;
        for (std::size_t k = 0; k < q.inputs[i].codes.size(); ++k) {
          codes.push_back(static_cast<std::int16_t>(draw(random, -128, 127)));
        }
        std::int64_t last = -1;
        for (const auto& [from, to] : op.input_range(i, begin, end)) {
          REQUIRE(from > last);
          REQUIRE(from < to);
          REQUIRE(to <= static_cast<std::int64_t>(codes.size()));
          std::copy(q.inputs[i].codes.begin() + from, q.inputs[i].codes.begin() + to, codes.begin() + from);
          last = to;
        }
        seen.push_back(std::move(codes));
      }
      for (const auto& codes : seen) pointers.push_back(codes.data());
      std::vector<std::int16_t> out(tiled.size(), INT16_MIN);
      op.run(begin, end, pointers, out.data());
      const ElementRange range = op.output_range(begin, end);
      for (std::int64_t i = 0; i < static_cast<std::int64_t>(out.size()); ++i) {
        const auto k = static_cast<std::size_t>(i);
        if (i >= range.first && i < range.second) {
          tiled[k] = out[k];
        } else {
          REQUIRE(out[k] == INT16_MIN);
        }
      }
      operations += op.operations(begin, end);
      begin = end;
    }
    CHECK(tiled == whole.codes);
    CHECK(operations == op.operations());
  }
}

TEST_CASE("moves and max pool keep codes exactly") {
  Random random(31);
  for (const OpCase& test : op_cases()) {
    const auto* window = std::get_if<Pool>(&test.operation);
    const bool moves = std::holds_alternative<Reshape>(test.operation) ||
                       std::holds_alternative<Transpose>(test.operation) ||
                       std::holds_alternative<Slice>(test.operation) ||
                       (window != nullptr && window->kind == Pool::Kind::max);
    if (!moves) continue;
    INFO(test.what << ", seed 31");
    const Quantized q(one_layer(test.operation, test.inputs), inputs_for(random, test), 8);
    CHECK(q.layer.output == q.layer.inputs[0]);
    // Codes are exact in floats, and these operations commute with any increasing map.
    FloatTensor codes{test.inputs[0], {q.inputs[0].codes.begin(), q.inputs[0].codes.end()}};
    const FloatTensor expected = float_layer(q.network, 0, {&codes}, q.parameters);
    const IntTensor result = q.run();
    CHECK(
        std::equal(result.codes.begin(), result.codes.end(), expected.values.begin(), expected.values.end()));
  }
}

TEST_CASE("a mean that lies on one half rounds up, on both sides of zero") {
  const Network network = one_layer(pool(Pool::Kind::average, {1, 2}, {1, 2}, {0, 0, 0, 0}), {{1, 1, 1, 6}});
  QuantizedLayer layer;
  layer.inputs = {{8, {1.0F}, 3}};
  layer.output = {8, {1.0F}, -5};
  layer.requantization.zero_point = -5;
  layer.multipliers = {1 << 30};  // one
  layer.shift = 30;
  IntTensor in{{1, 1, 1, 6}, layer.inputs[0], {}};
  for (const int x : {1, 2, -1, -2, 7, -4}) in.codes.push_back(static_cast<std::int16_t>(x + 3));
  // Means 3/2, -3/2, 3/2 round to 2, -1, 2.
  CHECK(reference_layer(network, 0, layer, {&in}).codes == std::vector<std::int16_t>{2 - 5, -1 - 5, 2 - 5});
}

TEST_CASE("global average pooling is the exact rational mean, rounded half up") {
  Random random(37);
  for (const std::int64_t side : {1, 2, 7, 13}) {
    const Network network = one_layer(GlobalAveragePool{}, {{1, 40, side, side}});
    QuantizedLayer layer;
    layer.inputs = {{8, {1.0F}, -7}};
    layer.output = {8, {1.0F}, 2};
    layer.requantization.zero_point = 2;
    layer.multipliers = {static_cast<std::int32_t>(draw(random, 1 << 30, INT32_MAX))};
    layer.shift = 31;
    const IntTensor in = random_codes(random, {1, 40, side, side}, layer.inputs[0], -128, 127);
    const IntTensor out = reference_layer(network, 0, layer, {&in});
    for (std::int64_t c = 0; c < 40; ++c) {
      std::int64_t sum = 0;
      for (std::int64_t i = 0; i < side * side; ++i)
        sum += in.codes[static_cast<std::size_t>(c * side * side + i)] + 7;
      // The code k with k - 1/2 <= sum * multiplier / (count * 2^31) < k + 1/2, in whole numbers.
      __extension__ using Wide = __int128;
      const Wide twice = 2 * static_cast<Wide>(sum) * layer.multipliers[0];
      const Wide unit = static_cast<Wide>(side * side) << 31;
      const int k = out.codes[static_cast<std::size_t>(c)] - 2;
      INFO("side " << side << " channel " << c << " sum " << sum << ", seed 37");
      if (k + 2 > -128 && k + 2 < 127) {
        CHECK((twice >= (2 * k - 1) * unit && twice < (2 * k + 1) * unit));
      }
    }
  }
}

TEST_CASE("an embedding reads its rows, up to the 65536 that an index can name") {
  Random random(41);
  for (const std::int64_t rows : {INT64_C(3), INT64_C(50257), INT64_C(65536)}) {
    const Network network = one_layer(Embedding{rows, 4}, {{2, 3}});
    FloatTensor indices{{2, 3}, {0, 1, 2, static_cast<float>(rows - 1), static_cast<float>(rows / 2), 0}};
    const Quantized q(network, {indices}, 8);
    const IntTensor out = q.run();
    for (std::size_t i = 0; i < 6; ++i) {
      for (std::size_t c = 0; c < 4; ++c) {
        const auto row = static_cast<std::size_t>(indices.values[i]);
        CHECK(out.codes[i * 4 + c] == q.layer.weights.codes[row * 4 + c]);
        const double expected =
            std::clamp<double>(q.exact[i * 4 + c], q.layer.output.lowest(), q.layer.output.highest());
        CHECK(std::abs(out.codes[i * 4 + c] - expected) <= 0.5 + 1.0 / 64);
      }
    }
  }
}

TEST_CASE("the cost of a layer is its cost per element times its elements") {
  const auto operations = [](const Operation& operation, const std::vector<Shape>& inputs,
                             Activation activation = Activation::none) {
    Random random(43);
    std::vector<FloatTensor> values;
    for (const Shape& shape : inputs) values.push_back(random_floats(random, shape, -1, 1));
    const Quantized q(one_layer(operation, inputs, activation), values, 8);
    return VectorOp::make(q.network, 0, q.layer).operations();
  };
  CHECK(operations(Add{}, {{2, 3, 5, 7}, {3, 1, 1}}) == 2 * 3 * 5 * 7);
  CHECK(operations(Add{}, {{2, 3}, {2, 3}}, Activation::relu) == 2 * 3);
  CHECK(operations(Add{}, {{2, 3}, {2, 3}}, Activation::gelu) == 2 * 3 * 2);
  CHECK(operations(pool(Pool::Kind::max, {3, 2}, {1, 1}, {0, 0, 0, 0}), {{1, 2, 5, 5}}) ==
        2 * 3 * 4 * (3 * 2));
  CHECK(operations(pool(Pool::Kind::average, {3, 2}, {1, 1}, {0, 0, 0, 0}), {{1, 2, 5, 5}}) ==
        2 * 3 * 4 * (3 * 2 + 1));
  CHECK(operations(GlobalAveragePool{}, {{2, 3, 4, 5}}) == 2 * 3 * (4 * 5 + 1));
  CHECK(operations(Softmax{-1}, {{3, 17}}) == 3 * 17 * 4);
  CHECK(operations(LayerNorm{1e-5, true}, {{3, 17}}) == 3 * 17 * 6);
  CHECK(operations(Reshape{{-1}}, {{3, 17}}) == 0);
  CHECK(operations(Transpose{{1, 0}}, {{3, 17}}) == 3 * 17);
}
