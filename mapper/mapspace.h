// The mappings that a search chooses from. A point has, for every dimension, a chain of loop factors (array
// axis, registers, memory levels from the inside out; the DRAM takes the rest), for every level the operand
// whose tile stays while the level's innermost loops run, and for every buffer the operands that it keeps.
// docs/mapspace.md says why orders come down to that.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "arch/legality.h"
#include "mapper/constraints.h"

namespace heddle::mapper {

__extension__ using Count = unsigned __int128;
std::string to_string(Count count);

inline constexpr int kMostLevels = 6;  ///< memory levels that a search copes with
inline constexpr int kMostSlots = kMostLevels + 1;
inline constexpr int kAxisSlot = 0, kRegisterSlot = 1;

using Chain =
    std::array<std::int64_t, kMostSlots>;  ///< factors by slot: axis, registers, innermost memory, ...

struct Point {
  workload::PerDim<Chain> factor;
  workload::Operand register_stationary = workload::Operand::weights;
  std::array<workload::Operand, kMostLevels> stationary{};     ///< by memory level
  std::array<workload::PerOperand<bool>, kMostLevels> keep{};  ///< by memory level
};

/// The dimensions that the operand does not depend on. Every dimension but G is in the group of one operand:
/// N P Q in that of the weights, M in the inputs', C R S in the outputs'.
const std::vector<workload::Dim>& reuse_group(workload::Operand operand);
/// The operand in whose group the dimension is (for G, which is in none, the weights).
workload::Operand reuser(workload::Dim dim);

/// Groups whose loops lie inside those of `group` in a level where the tile of `stays` stays (outermost
/// first: G, the two other groups, the group of what stays).
const std::vector<workload::Operand>& groups_inside(workload::Operand group, workload::Operand stays);

class Mapspace {
 public:
  /// `on_chip`: operands whose home is the outermost buffer (arch/mapping.h): it holds them whole. The
  /// accelerator must outlive the space. Throws InputError when the constraints leave nothing for this layer.
  Mapspace(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
           const Constraints& constraints, const workload::PerOperand<bool>& on_chip = {});

  const arch::LayerProblem& problem() const { return problem_; }
  const arch::Accelerator& accelerator() const { return accelerator_; }
  const Constraints& constraints() const { return constraints_; }
  const workload::PerOperand<bool>& on_chip() const { return on_chip_; }
  int levels() const { return levels_; }
  /// Slots of a chain: axis, registers, memory levels but the DRAM.
  int slots() const { return levels_ + 1; }
  /// The memory level of a slot from 2 on, and back.
  int level_of(int slot) const { return levels_ + 1 - slot; }
  int slot_of(int level) const { return levels_ + 1 - level; }

  /// Factors for the slot when `count` iterations are left of the dimension (the axis slot: all elements),
  /// ascending.
  const std::vector<std::int64_t>& factors(workload::Dim d, int slot, std::int64_t count) const;
  /// Iterations left after a factor.
  std::int64_t left(std::int64_t count, std::int64_t factor) const { return (count + factor - 1) / factor; }
  /// Chains from the slot on when `count` iterations are left.
  Count chains(workload::Dim d, int slot, std::int64_t count) const;

  /// Operands that can stay at a memory level, or in the registers.
  const std::vector<workload::Operand>& stationary(int level) const {
    return stationary_[static_cast<std::size_t>(level)];
  }
  const std::vector<workload::Operand>& register_stationary() const { return register_stationary_; }
  /// Sets of operands that a level from 1 on can keep.
  const std::vector<workload::PerOperand<bool>>& keep(int level) const {
    return keep_[static_cast<std::size_t>(level)];
  }
  /// Choices of what stays and of what is kept, of all levels together.
  Count order_choices() const;
  Count keep_choices() const;

  /// Is the order of a level's loops given, whatever stays?
  bool order_is_fixed(int level) const { return !constraint(level).order.empty(); }
  /// All points, the illegal and the repeated included.
  Count size() const;

  /// Does the point's choice of what stays at some level name loops that are not there, while another choice
  /// names the same nest?
  bool repeats_another(const Point& point) const;
  arch::LayerMapping mapping(const Point& point) const;

 private:
  std::vector<std::int64_t> axis_factors(workload::Dim d) const;
  std::vector<std::int64_t> register_factors(workload::Dim d, std::int64_t count) const;
  std::vector<std::int64_t> splits(std::int64_t count, bool axis) const;
  const LevelConstraint& constraint(int level) const;
  /// Do constraints fix where reduction loops are, or that they are innermost in the innermost memory?
  bool reduction_is_fixed() const;
  bool repeats(const Point& point, int level) const;

  arch::LayerProblem problem_;
  const arch::Accelerator& accelerator_;
  Constraints constraints_;
  workload::PerOperand<bool> on_chip_;
  int levels_;
  std::vector<std::vector<workload::Operand>> stationary_;
  std::vector<workload::Operand> register_stationary_;
  std::vector<std::vector<workload::PerOperand<bool>>> keep_;
  // Made when asked for first: a space belongs to one thread.
  mutable workload::PerDim<std::array<std::map<std::int64_t, std::vector<std::int64_t>>, kMostSlots>>
      factors_;
  mutable workload::PerDim<std::array<std::map<std::int64_t, Count>, kMostSlots + 1>> chains_;
};

}  // namespace heddle::mapper
