#include "mapper/search/completion.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "mapper/factors.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::kOperands;
using workload::Operand;

namespace {

/// Dimensions in the order in which the outermost tiles are chosen: what decides most comes first.
constexpr std::array<Dim, 8> kOrder = {Dim::G, Dim::M, Dim::C, Dim::P, Dim::Q, Dim::N, Dim::R, Dim::S};

}  // namespace

void Tally::add(const Tally& other) {
  evaluated += other.evaluated;
  repeated += other.repeated;
  capacity += other.capacity;
  outer += other.outer;
  traffic += other.traffic;
  cycles += other.cycles;
}

Completion::Completion(const Mapspace& space, const arch::EnergyTable& table, Objective objective)
    : space_(space),
      accelerator_(space.accelerator()),
      objective_(objective),
      evaluator_(space.problem(), space.accelerator(), table),
      window_sums_(space.problem().shape) {
  const auto& prices = evaluator_.prices();
  cheapest_memory_ = *std::min_element(prices.memory.begin(), prices.memory.end());
  const arch::LayerProblem& problem = space.problem();
  const auto& size = problem.shape.size;
  elements_[Operand::weights] =
      static_cast<double>(size[Dim::G] * size[Dim::M] * size[Dim::R] * size[Dim::S] *
                          arch::kept_channels(size[Dim::C], problem.sparsity));
  elements_[Operand::inputs] = static_cast<double>(size[Dim::N] * size[Dim::G] * size[Dim::C]);
  elements_[Operand::outputs] = static_cast<double>(problem.shape.output_count());
  bits_[Operand::weights] =
      problem.weight_bits + (problem.sparsity ? arch::index_bits(*problem.sparsity) : 0);
  bits_[Operand::inputs] = problem.input_bits;
  bits_[Operand::outputs] = problem.output_bits;
  for (const bool rows : {true, false}) {
    input_positions_ *= static_cast<double>(
        window_sums_
            .table(rows, WindowCount::distinct, size[rows ? Dim::P : Dim::Q], size[rows ? Dim::R : Dim::S])
            .sum[1][1]);
  }
  if (space.levels() > 1) outer_bound_.emplace(space, prices);
  for (int level = 1; level < space.levels(); ++level) {
    inner_choices_ *= space.stationary(level).size();
    if (level > 1) inner_choices_ *= space.keep(level).size();
  }
}

void Completion::find_ways() {
  const bool open_reduction = !arch::is_resident(accelerator_.array, Operand::weights) &&
                              !arch::is_resident(accelerator_.array, Operand::inputs);
  passes_ = 1;
  for (Dim d : kDims) {
    // An open reduction may lie in the pass as a whole.
    const bool open = open_reduction && workload::is_reduction(d);
    if (!open) passes_ *= choice_->passes[d];
    std::vector<OuterWays>& groups = outer_ways_[d];
    groups.clear();
    all_ways_[d] = 0;
    Way way;
    way.chain.fill(1);
    way.chain[kAxisSlot] = choice_->axis[d];
    way.chain[kRegisterSlot] = choice_->registers[d];
    way.tiles[0] = 1;
    const auto descend = [&](const auto& self, int slot, std::int64_t count) -> void {
      if (slot > kRegisterSlot) way.tiles[static_cast<std::size_t>(space_.level_of(slot) + 1)] = count;
      if (slot == space_.slots()) {
        if (space_.chains(d, slot, count) == 0) return;
        const std::int64_t tiles = outer_bound_ ? count : 1;
        auto group = std::lower_bound(groups.begin(), groups.end(), tiles,
                                      [](const OuterWays& g, std::int64_t t) { return g.tiles < t; });
        if (group == groups.end() || group->tiles != tiles) {
          group = groups.insert(
              group, OuterWays{tiles, space_.problem().shape.size[d], space_.problem().shape.size[d], {}});
        }
        std::int64_t extent = 1;
        for (const std::int64_t f : way.chain) extent *= f;
        const std::int64_t size = space_.problem().shape.size[d];
        group->extent = std::min(group->extent, extent);
        group->last = std::min(group->last, size - (tiles - 1) * std::min(extent, size));
        group->ways.push_back(way);
        ++all_ways_[d];
        note_loops(group->ways.back());
        return;
      }
      for (const std::int64_t f : space_.factors(d, slot, count)) {
        if (slot == kRegisterSlot && !allows(*choice_, d, f)) continue;
        way.chain[static_cast<std::size_t>(slot)] = f;
        self(self, slot + 1, space_.left(count, f));
      }
      way.chain[static_cast<std::size_t>(slot)] = 1;
    };
    descend(descend, open ? kRegisterSlot : kRegisterSlot + 1, choice_->passes[d]);
  }
  if (!outer_bound_) return;
  for (const bool rows : {false, true}) {
    auto& positions = outer_positions_[rows];
    positions.clear();
    for (const OuterWays& outputs : outer_ways_[rows ? Dim::P : Dim::Q]) {
      for (const OuterWays& taps : outer_ways_[rows ? Dim::R : Dim::S])
        positions.push_back(outer_bound_->input_positions(rows, outputs.tiles, taps.tiles));
    }
  }
}

void Completion::note_loops(Way& way) const {
  for (int level = 0; level < space_.levels(); ++level) {
    const auto j = static_cast<std::size_t>(level);
    if (way.tiles[j + 1] == way.tiles[j]) continue;
    way.moved |= LevelMask{1} << j;
    if (level == 0) continue;
    const std::int64_t factor = way.chain[static_cast<std::size_t>(space_.slot_of(level))];
    if (way.tiles[j] > 1 && way.tiles[j + 1] - (way.tiles[j] - 1) * factor == 1)
      way.alone |= LevelMask{1} << j;
  }
}

/// The loops of the ways chosen for one operand's group.
void Completion::gather(Group& group, const std::vector<Dim>& dims) const {
  group.moved = 0;
  group.alone = 0;
  group.tiles.fill(1);
  for (Dim d : dims) {
    const Way& way = *way_[d];
    group.moved |= way.moved;
    group.alone |= way.alone;
    for (std::size_t j = 0; j <= static_cast<std::size_t>(space_.levels()); ++j)
      group.tiles[j] *= static_cast<double>(way.tiles[j]);
  }
}

/// With a single buffer an operand that it lacks comes from the DRAM for every load, and each pass waits for
/// it.
void Completion::price_bypass() {
  bypass_ = {};
  if (space_.levels() != 2) return;
  const double beyond = evaluator_.prices().memory[0] - cheapest_memory_;
  const double weights =
      choice_->load_bits[Operand::weights] - elements_[Operand::weights] * bits_[Operand::weights];
  const double inputs = choice_->load_bits[Operand::inputs] -
                        elements_[Operand::inputs] * input_positions_ * bits_[Operand::inputs];
  for (unsigned i = 1; i < 4; ++i) {
    bypass_[i].cycles = passes_ * accelerator_.memory[0].latency_cycles;
    if ((i & 1U) != 0) bypass_[i].energy += std::max(0.0, weights) * beyond;
    if ((i & 2U) != 0) bypass_[i].energy += std::max(0.0, inputs) * beyond;
  }
}

bool Completion::run(const ArrayChoice& choice, Best& best, Tally& tally, const Budget& budget) {
  choice_ = &choice;
  budget_ = budget;
  points_ = 0;
  stopped_ = false;
  best_ = &best;
  tally_ = &tally;
  point_.register_stationary = choice.stays;
  find_ways();
  outer_ = {};
  ends_ = 0;
  if (!outer_bound_) {
    for (Dim d : kDims) outer_way_[d] = &outer_ways_[d].front();
    each_factor(0);
    return !stopped_;
  }
  price_bypass();
  for (const auto& keep : space_.keep(1)) {
    point_.keep[1] = keep;
    for (const Operand stays : space_.stationary(0)) {
      point_.stationary[0] = stays;
      for (Dim d : kDims) {  // the fewest tiles for the traffic, the smallest for the capacity
        outer_tiles_[d] = outer_ways_[d].front().tiles;
        outer_index_[d] = 0;
        least_extent_[d] = outer_ways_[d].front().extent;
        least_last_[d] = outer_ways_[d].front().last;
        for (const OuterWays& group : outer_ways_[d]) {
          least_extent_[d] = std::min(least_extent_[d], group.extent);
          least_last_[d] = std::min(least_last_[d], group.last);
        }
      }
      each_outer(0);
    }
  }
  return !stopped_;
}

/// The clock is looked at now and then only.
bool Completion::out_of_budget() {
  ++points_;
  if (points_ > budget_.points || (points_ % 4096 == 0 && std::chrono::steady_clock::now() > budget_.end))
    stopped_ = true;
  return stopped_;
}

/// Mappings below: `ways` chosen for one dimension, with what is chosen for those before it in kOrder.
Count Completion::mappings_below(std::size_t index, Count ways) const {
  Count product = ways * inner_choices_;
  for (std::size_t i = 0; i < index; ++i) product *= outer_way_[kOrder[i]]->ways.size();
  for (std::size_t i = index + 1; i < kOrder.size(); ++i) product *= all_ways_[kOrder[i]];
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
  const Least& bypass = bypass_[(keep[Operand::weights] ? 0U : 1U) + (keep[Operand::inputs] ? 0U : 2U)];
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
    if (beaten(with_traffic({choice_->energy + bypass.energy, choice_->cycles + bypass.cycles}, traffic))) {
      Count ways = 0;
      for (; i < groups.size(); ++i) ways += groups[i].ways.size();
      tally_->outer += mappings_below(index, ways);
      break;
    }
    if (!outer_bound_->fits(least_extent_, keep)) {
      tally_->capacity += mappings_below(index, groups[i].ways.size());
      continue;
    }
    // Larger tiles take longer to arrive before the first step, and to leave after the last.
    ends_ = outer_bound_->ends(least_extent_, least_last_, keep);
    if (beaten(with_traffic({choice_->energy + bypass.energy, choice_->cycles + bypass.cycles}, traffic))) {
      tally_->outer += mappings_below(index, groups[i].ways.size());
    } else {
      outer_way_[d] = &groups[i];
      outer_ = traffic;
      each_outer(index + 1);
    }
    ends_ = 0;
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

/// With reduction loops of the only buffer outside loops over outputs, partial sums go there and back at
/// least once more. Is that too much?
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
  const double moved = elements_[Operand::outputs] * 2 * accelerator_.array.bits.accumulators;
  return beaten(
      with_traffic({choice_->energy - choice_->reload_energy + moved * (cheapest_memory_ + prices.registers),
                    choice_->cycles},
                   outer_));
}

void Completion::each_factor(std::size_t index) {
  if (index == kDims.size()) {
    gather(ungrouped_, {Dim::G});
    for (Operand operand : kOperands) gather(group_[operand], reuse_group(operand));
    each_order(outer_bound_ ? 1 : 0);
    return;
  }
  const Dim d = kDims[index];
  for (const Way& way : outer_way_[d]->ways) {
    if (stopped_) return;
    if (avoid_partial_sums_ && workload::is_reduction(d) && (way.moved & 2U) != 0) {
      Count mappings = inner_choices_;
      for (std::size_t i = index + 1; i < kDims.size(); ++i) mappings *= outer_way_[kDims[i]]->ways.size();
      tally_->traffic += mappings;
      continue;
    }
    way_[d] = &way;
    point_.factor[d] = way.chain;
    each_factor(index + 1);
  }
}

void Completion::each_order(int level) {
  if (level == space_.levels()) {
    each_keep(2);
    return;
  }
  for (const Operand stays : space_.stationary(level)) {
    if (stopped_) return;
    point_.stationary[static_cast<std::size_t>(level)] = stays;
    each_order(level + 1);
  }
}

void Completion::each_keep(int level) {
  if (level >= space_.levels()) {
    finish();
    return;
  }
  for (const auto& keep : space_.keep(level)) {
    if (stopped_) return;
    point_.keep[static_cast<std::size_t>(level)] = keep;
    each_keep(level + 1);
  }
}

/// Does the choice of what stays at some level name loops that are not there, while another choice names the
/// same nest? (As Mapspace::repeats_another, for the memory levels.)
bool Completion::repeated() const {
  for (int level = 0; level < space_.levels(); ++level) {
    const auto loops = [&](Operand operand) { return (group_[operand].moved >> level & 1U) != 0; };
    const Operand chosen = point_.stationary[static_cast<std::size_t>(level)];
    if (loops(chosen)) continue;
    const auto& choices = space_.stationary(level);
    if (chosen != choices.front()) return true;
    for (const Operand other : choices) {
      if (loops(other)) return true;
    }
  }
  return false;
}

void Completion::finish() {
  if (out_of_budget()) return;
  if (repeated()) {
    ++tally_->repeated;
    return;
  }
  const Least bound = least();
  if (beaten(bound)) {
    ++tally_->traffic;
    return;
  }
  mapping_ = space_.mapping(point_);
  for (int level = space_.levels() - 1; level > 0; --level) {
    if (arch::level_bits(mapping_, space_.problem(), accelerator_, static_cast<std::size_t>(level)) >
        accelerator_.memory[static_cast<std::size_t>(level)].size_bytes * 8) {
      ++tally_->capacity;
      return;
    }
  }
  const double energy = evaluator_.energy(mapping_);
  if (beaten({energy, bound.cycles})) {
    ++tally_->traffic;
    return;
  }
  if (beaten({energy, evaluator_.least_cycles(mapping_)})) {
    ++tally_->cycles;
    return;
  }
  // Above this many cycles it is no better.
  std::int64_t limit = INT64_MAX;
  if (objective_ == Objective::latency && best_->value < 1e18)
    limit = static_cast<std::int64_t>(best_->value);
  if (objective_ == Objective::edp && best_->value / energy < 1e18)
    limit = static_cast<std::int64_t>(std::ceil(best_->value / energy));
  const std::int64_t cycles = evaluator_.cycles(mapping_, limit);
  const Cost exact{energy + evaluator_.prices().cycle * static_cast<double>(cycles), cycles};
  ++tally_->evaluated;
  if (value(objective_, exact) < best_->value) {
    best_->value = value(objective_, exact);
    best_->found = true;
    best_->point = point_;
    best_->cost = exact;
  }
}

}  // namespace heddle::mapper
