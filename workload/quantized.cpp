#include "workload/quantized.h"

#include <algorithm>

namespace heddle::workload {
namespace {

__extension__ using Wide = __int128;

}  // namespace

std::int16_t Requantization::operator()(std::int64_t accumulator, std::int64_t channel) const {
  const auto c = static_cast<std::size_t>(channel);
  const std::int64_t factor = multiplier[c];
  const unsigned bits = shift[c];
  constexpr std::int64_t narrow = std::int64_t{1} << 31;
  std::int64_t scaled = 0;
  if (accumulator > -narrow && accumulator < narrow) {
    // |accumulator * factor| < 2^62 and the rounding term is at most 2^61.
    scaled = (accumulator * factor + (std::int64_t{1} << (bits - 1))) >> bits;
  } else {
    const Wide wide = (static_cast<Wide>(accumulator) * factor + (Wide{1} << (bits - 1))) >> bits;
    // Beyond these bounds the clamp below decides anyway.
    scaled = static_cast<std::int64_t>(std::clamp<Wide>(wide, -(Wide{1} << 62), Wide{1} << 62));
  }
  const std::int64_t code = std::clamp<std::int64_t>(scaled + zero_point, low, high);
  if (!table.empty()) return table[static_cast<std::size_t>(code + 128)];
  return static_cast<std::int16_t>(code);
}

LayerFormat format_of(const QuantizedLayer& layer) {
  LayerFormat format;
  for (const Quantization& input : layer.inputs) format.input_bits.push_back(input.bits);
  format.weight_bits = layer.weights.quantization.bits;
  format.output_bits = layer.output.bits;
  format.sparsity = layer.sparsity;
  return format;
}

}  // namespace heddle::workload
