// Can this accelerator run this mapping of this layer? Capacities, axes, coverage.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arch/mapping.h"

namespace heddle::arch {

/// Weights as indices into a codebook, zeros left out: what the eie unit stores.
struct SharedWeights {
  int code_bits = 4;
  double density = 1;     ///< share of the weights that are not zero
  double pe_density = 1;  ///< the same among the rows of the PE that has most
  friend bool operator==(const SharedWeights&, const SharedWeights&) = default;
};

/// A MAC layer as the machine sees it: its loops and the widths of what moves.
struct LayerProblem {
  std::string name;
  workload::MacShape shape;
  int weight_bits = 8;
  int input_bits = 8;
  int output_bits = 8;
  std::optional<workload::StructuredSparsity> sparsity;  ///< of the weights, when they are stored n:m
  std::optional<SharedWeights> shared;                   ///< of the weights, for the eie unit
  double input_density = 1;  ///< share of the inputs that are not zero, as far as is known
};

/// Bits of the index of a kept weight within its group of m: ceil(log2 m).
int index_bits(const workload::StructuredSparsity& sparsity);
/// Weights stored for so many consecutive channels, the first at a group's start: n for each full group of m,
/// and at most n for the rest. Dense: all of them.
std::int64_t kept_channels(std::int64_t channels,
                           const std::optional<workload::StructuredSparsity>& sparsity);
/// Lanes of the unit for these operand widths: `lanes`, times 8 / bits if it is scalable.
std::int64_t effective_lanes(const ArrayUnit& unit, int weight_bits, int input_bits);
/// Do the PEs hold the operand for a whole pass? (Else it streams through a single vector register.)
bool is_resident(const ArrayUnit& unit, workload::Operand operand);
/// Does the unit run these weights in its n:m mode (same n:m), or densely (false)?
bool runs_sparse(const ArrayUnit& unit, const LayerProblem& problem);

/// Elements of one operand's tile when each dimension spans `extent` (unclipped: no padding or layer edge is
/// considered; input rows and columns are the distinct ones that the window touches).
std::int64_t tile_elements(workload::Operand operand, const workload::MacShape& shape,
                           const workload::PerDim<std::int64_t>& extent);

/// Bits of one operand's tile as memories hold it: weights encoded with their indices when the array runs
/// them sparse, inputs as the distinct rows and columns, outputs at accumulator width if `partial_sums`, else
/// at output width. `extent` is clipped to the layer's size; weights' channels start at a group's start.
std::int64_t tile_bits(workload::Operand operand, const LayerProblem& problem, const ArrayUnit& unit,
                       workload::PerDim<std::int64_t> extent, bool partial_sums);
/// Whether unfinished outputs can reach this memory level (which keeps outputs): some reduction loop runs
/// outside an output loop, both at memory levels outside the next inner level that keeps outputs (the array,
/// if none does).
bool partial_sums_reach(const LayerMapping& mapping, const workload::MacShape& shape, std::size_t level);
/// Bits of all tiles that a memory level keeps at once, twice when it is double buffered. An operand that is
/// on chip has no second tile; inputs on chip take the whole tensor, also what no window touches.
std::int64_t level_bits(const LayerMapping& mapping, const LayerProblem& problem,
                        const Accelerator& accelerator, std::size_t level);

/// Everything that is wrong, each saying which level or axis and by how much; empty for a legal mapping.
/// Rules in docs/mapping.md.
std::vector<std::string> illegalities(const LayerMapping& mapping, const LayerProblem& problem,
                                      const Accelerator& accelerator);
/// The part of it that is the eie unit's own.
void find_eie_illegalities(const LayerMapping& mapping, const LayerProblem& problem,
                           const Accelerator& accelerator, std::vector<std::string>& found);

}  // namespace heddle::arch
