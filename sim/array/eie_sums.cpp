#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/array/eie_sums.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
//
#include <hwy/highway.h>

#include <algorithm>
#include <array>

#include "sim/array/eie_sums.h"

HWY_BEFORE_NAMESPACE();
namespace heddle::sim::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void sum_positions(const std::int32_t* columns, const std::int16_t* values, std::int64_t count,
                   const std::int16_t* inputs, int shift, std::int32_t lowest, std::int32_t highest,
                   std::int32_t* sums) {
  const hn::CappedTag<std::int32_t, 16> wide;
  const hn::Rebind<std::int16_t, decltype(wide)> narrow;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(wide));
  const auto low = hn::Set(wide, lowest), high = hn::Set(wide, highest);
  const auto half = hn::Set(wide, shift == 0 ? 0 : std::int32_t{1} << (shift - 1));
  const auto add = [&](auto sum, auto weight, const std::int16_t* from) {
    const auto product = hn::Mul(weight, hn::PromoteTo(wide, hn::LoadU(narrow, from)));
    const auto term = hn::ShiftRightSame(hn::Add(product, half), shift);
    return hn::Min(hn::Max(hn::Add(sum, term), low), high);
  };
  for (std::int64_t p = 0; p < kPositionBlock; p += 4 * lanes) {
    auto a = hn::Zero(wide), b = a, c = a, d = a;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto weight = hn::Set(wide, std::int32_t{values[i]});
      const std::int16_t* from = inputs + columns[i] * kPositionBlock + p;
      a = add(a, weight, from);
      b = add(b, weight, from + lanes);
      c = add(c, weight, from + 2 * lanes);
      d = add(d, weight, from + 3 * lanes);
    }
    hn::StoreU(a, wide, sums + p);
    hn::StoreU(b, wide, sums + p + lanes);
    hn::StoreU(c, wide, sums + p + 2 * lanes);
    hn::StoreU(d, wide, sums + p + 3 * lanes);
  }
}

}  // namespace heddle::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heddle::sim {

HWY_EXPORT(sum_positions);

void sum_row(const EieRow& row, const std::int16_t* inputs, const workload::FixedPointSum& arithmetic,
             std::int32_t* sums) {
  HWY_DYNAMIC_DISPATCH(sum_positions)
  (row.columns.data(), row.values.data(), static_cast<std::int64_t>(row.columns.size()), inputs,
   arithmetic.product_shift, arithmetic.lowest(), arithmetic.highest(), sums);
}

void add_column(const EieProfile& block, std::int64_t column, std::int16_t value,
                const std::vector<std::int16_t>& codebook, const workload::FixedPointSum& arithmetic,
                std::int32_t* sums) {
  std::array<std::int32_t, 256> terms;
  for (std::size_t code = 0; code < codebook.size(); ++code)
    terms[code] = arithmetic.term(codebook[code], value);
  const std::int32_t lowest = arithmetic.lowest(), highest = arithmetic.highest();
  const EieProfile::Weight* const end = block.end(column);
  for (const EieProfile::Weight* weight = block.begin(column); weight != end; ++weight) {
    std::int32_t& sum = sums[weight->row];
    sum = std::clamp(sum + terms[weight->code], lowest, highest);
  }
}

}  // namespace heddle::sim
#endif
