#include "mapper/default_mapping.h"

#include <algorithm>
#include <stdexcept>

#include "mapper/array_plan.h"
#include "mapper/eie_mapspace.h"
#include "mapper/factors.h"
#include "mapper/tiling.h"
#include "support/error.h"

namespace heddle::mapper {
namespace {

using workload::Dim;
using workload::kDims;
using workload::Operand;
using workload::PerDim;

constexpr std::size_t kPlans = 8;

struct Candidate {
  ArrayPlan plan;
  std::vector<Tiling> tilings;  ///< by memory level; [0] is unused: the dram runs what is left
  double cost = 0;
};

/// Loops around tiles: groups, then outputs so that one operand stays, then the reduction, so that sums stay
/// below.
void add_loops(std::vector<arch::Loop>& loops, const PerDim<std::int64_t>& factor, bool inputs_stay) {
  static constexpr std::array<Dim, workload::kDimCount> kInputsStay = {Dim::G, Dim::N, Dim::P, Dim::Q,
                                                                       Dim::M, Dim::C, Dim::R, Dim::S};
  static constexpr std::array<Dim, workload::kDimCount> kWeightsStay = {Dim::G, Dim::M, Dim::N, Dim::P,
                                                                        Dim::Q, Dim::C, Dim::R, Dim::S};
  for (Dim dim : inputs_stay ? kInputsStay : kWeightsStay) {
    if (factor[dim] > 1) loops.push_back({dim, factor[dim]});
  }
}

PerDim<std::int64_t> product(const PerDim<std::int64_t>& a, const PerDim<std::int64_t>& b) {
  PerDim<std::int64_t> result;
  for (Dim dim : kDims) result[dim] = a[dim] * b[dim];
  return result;
}

class Builder {
 public:
  Builder(const arch::LayerProblem& problem, const arch::Accelerator& accelerator)
      : problem_(problem), accelerator_(accelerator) {}

  /// The best tiles above a plan's passes, level by level from the innermost; nothing when a level cannot
  /// hold one pass.
  std::optional<Candidate> tile(ArrayPlan plan) const {
    const std::size_t levels = accelerator_.memory.size();
    Candidate candidate{plan, std::vector<Tiling>(levels), 0};
    PerDim<std::int64_t> covered;
    const bool streaming = streams(accelerator_.array);
    for (Dim dim : kDims)
      covered[dim] = streaming && workload::is_reduction(dim) ? plan.spatial[dim] : plan.extent(dim);
    bool partial_inside = true;
    for (std::size_t i = levels; i-- > 1;) {
      const arch::MemoryLevel& level = accelerator_.memory[i];
      const arch::MemoryLevel& outer = accelerator_.memory[i - 1];
      TilingRequest request;
      request.unit = covered;
      request.array_cycles = plan.cycles;
      request.outer_bandwidth = static_cast<double>(outer.bandwidth);
      request.bandwidth = static_cast<double>(level.bandwidth);
      request.latency = static_cast<double>(outer.latency_cycles);
      // What this level holds passes through all levels outside: nothing is bypassed.
      request.capacity_bits = INT64_MAX;
      for (std::size_t through = 1; through <= i; ++through)
        request.capacity_bits = std::min(request.capacity_bits, room(accelerator_.memory[through]));
      request.overlapped = level.double_buffered;
      request.partial_inside = partial_inside;
      const auto tiling = best_tiling(problem_, accelerator_.array, request);
      if (!tiling) return std::nullopt;
      candidate.tilings[i] = *tiling;
      candidate.cost = std::max(candidate.cost, tiling->cost);
      covered = product(covered, tiling->factor);
      partial_inside = partial_inside && fits_unfinished(covered, request.capacity_bits);
    }
    for (Dim dim : kDims) candidate.tilings[0].factor[dim] = ceil_div(problem_.shape.size[dim], covered[dim]);
    if (streaming) move_reduction_into_the_pass(candidate);
    return candidate;
  }

  arch::LayerMapping mapping(const Candidate& candidate) const {
    const ArrayPlan& plan = candidate.plan;
    arch::LayerMapping mapping;
    mapping.layer = problem_.name;
    for (Dim dim : kDims) {
      if (plan.spatial[dim] == 1) continue;
      std::vector<arch::Loop>& axis = dim == Dim::M                 ? mapping.rows
                                      : workload::is_reduction(dim) ? mapping.lanes
                                                                    : mapping.columns;
      axis.push_back({dim, plan.spatial[dim]});
    }
    for (Dim dim : register_order(plan.inputs_stay)) {
      if (plan.registers[dim] > 1) mapping.registers.push_back({dim, plan.registers[dim]});
    }
    const std::size_t levels = accelerator_.memory.size();
    for (std::size_t i = 0; i < levels; ++i) {
      arch::LevelMapping level;
      for (Operand operand : workload::kOperands) level.keep[operand] = true;
      // A level's own loops run in the order that was chosen for the tiles inside it.
      const bool inputs_stay = i + 1 < levels ? candidate.tilings[i + 1].inputs_stay : !plan.inputs_stay;
      add_loops(level.temporal, candidate.tilings[i].factor, inputs_stay);
      mapping.memory.push_back(level);
    }
    return mapping;
  }

 private:
  /// Bits that one iteration's tiles may take.
  static std::int64_t room(const arch::MemoryLevel& level) {
    return level.size_bytes * 8 / (level.double_buffered ? 2 : 1);
  }

  bool fits_unfinished(const PerDim<std::int64_t>& extent, std::int64_t capacity_bits) const {
    std::int64_t bits = 0;
    for (Operand operand : workload::kOperands)
      bits += arch::tile_bits(operand, problem_, accelerator_.array, extent, true);
    return bits <= capacity_bits;
  }

  /// A streaming array reads its operands step by step: the innermost memory's reduction loops cost nothing
  /// more in the pass, and the accumulators are then finished in one.
  static void move_reduction_into_the_pass(Candidate& candidate) {
    for (Dim dim : {Dim::C, Dim::R, Dim::S}) {
      candidate.plan.registers[dim] = std::exchange(candidate.tilings.back().factor[dim], 1);
    }
  }

  const arch::LayerProblem& problem_;
  const arch::Accelerator& accelerator_;
};

/// Takes a step from a plan towards the smallest: registers first, then the widest axis. False when there is
/// none.
bool shrink(ArrayPlan& plan, const ArrayPlan& smallest) {
  bool shrunk = false;
  for (Dim dim : kDims) {
    shrunk = shrunk || plan.registers[dim] > 1;
    plan.registers[dim] = 1;
  }
  if (shrunk) return true;
  Dim widest = Dim::M;
  for (Dim dim : kDims) {
    if (plan.spatial[dim] > smallest.spatial[dim] &&
        (plan.spatial[dim] > plan.spatial[widest] || plan.spatial[widest] <= smallest.spatial[widest])) {
      widest = dim;
    }
  }
  if (plan.spatial[widest] <= smallest.spatial[widest]) return false;
  // The lanes' channels go to their least at once: with n:m weights only multiples of m would do between.
  plan.spatial[widest] = widest == Dim::C ? smallest.spatial[widest] : plan.spatial[widest] / 2;
  plan.spatial[widest] = std::max(plan.spatial[widest], smallest.spatial[widest]);
  return true;
}

[[noreturn]] void report_impossible(const arch::LayerProblem& problem,
                                    const std::vector<std::string>& reasons) {
  std::vector<Problem> problems;
  for (const std::string& reason : reasons) {
    problems.push_back(
        {"", 0, 0, "layer " + problem.name, "cannot be mapped, not even with the smallest tiles: " + reason});
  }
  throw InputError(problems);
}

}  // namespace

arch::LayerMapping default_mapping(const arch::LayerProblem& problem, const arch::Accelerator& accelerator) {
  if (accelerator.array.eie) return default_eie_mapping(problem, accelerator);
  const Builder builder(problem, accelerator);
  const ArrayPlan smallest = smallest_plan(problem, accelerator);
  Candidate least{smallest, std::vector<Tiling>(accelerator.memory.size()), 0};
  for (Dim dim : kDims)
    least.tilings[0].factor[dim] = ceil_div(problem.shape.size[dim], smallest.extent(dim));
  const std::vector<std::string> reasons = arch::illegalities(builder.mapping(least), problem, accelerator);
  if (!reasons.empty()) report_impossible(problem, reasons);

  std::optional<Candidate> best;
  const std::vector<ArrayPlan> plans = array_plans(problem, accelerator, kPlans);
  for (const ArrayPlan& plan : plans) {
    const auto candidate = builder.tile(plan);
    if (candidate && (!best || candidate->cost < best->cost)) best = candidate;
  }
  for (ArrayPlan plan = plans.empty() ? smallest : plans.front(); !best;) {
    best = builder.tile(plan);
    if (!best && !shrink(plan, smallest)) best = least;
  }
  arch::LayerMapping mapping = builder.mapping(*best);
  const std::vector<std::string> wrong = arch::illegalities(mapping, problem, accelerator);
  if (!wrong.empty())
    throw std::logic_error("the default mapping of " + problem.name + " is illegal: " + wrong.front());
  return mapping;
}

}  // namespace heddle::mapper
