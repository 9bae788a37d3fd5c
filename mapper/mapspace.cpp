#include "mapper/mapspace.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "mapper/factors.h"
#include "support/error.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::kOperands;
using workload::Operand;
using workload::PerDim;
using workload::PerOperand;

namespace {

const LevelConstraint kFree;

/// The order of the groups' loops in a level, outermost first.
std::array<Operand, 3> group_order(Operand stays) {
  switch (stays) {
    case Operand::weights:
      return {Operand::inputs, Operand::outputs, Operand::weights};
    case Operand::inputs:
      return {Operand::weights, Operand::outputs, Operand::inputs};
    case Operand::outputs:
      break;
  }
  return {Operand::inputs, Operand::weights, Operand::outputs};
}

std::vector<Dim> loop_order(Operand stays, const std::vector<Dim>& fixed) {
  if (!fixed.empty()) return fixed;
  std::vector<Dim> order = {Dim::G};
  for (Operand operand : group_order(stays)) {
    const auto& group = reuse_group(operand);
    order.insert(order.end(), group.begin(), group.end());
  }
  return order;
}

/// In a pass the reduction is outermost: accumulators hold all outputs of a pass anyway.
std::vector<Dim> register_order(Operand stays, const std::vector<Dim>& fixed) {
  if (!fixed.empty()) return fixed;
  std::vector<Dim> order = {Dim::C, Dim::R, Dim::S};
  for (Operand operand : {stays == Operand::weights ? Operand::inputs : Operand::weights,
                          stays == Operand::weights ? Operand::weights : Operand::inputs}) {
    const auto& group = reuse_group(operand);
    order.insert(order.end(), group.begin(), group.end());
  }
  return order;
}

}  // namespace

std::string to_string(Count count) {
  if (count == 0) return "0";
  std::string text;
  for (; count > 0; count /= 10)
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(count % 10)));
  return text;
}

const std::vector<Dim>& reuse_group(Operand operand) {
  static const std::vector<Dim> weights = {Dim::N, Dim::P, Dim::Q}, inputs = {Dim::M},
                                outputs = {Dim::C, Dim::R, Dim::S};
  return operand == Operand::weights ? weights : operand == Operand::inputs ? inputs : outputs;
}

Operand reuser(Dim dim) {
  for (Operand operand : kOperands) {
    const auto& group = reuse_group(operand);
    if (std::find(group.begin(), group.end(), dim) != group.end()) return operand;
  }
  return Operand::weights;
}

const std::vector<Operand>& groups_inside(Operand group, Operand stays) {
  static const auto table = [] {
    std::array<std::array<std::vector<Operand>, 3>, 3> inside;
    for (Operand s : kOperands) {
      const auto order = group_order(s);
      for (std::size_t i = 0; i < order.size(); ++i) {
        inside[static_cast<std::size_t>(s)][static_cast<std::size_t>(order[i])].assign(
            order.begin() + static_cast<std::ptrdiff_t>(i) + 1, order.end());
      }
    }
    return inside;
  }();
  return table[static_cast<std::size_t>(stays)][static_cast<std::size_t>(group)];
}

Mapspace::Mapspace(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                   const Constraints& constraints, const PerOperand<bool>& on_chip)
    : problem_(problem),
      accelerator_(accelerator),
      constraints_(constraints),
      on_chip_(on_chip),
      levels_(static_cast<int>(accelerator.memory.size())) {
  if (levels_ > kMostLevels) {
    throw InputError(accelerator.name, fmt::format("has {} memory levels, the mapper copes with {}: give the "
                                                   "mapping with --mapping",
                                                   levels_, kMostLevels));
  }
  if (on_chip != PerOperand<bool>{} && levels_ == 1) {
    throw InputError(accelerator.name, "has no buffer where tensors could stay on chip");
  }
  if (!arch::runs_sparse(accelerator.array, problem_)) problem_.sparsity.reset();
  // A streaming array's pass can be as long in the reduction as the innermost memory's tile: reduction loops
  // innermost in that memory are the same nest as reduction loops of the pass. Not if constraints fix them.
  const bool reduces_in_pass = !arch::is_resident(accelerator.array, Operand::weights) &&
                               !arch::is_resident(accelerator.array, Operand::inputs) &&
                               !reduction_is_fixed();
  for (int level = 0; level < levels_; ++level) {
    const LevelConstraint& fixed = constraint(level);
    std::vector<Operand> stays;
    for (Operand operand : kOperands) {
      if (operand == Operand::outputs && level == levels_ - 1 && reduces_in_pass) continue;
      if (fixed.stationary && *fixed.stationary != operand) continue;
      if (!fixed.order.empty() && reuser(fixed.order.back()) != operand) continue;
      stays.push_back(operand);
    }
    stationary_.push_back(stays);

    std::vector<PerOperand<bool>> keep;
    for (unsigned bits = 8; bits-- > 0;) {
      PerOperand<bool> choice;
      bool allowed = true;
      for (std::size_t i = 0; i < kOperands.size(); ++i) {
        choice[kOperands[i]] = (bits >> i & 1U) != 0;
        const auto& wanted = fixed.keep[kOperands[i]];
        allowed = allowed && (!wanted || *wanted == choice[kOperands[i]]);
        if (level == 1 && on_chip[kOperands[i]]) allowed = allowed && choice[kOperands[i]];
      }
      if (allowed && (level > 0 || bits == 7)) keep.push_back(choice);
    }
    keep_.push_back(keep);
  }
  register_stationary_ = {Operand::weights};
  if (!arch::is_resident(accelerator.array, Operand::weights) ||
      !arch::is_resident(accelerator.array, Operand::inputs)) {
    register_stationary_ = {Operand::weights, Operand::inputs};
    const auto& fixed = constraints_.registers;
    std::optional<Operand> wanted = fixed.stationary;
    if (!fixed.order.empty()) wanted = reuser(fixed.order.back());
    if (wanted && *wanted != Operand::outputs) register_stationary_ = {*wanted};
  }
  if (size() == 0) {
    throw InputError(constraints_.name, fmt::format("leaves no mapping for layer {}", problem_.name));
  }
}

const LevelConstraint& Mapspace::constraint(int level) const {
  const auto index = static_cast<std::size_t>(level);
  return index < constraints_.memory.size() ? constraints_.memory[index] : kFree;
}

bool Mapspace::reduction_is_fixed() const {
  const LevelConstraint& innermost = constraint(levels_ - 1);
  if (innermost.stationary == Operand::outputs) return true;
  if (!innermost.order.empty() && reuser(innermost.order.back()) == Operand::outputs) return true;
  const auto fixes = [](const LevelConstraint& level) {
    return level.factor[Dim::C] || level.factor[Dim::R] || level.factor[Dim::S];
  };
  return fixes(constraints_.registers) ||
         std::any_of(constraints_.memory.begin(), constraints_.memory.end(), fixes);
}

std::vector<std::int64_t> Mapspace::splits(std::int64_t count, bool axis) const {
  if (constraints_.factors == Factors::ragged || (axis && constraints_.factors == Factors::ragged_axes))
    return even_factors(count, count, std::numeric_limits<std::size_t>::max());
  std::vector<std::int64_t> divisors;
  for (std::int64_t f = 1; f <= count; ++f) {
    if (count % f == 0) divisors.push_back(f);
  }
  return divisors;
}

std::vector<std::int64_t> Mapspace::axis_factors(Dim d) const {
  const arch::ArrayUnit& unit = accelerator_.array;
  const std::int64_t size = problem_.shape.size[d];
  const std::int64_t lanes = arch::effective_lanes(unit, problem_.weight_bits, problem_.input_bits);
  std::vector<std::int64_t> factors;
  if (d == Dim::C && problem_.sparsity) {  // whole groups of channels, or all channels
    const auto [n, m] = *problem_.sparsity;
    for (const std::int64_t groups : splits((size + m - 1) / m, true)) {
      const std::int64_t channels = std::min(groups * m, size);
      if (arch::kept_channels(channels, problem_.sparsity) <= lanes) factors.push_back(channels);
    }
    return factors;
  }
  std::int64_t most = 1;
  if (d == Dim::M) most = unit.rows;
  if (reuser(d) == Operand::weights && d != Dim::G) most = unit.columns;
  if (workload::is_reduction(d)) most = lanes;
  for (const std::int64_t f : splits(size, true)) {
    if (f <= most) factors.push_back(f);
  }
  return factors;
}

std::vector<std::int64_t> Mapspace::register_factors(Dim d, std::int64_t count) const {
  if (d == Dim::G) return {1};
  const arch::Registers& registers = accelerator_.array.registers;
  std::int64_t most = count;
  const auto at_most = [&](Operand operand, std::int64_t room) {
    if (workload::depends_on(operand, d)) most = std::min(most, room);
  };
  if (registers.shared_bytes) {  // one accumulator or operand a factor, at the least
    at_most(Operand::outputs, *registers.shared_bytes * 8 / accelerator_.array.bits.accumulators);
    at_most(Operand::weights, *registers.shared_bytes * 8 / problem_.weight_bits);
    at_most(Operand::inputs, *registers.shared_bytes * 8 / problem_.input_bits);
  } else {
    at_most(Operand::outputs, registers.outputs);
    if (registers.weights > 1) at_most(Operand::weights, registers.weights);
    if (registers.inputs > 1) at_most(Operand::inputs, registers.inputs);
  }
  std::vector<std::int64_t> factors;
  for (const std::int64_t f : splits(count, false)) {
    if (f <= most) factors.push_back(f);
  }
  return factors;
}

const std::vector<std::int64_t>& Mapspace::factors(Dim d, int slot, std::int64_t count) const {
  auto& known = factors_[d][static_cast<std::size_t>(slot)];
  const auto found = known.find(count);
  if (found != known.end()) return found->second;
  const std::optional<std::int64_t>& fixed = slot == kAxisSlot       ? constraints_.axes[d]
                                             : slot == kRegisterSlot ? constraints_.registers.factor[d]
                                                                     : constraint(level_of(slot)).factor[d];
  std::vector<std::int64_t> factors;
  if (slot == kAxisSlot) {
    factors = axis_factors(d);
  } else if (slot == kRegisterSlot) {
    factors = register_factors(d, count);
  } else {
    factors = splits(count, false);
  }
  if (fixed) {
    // A factor may be asked for that is no even split; one beyond what is left takes all of it.
    const std::int64_t wanted = *fixed == kAllThatIsLeft ? factors.back() : std::min(*fixed, count);
    bool possible = *fixed == kAllThatIsLeft || slot > kRegisterSlot || wanted <= factors.back();
    // Lanes of n:m weights take whole groups of channels.
    if (slot == kAxisSlot && d == Dim::C && problem_.sparsity)
      possible = possible && (wanted % problem_.sparsity->m == 0 || wanted == count);
    factors.clear();
    if (possible) factors.push_back(wanted);
  }
  return known.emplace(count, std::move(factors)).first->second;
}

Count Mapspace::chains(Dim d, int slot, std::int64_t count) const {
  if (slot == slots()) {
    // A tensor whose home is the buffer lies there as a whole.
    const bool whole = std::any_of(kOperands.begin(), kOperands.end(), [&](Operand operand) {
      return on_chip_[operand] && workload::depends_on(operand, d);
    });
    if (whole && count > 1) return 0;
    const auto& fixed = constraint(0).factor[d];
    return !fixed || *fixed == kAllThatIsLeft || *fixed == count ? 1 : 0;
  }
  auto& known = chains_[d][static_cast<std::size_t>(slot)];
  const auto found = known.find(count);
  if (found != known.end()) return found->second;
  Count total = 0;
  for (const std::int64_t f : factors(d, slot, count)) total += chains(d, slot + 1, left(count, f));
  known.emplace(count, total);
  return total;
}

Count Mapspace::order_choices() const {
  Count choices = register_stationary_.size();
  for (const auto& level : stationary_) choices *= level.size();
  return choices;
}

Count Mapspace::keep_choices() const {
  Count choices = 1;
  for (const auto& level : keep_) choices *= level.size();
  return choices;
}

Count Mapspace::size() const {
  Count total = order_choices() * keep_choices();
  for (Dim d : kDims) total *= chains(d, kAxisSlot, problem_.shape.size[d]);
  return total;
}

bool Mapspace::repeats(const Point& point, int level) const {
  const auto& choices = stationary_[static_cast<std::size_t>(level)];
  const auto loops = [&](Operand operand) {
    for (const Dim d : reuse_group(operand)) {
      std::int64_t factor = 1;
      if (level > 0) {
        factor = point.factor[d][static_cast<std::size_t>(slot_of(level))];
      } else {
        factor = problem_.shape.size[d];
        for (int slot = 0; slot < slots(); ++slot)
          factor = left(factor, point.factor[d][static_cast<std::size_t>(slot)]);
      }
      if (factor > 1) return true;
    }
    return false;
  };
  const Operand chosen = point.stationary[static_cast<std::size_t>(level)];
  if (loops(chosen)) return false;
  // No loop of the chosen group: the same nest as the first choice that has one, or as the first of all.
  for (const Operand other : choices) {
    if (other != chosen && loops(other)) return true;
  }
  return chosen != choices.front();
}

bool Mapspace::repeats_another(const Point& point) const {
  for (int level = 0; level < levels_; ++level) {
    if (repeats(point, level)) return true;
  }
  if (register_stationary_.size() < 2) return false;
  const auto loops = [&](Operand operand) {
    const auto& group = reuse_group(operand);
    return std::any_of(group.begin(), group.end(), [&](Dim d) { return point.factor[d][kRegisterSlot] > 1; });
  };
  return !loops(point.register_stationary) &&
         (loops(point.register_stationary == Operand::weights ? Operand::inputs : Operand::weights) ||
          point.register_stationary != register_stationary_.front());
}

arch::LayerMapping Mapspace::mapping(const Point& point) const {
  arch::LayerMapping mapping;
  mapping.layer = problem_.name;
  mapping.on_chip = on_chip_;
  mapping.memory.resize(static_cast<std::size_t>(levels_));
  const auto add = [](std::vector<arch::Loop>& loops, Dim d, std::int64_t factor) {
    if (factor > 1) loops.push_back({d, factor});
  };
  for (Dim d : kDims) {
    auto& axis = d == Dim::M ? mapping.rows : workload::is_reduction(d) ? mapping.lanes : mapping.columns;
    add(axis, d, point.factor[d][kAxisSlot]);
  }
  for (Dim d : register_order(point.register_stationary, constraints_.registers.order))
    add(mapping.registers, d, point.factor[d][kRegisterSlot]);
  for (int level = 0; level < levels_; ++level) {
    const auto index = static_cast<std::size_t>(level);
    arch::LevelMapping& loops = mapping.memory[index];
    for (Dim d : loop_order(point.stationary[index], constraint(level).order)) {
      if (level > 0) {
        add(loops.temporal, d, point.factor[d][static_cast<std::size_t>(slot_of(level))]);
        continue;
      }
      std::int64_t rest = problem_.shape.size[d];
      for (int slot = 0; slot < slots(); ++slot)
        rest = left(rest, point.factor[d][static_cast<std::size_t>(slot)]);
      add(loops.temporal, d, rest);
    }
    for (Operand operand : kOperands) loops.keep[operand] = level == 0 || point.keep[index][operand];
  }
  return mapping;
}

}  // namespace heddle::mapper
