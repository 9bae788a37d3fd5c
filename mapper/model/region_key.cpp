#include "mapper/model/region_key.h"

#include <algorithm>
#include <limits>

namespace heddle::mapper {

using workload::Dim;

namespace {

constexpr std::int64_t kInside = std::numeric_limits<std::int64_t>::min();

std::uint64_t hash_of(const std::int64_t* words, std::size_t size) {
  std::uint64_t a = 0x9E3779B97F4A7C15u, b = size;
  std::size_t i = 0;
  for (; i + 1 < size; i += 2) {
    a = (a ^ static_cast<std::uint64_t>(words[i])) * 0xD6E8FEB86659FD93u;
    b = (b ^ static_cast<std::uint64_t>(words[i + 1])) * 0xA0761D6478BD642Fu;
    a ^= a >> 32;
    b ^= b >> 32;
  }
  if (i < size) a = (a ^ static_cast<std::uint64_t>(words[i])) * 0xD6E8FEB86659FD93u;
  a ^= b * 0x8EBC6AF09C88C6E3u;
  return a ^ (a >> 29);
}

std::uint64_t joined(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t mixed = (a ^ (b >> 17)) * 0x9E3779B97F4A7C15u + b;
  return mixed ^ (mixed >> 31);
}

}  // namespace

RegionKind RegionKey::kind_of(const TileRange& tile) const {
  const auto& e = tile.extent;
  RegionKind kind{e, 0, traffic_.rows().first(tile.start[Dim::P], tile.start[Dim::R]),
                  traffic_.columns().first(tile.start[Dim::Q], tile.start[Dim::S])};
  for (Dim d : {Dim::C, Dim::R, Dim::S}) {
    kind.visits = kind.visits << 2 | std::int64_t{tile.start[d] == 0} << 1 |
                  std::int64_t{tile.end(d) == traffic_.size()[d]};
  }
  if (traffic_.rows().inside(kind.row, e[Dim::P], e[Dim::R])) kind.row = kInside;
  if (traffic_.columns().inside(kind.column, e[Dim::Q], e[Dim::S])) kind.column = kInside;
  return kind;
}

void RegionKey::start() {
  changed();
  ragged_count_ = 0;
  for (Dim d : workload::kDims) {
    if (walk_.is_ragged(d)) ragged_[ragged_count_++] = d;
  }
  visits_ = rows_ = columns_ = false;
  for (std::size_t l = 0; l < walk_.loops(); ++l) {
    const Dim d = walk_.loop(l).dim;
    visits_ = visits_ || workload::is_reduction(d);
    rows_ = rows_ || d == Dim::P || d == Dim::R;
    columns_ = columns_ || d == Dim::Q || d == Dim::S;
  }
  const RegionKind whole = kind_of(walk_.tile(0));
  rows_ = rows_ && whole.row != kInside;
  columns_ = columns_ && whole.column != kInside;
}

std::int64_t* RegionKey::write_kind(const TileRange& tile, std::int64_t* to) const {
  const auto& e = tile.extent;
  for (std::size_t i = 0; i < ragged_count_; ++i) *to++ = e[ragged_[i]];
  if (visits_) {
    std::int64_t visits = 0;
    for (Dim d : {Dim::C, Dim::R, Dim::S}) {
      visits = visits << 2 | std::int64_t{tile.start[d] == 0} << 1 |
               std::int64_t{tile.end(d) == traffic_.size()[d]};
    }
    *to++ = visits;
  }
  if (rows_) {
    const std::int64_t row = traffic_.rows().first(tile.start[Dim::P], tile.start[Dim::R]);
    *to++ = traffic_.rows().inside(row, e[Dim::P], e[Dim::R]) ? kInside : row;
  }
  if (columns_) {
    const std::int64_t column = traffic_.columns().first(tile.start[Dim::Q], tile.start[Dim::S]);
    *to++ = traffic_.columns().inside(column, e[Dim::Q], e[Dim::S]) ? kInside : column;
  }
  return to;
}

void RegionKey::write(std::size_t depth, std::size_t loop, std::size_t outer, const Boundary& boundary) {
  if (inside_.era != era_ || inside_.outer != outer) {
    inside_.era = era_;
    inside_.outer = outer;
    Words& words = inside_.words;
    words.clear();
    Recurrence::write_boundary(boundary, words);
    for (std::size_t i = outer; i < machine_.movers(); ++i) {
      if (machine_.ahead(i) == 1) Recurrence::write_fetch(machine_.fetch(i), words);
    }
    machine_.write_common(words);
    for (std::size_t i = outer; i < machine_.movers(); ++i) machine_.write_mover(i, words);
    inside_.hash = hash_of(words.data(), words.size());
  }
  std::array<std::int64_t, 2 * (workload::kDimCount + 3) + 2> place;
  std::int64_t* end = place.data();
  *end++ = static_cast<std::int64_t>(depth) | std::int64_t{walk_.loop(loop).level} << 32 |
           std::int64_t{walk_.changes(loop, depth)} << 40;
  end = write_kind(walk_.tile(depth), end);
  end = write_kind(walk_.next_tile(loop, depth), end);
  // Inside, a mover or the array may come to need what the innermost mover outside fetches next.
  if (outer > 0 && loop < walk_.depth_of(static_cast<int>(outer) - 1))
    *end++ = machine_.next_delivery(outer - 1);
  const auto size = static_cast<std::size_t>(end - place.data());
  apart_hash_ = joined(hash_of(place.data(), size), inside_.hash);
  apart_size_ = size + inside_.words.size();
  words_.resize(apart_size_);
  std::copy_n(place.begin(), size, words_.begin());
  std::copy(inside_.words.begin(), inside_.words.end(), words_.begin() + static_cast<std::ptrdiff_t>(size));
  hash_ = apart_hash_;
}

void RegionKey::add_outside(std::size_t outer, const Boundary& boundary) {
  if (outer == 0) return;
  if (outside_.era != era_ || outside_.outer != outer) {
    outside_.era = era_;
    outside_.outer = outer;
    Words& words = outside_.words;
    words.clear();
    for (std::size_t i = 0; i < outer; ++i) machine_.write_mover(i, words);
    for (std::size_t i = 0; i < outer; ++i) {
      const bool ended = (boundary.ended >> i & 1) != 0;
      if (ended && machine_.ahead(i) == 1) Recurrence::write_fetch(machine_.fetch(i), words);
      if (ended || machine_.ahead(i) == 1) Recurrence::write_fetch(machine_.fetch_after(i, walk_), words);
    }
    outside_.hash = hash_of(words.data(), words.size());
  }
  words_.insert(words_.end(), outside_.words.begin(), outside_.words.end());
  hash_ = joined(apart_hash_, outside_.hash);
}

std::int64_t RegionKey::alike_after(std::size_t loop) const {
  const std::int64_t index = walk_.index(loop), last = walk_.count(loop) - 1;
  if (index + 2 > last) return 0;
  const Dim dim = walk_.loop(loop).dim;
  if (index == 0 && workload::is_reduction(dim)) return 0;
  const std::int64_t size = walk_.loop(loop).size;
  const TileRange& tile = walk_.tile(loop + 1);
  // Iterations up to the last one differ only in where they begin: for the reduction the first is another
  // case, for the window each that reaches beyond the input.
  TileRange at_end = walk_.tile(loop);
  at_end.start[dim] += last * size;
  at_end.extent[dim] = std::min(size, at_end.extent[dim] - last * size);
  const RegionKind kind = kind_of(tile);
  std::int64_t alike = kind_of(at_end) == kind ? last : last - 1;
  const auto within = [&](const WindowAxis& axis, Dim output, Dim tap, bool inside) {
    if (dim != output && dim != tap) return;
    const std::int64_t step = size * (dim == output ? axis.stride() : axis.dilation());
    const std::int64_t room = axis.room_above(axis.first(tile.start[output], tile.start[tap]),
                                              tile.extent[output], tile.extent[tap]);
    alike = inside ? std::min(alike, index + room / step) : index;
  };
  within(traffic_.rows(), Dim::P, Dim::R, kind.row == kInside);
  within(traffic_.columns(), Dim::Q, Dim::S, kind.column == kInside);
  return std::max<std::int64_t>(0, alike - 1 - index);
}

}  // namespace heddle::mapper
