// The post-processing unit's arithmetic for many sums at once: bias, multiplier, shift with rounding, zero
// point, clamp, table. Equal to workload::Requantization for every sum; vectorized for sums that fit 32 bits.
#pragma once

#include <cstdint>

#include "workload/quantized.h"

namespace heddle::sim {

/// codes[i] = requantization(sums[i] + bias, channel). sums[i] + bias must fit 32 bits; the addition may wrap
/// on the way there (bias is taken modulo 2^32).
void requantize_row(const workload::Requantization& requantization, std::int64_t channel, std::int64_t bias,
                    const std::int32_t* sums, std::int64_t count, std::int16_t* codes);

/// Any sums.
void requantize_row(const workload::Requantization& requantization, std::int64_t channel, std::int64_t bias,
                    const std::int64_t* sums, std::int64_t count, std::int16_t* codes);

/// From channels last to channels first: codes[channel * code_stride + i] = requantization(sums[i *
/// sum_stride + channel] + bias[channel], first_channel + channel) for positions i and `channels` channels.
/// Sums as for requantize_row.
void requantize_channels_last(const workload::Requantization& requantization, std::int64_t first_channel,
                              std::int64_t channels, const std::int32_t* bias, const std::int32_t* sums,
                              std::int64_t sum_stride, std::int64_t positions, std::int16_t* codes,
                              std::int64_t code_stride);

/// Channels last on both sides: codes[row * channels + channel] from sums[row * channels + channel].
void requantize_matrix(const workload::Requantization& requantization, std::int64_t channels,
                       const std::int32_t* bias, const std::int32_t* sums, std::int64_t rows,
                       std::int16_t* codes);

}  // namespace heddle::sim
