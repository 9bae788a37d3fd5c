// The arithmetic of an eie layer in bulk: saturating fixed-point sums in ascending column order, for whole
// vectors or for many output positions at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/array/eie_profile.h"
#include "workload/quantized.h"

namespace heddle::sim {

/// The weights of one output, ascending columns.
struct EieRow {
  std::vector<std::int32_t> columns;
  std::vector<std::int16_t> values;
};

/// Positions are padded to a multiple of this many.
inline constexpr std::int64_t kPositionBlock = 64;

/// One broadcast: adds value x the column's weights to the sums of a block's rows.
void add_column(const EieProfile& block, std::int64_t column, std::int16_t value,
                const std::vector<std::int16_t>& codebook, const workload::FixedPointSum& arithmetic,
                std::int32_t* sums);

/// Sums of one output at kPositionBlock positions. `inputs`: [column][position].
void sum_row(const EieRow& row, const std::int16_t* inputs, const workload::FixedPointSum& arithmetic,
             std::int32_t* sums);

}  // namespace heddle::sim
