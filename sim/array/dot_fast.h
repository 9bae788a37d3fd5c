// The `dot` unit, fast: the cycles and loads of a pass in closed form (arch/dot_pass_cost.h), no more than
// one event for each pass, all outputs of the layer in bulk at its end. Equal to the clocked unit in outputs,
// cycles and counts; docs/fast.md says how.
#pragma once

#include <optional>
#include <vector>

#include "arch/dot_pass_cost.h"
#include "sim/array/array_unit.h"
#include "sim/array/dot_bulk.h"

namespace heddle::sim {

class DotFast : public ArrayUnit {
 public:
  DotFast(sc_core::sc_module_name name, const arch::Accelerator& accelerator, const Socket& socket);

  std::vector<std::int16_t> outputs() override;

 private:
  void begin_layer() override;
  void begin_pass(const Pass& pass) override;
  void run_steps(const Pass& pass) override;
  void count(const Pass& pass, const arch::LoadCounts& load);
  void count_accumulators(const Pass& pass);

  const arch::Accelerator accelerator_;
  std::optional<arch::TileTraffic> traffic_;  ///< of this layer
  std::optional<arch::DotPassCosts> costs_;
  const arch::PassCost* cost_ = nullptr;  ///< of the pass in progress; null before the first
  unsigned needed_ = 0;                   ///< operands that its first load brings: 1 weights, 2 inputs
  Tile before_;                           ///< of the pass before
  BulkScratch scratch_;
};

}  // namespace heddle::sim
