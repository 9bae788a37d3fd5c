#include "sim/array/requantize.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/array/requantize.cpp"
#include <hwy/foreach_target.h>  // compiles the part below once for each instruction set
#include <hwy/highway.h>

#include "sim/array/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heddle::sim::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128  // no vectors: everything is left to the caller

std::int64_t row(const workload::Requantization&, std::int64_t, std::int32_t, const std::int32_t*,
                 std::int64_t, std::int16_t*) {
  return 0;
}

std::int64_t channels_last(const workload::Requantization&, std::int64_t, std::int64_t, const std::int32_t*,
                           const std::int32_t*, std::int64_t, std::int64_t, std::int16_t*, std::int64_t) {
  return 0;
}

std::int64_t matrix(const workload::Requantization&, std::int64_t, const std::int32_t*, const std::int32_t*,
                    std::int64_t, std::int16_t*) {
  return 0;
}

#else

using Sums = hn::ScalableTag<std::int32_t>;
using Products = hn::ScalableTag<std::int64_t>;
using Codes = hn::Rebind<std::int16_t, Sums>;

/// Constants of one channel in all lanes, or of as many channels as there are lanes. Products are made of the
/// even and of the odd lanes apart.
struct Constants {
  hn::Vec<Sums> multiplier, odd_multiplier;
  hn::Vec<Products> even_rounding, odd_rounding, zero_point, low, high;
};

template <class Shift>
HWY_INLINE hn::Vec<Codes> to_codes(hn::Vec<Sums> sums, const Constants& c, const Shift& shift) {
  const Sums d;
  const auto even = hn::Add(hn::MulEven(sums, c.multiplier), c.even_rounding);
  const auto odd = hn::Add(hn::MulEven(hn::Shuffle2301(sums), c.odd_multiplier), c.odd_rounding);
  const auto finish = [&](auto scaled)
                          HWY_ATTR { return hn::Min(hn::Max(hn::Add(scaled, c.zero_point), c.low), c.high); };
  const auto low = hn::BitCast(d, finish(shift.even(even)));
  const auto high = hn::BitCast(d, hn::ShiftLeft<32>(finish(shift.odd(odd))));
  return hn::DemoteTo(Codes(), hn::OddEven(high, low));
}

struct OneShift {
  int bits;
  HWY_INLINE hn::Vec<Products> even(hn::Vec<Products> v) const { return hn::ShiftRightSame(v, bits); }
  HWY_INLINE hn::Vec<Products> odd(hn::Vec<Products> v) const { return hn::ShiftRightSame(v, bits); }
};

struct ManyShifts {
  hn::Vec<Products> even_bits, odd_bits;
  HWY_INLINE hn::Vec<Products> even(hn::Vec<Products> v) const { return hn::Shr(v, even_bits); }
  HWY_INLINE hn::Vec<Products> odd(hn::Vec<Products> v) const { return hn::Shr(v, odd_bits); }
};

void clamp_of(const workload::Requantization& r, Constants& c) {
  const Products wide;
  c.zero_point = hn::Set(wide, r.zero_point);
  c.low = hn::Set(wide, r.low);
  c.high = hn::Set(wide, r.high);
}

/// Returns how many were done: whole vectors.
std::int64_t row(const workload::Requantization& r, std::int64_t channel, std::int32_t bias,
                 const std::int32_t* sums, std::int64_t count, std::int16_t* codes) {
  const Sums d;
  const Products wide;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto index = static_cast<std::size_t>(channel);
  Constants c;
  c.multiplier = c.odd_multiplier = hn::Set(d, r.multiplier[index]);
  c.even_rounding = c.odd_rounding = hn::Set(wide, std::int64_t{1} << (r.shift[index] - 1));
  clamp_of(r, c);
  const OneShift shift{r.shift[index]};
  const auto biases = hn::Set(d, bias);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(to_codes(hn::Add(hn::LoadU(d, sums + i), biases), c, shift), Codes(), codes + i);
  }
  return i;
}

/// The constants of neighbouring channels, one for each lane.
struct ChannelConstants {
  Constants constants;
  ManyShifts shift;
  hn::Vec<Sums> bias;

  ChannelConstants(const workload::Requantization& r, std::int64_t channel, const std::int32_t* biases) {
    const Sums d;
    const Products wide;
    constexpr std::size_t kMostLanes = HWY_MAX_BYTES / sizeof(std::int32_t);
    HWY_ALIGN std::int64_t rounding[2][kMostLanes / 2], shifts[2][kMostLanes / 2];
    const auto at = static_cast<std::size_t>(channel);
    for (std::size_t lane = 0; lane < hn::Lanes(d); ++lane) {
      shifts[lane % 2][lane / 2] = r.shift[at + lane];
      rounding[lane % 2][lane / 2] = std::int64_t{1} << (r.shift[at + lane] - 1);
    }
    clamp_of(r, constants);
    constants.multiplier = hn::LoadU(d, r.multiplier.data() + at);
    constants.odd_multiplier = hn::Shuffle2301(constants.multiplier);
    constants.even_rounding = hn::Load(wide, rounding[0]);
    constants.odd_rounding = hn::Load(wide, rounding[1]);
    shift = {hn::Load(wide, shifts[0]), hn::Load(wide, shifts[1])};
    bias = hn::LoadU(d, biases);
  }

  HWY_INLINE hn::Vec<Codes> codes(const std::int32_t* sums) const {
    return to_codes(hn::Add(hn::LoadU(Sums(), sums), bias), constants, shift);
  }
};

/// Returns how many channels were done: whole vectors, and of positions whole blocks of eight.
std::int64_t channels_last(const workload::Requantization& r, std::int64_t first_channel,
                           std::int64_t channels, const std::int32_t* bias, const std::int32_t* sums,
                           std::int64_t sum_stride, std::int64_t positions, std::int16_t* codes,
                           std::int64_t code_stride) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(Sums()));
  if (lanes < 8) return 0;
  HWY_ALIGN std::int16_t tile[8 * HWY_MAX_BYTES / sizeof(std::int32_t)];
  std::int64_t m = 0;
  for (; m + lanes <= channels; m += lanes) {
    const ChannelConstants constants(r, first_channel + m, bias + m);
    for (std::int64_t i = 0; i + 8 <= positions; i += 8) {
      for (std::int64_t k = 0; k < 8; ++k)
        hn::Store(constants.codes(sums + (i + k) * sum_stride + m), Codes(), tile + k * lanes);
      for (std::int64_t part = 0; part < lanes; part += 8) {
        const EightVectors rows = transposed(load_eight(tile + part, lanes));
        std::int16_t* to = codes + (m + part) * code_stride + i;
        for (std::size_t k = 0; k < 8; ++k, to += code_stride) hn::StoreU(rows[k], Eight(), to);
      }
    }
  }
  return m;
}

/// Returns how many channels were done: whole vectors.
std::int64_t matrix(const workload::Requantization& r, std::int64_t channels, const std::int32_t* bias,
                    const std::int32_t* sums, std::int64_t rows, std::int16_t* codes) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(Sums()));
  std::int64_t m = 0;
  for (; m + lanes <= channels; m += lanes) {
    const ChannelConstants constants(r, m, bias + m);
    for (std::int64_t row = 0; row < rows; ++row)
      hn::StoreU(constants.codes(sums + row * channels + m), Codes(), codes + row * channels + m);
  }
  return m;
}

#endif

}  // namespace
}  // namespace heddle::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heddle::sim {
namespace {

HWY_EXPORT(row);
HWY_EXPORT(channels_last);
HWY_EXPORT(matrix);

void look_up(const workload::Requantization& r, std::int16_t* codes, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) codes[i] = r.table[static_cast<std::size_t>(codes[i] + 128)];
}

std::int32_t wrapped(std::int64_t bias) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(bias));
}

std::int64_t wrapped_sum(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

}  // namespace

void requantize_row(const workload::Requantization& r, std::int64_t channel, std::int64_t bias,
                    const std::int32_t* sums, std::int64_t count, std::int16_t* codes) {
  const std::int64_t done = HWY_DYNAMIC_DISPATCH(row)(r, channel, wrapped(bias), sums, count, codes);
  if (!r.table.empty()) look_up(r, codes, done);
  for (std::int64_t i = done; i < count; ++i) codes[i] = r(wrapped_sum(sums[i], wrapped(bias)), channel);
}

void requantize_row(const workload::Requantization& r, std::int64_t channel, std::int64_t bias,
                    const std::int64_t* sums, std::int64_t count, std::int16_t* codes) {
  for (std::int64_t i = 0; i < count; ++i) codes[i] = r(sums[i] + bias, channel);
}

void requantize_channels_last(const workload::Requantization& r, std::int64_t first_channel,
                              std::int64_t channels, const std::int32_t* bias, const std::int32_t* sums,
                              std::int64_t sum_stride, std::int64_t positions, std::int16_t* codes,
                              std::int64_t code_stride) {
  const std::int64_t vectors = HWY_DYNAMIC_DISPATCH(channels_last)(r, first_channel, channels, bias, sums,
                                                                   sum_stride, positions, codes, code_stride);
  const std::int64_t blocks = positions / 8 * 8;
  for (std::int64_t m = 0; m < channels; ++m) {
    std::int16_t* const plane = codes + m * code_stride;
    const std::int64_t done = m < vectors ? blocks : 0;
    if (!r.table.empty()) look_up(r, plane, done);
    for (std::int64_t i = done; i < positions; ++i)
      plane[i] = r(wrapped_sum(sums[i * sum_stride + m], bias[m]), first_channel + m);
  }
}

void requantize_matrix(const workload::Requantization& r, std::int64_t channels, const std::int32_t* bias,
                       const std::int32_t* sums, std::int64_t rows, std::int16_t* codes) {
  const std::int64_t done = HWY_DYNAMIC_DISPATCH(matrix)(r, channels, bias, sums, rows, codes);
  for (std::int64_t row = 0; row < rows; ++row, sums += channels, codes += channels) {
    if (!r.table.empty()) look_up(r, codes, done);
    for (std::int64_t m = done; m < channels; ++m) codes[m] = r(wrapped_sum(sums[m], bias[m]), m);
  }
}

}  // namespace heddle::sim
#endif
