// What every mapping below a point of the completion costs at least: visits of tiles, copies, partial sums,
// traffic.
#include <algorithm>
#include <bit>
#include <cmath>

#include "mapper/factors.h"
#include "mapper/search/completion.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::kOperands;
using workload::Operand;

bool Completion::beaten(const Least& least) const {
  const double energy = least.energy + evaluator_.prices().cycle * static_cast<double>(least.cycles);
  return value(objective_, {energy, least.cycles}) * (1 + gap_) >= best_->value;
}

/// The array and the traffic with the DRAM, if one operand stays around the pass: it is visited as often as
/// the DRAM's loops alone make it.
Least Completion::with_traffic(Operand stays, const TrafficBound& traffic) const {
  auto [array, drains, port, visit] = around_[stays];
  const bool moved_inside = (inside_ & ~(1U << static_cast<unsigned>(stays))) != 0;
  const double again = (moved_inside ? traffic.most_visits : traffic.visits)[stays] - 1;
  array.energy += visit.energy * again;
  const double visiting = (visit.cycles_of_first + visit.cycles * again) * (1 - 1e-12);
  std::int64_t& visited = stays == Operand::outputs ? drains : array.cycles;
  visited = std::max(visited, static_cast<std::int64_t>(visiting));
  Least total = with_traffic(array, traffic);
  total.energy *= 1 - 1e-12;
  total.cycles = std::max({total.cycles, drains + ends_, port + traffic.moved});
  return total;
}

/// Whatever stays around the pass?
bool Completion::all_beaten(const TrafficBound& traffic) const {
  return std::all_of(kOperands.begin(), kOperands.end(),
                     [&](Operand stays) { return beaten(with_traffic(stays, traffic)); });
}

/// What the array (and its energy) and the traffic with the DRAM come to: side by side between the ends, one
/// after the other if there is no second buffer to fill meanwhile.
Least Completion::with_traffic(Least array, const TrafficBound& traffic) const {
  const bool overlap = !outer_bound_ || accelerator_.memory[1].double_buffered;
  const std::int64_t cycles =
      overlap ? std::max(array.cycles + ends_, traffic.mover) : array.cycles + traffic.mover;
  return {array.energy + traffic.energy, std::max(cycles, traffic.port)};
}

/// All ways outwards along every dimension, by the tiles that they make at the outermost buffer, ascending.
/// How often a tile that the level's loops hand inwards is moved: for every iteration, over dimensions that
/// the operand does not depend on, of the loops outside the innermost one that moves it.
double Completion::visits(Operand operand, int level) const {
  LevelMask moved = ungrouped_.moved, alone = ungrouped_.alone;
  for (Operand other : kOperands) {
    if (other == operand) continue;
    moved |= group_[other].moved;
    alone |= group_[other].alone;
  }
  moved &= (LevelMask{2} << level) - 1;
  if (moved == 0) return 1;
  const int mover = std::bit_width(moved) - 1;
  // Its own group's loops move it no more if no loop inside them does.
  const auto& inside = groups_inside(operand, point_.stationary[static_cast<std::size_t>(mover)]);
  const bool stays = space_.order_is_fixed(mover) ||
                     std::none_of(inside.begin(), inside.end(),
                                  [&](Operand group) { return (group_[group].moved >> mover & 1U) != 0; });
  const double product = group_[operand].tiles[static_cast<std::size_t>(stays ? mover : mover + 1)];
  // A tile at the end of a dimension may be alone in its outer tile: there the dimension does not move it. No
  // tile is longer; at the input's edges others can be shorter, hence 2.
  double share = 0;
  if ((alone >> mover & 1U) != 0) {
    for (Dim d : kDims) {
      if (!depends_on(operand, d) || (way_[d]->alone >> mover & 1U) == 0) continue;
      share += 2.0 / static_cast<double>(way_[d]->tiles[static_cast<std::size_t>(mover) + 1]);
    }
    share = std::min(share, 1.0);
  }
  return (1 - share) * product + share;
}

/// Input rows x columns that the tiles of a memory level touch, all together.
double Completion::inner_input_positions(int level) {
  double positions = 1;
  for (const bool rows : {true, false}) {
    std::array<std::int64_t, 2> size{};
    for (const int i : {0, 1}) {
      const Dim d = rows ? (i == 0 ? Dim::P : Dim::R) : (i == 0 ? Dim::Q : Dim::S);
      std::int64_t extent = 1;
      for (int slot = 0; slot <= space_.slot_of(level); ++slot)
        extent *= way_[d]->chain[static_cast<std::size_t>(slot)];
      size[static_cast<std::size_t>(i)] = std::min(extent, space_.problem().shape.size[d]);
    }
    const auto& table = window_sums_.table(rows, WindowCount::distinct, size[0], size[1]);
    positions *= static_cast<double>(table.sum[0][0] + table.sum[0][1] + table.sum[1][0] + table.sum[1][1]);
  }
  return positions;
}

/// PEs that take the same element of an operand, at the least.
double Completion::copies(Operand operand) const {
  double product = 1;
  for (Dim d : reuse_group(operand)) {
    const std::int64_t size = space_.problem().shape.size[d], axis = choice_->axis[d];
    product *= static_cast<double>(std::min(axis, size - (size - 1) / axis * axis));
  }
  return product;
}

/// A lower bound on all of the mapping: the choice of the array, the traffic with the DRAM, that between the
/// buffers, and what the array moves more than its choice accounts for.
Least Completion::least() {
  const auto& prices = evaluator_.prices();
  const int levels = space_.levels();
  const int accumulator_bits = accelerator_.array.bits.accumulators;
  double energy = choice_->energy - choice_->reload_energy;
  std::int64_t wait = 0, array = choice_->cycles;
  double resume_cycles = 0;
  for (Operand operand : kOperands) {
    int from = 0;
    for (int level = 1; level < levels; ++level) {
      if (!point_.keep[static_cast<std::size_t>(level)][operand]) continue;
      const int outer = from;
      from = level;
      if (level == 1) continue;  // the traffic with the DRAM
      const double both =
          prices.memory[static_cast<std::size_t>(outer)] + prices.memory[static_cast<std::size_t>(level)];
      const double times = visits(operand, level - 1);
      double elements = elements_[operand];
      if (operand == Operand::inputs) elements *= inner_input_positions(level);
      const double again =
          operand == Operand::outputs ? 2 * (times - 1) * accumulator_bits : (times - 1) * bits_[operand];
      energy += elements * (bits_[operand] + again) * both;
      // The DRAM's bound has counted a tensor that the outermost buffer lacks once, beyond the least price.
      if (outer == 0 && levels > 1)
        energy -= elements_[operand] * (operand == Operand::inputs ? input_positions_ : 1) * bits_[operand] *
                  (prices.memory[0] - cheapest_memory_);
    }
    // Between the innermost memory that keeps it and the array: the choice has counted each element once, at
    // the least price; the DRAM's bound what the DRAM costs beyond that.
    const auto price_index = static_cast<std::size_t>(from);
    const double price = prices.memory[price_index];
    const double beyond = from == 0 && levels > 1 ? 0 : price - cheapest_memory_;
    double elements = elements_[operand];
    if (operand == Operand::inputs) elements *= input_positions_;
    energy += elements * bits_[operand] * beyond;
    if (operand == Operand::outputs) {
      const double again = visits(operand, levels - 1) - 1;
      energy += elements * 2 * again * accumulator_bits * (price + prices.registers);
      const double resumed = group_[Operand::weights].tiles[static_cast<std::size_t>(levels)] *
                             group_[Operand::inputs].tiles[static_cast<std::size_t>(levels)] *
                             ungrouped_.tiles[static_cast<std::size_t>(levels)] * again;
      resume_cycles = std::max(0.0, elements * again / static_cast<double>(accelerator_.array.ports.outputs) -
                                        resumed * static_cast<double>(choice_->longest_load));
      continue;
    }
    if (from < levels - 1 || from == 0)
      wait = std::max(wait, accelerator_.memory[price_index].latency_cycles);
    if (choice_->moved[operand]) continue;
    // What the pass's loops do not move is loaded when the pass moves.
    const double times = visits(operand, levels - 1);
    energy += elements * bits_[operand] * (times - 1) * (price + copies(operand) * prices.registers);
    const double loading = times * static_cast<double>(choice_->load_cycles[operand]) * (1 - 1e-9);
    array = std::max(array, choice_->steps + static_cast<std::int64_t>(loading));
  }
  array += passes_ * wait + static_cast<std::int64_t>(resume_cycles * (1 - 1e-9));
  Least total = with_traffic({energy, array}, outer_);
  total.energy *= 1 - 1e-9;
  return total;
}

}  // namespace heddle::mapper
