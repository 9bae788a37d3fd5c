#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "arch/timeloop.h"
#include "arch/timeloop_levels.h"
#include "support/error.h"

namespace heddle::arch {
namespace {

using workload::Dim;
using workload::kOperands;
using workload::Operand;
using workload::PerDim;

/// One loop of Timeloop's: `factor` iterations, but `last` in the last iteration of all loops outside.
struct Bound {
  std::int64_t factor = 1, last = 1;
};

/// Timeloop has exactly one loop over each dimension at each of these.
struct Nest {
  std::string target = {};
  bool spatial = false;
  std::vector<Dim> order = {};  ///< those that loop, outermost first
  PerDim<Bound> bounds = {};
  std::size_t along_x = 0;  ///< spatial: innermost entries of the permutation on the X axis, the rest on Y
  std::optional<workload::PerOperand<bool>> keep = {};
};

/// One loop a dimension: neighbours of the same one are multiplied.
void add_loops(Nest& nest, const std::vector<Loop>& loops, const std::string& layer) {
  for (const Loop& loop : loops) {
    if (loop.factor == 1) continue;
    if (std::find(nest.order.begin(), nest.order.end(), loop.dim) == nest.order.end()) {
      nest.order.push_back(loop.dim);
    } else if (nest.order.back() != loop.dim) {
      throw InputError(
          "", fmt::format("layer {}: {} has two loops over {} with another loop between them; Timeloop "
                          "has one loop over a dimension at each level",
                          layer, nest.target, letter(loop.dim)));
    }
    nest.bounds[loop.dim].factor *= loop.factor;
  }
}

/// The iterations of the last, short round: size - 1 = sum of (last - 1) x (product of the factors inside).
void set_remainders(std::vector<Nest>& nests, Dim dim, std::int64_t size) {
  std::int64_t rest = size - 1;
  for (auto nest = nests.rbegin(); nest != nests.rend(); ++nest) {
    Bound& bound = nest->bounds[dim];
    bound.last = rest % bound.factor + 1;
    rest /= bound.factor;
  }
  if (rest != 0) {
    throw std::logic_error(fmt::format("the factors of {} cover less than its {}", letter(dim), size));
  }
  for (Nest& nest : nests) {  // what nothing surrounds is always in its last round
    Bound& bound = nest.bounds[dim];
    bound.factor = bound.last;
    if (bound.factor > 1) break;
  }
}

std::string directive(const Nest& nest, const std::vector<Dim>& dims) {
  std::vector<std::string> factors, permutation;
  for (Dim dim : dims) {
    const Bound& bound = nest.bounds[dim];
    factors.push_back(bound.last == bound.factor
                          ? fmt::format("{}={}", letter(dim), bound.factor)
                          : fmt::format("\"{}={},{}\"", letter(dim), bound.factor, bound.last));
  }
  const auto add = [&](Dim dim) { permutation.emplace_back(1, letter(dim)); };
  std::size_t unused_along_x = 0;
  const auto add_others = [&] {
    for (Dim dim : dims) {
      if (std::find(nest.order.begin(), nest.order.end(), dim) != nest.order.end()) continue;
      add(dim);
      ++unused_along_x;
    }
  };
  if (nest.spatial) add_others();  // loops of one iteration, on X
  for (auto dim = nest.order.rbegin(); dim != nest.order.rend(); ++dim) {
    if (std::find(dims.begin(), dims.end(), *dim) != dims.end()) add(*dim);
  }
  if (!nest.spatial) add_others();
  std::string text = fmt::format("  - target: {}\n    type: {}\n    factors: [{}]\n    permutation: [{}]\n",
                                 nest.target, nest.spatial ? "spatial" : "temporal", fmt::join(factors, ", "),
                                 fmt::join(permutation, ", "));
  if (nest.spatial) text += fmt::format("    split: {}\n", unused_along_x + nest.along_x);
  if (nest.keep) {
    std::vector<const char*> kept, bypassed;
    for (Operand operand : kOperands)
      ((*nest.keep)[operand] ? kept : bypassed).push_back(timeloop::data_space(operand));
    text += fmt::format("  - target: {}\n    type: dataspace\n    keep: [{}]\n    bypass: [{}]\n",
                        nest.target, fmt::join(kept, ", "), fmt::join(bypassed, ", "));
  }
  return text;
}

}  // namespace

std::string to_timeloop_mapping(const LayerMapping& mapping, const LayerProblem& problem,
                                const Accelerator& accelerator) {
  if (mapping.memory.size() != accelerator.memory.size())
    throw std::invalid_argument("a mapping of another accelerator");
  std::vector<Nest> nests;
  for (std::size_t i = 0; i < mapping.memory.size(); ++i) {
    Nest nest{.target = timeloop::memory_name(accelerator, i), .keep = mapping.memory[i].keep};
    add_loops(nest, mapping.memory[i].temporal, mapping.layer);
    nests.push_back(std::move(nest));
  }
  // Columns lie on X; rows, outside them in the order, on Y.
  Nest array{.target = timeloop::kArray, .spatial = true};
  add_loops(array, mapping.rows, mapping.layer);
  const std::size_t on_y = array.order.size();
  add_loops(array, mapping.columns, mapping.layer);
  array.along_x = array.order.size() - on_y;
  if (accelerator.array.rows * accelerator.array.columns > 1) nests.push_back(std::move(array));
  for (const timeloop::RegisterLevel& level : timeloop::register_levels(accelerator, problem)) {
    Nest nest{.target = level.name, .keep = level.keep};
    if (level.runs_loops) add_loops(nest, mapping.registers, mapping.layer);
    nests.push_back(std::move(nest));
  }
  Nest lanes{.target = timeloop::kLanes, .spatial = true};
  add_loops(lanes, mapping.lanes, mapping.layer);
  lanes.along_x = lanes.order.size();
  if (timeloop::lane_positions(accelerator.array, problem) > 1) nests.push_back(std::move(lanes));

  for (Dim dim : workload::kDims) set_remainders(nests, dim, problem.shape.size[dim]);
  const std::vector<Dim> dims = timeloop::dimensions(problem.shape);
  std::string text = fmt::format("# {} on {}\nmapping:\n", problem.name, accelerator.name);
  for (const Nest& nest : nests) text += directive(nest, dims);
  return text;
}

}  // namespace heddle::arch
