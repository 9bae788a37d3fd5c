#include "workload/quantized.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

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
  if (!layer.codebook.empty()) {
    const std::vector<std::int16_t>& codes = layer.weights.codes;
    format.code_bits = static_cast<int>(std::bit_width(layer.codebook.size() - 1));
    const auto zeros = std::count(codes.begin(), codes.end(), std::int16_t{0});
    if (!codes.empty())
      format.weight_density = (static_cast<double>(codes.size()) - static_cast<double>(zeros)) /
                              static_cast<double>(codes.size());
  }
  return format;
}

std::vector<std::uint8_t> codebook_indices(const QuantizedLayer& layer) {
  if (layer.codebook.empty() || layer.codebook.size() > 256) {
    throw std::invalid_argument(
        fmt::format("a codebook of {} values, expected 1 to 256", layer.codebook.size()));
  }
  constexpr std::int16_t absent = -1;
  std::vector<std::int16_t> index_of(65536, absent);
  for (std::size_t i = layer.codebook.size(); i-- > 0;)
    index_of[static_cast<std::uint16_t>(layer.codebook[i])] = static_cast<std::int16_t>(i);
  std::vector<std::uint8_t> indices(layer.weights.codes.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::int16_t index = index_of[static_cast<std::uint16_t>(layer.weights.codes[i])];
    if (index == absent) {
      throw std::invalid_argument(
          fmt::format("weight {} is {}, which is not in the codebook", i, layer.weights.codes[i]));
    }
    indices[i] = static_cast<std::uint8_t>(index);
  }
  return indices;
}

}  // namespace heddle::workload
