// Dot products of 16-bit codes in exact integers, the inner loops of the reference. Compiled for several
// instruction sets; the best one that the processor has is picked at start-up.
#pragma once

#include <cstdint>

namespace heddle::workload::reference {

/// Rows of weights, and positions, that dot_block takes at a time.
inline constexpr int kBlock = 4;

/// sums[i * kBlock + j] = sum over k < length of weights[i][k] * inputs[j][k]. The caller guarantees that no
/// partial sum leaves 32 bits.
void dot_block(const std::int16_t* const* weights, const std::int16_t* const* inputs, std::int64_t length,
               std::int32_t* sums);
/// One such sum.
std::int32_t dot_narrow(const std::int16_t* weights, const std::int16_t* inputs, std::int64_t length);
/// The same for sums that need more than 32 bits, and for inputs that need more than 16 after the zero point
/// is taken off.
std::int64_t dot_wide(const std::int16_t* weights, const std::int32_t* inputs, std::int64_t length);

}  // namespace heddle::workload::reference
