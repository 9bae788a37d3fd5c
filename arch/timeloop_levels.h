// What the three files for Timeloop have in common: names of levels, data spaces and dimensions.
#pragma once

#include <string>
#include <vector>

#include "arch/legality.h"

namespace heddle::arch::timeloop {

/// The spatial containers and the multiplier. A memory level of the same name gets "_memory" behind its own.
inline constexpr const char* kArray = "array";
inline constexpr const char* kLanes = "lanes";
inline constexpr const char* kMultiplier = "mac";

/// Registers of a PE, outermost first. Resident ones hold what a pass needs; single vectors stream.
struct RegisterLevel {
  std::string name;
  workload::PerOperand<bool> keep{};
  std::int64_t entries = 1;  ///< elements of `bits` each
  int bits = 8;
  bool runs_loops = false;  ///< the registers' loops belong to this level: all above it hold a whole pass
};
std::vector<RegisterLevel> register_levels(const Accelerator& accelerator, const LayerProblem& problem);

/// Positions of the reduction that the lanes cover in a step: kept weights reach m / n as many.
std::int64_t lane_positions(const ArrayUnit& unit, const LayerProblem& problem);
std::string memory_name(const Accelerator& accelerator, std::size_t level);
/// "Weights", "Inputs", "Outputs".
const char* data_space(workload::Operand operand);
/// No window and no image: the problem has no P, Q, R, S.
bool is_product(const workload::MacShape& shape);
/// Dimensions of the problem, in the order N G M C P Q R S.
std::vector<workload::Dim> dimensions(const workload::MacShape& shape);
/// Bits of a word: of the widest operand.
int word_bits(const LayerProblem& problem);

}  // namespace heddle::arch::timeloop
