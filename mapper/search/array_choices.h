// What a pass of the array can be: factors of the axes and of the registers, and which operand stays in its
// register. Each choice has a bound on what a layer costs that uses it, whatever the memories do.
#pragma once

#include <algorithm>
#include <optional>

#include "mapper/search/evaluator.h"

namespace heddle::mapper {

struct ArrayChoice {
  workload::PerDim<std::int64_t> axis{1}, registers{1};
  workload::PerDim<std::int64_t> passes{1};  ///< iterations left outside the pass
  workload::Operand stays = workload::Operand::weights;
  /// Of a streaming array, whose reduction in the pass is open: the first of C R S that a pass loops over
  /// (none: no reduction in the pass).
  std::optional<workload::Dim> first_reduction;
  /// Weights, inputs: loops of the pass move them, so that the choice knows how often they are loaded.
  workload::PerOperand<bool> moved{};
  // At least:
  double energy = 0;         ///< pJ of everything but what the movers move
  double reload_energy = 0;  ///< of that: what is loaded more than once because passes follow one another
  std::int64_t cycles = 0;   ///< of the array: steps and loads
  std::int64_t steps = 1;    ///< exactly
  workload::PerOperand<std::int64_t> load_cycles{};  ///< beyond a cycle each, of every distinct load once
  std::int64_t longest_load = 1;                     ///< at most: cycles of the load of a pass's first step
  /// What every visit after the first adds.
  struct Visit {
    double energy = 0;  ///< pJ, as below
    double bits = 0;    ///< between memory and array
    double cycles = 0;
    double cycles_of_first = 0;  ///< steps and loads, or drains, with one visit
  };
  /// At least, if the loops next outside the pass are of one operand's group: that operand stays from pass to
  /// pass, and every other that the pass does not move anyway comes anew.
  struct Around {
    double energy = 0;                          ///< pJ, as above
    std::int64_t cycles = 0;                    ///< as above, and partial sums that it waits for
    workload::PerOperand<double> again_bits{};  ///< between memory and array, beyond each element once
    std::int64_t drains = 0;                    ///< cycles of all drains, beside the array's
    std::int64_t resumed = 0;                   ///< cycles of bringing partial sums back
    double output_visits = 1;                   ///< of all tiles of outputs, drained each time
    /// Steps and loads if neither operand comes from the DRAM, if weights do, inputs, both.
    std::array<std::int64_t, 4> streaming{};
    Visit visit;  ///< of what stays
    std::int64_t least_cycles() const { return std::max(cycles, drains); }
  };
  workload::PerOperand<Around> around;
};

/// What the rest of the machine costs at least, and the value that must be beaten.
struct Rest {
  double energy = 0;
  std::int64_t cycles = 0;  ///< in parallel with the array
  double beat = 0;          ///< choices whose bound is not below this are of no use
};

/// May a pass of this choice have the factor for a reduction dimension that the choice leaves open?
bool allows(const ArrayChoice& choice, workload::Dim d, std::int64_t factor);

/// All choices of a space that are legal and whose bound beats `rest.beat`, cheapest first. Adds what it
/// leaves out to `removed`, in mappings.
class ArrayChoices {
 public:
  ArrayChoices(const Mapspace& space, const Prices& prices, Objective objective);

  struct Removed {
    Count axes = 0, registers = 0, utilization = 0, repeated = 0, bound = 0;
  };
  std::vector<ArrayChoice> find(const Rest& rest, Removed& removed) const;
  /// Both operands stream: a pass may then be as long in the reduction as one likes, and its choice is left
  /// open (factor 1, all iterations left).
  bool streams_reduction() const { return !weights_resident_ && !inputs_resident_; }
  /// Ways outwards along a dimension, and the factors of the registers that they may begin with.
  Count ways(const ArrayChoice& choice, workload::Dim d) const;
  /// Mappings that have this choice.
  Count mappings(const ArrayChoice& choice) const;

 private:
  using Dim = workload::Dim;
  /// Loads of one operand for given tiles: each distinct tile once.
  struct Loads {
    Histogram volumes;  ///< elements of a tile, tiles
    std::int64_t tiles = 0, elements = 0;
    std::int64_t busy = 0, longest = 1, shortest = INT64_MAX;  ///< cycles, at least one each
    std::int64_t least_bits = 0, most_bits = 0;
    std::int64_t dram_busy = 0;  ///< cycles, at least one each, if they come from the DRAM
    std::int64_t dram_bytes = 0;
  };
  /// Of both operands: of steps, or of passes where one is resident.
  struct LoadPair {
    workload::PerOperand<Loads> of;  ///< weights and inputs
    /// By operand: cycles of all its loads beyond the longest of the other's; and beyond it if each coincides
    /// with one of the other's.
    workload::PerOperand<double> beyond, beyond_together;
    std::int64_t longest = 1;  ///< at most: cycles of a load of both
  };

  /// How often each load of an operand is done, and for how many PEs, over all of them.
  struct Reuse {
    double visits = 1, copies = 1;
    bool known = false;  ///< the pass's loops move the operand
    bool moved = false;  ///< all of it, everywhere
  };

  Loads loads_of(workload::Operand operand, const Histogram& volumes) const;
  void complete(LoadPair& loads) const;
  Histogram weight_volumes(const workload::PerDim<std::int64_t>& tile) const;
  Histogram input_volumes(const workload::PerDim<std::int64_t>& tile, bool whole_pass,
                          const workload::PerDim<std::int64_t>& axis) const;
  std::int64_t load_cycles(std::int64_t weight_bits, std::int64_t input_bits) const;
  std::int64_t slowest_load(std::int64_t weight_bits, std::int64_t input_bits) const;
  bool fits_registers(const ArrayChoice& choice, std::size_t chosen, const std::array<Dim, 8>& order) const;
  Reuse reuse_in_pass(const ArrayChoice& choice, workload::Operand operand, bool resident) const;
  Reuse reuse_around(const ArrayChoice& choice, workload::Operand operand, const Reuse& in_pass) const;
  double load_energy(const LoadPair& loads, const Reuse& of_weights, const Reuse& of_inputs) const;
  double loading_cycles(const ArrayChoice& choice, const LoadPair& loads, workload::Operand base,
                        const Reuse& base_reuse, const Reuse& other_reuse) const;
  double loading_cycles(const ArrayChoice& choice, const LoadPair& loads, const Reuse& of_weights,
                        const Reuse& of_inputs) const;
  void bound_in_pass(ArrayChoice& choice, const LoadPair& loads) const;
  void bound_around(ArrayChoice& choice, const LoadPair& loads) const;

  const Mapspace& space_;
  const Prices& prices_;
  Objective objective_;
  int weight_bits_, input_bits_;
  bool weights_resident_, inputs_resident_;
  double cheapest_memory_;      ///< pJ of a bit
  double constant_energy_ = 0;  ///< what no mapping changes
  bool may_be_ragged_;          ///< factors of the registers need not divide
  mutable WindowSums window_sums_;
};

}  // namespace heddle::mapper
