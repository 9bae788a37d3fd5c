// A block of compressed columns as the fast eie unit uses it: what each PE walks in each column, and the
// weights in column order.
#pragma once

#include <cstdint>
#include <vector>

#include "workload/encode/csc.h"

namespace heddle::sim {

class EieProfile {
 public:
  /// What all PEs do for one broadcast column.
  struct Column {
    std::int64_t entries = 0;  ///< padding included
    std::int64_t padding = 0;
    std::int64_t words = 0;  ///< of the matrix SRAMs
  };
  /// A weight that is not padding.
  struct Weight {
    std::uint32_t row : 24;  ///< of the block
    std::uint32_t code : 8;
  };

  EieProfile(const workload::CscMatrix& block, std::int64_t entries_per_word);

  std::int64_t pes() const { return pes_; }
  std::int64_t columns() const { return static_cast<std::int64_t>(columns_.size()); }
  const Column& column(std::int64_t index) const { return columns_[static_cast<std::size_t>(index)]; }
  /// Cycles for which each PE walks its slice, at least 1; in [column][PE] order, columns `stride` apart.
  const std::uint16_t* cycles() const { return cycles_.data(); }
  std::int64_t stride() const { return stride_; }
  /// Its weights, in ascending rows within each PE.
  const Weight* begin(std::int64_t index) const {
    return weights_.data() + first_[static_cast<std::size_t>(index)];
  }
  const Weight* end(std::int64_t index) const {
    return weights_.data() + first_[static_cast<std::size_t>(index) + 1];
  }

 private:
  std::int64_t pes_, stride_;
  std::vector<Column> columns_;
  std::vector<std::uint16_t> cycles_;
  std::vector<std::size_t> first_;
  std::vector<Weight> weights_;
};

}  // namespace heddle::sim
