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

bool Completion::beaten(const Least& least) const {
  return value(objective_, {least.energy + evaluator_.prices().cycle * static_cast<double>(least.cycles),
                            least.cycles}) >= best_->value;
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
