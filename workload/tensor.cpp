#include "workload/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

#include "support/error.h"
#include "support/sha256.h"

namespace heddle::workload {
namespace {

/// Scale of each element: all share one, or each index of axis 0 has its own.
std::int64_t elements_per_scale(const Shape& shape, const Quantization& quantization) {
  if (quantization.bits < 1 || quantization.bits > 16) {
    throw std::invalid_argument(fmt::format("{} bits a code, expected 1 to 16", quantization.bits));
  }
  const std::int64_t count = element_count(shape);
  const auto scales = static_cast<std::int64_t>(quantization.scale.size());
  if (scales == 1) return count;
  if (shape.empty() || scales != shape[0]) {
    throw std::invalid_argument(
        fmt::format("{} scales for a tensor of {}, expected 1 or one for each index of axis 0", scales,
                    to_string(shape)));
  }
  return count / scales;
}

}  // namespace

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 1) {
      throw std::invalid_argument(
          fmt::format("the shape {} has an extent of {}, expected at least 1", to_string(shape), extent));
    }
    if (extent > kMostElements / count) {
      throw std::invalid_argument(
          fmt::format("the shape {} has more than {} elements", to_string(shape), kMostElements));
    }
    count *= extent;
  }
  return count;
}

std::string to_string(const Shape& shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

std::int32_t Quantization::lowest() const { return bits == 1 ? -1 : -(1 << (bits - 1)); }
std::int32_t Quantization::highest() const { return bits == 1 ? 1 : (1 << (bits - 1)) - 1; }

IntTensor quantize(const FloatTensor& values, const Quantization& quantization) {
  const std::int64_t per_scale = elements_per_scale(values.shape, quantization);
  for (const float scale : quantization.scale) {
    if (!(scale > 0) || !std::isfinite(scale)) {
      throw std::invalid_argument(fmt::format("a scale of {}, expected a positive finite number", scale));
    }
  }
  IntTensor result{values.shape, quantization, std::vector<std::int16_t>(values.values.size())};
  const double lowest = quantization.lowest();
  const double highest = quantization.highest();
  for (std::size_t i = 0; i < values.values.size(); ++i) {
    const float value = values.values[i];
    if (!std::isfinite(value)) {
      throw InputError("", fmt::format("element {} of a tensor of {} is {}, expected a finite number", i,
                                       to_string(values.shape), value));
    }
    if (quantization.bits == 1) {
      result.codes[i] = value < 0 ? -1 : 1;
      continue;
    }
    const float scale = quantization.scale[i / static_cast<std::size_t>(per_scale)];
    const double code = std::round(static_cast<double>(value) / scale) + quantization.zero_point;
    result.codes[i] = static_cast<std::int16_t>(std::clamp(code, lowest, highest));
  }
  return result;
}

FloatTensor dequantize(const IntTensor& tensor) {
  const std::int64_t per_scale = elements_per_scale(tensor.shape, tensor.quantization);
  FloatTensor result{tensor.shape, std::vector<float>(tensor.codes.size())};
  for (std::size_t i = 0; i < tensor.codes.size(); ++i) {
    const float scale = tensor.quantization.scale[i / static_cast<std::size_t>(per_scale)];
    result.values[i] = scale * static_cast<float>(tensor.codes[i] - tensor.quantization.zero_point);
  }
  return result;
}

std::string sha256(const IntTensor& tensor) {
  if constexpr (std::endian::native == std::endian::little) {
    return heddle::sha256({reinterpret_cast<const char*>(tensor.codes.data()), tensor.codes.size() * 2});
  } else {
    std::string bytes;
    for (const std::int16_t code : tensor.codes) {
      const auto bits = static_cast<std::uint16_t>(code);
      bytes += {static_cast<char>(bits & 0xffU), static_cast<char>(bits >> 8U)};
    }
    return heddle::sha256(bytes);
  }
}

}  // namespace heddle::workload
