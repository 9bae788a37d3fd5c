#include "sim/array/channels_last.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/array/channels_last.cpp"
#include <hwy/foreach_target.h>  // compiles the part below once for each instruction set
#include <hwy/highway.h>

#include "sim/array/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heddle::sim::HWY_NAMESPACE {
namespace {

std::uint8_t to_byte(std::int16_t code) { return static_cast<std::uint8_t>(code + 128); }

/// bytes[position * byte_stride + c] from codes[c * code_stride + position].
void transpose_bytes(const std::int16_t* codes, std::int64_t code_stride, std::int64_t channels,
                     std::int64_t positions, std::uint8_t* bytes, std::int64_t byte_stride) {
  std::int64_t c = 0;
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  namespace hn = hwy::HWY_NAMESPACE;
  const auto offset = hn::Set(Eight(), 128);
  for (; c + 8 <= channels; c += 8) {
    const std::int16_t* const from = codes + c * code_stride;
    std::int64_t i = 0;
    for (; i + 8 <= positions; i += 8) {
      const EightVectors rows = transposed(load_eight(from + i, code_stride));
      for (std::size_t k = 0; k < 8; ++k) {
        hn::StoreU(hn::DemoteTo(hn::Rebind<std::uint8_t, Eight>(), hn::Add(rows[k], offset)),
                   hn::Rebind<std::uint8_t, Eight>(),
                   bytes + (i + static_cast<std::int64_t>(k)) * byte_stride + c);
      }
    }
    for (; i < positions; ++i) {
      for (std::int64_t k = 0; k < 8; ++k)
        bytes[i * byte_stride + c + k] = to_byte(from[k * code_stride + i]);
    }
  }
#endif
  for (; c < channels; ++c) {
    for (std::int64_t i = 0; i < positions; ++i)
      bytes[i * byte_stride + c] = to_byte(codes[c * code_stride + i]);
  }
}

/// For channels that are neighbours already.
void copy_bytes(const std::int16_t* codes, std::int64_t channels, std::uint8_t* bytes) {
  std::int64_t c = 0;
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<std::int16_t> d;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  const auto offset = hn::Set(d, 128);
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (; c + lanes <= channels; c += lanes)
    hn::StoreU(hn::DemoteTo(d8, hn::Add(hn::LoadU(d, codes + c), offset)), d8, bytes + c);
#endif
  for (; c < channels; ++c) bytes[c] = to_byte(codes[c]);
}

}  // namespace
}  // namespace heddle::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heddle::sim {

using workload::Dim;

namespace {

HWY_EXPORT(transpose_bytes);
HWY_EXPORT(copy_bytes);

}  // namespace

WindowSpan::WindowSpan(const workload::MacShape& shape)
    : rows((shape.size[Dim::P] - 1) * shape.stride_h + (shape.size[Dim::R] - 1) * shape.dilation_h + 1),
      columns((shape.size[Dim::Q] - 1) * shape.stride_w + (shape.size[Dim::S] - 1) * shape.dilation_w + 1) {}

void inputs_channels_last(const LayerProgram& program, std::uint8_t* bytes) {
  const workload::MacShape& shape = program.problem.shape;
  const auto& size = shape.size;
  const auto& stride = program.inputs.stride;
  const WindowSpan span(shape);
  const std::int64_t C = size[Dim::C], channels = size[Dim::G] * C;
  const std::int64_t first_row = std::min(shape.pad_top, span.rows),
                     last_row = std::min(span.rows, shape.input_h + shape.pad_top);
  const std::int64_t first_column = std::min(shape.pad_left, span.columns),
                     last_column = std::min(span.columns, shape.input_w + shape.pad_left);
  const bool padded = first_row > 0 || first_column > 0 || last_row < span.rows || last_column < span.columns;
  const std::int64_t plane = span.rows * span.columns * channels;
  // Rows that follow each other without a gap are one long row.
  const bool whole = !padded && span.columns == shape.input_w;
  for (std::int64_t n = 0; n < size[Dim::N]; ++n, bytes += plane) {
    if (padded) std::memset(bytes, program.input_zero_point + 128, static_cast<std::size_t>(plane));
    for (std::int64_t g = 0; g < size[Dim::G]; ++g) {
      const std::int16_t* const from = program.inputs.data + n * stride[0] + g * stride[1];
      if (stride[2] == 1) {  // a matrix product: one row, one column
        std::uint8_t* const target = bytes + (first_row * span.columns + first_column) * channels + g * C;
        HWY_DYNAMIC_DISPATCH(copy_bytes)(from, C, target);
        continue;
      }
      if (whole) {
        HWY_DYNAMIC_DISPATCH(transpose_bytes)
        (from, stride[2], C, span.rows * span.columns, bytes + g * C, channels);
        continue;
      }
      for (std::int64_t row = first_row; row < last_row; ++row) {
        const std::int16_t* const source =
            from + (row - shape.pad_top) * stride[3] + (first_column - shape.pad_left) * stride[4];
        std::uint8_t* const target = bytes + (row * span.columns + first_column) * channels + g * C;
        HWY_DYNAMIC_DISPATCH(transpose_bytes)
        (source, stride[2], C, last_column - first_column, target, channels);
      }
    }
  }
}

}  // namespace heddle::sim
#endif
