// Five-dimensional boxes of tensor elements, and the boxes that tiles of a layer's loops touch.
// Coordinates: weights (g, m, r, s, kept channel), inputs (n, g, c, row, column), outputs (n, g, m, p, q).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "arch/legality.h"
#include "sim/loop_walk.h"

namespace heddle::sim {

struct Box {
  std::array<std::int64_t, 5> start{};
  std::array<std::int64_t, 5> extent{1, 1, 1, 1, 1};

  std::int64_t elements() const;
  bool contains(const Box& inner) const;
};

Box intersection(const Box& a, const Box& b);  ///< extents may come out 0

/// Elements laid out with strides; element x is at data[sum (x_i - box.start_i) * stride_i].
template <class T>
struct View {
  T* data = nullptr;
  Box box;
  std::array<std::int64_t, 5> stride{};

  T* at(const std::array<std::int64_t, 5>& x) const {
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < 5; ++i) offset += (x[i] - box.start[i]) * stride[i];
    return data + offset;
  }
};

/// Strides of a dense row-major box.
std::array<std::int64_t, 5> row_major(const Box& box);

/// Copies the elements of `region`, which both views contain.
template <class From, class To>
void copy(const View<From>& from, const View<To>& to, const Box& region);

/// The box that a tile's operand spans. For inputs it is the bounding box in rows and columns, and may reach
/// into the padding (negative, or beyond the input).
Box box_of(workload::Operand operand, const Tile& tile, const arch::LayerProblem& problem);

/// Elements of the tile that memories hold and movers move: stored weights, distinct inputs without padding,
/// outputs.
std::int64_t moved_elements(workload::Operand operand, const Tile& tile, const arch::LayerProblem& problem);

}  // namespace heddle::sim
