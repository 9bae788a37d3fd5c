#include "mapper/eie_mapspace.h"

#include <algorithm>
#include <limits>

#include "arch/eie_storage.h"
#include "mapper/factors.h"
#include "mapper/mapspace.h"
#include "support/error.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::Operand;

namespace {

std::vector<std::int64_t> all_factors(std::int64_t size) {
  return even_factors(size, size, std::numeric_limits<std::size_t>::max());
}

}  // namespace

EieMapspace::EieMapspace(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                         const workload::PerOperand<bool>& on_chip)
    : problem_(problem), accelerator_(accelerator), on_chip_(on_chip) {
  const auto& size = problem.shape.size;
  const std::int64_t pes = accelerator.array.rows;
  const std::vector<Extent> reductions = reduction_tiles();
  for (const std::int64_t groups : all_factors(size[Dim::G])) {
    for (const std::int64_t rows : all_factors(ceil_div(size[Dim::M], pes))) {
      for (const Extent& reduction : reductions) {
        Extent tile = reduction;
        tile[Dim::G] = groups;
        tile[Dim::M] = rows * pes;
        weight_tiles_.push_back(tile);
      }
    }
  }
  const auto add = [&](std::int64_t n, std::int64_t p, std::int64_t q) {
    Extent tile(1);
    tile[Dim::N] = n;
    tile[Dim::P] = p;
    tile[Dim::Q] = q;
    position_tiles_.push_back(tile);
  };
  for (const std::int64_t q : all_factors(size[Dim::Q])) {
    if (q < size[Dim::Q]) add(1, 1, q);
  }
  for (const std::int64_t p : all_factors(size[Dim::P])) {
    if (p < size[Dim::P]) add(1, p, size[Dim::Q]);
  }
  for (const std::int64_t n : all_factors(size[Dim::N])) add(n, size[Dim::P], size[Dim::Q]);
}

/// Channels with the whole kernel, rows of the kernel of one channel, parts of a row.
std::vector<EieMapspace::Extent> EieMapspace::reduction_tiles() const {
  const auto& size = problem_.shape.size;
  std::vector<Extent> tiles;
  const auto add = [&](std::int64_t c, std::int64_t r, std::int64_t s) {
    Extent tile(1);
    tile[Dim::C] = c;
    tile[Dim::R] = r;
    tile[Dim::S] = s;
    tiles.push_back(tile);
  };
  for (const std::int64_t s : all_factors(size[Dim::S])) {
    if (s < size[Dim::S]) add(1, 1, s);
  }
  for (const std::int64_t r : all_factors(size[Dim::R])) {
    if (r < size[Dim::R]) add(1, r, size[Dim::S]);
  }
  for (const std::int64_t c : all_factors(size[Dim::C])) add(c, size[Dim::R], size[Dim::S]);
  return tiles;
}

const std::array<EieMapspace::Order, 9>& EieMapspace::orders() {
  static const std::array<Order, 9> all = [] {
    std::array<Order, 9> orders;
    std::size_t i = 0;
    for (Operand dram : {Operand::outputs, Operand::weights, Operand::inputs}) {
      for (Operand sram : {Operand::outputs, Operand::inputs, Operand::weights}) orders[i++] = {dram, sram};
    }
    return orders;
  }();
  return all;
}

EieMapspace::Extent EieMapspace::pass_of(const Extent& weights) const {
  const arch::ArrayUnit& unit = accelerator_.array;
  const auto evenly = [](std::int64_t size, std::int64_t most) {
    return ceil_div(size, ceil_div(size, std::max<std::int64_t>(most, 1)));
  };
  Extent pass(1);
  pass[Dim::M] = unit.rows * evenly(weights[Dim::M] / unit.rows, unit.registers.outputs);
  const std::int64_t columns = arch::block_columns(unit);
  // Channels only with the whole kernel, kernel rows only with all columns.
  pass[Dim::S] = evenly(weights[Dim::S], columns);
  const bool all_columns = pass[Dim::S] == problem_.shape.size[Dim::S];
  if (all_columns) pass[Dim::R] = evenly(weights[Dim::R], columns / pass[Dim::S]);
  if (all_columns && pass[Dim::R] == problem_.shape.size[Dim::R])
    pass[Dim::C] = evenly(weights[Dim::C], columns / (pass[Dim::R] * pass[Dim::S]));
  return pass;
}

void EieMapspace::add_loops(std::vector<arch::Loop>& loops, const Extent& factor, Operand stays) const {
  const auto add = [&](Dim d) {
    if (factor[d] > 1) loops.push_back({d, factor[d]});
  };
  add(Dim::G);
  for (Operand group : workload::kOperands) {
    if (group == stays) continue;
    for (Dim d : reuse_group(group)) add(d);
  }
  for (Dim d : reuse_group(stays)) add(d);
}

bool EieMapspace::repeats(const arch::LayerMapping& mapping, const Order& order) const {
  // What stays names loops that are not there, and is not the one that stands for all such.
  const auto without_loops = [&](const std::vector<arch::Loop>& loops, Operand stays) {
    const auto& group = reuse_group(stays);
    return std::none_of(loops.begin(), loops.end(), [&](const arch::Loop& loop) {
      return std::find(group.begin(), group.end(), loop.dim) != group.end();
    });
  };
  for (const auto& [loops, stays] : {std::pair{&mapping.memory[0].temporal, order.dram},
                                     std::pair{&mapping.memory[1].temporal, order.sram}}) {
    const bool any =
        std::any_of(loops->begin(), loops->end(), [](const arch::Loop& loop) { return loop.dim != Dim::G; });
    if (any ? without_loops(*loops, stays) : stays != Operand::outputs) return true;
  }
  return false;
}

arch::LayerMapping EieMapspace::mapping(const Extent& weights, const Extent& positions,
                                        const Order& order) const {
  const auto& size = problem_.shape.size;
  const std::int64_t pes = accelerator_.array.rows;
  const Extent pass = pass_of(weights);
  arch::LayerMapping mapping;
  mapping.layer = problem_.name;
  mapping.on_chip = on_chip_;
  mapping.rows = {{Dim::M, pes}};
  if (pass[Dim::M] > pes) mapping.registers.push_back({Dim::M, pass[Dim::M] / pes});
  for (Dim d : {Dim::C, Dim::R, Dim::S}) {
    if (pass[d] > 1) mapping.registers.push_back({d, pass[d]});
  }
  Extent inner, outer;
  for (Dim d : kDims) {
    const bool position = d == Dim::N || d == Dim::P || d == Dim::Q;
    inner[d] = ceil_div(position ? positions[d] : weights[d], pass[d]);
    outer[d] = ceil_div(size[d], inner[d] * pass[d]);
  }
  mapping.memory.resize(2);
  for (arch::LevelMapping& level : mapping.memory) {
    for (Operand operand : workload::kOperands) level.keep[operand] = true;
  }
  add_loops(mapping.memory[0].temporal, outer, order.dram);
  add_loops(mapping.memory[1].temporal, inner, order.sram);
  return mapping;
}

arch::LayerMapping default_eie_mapping(const arch::LayerProblem& problem,
                                       const arch::Accelerator& accelerator) {
  const EieMapspace space(problem, accelerator, {});
  constexpr EieMapspace::Order kOrder{Operand::weights, Operand::outputs};
  const auto wrong = [&](const EieMapspace::Extent& weights, const EieMapspace::Extent& positions) {
    return arch::illegalities(space.mapping(weights, positions, kOrder), problem, accelerator);
  };
  const auto smallest = std::min_element(space.weight_tiles().begin(), space.weight_tiles().end(),
                                         [](const auto& a, const auto& b) {
                                           const auto count = [](const auto& e) {
                                             return e[Dim::G] * e[Dim::M] * e[Dim::C] * e[Dim::R] * e[Dim::S];
                                           };
                                           return count(a) < count(b);
                                         });
  const std::vector<std::string> reasons = wrong(*smallest, space.position_tiles().front());
  if (!reasons.empty()) {
    std::vector<Problem> problems;
    for (const std::string& reason : reasons) {
      problems.push_back({"", 0, 0, "layer " + problem.name,
                          "cannot be mapped, not even with the smallest tiles: " + reason});
    }
    throw InputError(problems);
  }
  // The largest tile of weights that fits beside the smallest of positions; then the largest of positions.
  const auto volume = [](const EieMapspace::Extent& e) {
    return e[Dim::G] * e[Dim::M] * e[Dim::C] * e[Dim::R] * e[Dim::S];
  };
  const EieMapspace::Extent* weights = &*smallest;
  for (const EieMapspace::Extent& tile : space.weight_tiles()) {
    if (volume(tile) > volume(*weights) && wrong(tile, space.position_tiles().front()).empty())
      weights = &tile;
  }
  const EieMapspace::Extent* positions = &space.position_tiles().front();
  for (const EieMapspace::Extent& tile : space.position_tiles()) {
    if (wrong(*weights, tile).empty()) positions = &tile;
  }
  return space.mapping(*weights, *positions, kOrder);
}

}  // namespace heddle::mapper
