#include "mapper/model/census.h"

#include <algorithm>

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::Operand;

namespace {

/// Dimensions that meet in the rows or columns of the inputs.
constexpr bool is_window(Dim d) { return d == Dim::P || d == Dim::Q || d == Dim::R || d == Dim::S; }

}  // namespace

void TileCensus::assign(const arch::LayerMapping& mapping) {
  nest_.assign(mapping, problem_.shape);
  axes_ = arch::spatial_extent(mapping);
}

void TileCensus::begin(Operand operand, int depth) {
  depth_ = depth;
  common_ = {};
  alone_count_ = 0;
  for (Dim d : kDims) {
    if (!depends_on(operand, d)) continue;
    positions_[d] = nest_.positions(depth, d);
    if (positions_[d].moved_by != positions_[d].last_moved_by) {
      alone_[alone_count_++] = d;
    } else {
      common_.moved_by = std::max(common_.moved_by, positions_[d].moved_by);
    }
  }
}

std::int64_t TileCensus::visits(Operand operand, const TileClass& tiles) const {
  std::int64_t result = 1;
  for (Dim d : kDims) {
    if (!depends_on(operand, d)) result *= nest_.count(std::max(tiles.moved_by, 0), d);
  }
  return result;
}

std::int64_t TileCensus::copies(Operand operand, const TileClass& tiles) const {
  std::int64_t result = 1;
  for (Dim d : kDims) {
    if (depends_on(operand, d)) continue;
    const int depth = std::max(tiles.moved_by, 0);
    const std::int64_t count = nest_.count(depth, d), size = nest_.size(depth, d);
    const std::int64_t last = problem_.shape.size[d] - (count - 1) * size;
    result *= (count - 1) * std::min(axes_[d], size) + std::min(axes_[d], last);
  }
  return result;
}

const WindowSums::Table& TileCensus::window(bool rows, WindowCount count) {
  const Dim outputs = rows ? Dim::P : Dim::Q, taps = rows ? Dim::R : Dim::S;
  return window_sums_.table(rows, count, nest_.size(depth_, outputs), nest_.size(depth_, taps),
                            count == WindowCount::by_column ? axes_[outputs] : 1);
}

/// Lengths along a dimension, in stored elements, and how many tiles of the class have them.
Histogram TileCensus::lengths(Operand operand, const TileClass& tiles, Dim d) const {
  const Positions& positions = positions_[d];
  const auto stored = [&](std::int64_t size) {
    return operand == Operand::weights && d == Dim::C ? arch::kept_channels(size, problem_.sparsity) : size;
  };
  Histogram result;
  if ((tiles.parts[d] & kInner) != 0 && positions.count > 1)
    result.emplace_back(stored(positions.size), positions.count - 1);
  if ((tiles.parts[d] & kLast) != 0) result.emplace_back(stored(positions.last_size), 1);
  return result;
}

template <class Visit>
void TileCensus::for_each_part(const TileClass& tiles, bool rows, const Visit& visit) const {
  for (const int p : {0, 1}) {
    if ((tiles.parts[rows ? Dim::P : Dim::Q] >> p & 1) == 0) continue;
    for (const int r : {0, 1}) {
      if ((tiles.parts[rows ? Dim::R : Dim::S] >> r & 1) != 0) visit(p, r);
    }
  }
}

std::int64_t TileCensus::elements(Operand operand, const TileClass& tiles, WindowCount count) {
  std::int64_t result = 1;
  for (Dim d : kDims) {
    if (!depends_on(operand, d) || (operand == Operand::inputs && is_window(d))) continue;
    if (tiles.parts[d] == (kInner | kLast) && !(operand == Operand::weights && d == Dim::C)) {
      result *= problem_.shape.size[d];
      continue;
    }
    std::int64_t sum = 0;
    for (const auto& [length, number] : lengths(operand, tiles, d)) sum += length * number;
    result *= sum;
  }
  if (operand != Operand::inputs) return result;
  for (const bool rows : {true, false}) {
    const WindowSums::Table& table = window(rows, count);
    std::int64_t sum = 0;
    for_each_part(tiles, rows, [&](int p, int r) { sum += table.sum[p][r]; });
    result *= sum;
  }
  return result;
}

Histogram TileCensus::volumes(Operand operand, const TileClass& tiles, WindowCount count) {
  Histogram result = {{1, 1}};
  for (Dim d : kDims) {
    if (!depends_on(operand, d) || (operand == Operand::inputs && is_window(d))) continue;
    result = product(result, lengths(operand, tiles, d));
  }
  if (operand != Operand::inputs) return result;
  for (const bool rows : {true, false}) {
    const WindowSums::Table& table = window(rows, count);
    Histogram touched;
    for_each_part(tiles, rows, [&](int p, int r) {
      touched.insert(touched.end(), table.values[p][r].begin(), table.values[p][r].end());
    });
    result = product(result, touched);
  }
  return result;
}

std::vector<TileCensus::Extents> TileCensus::extents(Operand operand, const TileClass& tiles) const {
  std::vector<Extents> result(1);
  for (Dim d : kDims) {
    if (!depends_on(operand, d)) continue;
    const Positions& positions = positions_[d];
    std::vector<Extents> finer;
    for (const Extents& known : result) {
      const auto add = [&](std::int64_t size, std::int64_t number) {
        finer.push_back(known);
        finer.back().extent[d] = size;
        finer.back().count *= number;
      };
      if ((tiles.parts[d] & kInner) != 0 && positions.count > 1) add(positions.size, positions.count - 1);
      if ((tiles.parts[d] & kLast) != 0) add(positions.last_size, 1);
    }
    result = std::move(finer);
  }
  return result;
}

}  // namespace heddle::mapper
