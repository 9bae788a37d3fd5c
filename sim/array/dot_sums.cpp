#include "sim/array/dot_sums.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/array/dot_sums.cpp"
#include <hwy/foreach_target.h>  // compiles the part below once for each instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace heddle::sim::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128  // no vectors: plain loops

template <class Input, class Sum>
void rows_one_by_one(const std::int16_t* weights, std::int64_t rows, const Input* inputs, std::int64_t length,
                     Sum* sums, std::int64_t stride) {
  for (std::int64_t row = 0; row < rows; ++row, weights += length) {
    std::uint64_t sum = 0;
    for (std::int64_t k = 0; k < length; ++k)
      sum += static_cast<std::uint64_t>(static_cast<std::int64_t>(weights[k]) * inputs[k]);
    sums[row * stride] = static_cast<Sum>(sum);
  }
}

void narrow_rows(const std::int16_t* weights, std::int64_t rows, const std::int16_t* inputs,
                 std::int64_t length, std::int32_t* sums, std::int64_t stride) {
  rows_one_by_one(weights, rows, inputs, length, sums, stride);
}

void wide_rows(const std::int16_t* weights, std::int64_t rows, const std::int32_t* inputs,
               std::int64_t length, std::int64_t* sums, std::int64_t stride) {
  rows_one_by_one(weights, rows, inputs, length, sums, stride);
}

std::int64_t nonzero_weight(const std::int16_t* inputs, std::int16_t zero, const std::int16_t* weights,
                            std::int64_t count) {
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += inputs[i] == zero ? 0 : weights[i];
  return sum;
}

std::int64_t nonzeros(const std::int16_t* inputs, std::int16_t zero, std::int64_t count) {
  return count - std::count(inputs, inputs + count, zero);
}

#else

using Halves = hn::ScalableTag<std::int16_t>;
using Words = hn::ScalableTag<std::int32_t>;
using Doubles = hn::ScalableTag<std::int64_t>;

void narrow_rows(const std::int16_t* weights, std::int64_t rows, const std::int16_t* inputs,
                 std::int64_t length, std::int32_t* sums, std::int64_t stride) {
  const Halves d16;
  const Words d32;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d16));
  for (std::int64_t row = 0; row < rows; ++row, weights += length) {
    auto even = hn::Zero(d32), odd = hn::Zero(d32);
    std::int64_t k = 0;
    for (; k + lanes <= length; k += lanes) {
      even = hn::ReorderWidenMulAccumulate(d32, hn::LoadU(d16, weights + k), hn::LoadU(d16, inputs + k), even,
                                           odd);
    }
    auto sum = static_cast<std::uint32_t>(hn::GetLane(hn::SumOfLanes(d32, hn::Add(even, odd))));
    for (; k < length; ++k) sum += static_cast<std::uint32_t>(weights[k] * inputs[k]);
    sums[row * stride] = static_cast<std::int32_t>(sum);
  }
}

void wide_rows(const std::int16_t* weights, std::int64_t rows, const std::int32_t* inputs,
               std::int64_t length, std::int64_t* sums, std::int64_t stride) {
  const Words d32;
  const Doubles d64;
  const hn::Rebind<std::int16_t, Words> d16;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d32));
  for (std::int64_t row = 0; row < rows; ++row, weights += length) {
    auto even = hn::Zero(d64), odd = hn::Zero(d64);
    std::int64_t k = 0;
    for (; k + lanes <= length; k += lanes) {
      const auto w = hn::PromoteTo(d32, hn::LoadU(d16, weights + k));
      const auto x = hn::LoadU(d32, inputs + k);
      even = hn::Add(even, hn::MulEven(w, x));
      odd = hn::Add(odd, hn::MulEven(hn::Shuffle2301(w), hn::Shuffle2301(x)));
    }
    std::int64_t sum = hn::GetLane(hn::SumOfLanes(d64, hn::Add(even, odd)));
    for (; k < length; ++k) sum += static_cast<std::int64_t>(weights[k]) * inputs[k];
    sums[row * stride] = sum;
  }
}

std::int64_t nonzero_weight(const std::int16_t* inputs, std::int16_t zero, const std::int16_t* weights,
                            std::int64_t count) {
  const Halves d16;
  const Words d32;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d16));
  const auto zeros = hn::Set(d16, zero), ones = hn::Set(d16, 1);
  auto even = hn::Zero(d32), odd = hn::Zero(d32);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto weight =
        hn::IfThenZeroElse(hn::Eq(hn::LoadU(d16, inputs + i), zeros), hn::LoadU(d16, weights + i));
    even = hn::ReorderWidenMulAccumulate(d32, weight, ones, even, odd);
  }
  if (i < count) {  // the rest, filled up with weights of 0
    HWY_ALIGN std::int16_t last_inputs[HWY_MAX_BYTES / 2] = {}, last_weights[HWY_MAX_BYTES / 2] = {};
    const auto bytes = static_cast<std::size_t>(count - i) * sizeof(std::int16_t);
    std::memcpy(last_inputs, inputs + i, bytes);
    std::memcpy(last_weights, weights + i, bytes);
    const auto weight =
        hn::IfThenZeroElse(hn::Eq(hn::Load(d16, last_inputs), zeros), hn::Load(d16, last_weights));
    even = hn::ReorderWidenMulAccumulate(d32, weight, ones, even, odd);
  }
  return hn::GetLane(hn::SumOfLanes(d32, hn::Add(even, odd)));
}

std::int64_t nonzeros(const std::int16_t* inputs, std::int16_t zero, std::int64_t count) {
  const Halves d16;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d16));
  const auto zeros = hn::Set(d16, zero);
  std::int64_t i = 0, found = 0;
  for (; i + lanes <= count; i += lanes)
    found += static_cast<std::int64_t>(hn::CountTrue(d16, hn::Ne(hn::LoadU(d16, inputs + i), zeros)));
  for (; i < count; ++i) found += inputs[i] != zero;
  return found;
}

#endif

}  // namespace
}  // namespace heddle::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heddle::sim {
namespace {

HWY_EXPORT(narrow_rows);
HWY_EXPORT(wide_rows);
HWY_EXPORT(nonzero_weight);
HWY_EXPORT(nonzeros);

}  // namespace

void dot_rows(const std::int16_t* weights, std::int64_t rows, const std::int16_t* inputs, std::int64_t length,
              std::int32_t* sums, std::int64_t stride) {
  HWY_DYNAMIC_DISPATCH(narrow_rows)(weights, rows, inputs, length, sums, stride);
}

void dot_rows(const std::int16_t* weights, std::int64_t rows, const std::int32_t* inputs, std::int64_t length,
              std::int64_t* sums, std::int64_t stride) {
  HWY_DYNAMIC_DISPATCH(wide_rows)(weights, rows, inputs, length, sums, stride);
}

std::int64_t weight_of_nonzeros(const std::int16_t* inputs, std::int16_t zero, const std::int16_t* weights,
                                std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(nonzero_weight)(inputs, zero, weights, count);
}

std::int64_t count_nonzeros(const std::int16_t* inputs, std::int16_t zero, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(nonzeros)(inputs, zero, count);
}

}  // namespace heddle::sim
#endif
