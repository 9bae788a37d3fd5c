// The arithmetic of one step of the dot unit, for all PEs at once.
#pragma once

#include <cstdint>

namespace heddle::sim {

/// Columns are padded to a multiple of this many.
inline constexpr std::int64_t kColumnBlock = 8;

/// For every row and column: acc[row][column] += sum over lanes of weight[row][lane] *
/// input[position][column], where position is `select[row][lane]`, or the lane itself when `select` is null.
/// Row-major; strides: `lanes` for weights and select, `columns` (a multiple of kColumnBlock) for inputs and
/// accumulators.
void dot_step(std::int64_t rows, std::int64_t lanes, std::int64_t columns, const std::int32_t* weights,
              const std::uint16_t* select, const std::int32_t* inputs, std::int32_t* accumulators);
void dot_step(std::int64_t rows, std::int64_t lanes, std::int64_t columns, const std::int32_t* weights,
              const std::uint16_t* select, const std::int32_t* inputs, std::int64_t* accumulators);

}  // namespace heddle::sim
