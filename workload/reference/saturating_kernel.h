// Saturating sums of rounded products for many output positions at once, the inner loop of the fixed-point
// reference.
#pragma once

#include <cstdint>

#include "workload/quantized.h"

namespace heddle::workload::reference {

/// sums[j] = FixedPointSum::add of the terms weights[k] * patches[k * width + j] for k from 0 to length - 1,
/// from 0. Weights that are zero are passed over: their terms are zero.
void saturating_sums(const FixedPointSum& sum, const std::int16_t* weights, const std::int16_t* patches,
                     std::int64_t length, std::int64_t width, std::int32_t* sums);
/// The same for 64 positions.
void saturating_sums_64(const FixedPointSum& sum, const std::int16_t* weights, const std::int16_t* patches,
                        std::int64_t length, std::int32_t* sums);

}  // namespace heddle::workload::reference
