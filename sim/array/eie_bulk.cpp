#include "sim/array/eie_bulk.h"

#include <algorithm>

#include "sim/array/eie_sums.h"
#include "sim/array/eie_unit.h"

namespace heddle::sim {

using workload::Dim;

namespace {

using Blocks = std::vector<EieProfile>;

/// From so many vectors on, an output's weights are applied to many positions at a time, activations that are
/// zero included.
constexpr std::int64_t kManyPositions = 16;

class Outputs {
 public:
  Outputs(const LayerProgram& program, const Blocks& blocks)
      : program_(program), blocks_(blocks), size_(program.problem.shape.size) {
    columns_ = size_[Dim::C] * size_[Dim::R] * size_[Dim::S];
    positions_ = size_[Dim::P] * size_[Dim::Q];
    vectors_ = size_[Dim::N] * positions_;
    codes_.resize(static_cast<std::size_t>(program.problem.shape.output_count()));
  }

  std::vector<std::int16_t> run() {
    for (std::int64_t group = 0; group < size_[Dim::G]; ++group) {
      if (vectors_ >= kManyPositions) {
        many_positions(group);
      } else {
        for (std::int64_t vector = 0; vector < vectors_; ++vector) one_vector(group, vector);
      }
    }
    return std::move(codes_);
  }

 private:
  /// Calls visit(block, first row, first column) for the group's blocks: for each range of rows, ascending
  /// columns.
  template <class Visit>
  void for_each_block(std::int64_t group, const Visit& visit) const {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const auto start = program_.eie->weights.start_of(i);
      if (start[Dim::G] != group) continue;
      visit(blocks_[i], start[Dim::M],
            (start[Dim::C] * size_[Dim::R] + start[Dim::R]) * size_[Dim::S] + start[Dim::S]);
    }
  }

  void gather(std::int64_t group, std::int64_t vector, std::vector<std::int16_t>& source) const {
    Tile whole;
    whole.start[Dim::N] = vector / positions_;
    whole.start[Dim::G] = group;
    whole.start[Dim::P] = vector % positions_ / size_[Dim::Q];
    whole.start[Dim::Q] = vector % size_[Dim::Q];
    for (Dim d : {Dim::C, Dim::R, Dim::S}) whole.extent[d] = size_[d];
    gather_source(program_.inputs, program_.problem.shape, whole, source);
  }

  void put(std::int64_t group, std::int64_t vector, std::int64_t m, std::int32_t sum) {
    const std::int64_t channel = group * size_[Dim::M] + m;
    const std::int64_t bias = program_.bias.empty() ? 0 : program_.bias[static_cast<std::size_t>(channel)];
    const std::int64_t n = vector / positions_, position = vector % positions_;
    codes_[static_cast<std::size_t>((n * size_[Dim::G] * size_[Dim::M] + channel) * positions_ + position)] =
        program_.requantization(sum + bias, channel);
  }

  void one_vector(std::int64_t group, std::int64_t vector) {
    gather(group, vector, source_);
    sums_.assign(static_cast<std::size_t>(size_[Dim::M]), 0);
    for_each_block(group, [&](const EieProfile& block, std::int64_t row, std::int64_t first) {
      for (std::int64_t c = 0; c < block.columns(); ++c) {
        const std::int16_t value = source_[static_cast<std::size_t>(first + c)];
        if (value != 0)
          add_column(block, c, value, program_.eie->codebook, program_.eie->sum, sums_.data() + row);
      }
    });
    for (std::int64_t m = 0; m < size_[Dim::M]; ++m)
      put(group, vector, m, sums_[static_cast<std::size_t>(m)]);
  }

  void many_positions(std::int64_t group) {
    std::vector<EieRow> rows(static_cast<std::size_t>(size_[Dim::M]));
    for_each_block(group, [&](const EieProfile& block, std::int64_t first_row, std::int64_t first_column) {
      for (std::int64_t c = 0; c < block.columns(); ++c) {
        for (const auto* weight = block.begin(c); weight != block.end(c); ++weight) {
          EieRow& row = rows[static_cast<std::size_t>(first_row + weight->row)];
          row.columns.push_back(static_cast<std::int32_t>(first_column + c));
          row.values.push_back(program_.eie->codebook[weight->code]);
        }
      }
    });
    std::vector<std::int16_t> panel(static_cast<std::size_t>(columns_ * kPositionBlock));
    sums_.resize(kPositionBlock);
    for (std::int64_t begin = 0; begin < vectors_; begin += kPositionBlock) {
      const std::int64_t count = std::min(kPositionBlock, vectors_ - begin);
      for (std::int64_t i = 0; i < count; ++i) {
        gather(group, begin + i, source_);
        for (std::int64_t k = 0; k < columns_; ++k)
          panel[static_cast<std::size_t>(k * kPositionBlock + i)] = source_[static_cast<std::size_t>(k)];
      }
      for (std::int64_t m = 0; m < size_[Dim::M]; ++m) {
        sum_row(rows[static_cast<std::size_t>(m)], panel.data(), program_.eie->sum, sums_.data());
        for (std::int64_t i = 0; i < count; ++i) put(group, begin + i, m, sums_[static_cast<std::size_t>(i)]);
      }
    }
  }

  const LayerProgram& program_;
  const Blocks& blocks_;
  const workload::PerDim<std::int64_t> size_;
  std::int64_t columns_ = 0, positions_ = 0, vectors_ = 0;
  std::vector<std::int16_t> codes_, source_;
  std::vector<std::int32_t> sums_;
};

}  // namespace

EieBulk::EieBulk(const EieProgram& program, std::int64_t entries_per_word) {
  for (const workload::CscMatrix& block : program.weights.all()) blocks_.emplace_back(block, entries_per_word);
}

std::vector<std::int16_t> EieBulk::outputs(const LayerProgram& program) const {
  return Outputs(program, blocks_).run();
}

}  // namespace heddle::sim
