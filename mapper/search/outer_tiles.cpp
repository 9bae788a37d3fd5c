#include "mapper/search/outer_tiles.h"

#include <algorithm>
#include <limits>
#include <set>

#include "mapper/factors.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::kOperands;
using workload::Operand;
using workload::PerDim;
using workload::PerOperand;

namespace {

constexpr std::array<Dim, 8> kOrder = {Dim::G, Dim::M, Dim::C, Dim::P, Dim::Q, Dim::N, Dim::R, Dim::S};

bool has_loops(Operand operand, const PerDim<std::int64_t>& tiles) {
  return std::any_of(kDims.begin(), kDims.end(),
                     [&](Dim d) { return depends_on(operand, d) && tiles[d] > 1; });
}

/// Does every input tile hold something, however short it is along the dimension? (A tile of nothing but
/// padding is not fetched.)
bool always_inside(const workload::MacShape& shape, const PerDim<std::int64_t>& tiles, Dim d) {
  if (d != Dim::P && d != Dim::Q && d != Dim::R && d != Dim::S) return true;
  const bool rows = d == Dim::P || d == Dim::R;
  const std::int64_t taps = shape.size[rows ? Dim::R : Dim::S], outputs = shape.size[rows ? Dim::P : Dim::Q];
  const std::int64_t dilation = rows ? shape.dilation_h : shape.dilation_w,
                     stride = rows ? shape.stride_h : shape.stride_w,
                     pad = rows ? shape.pad_top : shape.pad_left,
                     limit = rows ? shape.input_h : shape.input_w;
  return tiles[rows ? Dim::R : Dim::S] == 1 && dilation == 1 && pad < taps &&
         (outputs - 1) * stride - pad < limit;
}

/// How often a tile of the operand is moved.
std::int64_t visits(Operand operand, Operand stays, const PerDim<std::int64_t>& tiles) {
  if (stays == operand || !has_loops(operand, tiles)) return 1;
  std::int64_t result = 1;
  for (Dim d : reuse_group(operand)) result *= tiles[d];
  return result;
}

}  // namespace

OuterTileChoices::OuterTileChoices(const Mapspace& space, const Prices& prices, Objective objective)
    : space_(space),
      prices_(prices),
      objective_(objective),
      cheapest_memory_(*std::min_element(prices.memory.begin(), prices.memory.end())),
      window_sums_(space.problem().shape) {
  for (Dim d : kDims) {
    std::set<std::int64_t> counts;
    const std::int64_t size = space.problem().shape.size[d];
    for (const std::int64_t f : space.factors(d, kAxisSlot, size)) counts.insert(space.left(size, f));
    for (int slot = kRegisterSlot; slot < space.slots(); ++slot) {
      std::set<std::int64_t> next;
      for (const std::int64_t count : counts) {
        for (const std::int64_t f : space.factors(d, slot, count)) next.insert(space.left(count, f));
      }
      counts = std::move(next);
    }
    for (const std::int64_t count : counts) {
      if (space.chains(d, space.slots(), count) > 0) counts_[d].push_back(count);
    }
  }
}

/// Input rows (columns) that all tiles together touch, for the tile sizes with so many tiles that touch the
/// fewest.
std::int64_t OuterTileChoices::input_positions(bool rows, std::int64_t output_tiles, std::int64_t tap_tiles) {
  const auto key = std::make_tuple(rows, output_tiles, tap_tiles);
  const auto known = input_positions_.find(key);
  if (known != input_positions_.end()) return known->second;
  const auto& size = space_.problem().shape.size;
  const auto sizes = [](std::int64_t length,
                        std::int64_t tiles) {  // least and greatest that make so many tiles
    return std::make_pair(ceil_div(length, tiles), tiles == 1 ? length : ceil_div(length, tiles - 1) - 1);
  };
  const auto [p_least, p_most] = sizes(size[rows ? Dim::P : Dim::Q], output_tiles);
  const auto [r_least, r_most] = sizes(size[rows ? Dim::R : Dim::S], tap_tiles);
  std::int64_t fewest = INT64_MAX;
  for (std::int64_t p = p_least; p <= p_most; ++p) {
    for (std::int64_t r = r_least; r <= r_most; ++r) {
      const auto& table = window_sums_.table(rows, WindowCount::distinct, p, r);
      fewest = std::min(fewest, table.sum[0][0] + table.sum[0][1] + table.sum[1][0] + table.sum[1][1]);
    }
  }
  return input_positions_.emplace(key, fewest).first->second;
}

/// Lower bounds when `tiles` are as they are or more.
OuterTileChoices::Traffic OuterTileChoices::traffic(const PerDim<std::int64_t>& tiles, Operand stays,
                                                    const PerOperand<bool>& keep) {
  const arch::LayerProblem& problem = space_.problem();
  const arch::MemoryLevel& dram = space_.accelerator().memory[0];
  const auto& size = problem.shape.size;
  const double both = prices_.memory[0] + prices_.memory[1], beyond = prices_.memory[0] - cheapest_memory_;
  Traffic result;
  double mover_bits = 0, all_bits = 0, fetches = 0, write_backs = 0;
  for (Operand operand : kOperands) {
    double elements = 1, moves = 1;
    int bits = problem.output_bits;
    if (operand == Operand::weights) {
      elements = static_cast<double>(size[Dim::G] * size[Dim::M] *
                                     arch::kept_channels(size[Dim::C], problem.sparsity) * size[Dim::R] *
                                     size[Dim::S]);
      bits = problem.weight_bits + (problem.sparsity ? arch::index_bits(*problem.sparsity) : 0);
    } else if (operand == Operand::outputs) {
      elements = static_cast<double>(problem.shape.output_count());
    } else {
      bits = problem.input_bits;
      const bool kept = keep[operand];
      elements =
          static_cast<double>(size[Dim::N] * size[Dim::G] * size[Dim::C]) *
          static_cast<double>(input_positions(true, kept ? tiles[Dim::P] : 1, kept ? tiles[Dim::R] : 1) *
                              input_positions(false, kept ? tiles[Dim::Q] : 1, kept ? tiles[Dim::S] : 1));
    }
    for (Dim d : kDims) {
      if (!depends_on(operand, d)) continue;
      if (operand == Operand::inputs && !always_inside(problem.shape, tiles, d)) continue;
      moves *= static_cast<double>(tiles[d]);
    }
    if (!keep[operand]) {
      result.energy += elements * bits * beyond;
      all_bits += elements * bits;
      continue;
    }
    const auto times = static_cast<double>(visits(operand, stays, tiles));
    double moved = elements * bits * times;
    if (operand == Operand::outputs) {
      moved = elements * (bits + 2 * (times - 1) * space_.accelerator().array.bits.accumulators);
      write_backs = moves * times;
    } else {
      fetches = std::max(fetches, moves * times);
    }
    result.energy += moved * both;
    mover_bits += moved;
    all_bits += moved;
  }
  const auto bandwidth = static_cast<double>(8 * dram.bandwidth);
  const double mover =
      mover_bits / bandwidth + fetches * static_cast<double>(1 + dram.latency_cycles) + write_backs;
  result.cycles = static_cast<std::int64_t>(std::max(mover, all_bits / bandwidth));
  return result;
}

/// Can tiles so many fit when those of the dimensions not chosen yet are as small as they may be? `chosen`:
/// the first so many of kOrder.
bool OuterTileChoices::can_fit(const PerDim<std::int64_t>& tiles, Operand stays, const PerOperand<bool>& keep,
                               unsigned chosen) const {
  const arch::Accelerator& accelerator = space_.accelerator();
  const auto& size = space_.problem().shape.size;
  PerDim<std::int64_t> extent;
  for (unsigned i = 0; i < kOrder.size(); ++i) {
    const Dim d = kOrder[i];
    extent[d] = ceil_div(size[d], i < chosen ? tiles[d] : counts_[d].back());
  }
  const bool partial = chosen == kOrder.size() && visits(Operand::outputs, stays, tiles) > 1;
  std::int64_t bits = 0;
  for (Operand operand : kOperands) {
    if (keep[operand]) bits += arch::tile_bits(operand, space_.problem(), accelerator.array, extent, partial);
  }
  const arch::MemoryLevel& level = accelerator.memory[1];
  return (level.double_buffered ? 2 * bits : bits) <= level.size_bytes * 8;
}

double OuterTileChoices::least_energy() {
  double least = std::numeric_limits<double>::max();
  for (const PerOperand<bool>& keep : space_.keep(1))
    least = std::min(least, traffic(PerDim<std::int64_t>(1), Operand::weights, keep).energy);
  return least;
}

std::vector<OuterTiles> OuterTileChoices::find(double array_energy, std::int64_t array_cycles, double beat) {
  std::vector<OuterTiles> found;
  for (const PerOperand<bool>& keep : space_.keep(1)) {
    for (const Operand stays : space_.stationary(0)) {
      PerDim<std::int64_t> tiles(1);
      OuterTiles choice;
      choice.stays = stays;
      choice.keep = keep;
      const auto descend = [&](const auto& self, unsigned chosen) -> void {
        const Traffic least = traffic(tiles, stays, keep);
        const std::int64_t cycles = std::max(least.cycles, array_cycles);
        if (value(objective_, {least.energy + array_energy + prices_.cycle * static_cast<double>(cycles),
                               cycles}) >= beat ||
            !can_fit(tiles, stays, keep, chosen))
          return;
        if (chosen == kOrder.size()) {
          choice.energy = least.energy;
          choice.cycles = least.cycles;
          found.push_back(choice);
          return;
        }
        const Dim d = kOrder[chosen];
        for (std::size_t i = 0; i < counts_[d].size(); ++i) {
          tiles[d] = counts_[d][i];
          choice.index[static_cast<std::size_t>(d)] = static_cast<std::uint16_t>(i);
          self(self, chosen + 1);
        }
        tiles[d] = 1;
      };
      descend(descend, 0);
    }
  }
  const bool by_cycles = objective_ == Objective::latency;
  std::stable_sort(found.begin(), found.end(), [&](const OuterTiles& a, const OuterTiles& b) {
    return by_cycles ? a.cycles < b.cycles : a.energy < b.energy;
  });
  return found;
}

}  // namespace heddle::mapper
