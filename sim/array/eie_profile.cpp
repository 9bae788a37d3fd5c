#include "sim/array/eie_profile.h"

#include <algorithm>

#include "sim/array/eie_recurrence.h"

namespace heddle::sim {

EieProfile::EieProfile(const workload::CscMatrix& block, std::int64_t entries_per_word)
    : pes_(static_cast<std::int64_t>(block.pes.size())),
      stride_((pes_ + kPeBlock - 1) / kPeBlock * kPeBlock),
      columns_(static_cast<std::size_t>(block.columns)),
      cycles_(static_cast<std::size_t>(block.columns * stride_)),
      first_(static_cast<std::size_t>(block.columns) + 1) {
  weights_.reserve(static_cast<std::size_t>(block.entries()));
  for (std::int64_t c = 0; c < block.columns; ++c) {
    const auto index = static_cast<std::size_t>(c);
    Column& column = columns_[index];
    for (std::int64_t p = 0; p < pes_; ++p) {
      const workload::CscMatrix::Pe& pe = block.pes[static_cast<std::size_t>(p)];
      const std::uint32_t begin = pe.pointers[index], end = pe.pointers[index + 1];
      cycles_[static_cast<std::size_t>(c * stride_ + p)] =
          static_cast<std::uint16_t>(std::max(1U, end - begin));
      if (begin == end) continue;
      column.entries += end - begin;
      column.words += (end - 1) / entries_per_word - begin / entries_per_word + 1;
      std::uint32_t row = 0;
      for (std::uint32_t e = begin; e < end; ++e, ++row) {
        row += pe.indices[e];
        if (pe.codes[e] == 0) {
          ++column.padding;
        } else {
          weights_.push_back(
              {(row * static_cast<std::uint32_t>(pes_) + static_cast<std::uint32_t>(p)) & 0xFFFFFF,
               pe.codes[e]});
        }
      }
    }
    first_[index + 1] = weights_.size();
  }
}

}  // namespace heddle::sim
