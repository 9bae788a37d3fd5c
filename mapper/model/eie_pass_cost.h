// What one pass of the eie unit is expected to take, from densities, by the rules of docs/eie.md: one block
// of compressed columns times one vector.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "arch/pass_cost.h"
#include "mapper/model/eie_pass.h"

namespace heddle::mapper {

using arch::Cycle;
using arch::PassCost;
using arch::PassCosts;
using arch::PortRate;
using arch::TileRange;
using arch::TileTraffic;

class EiePassCosts : public PassCosts {
 public:
  /// The problem must have shared weights.
  EiePassCosts(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
               const TileTraffic& traffic);

  void start(const arch::LayerMapping& mapping) override;
  const PassCost& of(const TileRange& tile) override;
  std::int64_t layer_steps() const override { return 0; }
  bool weights_resident() const override { return true; }  ///< they stay in the matrix SRAM
  bool inputs_resident() const override { return true; }

 private:
  PassCost compute(std::int64_t rows, std::int64_t inputs);

  const arch::ArrayUnit unit_;
  const TileTraffic& traffic_;
  const PortRate port_;
  const double density_, input_density_;
  const Cycle detection_;
  EiePassModel model_;
  /// By rows of the block and inputs that exist. They do not depend on the mapping.
  std::map<std::array<std::int64_t, 2>, PassCost> costs_;
};

}  // namespace heddle::mapper
