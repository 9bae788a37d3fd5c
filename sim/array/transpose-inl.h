// Eight by eight 16-bit numbers, transposed. For files that Highway compiles once for each instruction set,
// hence the unusual guard.
#if defined(HEDDLE_SIM_ARRAY_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEDDLE_SIM_ARRAY_TRANSPOSE_INL_H_
#undef HEDDLE_SIM_ARRAY_TRANSPOSE_INL_H_
#else
#define HEDDLE_SIM_ARRAY_TRANSPOSE_INL_H_
#endif

#include <hwy/highway.h>

#include <array>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace heddle::sim::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

using Eight = hwy::HWY_NAMESPACE::FixedTag<std::int16_t, 8>;
using EightVectors = std::array<hwy::HWY_NAMESPACE::Vec<Eight>, 8>;

/// Element j of vector i becomes element i of vector j.
HWY_INLINE EightVectors transposed(const EightVectors& v) {
  namespace hn = hwy::HWY_NAMESPACE;
  const Eight d;
  const hn::Repartition<std::int32_t, Eight> d32;
  const hn::Repartition<std::int64_t, Eight> d64;
  std::array<hn::Vec<decltype(d32)>, 8> pairs;
  for (std::size_t i = 0; i < 4; ++i) {
    pairs[2 * i] = hn::BitCast(d32, hn::InterleaveLower(d, v[2 * i], v[2 * i + 1]));
    pairs[2 * i + 1] = hn::BitCast(d32, hn::InterleaveUpper(d, v[2 * i], v[2 * i + 1]));
  }
  std::array<hn::Vec<decltype(d64)>, 8> fours;
  for (std::size_t half = 0; half < 2; ++half) {
    for (std::size_t upper = 0; upper < 2; ++upper) {
      const auto a = pairs[4 * half + upper], b = pairs[4 * half + 2 + upper];
      fours[4 * half + 2 * upper] = hn::BitCast(d64, hn::InterleaveLower(d32, a, b));
      fours[4 * half + 2 * upper + 1] = hn::BitCast(d64, hn::InterleaveUpper(d32, a, b));
    }
  }
  EightVectors result;
  for (std::size_t i = 0; i < 4; ++i) {
    result[2 * i] = hn::BitCast(d, hn::InterleaveLower(d64, fours[i], fours[4 + i]));
    result[2 * i + 1] = hn::BitCast(d, hn::InterleaveUpper(d64, fours[i], fours[4 + i]));
  }
  return result;
}

/// Eight vectors, `stride` elements apart.
HWY_INLINE EightVectors load_eight(const std::int16_t* from, std::int64_t stride) {
  EightVectors v;
  for (std::size_t i = 0; i < 8; ++i)
    v[i] = hwy::HWY_NAMESPACE::LoadU(Eight(), from + static_cast<std::int64_t>(i) * stride);
  return v;
}

#endif

}  // namespace heddle::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target guard
