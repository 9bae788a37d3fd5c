#include "mapper/search/completion.h"

#include <algorithm>
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
  traffic += other.traffic;
  energy += other.energy;
  cycles += other.cycles;
}

Completion::Completion(const Mapspace& space, const arch::EnergyTable& table, Objective objective)
    : space_(space),
      accelerator_(space.accelerator()),
      objective_(objective),
      evaluator_(space.problem(), space.accelerator(), table),
      window_sums_(space.problem().shape) {
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
}

void Completion::begin(const ArrayChoice& choice, const OuterTileChoices* outer) {
  choice_ = &choice;
  outer_ = outer;
  const bool open_reduction = !arch::is_resident(accelerator_.array, Operand::weights) &&
                              !arch::is_resident(accelerator_.array, Operand::inputs);
  point_.register_stationary = choice.stays;
  passes_ = 1;
  for (Dim d : kDims) {
    // An open reduction may lie in the pass as a whole.
    if (!(open_reduction && workload::is_reduction(d))) passes_ *= choice.passes[d];
    auto& by_tiles = ways_[d];
    by_tiles.resize(outer ? outer->counts(d).size() : 1);
    for (auto& ways : by_tiles) ways.clear();
    Way way;
    way.chain.fill(1);
    way.chain[kAxisSlot] = choice.axis[d];
    way.chain[kRegisterSlot] = choice.registers[d];
    way.tiles[0] = 1;
    const auto descend = [&](const auto& self, int slot, std::int64_t count) -> void {
      if (slot > kRegisterSlot) way.tiles[static_cast<std::size_t>(space_.level_of(slot) + 1)] = count;
      if (slot == space_.slots()) {
        if (space_.chains(d, slot, count) == 0) return;
        std::size_t index = 0;
        if (outer) {
          const auto& counts = outer->counts(d);
          index = static_cast<std::size_t>(std::lower_bound(counts.begin(), counts.end(), count) -
                                           counts.begin());
        }
        by_tiles[index].push_back(way);
        return;
      }
      for (const std::int64_t f : space_.factors(d, slot, count)) {
        way.chain[static_cast<std::size_t>(slot)] = f;
        self(self, slot + 1, space_.left(count, f));
      }
      way.chain[static_cast<std::size_t>(slot)] = 1;
    };
    descend(descend, open_reduction && workload::is_reduction(d) ? kRegisterSlot : kRegisterSlot + 1,
            choice.passes[d]);
  }
  price_bypass();
}

/// With a single buffer an operand that it lacks comes from the DRAM for every load, and each pass waits for
/// it.
void Completion::price_bypass() {
  bypass_ = {};
  if (space_.levels() != 2) return;
  const auto& prices = evaluator_.prices();
  const double beyond = prices.memory[0] - *std::min_element(prices.memory.begin(), prices.memory.end());
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

Completion::Least Completion::least(const OuterTiles& tiles) const {
  const Least& bypass =
      bypass_[(tiles.keep[Operand::weights] ? 0U : 1U) + (tiles.keep[Operand::inputs] ? 0U : 2U)];
  return {choice_->energy + tiles.energy + bypass.energy,
          std::max(choice_->cycles + bypass.cycles, tiles.cycles)};
}

Count Completion::chains(const OuterTiles* tiles) const {
  Count product = 1;
  for (Dim d : kDims) {
    product *= ways_[d][tiles ? tiles->index[static_cast<std::size_t>(d)] : 0].size();
    if (product == 0) return 0;
  }
  return product;
}

void Completion::run(const OuterTiles* tiles, Best& best, Tally& tally) {
  tiles_ = tiles;
  best_ = &best;
  tally_ = &tally;
  if (tiles) {
    point_.stationary[0] = tiles->stays;
    point_.keep[1] = tiles->keep;
  }
  each_factor(0);
}

void Completion::each_factor(std::size_t index) {
  if (index == kDims.size()) {
    each_order(tiles_ ? 1 : 0);
    return;
  }
  const Dim d = kDims[index];
  for (const Way& way : ways_[d][tiles_ ? tiles_->index[index] : 0]) {
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
  const double cheapest = *std::min_element(prices.memory.begin(), prices.memory.end());
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
          elements * (bits_[operand] * (price - cheapest) +
                      2 * (times - 1) * accelerator_.array.bits.accumulators * (price + prices.registers));
    } else if (arch::is_resident(accelerator_.array, operand)) {
      if (operand == Operand::inputs) elements *= input_positions_;
      const double times = visits(operand, levels - 1);
      energy += elements * bits_[operand] *
                ((times - 1) * (price + copies(operand) * prices.registers) + (price - cheapest));
    } else {
      if (operand == Operand::inputs) elements *= input_positions_;
      energy += elements * bits_[operand] * (price - cheapest);
    }
  }
  return energy;
}

void Completion::finish() {
  if (space_.repeats_another(point_)) {
    ++tally_->repeated;
    return;
  }
  const std::int64_t array = std::max(least_array_cycles(), tiles_ ? tiles_->cycles : 0);
  const double traffic = traffic_energy() * (1 - 1e-9);
  if (value(objective_, {traffic + evaluator_.prices().cycle * static_cast<double>(array), array}) >=
      best_->value) {
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
  const double cycle_pj = evaluator_.prices().cycle;
  const double energy = evaluator_.energy(mapping_);
  const auto cost = [&](std::int64_t cycles) {
    return Cost{energy + cycle_pj * static_cast<double>(cycles), cycles};
  };
  if (value(objective_, cost(array)) >= best_->value) {
    ++tally_->energy;
    return;
  }
  if (value(objective_, cost(evaluator_.least_cycles(mapping_))) >= best_->value) {
    ++tally_->cycles;
    return;
  }
  // Above this many cycles it is no better.
  std::int64_t limit = INT64_MAX;
  if (objective_ == Objective::latency && best_->value < 1e18)
    limit = static_cast<std::int64_t>(best_->value);
  if (objective_ == Objective::edp && best_->value / energy < 1e18)
    limit = static_cast<std::int64_t>(std::ceil(best_->value / energy));
  const Cost exact = cost(evaluator_.cycles(mapping_, limit));
  ++tally_->evaluated;
  if (value(objective_, exact) < best_->value) {
    best_->value = value(objective_, exact);
    best_->found = true;
    best_->point = point_;
    best_->cost = exact;
  }
}

}  // namespace heddle::mapper
