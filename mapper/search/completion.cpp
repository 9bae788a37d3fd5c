#include "mapper/search/completion.h"

#include <algorithm>
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
          group = groups.insert(group, OuterWays{tiles, space_.problem().shape.size[d], {}});
        }
        std::int64_t extent = 1;
        for (const std::int64_t f : way.chain) extent *= f;
        group->extent = std::min(group->extent, extent);
        group->ways.push_back(way);
        ++all_ways_[d];
        return;
      }
      for (const std::int64_t f : space_.factors(d, slot, count)) {
        way.chain[static_cast<std::size_t>(slot)] = f;
        self(self, slot + 1, space_.left(count, f));
      }
      way.chain[static_cast<std::size_t>(slot)] = 1;
    };
    descend(descend, open ? kRegisterSlot : kRegisterSlot + 1, choice_->passes[d]);
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

void Completion::run(const ArrayChoice& choice, Best& best, Tally& tally) {
  choice_ = &choice;
  best_ = &best;
  tally_ = &tally;
  point_.register_stationary = choice.stays;
  find_ways();
  outer_cycles_ = 0;
  if (!outer_bound_) {
    for (Dim d : kDims) outer_way_[d] = &outer_ways_[d].front();
    each_factor(0);
    return;
  }
  price_bypass();
  for (const auto& keep : space_.keep(1)) {
    point_.keep[1] = keep;
    for (const Operand stays : space_.stationary(0)) {
      point_.stationary[0] = stays;
      for (Dim d : kDims) {  // the fewest tiles for the traffic, the smallest for the capacity
        outer_tiles_[d] = outer_ways_[d].front().tiles;
        least_extent_[d] = outer_ways_[d].front().extent;
        for (const OuterWays& group : outer_ways_[d])
          least_extent_[d] = std::min(least_extent_[d], group.extent);
      }
      each_outer(0);
    }
  }
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
    each_factor(0);
    return;
  }
  const Dim d = kOrder[index];
  const std::int64_t fewest = outer_tiles_[d], smallest = least_extent_[d];
  const auto& groups = outer_ways_[d];
  const Least& bypass = bypass_[(keep[Operand::weights] ? 0U : 1U) + (keep[Operand::inputs] ? 0U : 2U)];
  for (std::size_t i = 0; i < groups.size(); ++i) {
    outer_tiles_[d] = groups[i].tiles;
    least_extent_[d] = groups[i].extent;
    const Least traffic = outer_bound_->cost(
        outer_tiles_, outer_bound_->input_positions(true, outer_tiles_[Dim::P], outer_tiles_[Dim::R]),
        outer_bound_->input_positions(false, outer_tiles_[Dim::Q], outer_tiles_[Dim::S]),
        point_.stationary[0], keep);
    if (beaten({choice_->energy + bypass.energy + traffic.energy,
                std::max(choice_->cycles + bypass.cycles, traffic.cycles)})) {
      Count ways = 0;
      for (; i < groups.size(); ++i) ways += groups[i].ways.size();
      tally_->outer += mappings_below(index, ways);
      break;
    }
    if (!outer_bound_->fits(least_extent_, keep)) {
      tally_->capacity += mappings_below(index, groups[i].ways.size());
      continue;
    }
    outer_way_[d] = &groups[i];
    outer_cycles_ = traffic.cycles;
    each_outer(index + 1);
  }
  outer_tiles_[d] = fewest;
  least_extent_[d] = smallest;
}

void Completion::each_factor(std::size_t index) {
  if (index == kDims.size()) {
    each_order(outer_bound_ ? 1 : 0);
    return;
  }
  const Dim d = kDims[index];
  for (const Way& way : outer_way_[d]->ways) {
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
    point_.keep[static_cast<std::size_t>(level)] = keep;
    each_keep(level + 1);
  }
}

/// How often a tile that the level's loops hand inwards is moved: for every iteration, over dimensions that
/// the operand does not depend on, of the loops outside the innermost one that moves it.
double Completion::visits(Operand operand, int level) const {
  for (; level >= 0; --level) {
    const auto inside = static_cast<std::size_t>(level) + 1;
    bool moved = false;
    double unmoved =
        1;  // share of tiles at the end of every dimension that moves them, alone in their outer tile
    for (Dim d : kDims) {
      if (!depends_on(operand, d)) continue;
      const auto& tiles = way_[d]->tiles;
      if (tiles[inside] == tiles[inside - 1]) continue;
      moved = true;
      const std::int64_t factor =
          level == 0 ? tiles[1] : way_[d]->chain[static_cast<std::size_t>(space_.slot_of(level))];
      const bool alone =
          level > 0 && tiles[inside - 1] > 1 && tiles[inside] - (tiles[inside - 1] - 1) * factor == 1;
      // No tile is longer; at the input's edges others can be shorter, hence 2.
      unmoved *= alone ? std::min(1.0, 2.0 / static_cast<double>(tiles[inside])) : 0.0;
    }
    if (!moved) continue;
    const bool stays = point_.stationary[static_cast<std::size_t>(level)] == operand;
    double product = 1;
    for (Dim d : reuse_group(operand))
      product *= static_cast<double>(way_[d]->tiles[stays ? inside - 1 : inside]);
    return unmoved > 0 ? (1 - unmoved) * product + unmoved : product;
  }
  return 1;
}

/// Input rows x columns that the tiles of a memory level touch, all together.
double Completion::input_positions(int level) {
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

/// Cycles of the array when operands that bypass the innermost buffer make each pass wait for the memory they
/// are in.
std::int64_t Completion::least_array_cycles() const {
  std::int64_t wait = 0;
  for (Operand operand : {Operand::weights, Operand::inputs}) {
    int level = space_.levels() - 1;
    while (level > 0 && !point_.keep[static_cast<std::size_t>(level)][operand]) --level;
    if (level < space_.levels() - 1 || level == 0)
      wait = std::max(wait, accelerator_.memory[static_cast<std::size_t>(level)].latency_cycles);
  }
  return choice_->cycles + passes_ * wait;
}

/// A lower bound: what movers move, and what the array's choice accounts for already.
double Completion::traffic_energy() {
  const auto& prices = evaluator_.prices();
  const int levels = space_.levels();
  double energy = choice_->energy - choice_->reload_energy;
  for (Operand operand : kOperands) {
    int from = 0;
    for (int level = 1; level < levels; ++level) {
      if (!point_.keep[static_cast<std::size_t>(level)][operand]) continue;
      const double both =
          prices.memory[static_cast<std::size_t>(from)] + prices.memory[static_cast<std::size_t>(level)];
      from = level;
      const double times = visits(operand, level - 1);
      double elements = elements_[operand];
      if (operand == Operand::inputs) elements *= input_positions(level);
      const double partial = operand == Operand::outputs
                                 ? 2 * (times - 1) * accelerator_.array.bits.accumulators
                                 : (times - 1) * bits_[operand];
      energy += elements * (bits_[operand] + partial) * both;
    }
    // Between the innermost memory that keeps it and the array: the choice has counted each element once, at
    // the least price.
    double elements = elements_[operand];
    const double price = prices.memory[static_cast<std::size_t>(from)];
    if (operand == Operand::outputs) {
      const double times = visits(operand, levels - 1);
      energy +=
          elements * (bits_[operand] * (price - cheapest_memory_) +
                      2 * (times - 1) * accelerator_.array.bits.accumulators * (price + prices.registers));
    } else if (arch::is_resident(accelerator_.array, operand)) {
      if (operand == Operand::inputs) elements *= input_positions_;
      const double times = visits(operand, levels - 1);
      energy += elements * bits_[operand] *
                ((times - 1) * (price + copies(operand) * prices.registers) + (price - cheapest_memory_));
    } else {
      if (operand == Operand::inputs) elements *= input_positions_;
      energy += elements * bits_[operand] * (price - cheapest_memory_);
    }
  }
  return energy;
}

void Completion::finish() {
  if (space_.repeats_another(point_)) {
    ++tally_->repeated;
    return;
  }
  const std::int64_t array = std::max(least_array_cycles(), outer_cycles_);
  if (beaten({traffic_energy() * (1 - 1e-9), array})) {
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
  if (beaten({energy, array})) {
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
