#include "mapper/model/window_sums.h"

#include <algorithm>

#include "arch/window.h"

namespace heddle::mapper {

using workload::Dim;

namespace {

void add(Histogram& histogram, std::int64_t value) {
  const auto known = std::find_if(histogram.begin(), histogram.end(),
                                  [&](const auto& entry) { return entry.first == value; });
  if (known != histogram.end()) {
    ++known->second;
  } else {
    histogram.emplace_back(value, 1);
  }
}

}  // namespace

const WindowSums::Table& WindowSums::table(bool rows, WindowCount count, std::int64_t outputs,
                                           std::int64_t taps, std::int64_t across) {
  const Key key{rows, count, outputs, taps, across};
  const auto known = tables_.find(key);
  return known != tables_.end() ? known->second : tables_.emplace(key, make(key)).first->second;
}

WindowSums::Table WindowSums::make(const Key& key) const {
  const auto [rows, count, outputs, taps, across] = key;
  const std::int64_t all_outputs = shape_.size[rows ? Dim::P : Dim::Q];
  const std::int64_t all_taps = shape_.size[rows ? Dim::R : Dim::S];
  const std::int64_t stride = rows ? shape_.stride_h : shape_.stride_w;
  const std::int64_t dilation = rows ? shape_.dilation_h : shape_.dilation_w;
  const std::int64_t pad = rows ? shape_.pad_top : shape_.pad_left;
  const std::int64_t limit = rows ? shape_.input_h : shape_.input_w;
  Table table;
  for (std::int64_t p = 0; p < all_outputs; p += outputs) {
    const std::int64_t p_size = std::min(outputs, all_outputs - p);
    for (std::int64_t r = 0; r < all_taps; r += taps) {
      const std::int64_t r_size = std::min(taps, all_taps - r);
      const std::int64_t start = p * stride + r * dilation - pad;
      std::int64_t value = 0;
      switch (count) {
        case WindowCount::distinct:
          value = arch::distinct_positions(start, p_size, stride, r_size, dilation, limit);
          break;
        case WindowCount::pairs:
          value = arch::pairs_in_range(start, p_size, stride, r_size, dilation, limit);
          break;
        case WindowCount::by_column:
          for (std::int64_t c = 0; c < std::min(across, p_size); ++c) {
            const std::int64_t steps = (p_size - c + across - 1) / across;
            value +=
                arch::distinct_positions(start + c * stride, steps, across * stride, r_size, dilation, limit);
          }
          break;
      }
      const int p_part = p + outputs >= all_outputs, r_part = r + taps >= all_taps;
      add(table.values[p_part][r_part], value);
      table.sum[p_part][r_part] += value;
    }
  }
  return table;
}

Histogram product(const Histogram& a, const Histogram& b) {
  Histogram result;
  result.reserve(a.size() * b.size());
  for (const auto& [x, x_count] : a) {
    for (const auto& [y, y_count] : b) result.emplace_back(x * y, x_count * y_count);
  }
  return result;
}

}  // namespace heddle::mapper
