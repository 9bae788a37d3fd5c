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

void Tally::add(const Tally& other) {
  evaluated += other.evaluated;
  repeated += other.repeated;
  capacity += other.capacity;
  outer += other.outer;
  traffic += other.traffic;
  cycles += other.cycles;
}

Completion::Completion(const Mapspace& space, const arch::EnergyTable& table, Objective objective, double gap)
    : space_(space),
      accelerator_(space.accelerator()),
      objective_(objective),
      gap_(gap),
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
  for (Dim d : kDims) {
    // An open reduction may lie in the pass as a whole.
    const bool open = open_reduction && workload::is_reduction(d);
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

void Completion::take(const ArrayChoice& choice, Best& best) {
  choice_ = &choice;
  best_ = &best;
  inside_ = 0;
  passes_ = 1;
  for (Dim d : kDims) {  // those of the reduction are open from the first that the pass has
    if (!choice.first_reduction || d < *choice.first_reduction || !workload::is_reduction(d))
      passes_ *= choice.passes[d];
  }
  ends_ = 0;
}

bool Completion::run(const ArrayChoice& choice, Best& best, Tally& tally, const Budget& budget) {
  take(choice, best);
  budget_ = budget;
  points_ = 0;
  stopped_ = false;
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
  for (std::size_t keep = 0; keep < space_.keep(1).size(); ++keep) {
    point_.keep[1] = space_.keep(1)[keep];
    price_array();
    for (std::size_t stays = 0; stays < space_.stationary(0).size(); ++stays) {
      point_.stationary[0] = space_.stationary(0)[stays];
      if (beaten_at_least(keep, stays)) {
        tally_->outer += mappings_below_keep();
        continue;
      }
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
