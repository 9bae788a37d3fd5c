#include "arch/eie_weights.h"

#include <algorithm>
#include <cmath>

#include "arch/eie_storage.h"

namespace heddle::arch {

using workload::Dim;

EieWeights::EieWeights(const LayerProblem& problem, const ArrayUnit& unit)
    : unit_(unit),
      density_(problem.shared->density),
      codebook_bits_((std::int64_t{1} << problem.shared->code_bits) * problem.weight_bits),
      pass_(1) {}

void EieWeights::start(const LayerMapping& mapping) { pass_ = pass_extent(mapping); }

EieWeights::Size EieWeights::size_of(const workload::PerDim<std::int64_t>& extent) const {
  BlockCensus blocks;
  blocks.groups = extent[Dim::G];
  blocks.rows = extent[Dim::M];
  blocks.columns = extent[Dim::C] * extent[Dim::R] * extent[Dim::S];
  blocks.rows_a_block = std::min(pass_[Dim::M], extent[Dim::M]);
  for (Dim d : {Dim::C, Dim::R, Dim::S}) blocks.column_blocks *= (extent[d] + pass_[d] - 1) / pass_[d];
  Size size;
  size.entries = std::llround(expected_entries(blocks, unit_, density_));
  size.bits = size.entries * (unit_.eie->code_bits + unit_.eie->index_bits) +
              unit_.rows * blocks.pointers() * unit_.eie->pointer_bits + codebook_bits_;
  return size;
}

}  // namespace heddle::arch
