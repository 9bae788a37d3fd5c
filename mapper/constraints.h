// What a user fixes of the mapspace: factors, orders, what is kept where, how well the array is used. The
// named dataflows of configs/constraints are such files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "arch/accelerator.h"
#include "workload/dimension.h"

namespace heddle::yaml {
class Document;
}

namespace heddle::mapper {

/// Loop factors that the space holds.
enum class Factors : std::uint8_t {
  perfect,      ///< those that divide what is left of the dimension
  ragged_axes,  ///< at the array's axes `ragged`, elsewhere those that divide the steps or tiles that are
                ///< left
  ragged,  ///< for each number of tiles the smallest factor that gives so few, ceil(n / k): the last tile may
           ///< be short
};

/// A factor that takes all that is left of its dimension.
inline constexpr std::int64_t kAllThatIsLeft = 0;

struct LevelConstraint {
  workload::PerDim<std::optional<std::int64_t>> factor;  ///< of the level's loop over the dimension
  std::optional<workload::Operand> stationary;           ///< whose tile stays while the innermost loops run
  std::vector<workload::Dim> order;                      ///< outermost first; empty: free
  workload::PerOperand<std::optional<bool>> keep;        ///< required (true) or forbidden (false)
};

struct Constraints {
  std::string name;
  Factors factors = Factors::ragged_axes;
  double least_utilization = 0;                        ///< of the multipliers, steps alone, from 0 to 1
  workload::PerDim<std::optional<std::int64_t>> axes;  ///< spatial factors; 1: not spread over the array
  LevelConstraint registers;
  std::vector<LevelConstraint> memory;  ///< by memory level; empty: none constrained
};

/// Do they leave out anything but factors?
bool restricts(const Constraints& constraints);

/// Reads a constraint file; level names are the accelerator's. Throws InputError with everything wrong in it.
Constraints read_constraints(const std::filesystem::path& file, const arch::Accelerator& accelerator);
Constraints read_constraints(const yaml::Document& document, const arch::Accelerator& accelerator);

}  // namespace heddle::mapper
