#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/array/eie_recurrence.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
//
#include <hwy/highway.h>

#include <algorithm>

#include "sim/array/eie_recurrence.h"

HWY_BEFORE_NAMESPACE();
namespace heddle::sim::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Times are cycles from T0. Returns the cycle of the last broadcast.
std::int32_t walk(const std::uint16_t* cycles, std::int64_t stride, const std::int32_t* columns,
                  std::int64_t count, std::int32_t* starts, std::int64_t depth, std::int32_t* finish,
                  std::int32_t* walked) {
  const hn::CappedTag<std::int32_t, kPeBlock> times;
  const hn::Rebind<std::uint16_t, decltype(times)> counts;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(times));
  std::int32_t broadcast = -1;
  std::int64_t slot = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    broadcast = std::max(broadcast + 1, starts[slot]);
    const auto now = hn::Set(times, broadcast);
    const std::uint16_t* slices = cycles + columns[j] * stride;
    auto last = now;
    for (std::int64_t p = 0; p < stride; p += lanes) {
      const auto slice = hn::PromoteTo(times, hn::LoadU(counts, slices + p));
      const auto start = hn::Max(now, hn::LoadU(times, finish + p));
      last = hn::Max(last, start);
      hn::StoreU(hn::Add(start, slice), times, finish + p);
      hn::StoreU(hn::Add(hn::LoadU(times, walked + p), slice), times, walked + p);
    }
    starts[slot] = hn::GetLane(hn::MaxOfLanes(times, last));
    if (++slot == depth) slot = 0;
  }
  return broadcast;
}

}  // namespace heddle::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heddle::sim {

HWY_EXPORT(walk);

EieRecurrence::EieRecurrence(std::int64_t pes, std::int64_t queue_depth)
    : starts_(static_cast<std::size_t>(queue_depth)),
      finish_(static_cast<std::size_t>((pes + kPeBlock - 1) / kPeBlock * kPeBlock)),
      walked_(finish_.size()) {}

EieRecurrence::Result EieRecurrence::run(const EieProfile& block, const std::vector<std::int32_t>& columns,
                                         std::vector<std::int64_t>& work) {
  if (columns.empty()) return {};
  std::fill(starts_.begin(), starts_.end(), 0);
  std::fill(finish_.begin(), finish_.end(), 0);
  std::fill(walked_.begin(), walked_.end(), 0);
  const auto count = static_cast<std::int64_t>(columns.size());
  const std::int32_t last =
      HWY_DYNAMIC_DISPATCH(walk)(block.cycles(), block.stride(), columns.data(), count, starts_.data(),
                                 static_cast<std::int64_t>(starts_.size()), finish_.data(), walked_.data());
  Result result;
  result.queue_full = last + 1 - count;
  for (std::size_t pe = 0; pe < work.size(); ++pe) {
    result.cycles = std::max<std::int64_t>(result.cycles, finish_[pe]);
    result.walked += walked_[pe];
    work[pe] += walked_[pe];
  }
  return result;
}

}  // namespace heddle::sim
#endif
