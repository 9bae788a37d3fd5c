// Constrained-random verification: random layers with random tensors under random mappings on one
// accelerator, model and RTL side by side, with random back-pressure. Every case follows from the seed and
// its number alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rtl/co_simulation.h"
#include "rtl/verify/coverage.h"

namespace heddle::verify {

/// What a case is held to instead of what was drawn, to make a failing one small: a layer's sizes "N", "G",
/// "M", "C", "R", "S", "H" and "W" (of the input), "stride", "dilation", "pad", and "waits" (0: no
/// back-pressure).
using Overrides = std::map<std::string, std::int64_t>;

/// The overrides that a case knows, in the order in which shrinking tries them.
const std::vector<std::string>& override_names();
/// "M=4,C=3", and back. Throws InputError for an unknown name or no number.
std::string to_text(const Overrides& overrides);
Overrides read_overrides(const std::string& text);

/// A case as it came out: its sizes, for whoever makes it smaller.
struct CaseSummary {
  bool ran = false;  ///< false: no mapping of the layer was found that the RTL runs
  Overrides sizes;
};

class Campaign {
 public:
  Campaign(const arch::Accelerator& accelerator, rtl::CoSimulation& machines, Coverage& coverage);

  /// Runs a case. Throws rtl::Mismatch at the first difference; `last()` says what the case was.
  void run(std::uint64_t seed, std::int64_t number, const Overrides& overrides);
  const CaseSummary& last() const { return last_; }

 private:
  void run_dot(std::uint64_t seed, std::int64_t number, const Overrides& overrides);
  void run_eie(std::uint64_t seed, std::int64_t number, const Overrides& overrides);
  void run(const sim::LayerProgram& program);

  const arch::Accelerator& accelerator_;
  rtl::CoSimulation& machines_;
  Coverage& coverage_;
  CaseSummary last_;
};

}  // namespace heddle::verify
