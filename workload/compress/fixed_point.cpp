#include "workload/compress/fixed_point.h"

#include <algorithm>
#include <cmath>

namespace heddle::workload {

FixedPoint fixed_point(double real) {
  int exponent = 0;
  const double mantissa = std::frexp(real, &exponent);  // |mantissa| in [1/2, 1)
  double multiplier = std::round(std::ldexp(mantissa, 31));
  int shift = 31 - exponent;
  if (std::abs(multiplier) == 0x1p31) {
    multiplier /= 2;
    --shift;
  }
  if (real == 0 || shift > 62) return {};
  if (shift < 1) return {real > 0 ? INT32_MAX : -INT32_MAX, 1};
  return {static_cast<std::int32_t>(multiplier), static_cast<std::uint8_t>(shift)};
}

std::int32_t multiplier_at(double real, int shift) {
  return static_cast<std::int32_t>(std::clamp(std::round(std::ldexp(real, shift)), -0x1p31 + 1, 0x1p31 - 1));
}

int common_shift(double greatest, int most) {
  const FixedPoint fixed = fixed_point(greatest);
  return std::min<int>(fixed.multiplier == 0 ? most : fixed.shift, most);
}

int binary_point(double greatest, int bits) {
  constexpr int most = 122;
  if (greatest < std::ldexp(1.0, bits - 1 - most)) return 0;
  int exponent = 0;
  std::frexp(greatest, &exponent);  // greatest < 2^exponent
  const int points = bits - 1 - exponent;
  const double highest = std::ldexp(1.0, bits - 1) - 1;
  return std::round(std::ldexp(greatest, points)) <= highest ? points : points - 1;
}

FixedPoint power_of_two(int exponent) {
  constexpr std::int32_t one = 1 << 30;
  return {one, static_cast<std::uint8_t>(30 - std::clamp(exponent, -32, 29))};
}

std::int64_t rounded(double real) {
  return static_cast<std::int64_t>(std::clamp(std::floor(real + 0.5), -0x1p60, 0x1p60));
}

}  // namespace heddle::workload
