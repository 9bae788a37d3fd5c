#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "support/error.h"
#include "workload/quantized.h"
#include "workload/tensor.h"

namespace heddle::workload {
namespace {

TEST_CASE("element_count multiplies extents and refuses what no tensor has") {
  CHECK(element_count({}) == 1);
  CHECK(element_count({7}) == 7);
  CHECK(element_count({2, 3, 5}) == 30);
  CHECK(element_count({kMostElements}) == kMostElements);
  CHECK_THROWS_AS(element_count({kMostElements, 2}), std::invalid_argument);
  CHECK_THROWS_AS(element_count({INT64_MAX, INT64_MAX, INT64_MAX}), std::invalid_argument);
  CHECK_THROWS_AS(element_count({3, 0}), std::invalid_argument);
  CHECK_THROWS_AS(element_count({-1, -1}), std::invalid_argument);
}

TEST_CASE("codes span what so many bits hold") {
  for (int bits = 2; bits <= 16; ++bits) {
    const Quantization quantization{.bits = bits};
    CHECK(quantization.lowest() == -std::pow(2, bits - 1));
    CHECK(quantization.highest() == std::pow(2, bits - 1) - 1);
  }
  const Quantization sign{.bits = 1};
  CHECK(sign.lowest() == -1);
  CHECK(sign.highest() == 1);
}

TEST_CASE("quantize takes the nearest code, ties away from zero, and clamps") {
  const Quantization quantization{.bits = 4, .scale = {0.5F}, .zero_point = 1};
  const FloatTensor values{{7}, {0.0F, 0.25F, -0.25F, 0.24F, 100.0F, -100.0F, -1.25F}};
  const IntTensor codes = quantize(values, quantization);
  CHECK(codes.codes ==
        std::vector<std::int16_t>{1, 2, 0, 1, 7, -8, -2});  // round(value / 0.5) + 1 within [-8, 7]
  CHECK(codes.storage_bits() == 7 * 4);
  CHECK(dequantize(codes).values[6] == 0.5F * (-2 - 1));
}

TEST_CASE("each index of axis 0 can have its own scale") {
  const Quantization quantization{.bits = 8, .scale = {1.0F, 0.1F}};
  const IntTensor codes = quantize({{2, 3}, {1, 2, 3, 1, 2, 3}}, quantization);
  CHECK(codes.codes == std::vector<std::int16_t>{1, 2, 3, 10, 20, 30});
  CHECK_THROWS_AS(quantize({{3, 2}, {1, 2, 3, 1, 2, 3}}, quantization), std::invalid_argument);
}

TEST_CASE("quantize refuses values and scales that are not finite") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(quantize({{2}, {0, nan}}, Quantization{}), InputError);
  CHECK_THROWS_AS(quantize({{2}, {-infinity, 0}}, Quantization{}), InputError);
  CHECK_THROWS_AS(quantize({{1}, {0}}, Quantization{.scale = {0.0F}}), std::invalid_argument);
  CHECK_THROWS_AS(quantize({{1}, {0}}, Quantization{.scale = {nan}}), std::invalid_argument);
}

TEST_CASE("one-bit codes are signs") {
  const IntTensor codes = quantize({{4}, {0.5F, -0.5F, 0.0F, -3.0F}}, {.bits = 1, .scale = {2.0F}});
  CHECK(codes.codes == std::vector<std::int16_t>{1, -1, 1, -1});
  CHECK(dequantize(codes).values == std::vector<float>{2, -2, 2, -2});
}

TEST_CASE("sha256 is that of the little-endian codes") {
  IntTensor tensor;
  tensor.shape = {2};
  tensor.codes = {0x6261, 0x6463};  // the bytes "abcd"
  CHECK(sha256(tensor) == "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589");
  tensor.shape = {1, 2};
  CHECK(sha256(tensor) == "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589");
  tensor.codes[1] = -1;
  CHECK(sha256(tensor) != "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589");
}

TEST_CASE("requantization rounds half up on both sides of zero, and holds beyond 63 bits") {
  const std::int32_t half = std::int32_t{1} << 30;
  const Requantization halved{
      .multiplier = {half}, .shift = {31}, .low = -128, .high = 127, .table = {}};  // times 1/2
  CHECK(halved(3, 0) == 2);                                                         // 1.5
  CHECK(halved(-3, 0) == -1);                                                       // -1.5
  CHECK(halved(-1, 0) == 0);                                                        // -0.5
  CHECK(halved(4, 0) == 2);
  CHECK(halved(1000, 0) == 127);
  CHECK(halved(-1000, 0) == -128);

  // 2^60 * (2^31 - 1) / 2^62 is far beyond the code's range, whatever the product's sign bit in 64 bits would
  // say.
  const Requantization wide{
      .multiplier = {INT32_MAX, half}, .shift = {62, 62}, .low = -128, .high = 127, .table = {}};
  CHECK(wide(std::int64_t{1} << 60, 0) == 127);
  CHECK(wide(-(std::int64_t{1} << 60), 0) == -128);
  CHECK(wide(INT64_MAX, 0) == 127);
  CHECK(wide(INT64_MIN, 0) == -128);
  CHECK(wide(std::int64_t{100} << 32, 1) == 100);                                // 100 * 2^32 * 2^30 / 2^62
  CHECK(wide(-(std::int64_t{100} << 32) - (std::int64_t{1} << 31), 1) == -100);  // -100.5 rounds up
}

}  // namespace
}  // namespace heddle::workload
