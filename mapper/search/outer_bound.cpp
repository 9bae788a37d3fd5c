#include "mapper/search/outer_bound.h"

#include <algorithm>
#include <limits>

#include "arch/window.h"
#include "mapper/factors.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::kOperands;
using workload::Operand;
using workload::PerDim;
using workload::PerOperand;

namespace {

/// Tile sizes of one dimension that are looked through for the one that touches the fewest inputs.
constexpr std::int64_t kMostSizes = 2000;

/// Does every input tile hold something, however short it is along the dimension? (A tile of nothing but
/// padding is not fetched.)
bool always_inside(const workload::MacShape& shape, const PerDim<std::int64_t>& tiles, bool rows) {
  const std::int64_t taps = shape.size[rows ? Dim::R : Dim::S], outputs = shape.size[rows ? Dim::P : Dim::Q];
  const std::int64_t dilation = rows ? shape.dilation_h : shape.dilation_w,
                     stride = rows ? shape.stride_h : shape.stride_w,
                     pad = rows ? shape.pad_top : shape.pad_left,
                     limit = rows ? shape.input_h : shape.input_w;
  return tiles[rows ? Dim::R : Dim::S] == 1 && dilation == 1 && pad < taps &&
         (outputs - 1) * stride - pad < limit;
}

}  // namespace

OuterBound::OuterBound(const Mapspace& space, const Prices& prices)
    : space_(space),
      prices_(prices),
      cheapest_memory_(*std::min_element(prices.memory.begin(), prices.memory.end())),
      window_sums_(space.problem().shape) {
  const arch::LayerProblem& problem = space.problem();
  const auto& size = problem.shape.size;
  bits_[Operand::weights] =
      static_cast<double>(size[Dim::G] * size[Dim::M] * size[Dim::R] * size[Dim::S] *
                          arch::kept_channels(size[Dim::C], problem.sparsity)) *
      (problem.weight_bits + (problem.sparsity ? arch::index_bits(*problem.sparsity) : 0));
  bits_[Operand::inputs] =
      static_cast<double>(size[Dim::N] * size[Dim::G] * size[Dim::C]) * problem.input_bits;
  bits_[Operand::outputs] = static_cast<double>(problem.shape.output_count()) * problem.output_bits;
  partial_ratio_ = 2.0 * space.accelerator().array.bits.accumulators / problem.output_bits;
}

std::int64_t OuterBound::input_positions(bool rows, std::int64_t output_tiles, std::int64_t tap_tiles) {
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
  if (p_most - p_least > kMostSizes) return input_positions(rows, 1, 1);  // all there are, each once
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t p = p_least; p <= p_most; ++p) {
    for (std::int64_t r = r_least; r <= r_most; ++r) {
      const auto& table = window_sums_.table(rows, WindowCount::distinct, p, r);
      fewest = std::min(fewest, table.sum[0][0] + table.sum[0][1] + table.sum[1][0] + table.sum[1][1]);
    }
  }
  return input_positions_.emplace(key, fewest).first->second;
}

TrafficBound OuterBound::cost(const PerDim<std::int64_t>& tiles, std::int64_t rows, std::int64_t columns,
                              Operand stays, const PerOperand<bool>& keep) const {
  const arch::LayerProblem& problem = space_.problem();
  const arch::MemoryLevel& dram = space_.accelerator().memory[0];
  const double both = prices_.memory[0] + prices_.memory[1], beyond = prices_.memory[0] - cheapest_memory_;
  const auto n = [&](Dim d) { return static_cast<double>(tiles[d]); };
  // Tiles along the dimensions of each operand's group, and along all others that it depends on.
  const double positions = n(Dim::N) * n(Dim::P) * n(Dim::Q), filters = n(Dim::M),
               reduction = n(Dim::C) * n(Dim::R) * n(Dim::S), groups = n(Dim::G);
  const double window_tiles = (always_inside(problem.shape, tiles, true) ? n(Dim::P) * n(Dim::R) : 1) *
                              (always_inside(problem.shape, tiles, false) ? n(Dim::Q) * n(Dim::S) : 1);

  TrafficBound least;
  double mover_bits = 0, all_bits = 0, fetches = 0, write_backs = 0;
  const auto account = [&](Operand operand, double bits, double own_tiles, double visits) {
    if (space_.on_chip()[operand]) return;
    if (!keep[operand]) {
      least.energy += bits * beyond;
      all_bits += bits;
      return;
    }
    double moved = bits * visits;
    if (operand == Operand::outputs) {
      moved = bits * (1 + partial_ratio_ * (visits - 1));
      write_backs = own_tiles * visits;
    } else {
      fetches = std::max(fetches, own_tiles * visits);
    }
    least.energy += moved * both;
    mover_bits += moved;
    all_bits += moved;
  };
  workload::PerOperand<double> group;
  group[Operand::weights] = positions;
  group[Operand::inputs] = filters;
  group[Operand::outputs] = reduction;
  const auto visits = [&](Operand operand) {
    const auto& inside = groups_inside(operand, stays);
    const bool reused =
        space_.order_is_fixed(0) ||
        std::none_of(inside.begin(), inside.end(), [&](Operand other) { return group[other] > 1; });
    return reused ? 1 : group[operand];
  };
  for (Operand operand : kOperands) least.visits[operand] = visits(operand);
  least.most_visits = group;
  account(Operand::weights, bits_[Operand::weights], groups * filters * reduction,
          least.visits[Operand::weights]);
  account(Operand::inputs, bits_[Operand::inputs] * static_cast<double>(rows * columns),
          groups * n(Dim::N) * n(Dim::C) * window_tiles, least.visits[Operand::inputs]);
  account(Operand::outputs, bits_[Operand::outputs], groups * filters * positions,
          least.visits[Operand::outputs]);
  const auto bandwidth = static_cast<double>(8 * dram.bandwidth);
  least.mover = static_cast<std::int64_t>(
      mover_bits / bandwidth + fetches * static_cast<double>(1 + dram.latency_cycles) + write_backs);
  least.moved = static_cast<std::int64_t>(mover_bits / bandwidth);
  least.port = static_cast<std::int64_t>(all_bits / bandwidth);
  return least;
}

std::int64_t OuterBound::ends(const PerDim<std::int64_t>& extent, const PerDim<std::int64_t>& last,
                              const PerOperand<bool>& keep) const {
  const arch::LayerProblem& problem = space_.problem();
  const workload::MacShape& shape = problem.shape;
  const arch::MemoryLevel& dram = space_.accelerator().memory[0];
  PerDim<std::int64_t> e;
  for (Dim d : kDims) e[d] = std::min(extent[d], shape.size[d]);
  std::int64_t in = 0, out = 0;
  if (keep[Operand::weights]) {
    in += e[Dim::G] * e[Dim::M] * e[Dim::R] * e[Dim::S] * arch::kept_channels(e[Dim::C], problem.sparsity) *
          (problem.weight_bits + (problem.sparsity ? arch::index_bits(*problem.sparsity) : 0));
  }
  if (keep[Operand::inputs] && !space_.on_chip()[Operand::inputs]) {
    in += e[Dim::N] * e[Dim::G] * e[Dim::C] * problem.input_bits *
          arch::distinct_positions(-shape.pad_top, e[Dim::P], shape.stride_h, e[Dim::R], shape.dilation_h,
                                   shape.input_h) *
          arch::distinct_positions(-shape.pad_left, e[Dim::Q], shape.stride_w, e[Dim::S], shape.dilation_w,
                                   shape.input_w);
  }
  if (keep[Operand::outputs] && !space_.on_chip()[Operand::outputs]) {
    out = problem.output_bits;
    for (Dim d : kDims) {
      if (depends_on(Operand::outputs, d)) out *= last[d];
    }
  }
  const std::int64_t bandwidth = 8 * dram.bandwidth;
  return (in > 0 ? ceil_div(in, bandwidth) + dram.latency_cycles : 0) +
         (out > 0 ? ceil_div(out, bandwidth) : 0);
}

double OuterBound::least_energy() {
  double least = std::numeric_limits<double>::max();
  for (const PerOperand<bool>& keep : space_.keep(1)) {
    least = std::min(least, cost(PerDim<std::int64_t>(1), input_positions(true, 1, 1),
                                 input_positions(false, 1, 1), Operand::weights, keep)
                                .energy);
  }
  return least;
}

bool OuterBound::fits(const PerDim<std::int64_t>& extent, const PerOperand<bool>& keep) const {
  const arch::Accelerator& accelerator = space_.accelerator();
  const arch::MemoryLevel& level = accelerator.memory[1];
  std::int64_t bits = 0;
  for (Operand operand : kOperands) {
    if (!keep[operand]) continue;
    const std::int64_t copies = level.double_buffered && !space_.on_chip()[operand] ? 2 : 1;
    bits += copies * arch::tile_bits(operand, space_.problem(), accelerator.array, extent, false);
  }
  return bits <= level.size_bytes * 8;
}

}  // namespace heddle::mapper
