#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "workload/reference/mac_operands.h"
#include "workload/reference/saturating_kernel.h"

namespace heddle::workload::reference {
namespace {

// Output positions at a time, as many as saturating_sums_64() takes: the patches of VGG-16's deepest layers
// then stay in the second-level cache.
constexpr std::int64_t kPositions = 64;

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

/// Inputs of the positions begin to end of one group, position by position for each element of the window:
/// patches[(c, r, s)][position], 0 in the padding and behind the last position. A position is (n * P + p) * Q
/// + q.
void gather(const MacOperands& op, std::int64_t group, std::int64_t begin, std::int64_t end,
            std::int64_t width, std::vector<std::int16_t>& patches) {
  const MacShape& s = op.shape;
  const std::int64_t channels = s.size[Dim::C], rows = s.size[Dim::R], columns = s.size[Dim::S];
  const std::int64_t plane = s.input_h * s.input_w;
  std::fill(patches.begin(), patches.end(), std::int16_t{0});
  for (std::int64_t position = begin; position < end; ++position) {
    const std::int64_t q = position % s.size[Dim::Q];
    const std::int64_t p = position / s.size[Dim::Q] % s.size[Dim::P];
    const std::int64_t n = position / s.size[Dim::Q] / s.size[Dim::P];
    const std::int16_t* source = op.inputs + op.image(group, n) * channels * plane;
    std::int16_t* to = patches.data() + (position - begin);
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t h = p * s.stride_h - s.pad_top + r * s.dilation_h;
      if (h < 0 || h >= s.input_h) continue;
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::int64_t w = q * s.stride_w - s.pad_left + c * s.dilation_w;
        if (w < 0 || w >= s.input_w) continue;
        for (std::int64_t k = 0; k < channels; ++k)
          to[((k * rows + r) * columns + c) * width] = source[k * plane + h * s.input_w + w];
      }
    }
  }
}

}  // namespace

std::vector<std::int64_t> fixed_point_accumulators(const MacOperands& op, const FixedPointSum& sum) {
  if (op.input_zero_point != 0 || sum.bits < 2 || sum.bits > 31 || sum.product_shift < 0 ||
      sum.product_shift > 31) {
    throw std::invalid_argument(
        fmt::format("fixed-point sums of {} bits with a shift of {} and the input zero point {}, expected 2 "
                    "to 31 bits, 0 to "
                    "31 and 0",
                    sum.bits, sum.product_shift, op.input_zero_point));
  }
  const MacShape& s = op.shape;
  const std::int64_t channels = s.size[Dim::M];
  const std::int64_t length = s.size[Dim::C] * s.size[Dim::R] * s.size[Dim::S];
  const std::int64_t pixels = s.size[Dim::P] * s.size[Dim::Q];
  const std::int64_t positions = s.size[Dim::N] * pixels;
  const std::int64_t width = positions < kPositions ? positions : kPositions;
  std::vector<std::int64_t> result(at(s.output_count()));
  std::vector<std::int16_t> patches(at(length * width));
  std::vector<std::int32_t> sums(at(width));
  for (std::int64_t g = 0; g < s.size[Dim::G]; ++g) {
    const std::int16_t* weights = op.weights + op.weight_group[at(g)] * channels * length;
    for (std::int64_t begin = 0; begin < positions; begin += width) {
      const std::int64_t end = std::min(begin + width, positions);
      gather(op, g, begin, end, width, patches);
      for (std::int64_t m = 0; m < channels; ++m) {
        const std::int16_t* w = weights + m * length;
        if (width == kPositions) {
          saturating_sums_64(sum, w, patches.data(), length, sums.data());
        } else {
          saturating_sums(sum, w, patches.data(), length, width, sums.data());
        }
        const std::int64_t bias = op.bias == nullptr ? 0 : op.bias[g * channels + m];
        for (std::int64_t position = begin; position < end; ++position) {
          const std::int64_t row = op.image(g, position / pixels) * channels + m;
          result[at(row * pixels + position % pixels)] = sums[at(position - begin)] + bias;
        }
      }
    }
  }
  return result;
}

}  // namespace heddle::workload::reference
