// Dot products of many rows of weights with one vector of inputs, in exact integers.
#pragma once

#include <cstdint>

namespace heddle::sim {

/// sums[row * stride] = sum over k < length of weights[row * length + k] * inputs[k]. The caller knows that
/// the sum fits 32 bits (partial sums may wrap) and that no two neighbours are both pairs of -2^15.
void dot_rows(const std::int16_t* weights, std::int64_t rows, const std::int16_t* inputs, std::int64_t length,
              std::int32_t* sums, std::int64_t stride);
/// The same in 64 bits, for inputs that need more than 16 bits once the zero point is taken off.
void dot_rows(const std::int16_t* weights, std::int64_t rows, const std::int32_t* inputs, std::int64_t length,
              std::int64_t* sums, std::int64_t stride);

/// Sum of weights[i] over those i < count where inputs[i] != zero; fits 31 bits.
std::int64_t weight_of_nonzeros(const std::int16_t* inputs, std::int16_t zero, const std::int16_t* weights,
                                std::int64_t count);
/// How many of them there are.
std::int64_t count_nonzeros(const std::int16_t* inputs, std::int16_t zero, std::int64_t count);

}  // namespace heddle::sim
