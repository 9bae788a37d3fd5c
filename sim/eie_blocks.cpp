#include "sim/eie_blocks.h"

#include <algorithm>
#include <array>

namespace heddle::sim {

using workload::CscMatrix;
using workload::Dim;

namespace {

constexpr std::array<Dim, 5> kWeightDims = {Dim::G, Dim::M, Dim::C, Dim::R, Dim::S};

}  // namespace

EieBlocks::EieBlocks(const std::vector<std::uint8_t>& codes, const arch::LayerProblem& problem,
                     const arch::LayerMapping& mapping, const arch::ArrayUnit& unit) {
  const auto& size = problem.shape.size;
  const workload::PerDim<std::int64_t> pass = arch::pass_extent(mapping);
  std::size_t blocks = 1;
  for (Dim d : kWeightDims) {
    size_[d] = std::min(pass[d], size[d]);
    count_[d] = (size[d] + size_[d] - 1) / size_[d];
    blocks *= static_cast<std::size_t>(count_[d]);
  }
  entries_per_word_ = unit.eie->entries_per_word();
  const workload::CscFormat format{unit.rows, unit.eie->code_bits, unit.eie->index_bits};
  const std::int64_t columns = size[Dim::C] * size[Dim::R] * size[Dim::S];  // of a row of the layer
  blocks_.resize(blocks);
  for (std::size_t index = 0; index < blocks; ++index) {
    const workload::PerDim<std::int64_t> start = start_of(index);
    workload::PerDim<std::int64_t> extent(1);
    for (Dim d : kWeightDims) extent[d] = std::min(size_[d], size[d] - start[d]);
    // The ranges of a legal mapping follow one another: a block's columns are neighbours in every row.
    const std::int64_t column = (start[Dim::C] * size[Dim::R] + start[Dim::R]) * size[Dim::S] + start[Dim::S];
    const std::int64_t row = start[Dim::G] * size[Dim::M] + start[Dim::M];
    blocks_[index] = workload::encode(codes.data() + row * columns + column, extent[Dim::M],
                                      extent[Dim::C] * extent[Dim::R] * extent[Dim::S], columns, format);
  }
}

workload::PerDim<std::int64_t> EieBlocks::start_of(std::size_t index) const {
  workload::PerDim<std::int64_t> start(0);
  auto rest = static_cast<std::int64_t>(index);
  for (auto d = kWeightDims.rbegin(); d != kWeightDims.rend(); ++d) {
    start[*d] = (first_[*d] + rest % count_[*d]) * size_[*d];
    rest /= count_[*d];
  }
  return start;
}

std::size_t EieBlocks::index_of(const Tile& pass) const {
  std::int64_t index = 0;
  for (Dim d : kWeightDims) index = index * count_[d] + pass.start[d] / size_[d] - first_[d];
  return static_cast<std::size_t>(index);
}

template <class Visit>
void EieBlocks::for_each_index(const Tile& tile, const Visit& visit) const {
  Tile pass;
  const auto walk = [&](const auto& self, std::size_t d) -> void {
    if (d == kWeightDims.size()) {
      visit(index_of(pass));
      return;
    }
    const Dim dim = kWeightDims[d];
    for (pass.start[dim] = tile.start[dim]; pass.start[dim] < tile.end(dim); pass.start[dim] += size_[dim])
      self(self, d + 1);
  };
  walk(walk, 0);
}

EieBlocks EieBlocks::within(const Tile& tile) const {
  EieBlocks part;
  part.size_ = size_;
  part.entries_per_word_ = entries_per_word_;
  for (Dim d : kWeightDims) {
    part.first_[d] = tile.start[d] / size_[d];
    part.count_[d] = (tile.extent[d] + size_[d] - 1) / size_[d];
  }
  for_each_index(tile, [&](std::size_t index) { part.blocks_.push_back(blocks_[index]); });
  return part;
}

TileSize EieBlocks::size_of(const Tile& tile, int pointer_bits) const {
  TileSize size;
  for_each_index(tile, [&](std::size_t index) {
    const CscMatrix& block = blocks_[index];
    const std::int64_t entries = block.entries();
    size.elements += entries;
    size.bits += entries * block.format.entry_bits() + block.pointer_bits(pointer_bits);
  });
  return size;
}

std::int64_t EieBlocks::most_entries(const Tile& tile) const {
  std::vector<std::int64_t> entries;
  for_each_index(tile, [&](std::size_t index) {
    const auto& pes = blocks_[index].pes;
    entries.resize(pes.size());
    for (std::size_t pe = 0; pe < pes.size(); ++pe) {
      const std::int64_t words = (entries[pe] + entries_per_word_ - 1) / entries_per_word_;
      entries[pe] = words * entries_per_word_ + pes[pe].entries();
    }
  });
  return *std::max_element(entries.begin(), entries.end());
}

}  // namespace heddle::sim
