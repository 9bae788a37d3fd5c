// Real factors as an integer multiplier and a right shift, as integer-only inference uses them (Jacob et al.,
// CVPR 2018, section 2.2).
#pragma once

#include <cstdint>

namespace heddle::workload {

struct FixedPoint {
  std::int32_t multiplier = 0;  ///< magnitude in [2^30, 2^31), or 0
  std::uint8_t shift = 1;       ///< 1 to 62
};

/// multiplier / 2^shift nearest to `real` (ties away from zero). 0 where |real| is below 2^-32, so small that
/// the product with any 31-bit number rounds to 0; the greatest or least number where it is 2^30 or more.
FixedPoint fixed_point(double real);

/// round(real * 2^shift), kept within 32 bits.
std::int32_t multiplier_at(double real, int shift);

/// The shift at which the multipliers of factors up to `greatest` in magnitude fit in 32 bits with the most
/// precision; at least 1, at most `most`.
int common_shift(double greatest, int most = 62);

/// The greatest number of bits after the binary point with which magnitudes up to `greatest` fit into codes
/// of so many bits (with the sign, 2 to 31); negative for numbers too great for any. At most 122, beyond
/// which 2^-points is no float, and 0 for a `greatest` that is zero or too small for that.
int binary_point(double greatest, int bits);

/// 2^exponent as a factor: exact from -32 to 29, and beyond as good as 2^-32 or 2^29, which take a 31-bit
/// number to 0 and a number of 1 beyond a 16-bit code.
FixedPoint power_of_two(int exponent);

/// round(real), ties up, kept within [-2^60, 2^60].
std::int64_t rounded(double real);

}  // namespace heddle::workload
