// A layer's compressed weights as the fast eie unit uses them, and all its outputs at once, without passes.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/array/eie_profile.h"
#include "sim/layer_program.h"

namespace heddle::sim {

class EieBulk {
 public:
  EieBulk(const EieProgram& program, std::int64_t entries_per_word);

  /// A block of the program's weights.
  const EieProfile& block(std::size_t index) const { return blocks_[index]; }
  /// The codes of the program that it was made for, in (n, g, m, p, q) order.
  std::vector<std::int16_t> outputs(const LayerProgram& program) const;

 private:
  std::vector<EieProfile> blocks_;
};

}  // namespace heddle::sim
