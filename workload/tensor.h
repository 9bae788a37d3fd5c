// Tensors: floats as networks are trained, and 1- to 16-bit integers with scale and zero point as machines
// run them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heddle::workload {

/// Extents, outermost first, row-major. Every extent is at least 1; a scalar has no extents.
using Shape = std::vector<std::int64_t>;

/// Tensors hold at most so many elements; shapes beyond are taken for mistakes.
inline constexpr std::int64_t kMostElements = std::int64_t{1} << 40;

/// Throws std::invalid_argument when an extent is below 1 or the count is above kMostElements.
std::int64_t element_count(const Shape& shape);
/// "1x3x224x224"; "scalar" when there are no extents.
std::string to_string(const Shape& shape);

struct FloatTensor {
  Shape shape;
  std::vector<float> values;

  friend bool operator==(const FloatTensor&, const FloatTensor&) = default;
};

/// real = scale * (code - zero_point). Codes are signed: [-2^(bits-1), 2^(bits-1) - 1], and {-1, +1} for one
/// bit.
struct Quantization {
  int bits = 8;                       ///< 1 to 16
  std::vector<float> scale = {1.0F};  ///< one for the tensor, or one for each index of axis 0
  std::int32_t zero_point = 0;        ///< a code; 0 for per-channel scales

  std::int32_t lowest() const;
  std::int32_t highest() const;
  friend bool operator==(const Quantization&, const Quantization&) = default;
};

/// Integer codes. One storage type serves all widths; what a memory holds and moves is `bits` an element.
struct IntTensor {
  Shape shape;
  Quantization quantization;
  std::vector<std::int16_t> codes;

  std::int64_t storage_bits() const { return element_count(shape) * quantization.bits; }
  friend bool operator==(const IntTensor&, const IntTensor&) = default;
};

/// Nearest code (ties away from zero), clamped. `values` and per-channel scales: axis 0. Throws InputError on
/// a value that is not finite.
IntTensor quantize(const FloatTensor& values, const Quantization& quantization);
FloatTensor dequantize(const IntTensor& tensor);

/// Hexadecimal SHA-256 of the codes as little-endian 16-bit integers, shape not included.
std::string sha256(const IntTensor& tensor);

}  // namespace heddle::workload
