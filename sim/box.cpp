#include "sim/box.h"

#include <algorithm>

#include "arch/window.h"

namespace heddle::sim {

using workload::Dim;
using workload::Operand;

std::int64_t Box::elements() const {
  std::int64_t product = 1;
  for (const std::int64_t e : extent) product *= e;
  return product;
}

bool Box::contains(const Box& inner) const {
  for (std::size_t i = 0; i < 5; ++i) {
    if (inner.start[i] < start[i] || inner.start[i] + inner.extent[i] > start[i] + extent[i]) return false;
  }
  return true;
}

Box intersection(const Box& a, const Box& b) {
  Box result;
  for (std::size_t i = 0; i < 5; ++i) {
    result.start[i] = std::max(a.start[i], b.start[i]);
    const std::int64_t end = std::min(a.start[i] + a.extent[i], b.start[i] + b.extent[i]);
    result.extent[i] = std::max<std::int64_t>(0, end - result.start[i]);
  }
  return result;
}

std::array<std::int64_t, 5> row_major(const Box& box) {
  std::array<std::int64_t, 5> stride{};
  std::int64_t product = 1;
  for (std::size_t i = 5; i-- > 0;) {
    stride[i] = product;
    product *= box.extent[i];
  }
  return stride;
}

template <class From, class To>
void copy(const View<From>& from, const View<To>& to, const Box& region) {
  if (region.elements() == 0) return;
  const auto& e = region.extent;
  std::array<std::int64_t, 5> x = region.start;
  const std::int64_t from_step = from.stride[4], to_step = to.stride[4];
  for (std::int64_t a = 0; a < e[0]; ++a) {
    for (std::int64_t b = 0; b < e[1]; ++b) {
      for (std::int64_t c = 0; c < e[2]; ++c) {
        for (std::int64_t d = 0; d < e[3]; ++d) {
          x = {region.start[0] + a, region.start[1] + b, region.start[2] + c, region.start[3] + d,
               region.start[4]};
          const From* source = from.at(x);
          To* target = to.at(x);
          if (from_step == 1 && to_step == 1) {
            std::copy_n(source, e[4], target);
          } else {
            for (std::int64_t i = 0; i < e[4]; ++i) target[i * to_step] = source[i * from_step];
          }
        }
      }
    }
  }
}

template void copy(const View<const std::int16_t>&, const View<std::int16_t>&, const Box&);
template void copy(const View<const std::uint8_t>&, const View<std::uint8_t>&, const Box&);
template void copy(const View<const std::int64_t>&, const View<std::int64_t>&, const Box&);

Box box_of(Operand operand, const Tile& tile, const arch::LayerProblem& problem) {
  const auto& s = tile.start;
  const auto& e = tile.extent;
  const workload::MacShape& shape = problem.shape;
  switch (operand) {
    case Operand::weights: {
      const auto& nm = problem.sparsity;
      const std::int64_t first = nm ? s[Dim::C] / nm->m * nm->n : s[Dim::C];
      return {{s[Dim::G], s[Dim::M], s[Dim::R], s[Dim::S], first},
              {e[Dim::G], e[Dim::M], e[Dim::R], e[Dim::S], arch::kept_channels(e[Dim::C], nm)}};
    }
    case Operand::inputs:
      return {{s[Dim::N], s[Dim::G], s[Dim::C],
               s[Dim::P] * shape.stride_h + s[Dim::R] * shape.dilation_h - shape.pad_top,
               s[Dim::Q] * shape.stride_w + s[Dim::S] * shape.dilation_w - shape.pad_left},
              {e[Dim::N], e[Dim::G], e[Dim::C],
               (e[Dim::P] - 1) * shape.stride_h + (e[Dim::R] - 1) * shape.dilation_h + 1,
               (e[Dim::Q] - 1) * shape.stride_w + (e[Dim::S] - 1) * shape.dilation_w + 1}};
    case Operand::outputs:
      return {{s[Dim::N], s[Dim::G], s[Dim::M], s[Dim::P], s[Dim::Q]},
              {e[Dim::N], e[Dim::G], e[Dim::M], e[Dim::P], e[Dim::Q]}};
  }
  return {};
}

std::int64_t moved_elements(Operand operand, const Tile& tile, const arch::LayerProblem& problem) {
  const Box box = box_of(operand, tile, problem);
  if (operand != Operand::inputs) return box.elements();
  const workload::MacShape& shape = problem.shape;
  const auto& e = tile.extent;
  const std::int64_t rows = arch::distinct_positions(box.start[3], e[Dim::P], shape.stride_h, e[Dim::R],
                                                     shape.dilation_h, shape.input_h);
  const std::int64_t columns = arch::distinct_positions(box.start[4], e[Dim::Q], shape.stride_w, e[Dim::S],
                                                        shape.dilation_w, shape.input_w);
  return box.extent[0] * box.extent[1] * box.extent[2] * rows * columns;
}

}  // namespace heddle::sim
