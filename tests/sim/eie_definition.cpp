#include "tests/sim/eie_definition.h"

#include <algorithm>

namespace heddle::tests {

using workload::Dim;

std::vector<std::int16_t> compute(const EieCase& test) {
  const auto& shape = test.problem.shape;
  const auto& size = shape.size;
  const std::int64_t shift = test.quantized.fixed_sum->product_shift;
  std::vector<std::int16_t> codes;
  for (std::int64_t n = 0; n < size[Dim::N]; ++n)
    for (std::int64_t g = 0; g < size[Dim::G]; ++g)
      for (std::int64_t m = 0; m < size[Dim::M]; ++m)
        for (std::int64_t p = 0; p < size[Dim::P]; ++p)
          for (std::int64_t q = 0; q < size[Dim::Q]; ++q) {
            std::int64_t sum = 0;
            std::size_t weight =
                static_cast<std::size_t>((g * size[Dim::M] + m) * size[Dim::C] * size[Dim::R] * size[Dim::S]);
            for (std::int64_t c = 0; c < size[Dim::C]; ++c)
              for (std::int64_t r = 0; r < size[Dim::R]; ++r)
                for (std::int64_t s = 0; s < size[Dim::S]; ++s, ++weight) {
                  const std::int64_t h = p * shape.stride_h + r * shape.dilation_h - shape.pad_top;
                  const std::int64_t w = q * shape.stride_w + s * shape.dilation_w - shape.pad_left;
                  if (h < 0 || h >= shape.input_h || w < 0 || w >= shape.input_w) continue;
                  const std::int64_t x = test.inputs[static_cast<std::size_t>(
                      (((n * size[Dim::G] + g) * size[Dim::C] + c) * shape.input_h + h) * shape.input_w + w)];
                  const std::int64_t half = shift > 0 ? std::int64_t{1} << (shift - 1) : 0;
                  sum += (x * test.weights[weight] + half) >> shift;
                  sum = std::min<std::int64_t>(std::max<std::int64_t>(sum, -32768), 32767);
                }
            const std::int64_t channel = g * size[Dim::M] + m;
            codes.push_back(test.quantized.requantization(
                sum + test.quantized.bias[static_cast<std::size_t>(channel)], channel));
          }
  return codes;
}

}  // namespace heddle::tests
