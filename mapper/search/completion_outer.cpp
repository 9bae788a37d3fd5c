// The numbers of tiles of the outermost buffer, with the array's choice and what the buffer keeps.
#include <algorithm>

#include "mapper/factors.h"
#include "mapper/search/completion.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::kOperands;
using workload::Operand;

namespace {

/// Dimensions in the order in which the outermost tiles are chosen: what decides most comes first.
constexpr std::array<Dim, 8> kOrder = {Dim::G, Dim::M, Dim::C, Dim::P, Dim::Q, Dim::N, Dim::R, Dim::S};

}  // namespace

/// With a single buffer an operand that it lacks comes from the DRAM for every load, and each pass waits for
/// it.
void Completion::price_array() {
  const double beyond = evaluator_.prices().memory[0] - cheapest_memory_;
  const auto& keep = point_.keep[1];
  for (Operand stays : kOperands) {
    const ArrayChoice::Around& around = choice_->around[stays];
    auto& [array, drains, port, visit] = around_[stays];
    array = {around.energy, around.cycles};
    drains = around.drains;
    port = 0;
    visit = around.visit;
    if (space_.levels() != 2) continue;
    for (Operand operand : kOperands) {
      if (!keep[operand]) array.energy += around.again_bits[operand] * beyond;
    }
    if (!keep[stays]) visit.energy += visit.bits * beyond;
    const arch::MemoryLevel& dram = accelerator_.memory[0];
    const std::size_t streams = (keep[Operand::weights] ? 0U : 1U) + (keep[Operand::inputs] ? 0U : 2U);
    if (streams != 0) {
      port = around.streaming[streams] + passes_ * dram.latency_cycles;
      array.cycles = std::max(array.cycles, port);
    }
    if (!keep[Operand::outputs]) {
      const double bursts =
          around.output_visits * static_cast<double>(ceil_div(dram.burst_bytes, dram.bandwidth));
      port += std::max(around.drains, static_cast<std::int64_t>(bursts * (1 - 1e-12)));
      if (streams == 0) port += around.resumed;
    }
  }
}

/// Does the least traffic, with the array's choice, cost too much?
bool Completion::beaten_at_least(std::size_t keep, std::size_t stays) const {
  if (floors_ == nullptr) return false;
  const auto& floor = (*floors_)[keep][stays];
  return !floor || all_beaten(*floor);
}

bool Completion::out_of_question(const ArrayChoice& choice, Best& best) {
  if (!outer_bound_) return false;
  take(choice, best);
  for (std::size_t keep = 0; keep < space_.keep(1).size(); ++keep) {
    point_.keep[1] = space_.keep(1)[keep];
    price_array();
    for (std::size_t stays = 0; stays < space_.stationary(0).size(); ++stays) {
      if (!beaten_at_least(keep, stays)) return false;
    }
  }
  return true;
}

/// Mappings below: `ways` chosen for one dimension, with what is chosen for those before it in kOrder.
Count Completion::mappings_below(std::size_t index, Count ways) const {
  Count product = ways * inner_choices_;
  for (std::size_t i = 0; i < index; ++i) product *= outer_way_[kOrder[i]]->ways.size();
  for (std::size_t i = index + 1; i < kOrder.size(); ++i) product *= all_ways_[kOrder[i]];
  return product;
}

Count Completion::mappings_below_keep() const {
  Count product = inner_choices_;
  for (Dim d : kDims) product *= all_ways_[d];
  return product;
}

/// Chooses the number of tiles of one dimension after the other. Fewer tiles cost less traffic and more room,
/// so that a choice that costs too much ends the dimension.
void Completion::each_outer(std::size_t index) {
  const auto& keep = point_.keep[1];
  if (index == kOrder.size()) {
    ends_ = outer_bound_->ends(least_extent_, least_last_, keep);
    if (repeated_outside()) {
      tally_->repeated += mappings_below(index, 1);
      return;
    }
    avoid_partial_sums_ = space_.levels() == 2 && partial_sums_cost_too_much();
    each_factor(0);
    return;
  }
  const Dim d = kOrder[index];
  const std::int64_t fewest = outer_tiles_[d], smallest = least_extent_[d], shortest = least_last_[d];
  const auto& groups = outer_ways_[d];
  const unsigned inside = inside_, group = d == Dim::G ? 8U : 1U << static_cast<unsigned>(reuser(d));
  const bool open = choice_->first_reduction && workload::is_reduction(d) && d >= *choice_->first_reduction;
  for (std::size_t i = 0; i < groups.size() && !stopped_; ++i) {
    outer_tiles_[d] = groups[i].tiles;
    outer_index_[d] = i;
    least_extent_[d] = groups[i].extent;
    least_last_[d] = groups[i].last;
    const auto positions = [&](bool rows, Dim outputs, Dim taps) {
      return outer_positions_[rows][outer_index_[outputs] * outer_ways_[taps].size() + outer_index_[taps]];
    };
    const TrafficBound traffic =
        outer_bound_->cost(outer_tiles_, positions(true, Dim::P, Dim::R), positions(false, Dim::Q, Dim::S),
                           point_.stationary[0], keep);
    if (all_beaten(traffic)) {
      Count ways = 0;
      for (; i < groups.size(); ++i) ways += groups[i].ways.size();
      tally_->outer += mappings_below(index, ways);
      break;
    }
    if (!outer_bound_->fits(least_extent_, keep)) {
      tally_->capacity += mappings_below(index, groups[i].ways.size());
      continue;
    }
    // Larger tiles have loops inside, and take longer to arrive before the first step and to leave after the
    // last.
    if (!open && choice_->passes[d] > groups[i].tiles) inside_ = inside | group;
    ends_ = outer_bound_->ends(least_extent_, least_last_, keep);
    if (all_beaten(traffic)) {
      tally_->outer += mappings_below(index, groups[i].ways.size());
    } else {
      outer_way_[d] = &groups[i];
      outer_ = traffic;
      each_outer(index + 1);
    }
    ends_ = 0;
    inside_ = inside;
  }
  outer_tiles_[d] = fewest;
  outer_index_[d] = 0;
  least_extent_[d] = smallest;
  least_last_[d] = shortest;
}

/// repeated() for the DRAM's loops, from the tiles alone.
bool Completion::repeated_outside() const {
  const auto loops = [&](Operand operand) {
    const auto& group = reuse_group(operand);
    return std::any_of(group.begin(), group.end(), [&](Dim d) { return outer_tiles_[d] > 1; });
  };
  const auto& choices = space_.stationary(0);
  if (loops(point_.stationary[0])) return false;
  return point_.stationary[0] != choices.front() || std::any_of(choices.begin(), choices.end(), loops);
}

/// With reduction loops of the only buffer outside loops over outputs, the outputs are visited at least twice
/// as often as by the DRAM's reduction loops alone. Is that too much?
bool Completion::partial_sums_cost_too_much() const {
  bool outputs_move = false;
  for (Dim d : kDims) {
    if (depends_on(Operand::outputs, d)) outputs_move = outputs_move || choice_->passes[d] > outer_tiles_[d];
  }
  // Where one operand is to stay that has no loops, the outputs' may lie outside the reduction's.
  const auto& stays = space_.stationary(1);
  if (!outputs_move || stays.size() < 2 || stays.back() == Operand::outputs || space_.order_is_fixed(1))
    return false;
  const auto& prices = evaluator_.prices();
  const double moved = elements_[Operand::outputs] * 2 * accelerator_.array.bits.accumulators *
                       (2 * outer_.most_visits[Operand::outputs] - 1) * (1 - 1e-9);
  return beaten(
      with_traffic({choice_->energy - choice_->reload_energy + moved * (cheapest_memory_ + prices.registers),
                    choice_->cycles},
                   outer_));
}

}  // namespace heddle::mapper
