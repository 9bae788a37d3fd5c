// The cycles of a pass of the eie unit: the recurrence of docs/eie.md over all PEs at once.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/array/eie_profile.h"

namespace heddle::sim {

/// PEs are padded to a multiple of this many.
inline constexpr std::int64_t kPeBlock = 16;

class EieRecurrence {
 public:
  struct Result {
    std::int64_t cycles = 0;      ///< E - T0: from the first broadcast to the last issue
    std::int64_t queue_full = 0;  ///< of these, those in which a broadcast waits
    std::int64_t walked = 0;      ///< cycles in which PEs walk, added up over the PEs
  };

  EieRecurrence(std::int64_t pes, std::int64_t queue_depth);

  /// `columns` of the block are broadcast, in this order. Adds each PE's cycles to `work`.
  Result run(const EieProfile& block, const std::vector<std::int32_t>& columns,
             std::vector<std::int64_t>& work);

 private:
  std::vector<std::int32_t> starts_;  ///< by broadcast mod depth: when the last PE took it
  std::vector<std::int32_t> finish_;  ///< by PE
  std::vector<std::int32_t> walked_;  ///< by PE
};

}  // namespace heddle::sim
