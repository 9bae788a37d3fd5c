// Does the integer requantization equal exact rational arithmetic, rounded half up?
#include <algorithm>

#include "one_layer.h"
#include "workload/compress/fixed_point.h"

using namespace heddle::workload;
using namespace heddle::workload::test;

namespace {

__extension__ using Wide = __int128;

/// floor(acc * multiplier / 2^shift + 1/2) by long division: the definition of rounding half up.
Wide half_up(std::int64_t acc, std::int64_t multiplier, int shift) {
  const Wide numerator = 2 * static_cast<Wide>(acc) * multiplier + (Wide{1} << shift);
  const Wide denominator = Wide{2} << shift;
  Wide quotient = numerator / denominator;
  if (quotient * denominator > numerator) --quotient;
  return quotient;
}

}  // namespace

TEST_CASE("requantization is exact rational arithmetic over random and edge accumulators") {
  Random random(23);
  std::vector<std::int64_t> accumulators = {0,
                                            1,
                                            -1,
                                            2,
                                            -2,
                                            INT32_MAX,
                                            INT32_MIN,
                                            INT64_C(1) << 31,
                                            -(INT64_C(1) << 31) - 1,
                                            (INT64_C(1) << 47) - 1,
                                            -(INT64_C(1) << 47)};
  for (int i = 0; i < 2000; ++i) {
    accumulators.push_back(static_cast<std::int64_t>(random()) >> draw(random, 16, 63));
  }
  for (int round = 0; round < 60; ++round) {
    Requantization stage;
    const auto shift = static_cast<std::uint8_t>(round < 3 ? 1 + 61 * (round / 2) : draw(random, 1, 62));
    stage.multiplier = {round % 2 == 0 ? std::int32_t{1} << 30
                                       : static_cast<std::int32_t>(draw(random, 1 << 30, INT32_MAX))};
    stage.shift = {shift};
    stage.zero_point = static_cast<std::int32_t>(draw(random, -128, 127));
    stage.low = static_cast<std::int32_t>(draw(random, -128, 0));
    for (const std::int64_t acc : accumulators) {
      const Wide code = std::clamp<Wide>(half_up(acc, stage.multiplier[0], shift) + stage.zero_point,
                                         stage.low, stage.high);
      INFO("accumulator " << acc << " multiplier " << stage.multiplier[0] << " shift " << int{shift}
                          << ", seed 23");
      REQUIRE(stage(acc, 0) == static_cast<int>(code));
    }
  }
  // One half exactly, on both sides of zero: 1/2 rounds to 1, -1/2 to 0, -3/2 to -1.
  Requantization half;
  half.multiplier = {1 << 30};
  half.shift = {31};
  CHECK(half(1, 0) == 1);
  CHECK(half(-1, 0) == 0);
  CHECK(half(-3, 0) == -1);
  CHECK(half(3, 0) == 2);
}

TEST_CASE("a table follows the clamp") {
  Requantization stage;
  stage.multiplier = {1 << 30};
  stage.shift = {30};
  for (int code = -128; code < 128; ++code) stage.table.push_back(static_cast<std::int16_t>(3 * code));
  CHECK(stage(5, 0) == 15);
  CHECK(stage(1000, 0) == 3 * 127);
  CHECK(stage(-1000, 0) == -3 * 128);
}

TEST_CASE("a fixed-point factor is the nearest one there is") {
  Random random(29);
  for (int i = 0; i < 20000; ++i) {
    const double real = std::ldexp(0.5 + static_cast<double>(random() >> 12) * 0x1p-53,
                                   static_cast<int>(draw(random, -30, 30)));
    const FixedPoint fixed = fixed_point(i % 2 == 0 ? real : -real);
    const std::int64_t magnitude = std::abs(static_cast<std::int64_t>(fixed.multiplier));
    REQUIRE(magnitude >= (INT64_C(1) << 30));
    REQUIRE(magnitude < (INT64_C(1) << 31));
    REQUIRE((fixed.multiplier > 0) == (i % 2 == 0));
    const double error = std::abs(std::ldexp(static_cast<double>(magnitude), -fixed.shift) - real);
    REQUIRE(error <= std::ldexp(0.5, -fixed.shift));
  }
  CHECK(fixed_point(0).multiplier == 0);
  CHECK(fixed_point(0x1p-40).multiplier == 0);
  CHECK(fixed_point(1).multiplier == 1 << 30);
  CHECK(fixed_point(1).shift == 30);
  CHECK(fixed_point(1 - 0x1p-40).multiplier == 1 << 30);  // the mantissa rounds up to the next power of two
  CHECK(fixed_point(1 - 0x1p-40).shift == 30);
  CHECK(fixed_point(0x1p40).multiplier == INT32_MAX);
  CHECK(fixed_point(0x1p40).shift == 1);
}
