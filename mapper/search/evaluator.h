// The exact cost of a mapping: energy from the counts in closed form, cycles from the timing model.
#pragma once

#include "mapper/model/bounds.h"
#include "mapper/model/counts.h"
#include "mapper/model/timing.h"
#include "mapper/search/search.h"

namespace heddle::mapper {

/// Energies that a table gives one accelerator and layer, per bit or per action, in pJ.
struct Prices {
  std::vector<double> memory;  ///< a bit read or written, by level
  double registers = 0;        ///< a bit
  double multiply = 0, add = 0, requantization = 0, cycle = 0;

  Prices(const arch::Accelerator& accelerator, const arch::EnergyTable& table,
         const arch::LayerProblem& problem);
  /// Without the cycles' share.
  double of(const arch::ActionCounts& counts) const;
};

/// For one layer on one accelerator; one thread at a time. Accelerator and table must outlive it.
class Evaluator {
 public:
  Evaluator(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
            const arch::EnergyTable& table);

  const Prices& prices() const { return prices_; }
  /// Energy without the cycles' share.
  double energy(const arch::LayerMapping& mapping);
  std::int64_t least_cycles(const arch::LayerMapping& mapping) { return bound_.run(mapping); }
  /// A value above `limit` if the layer takes longer than that.
  std::int64_t cycles(const arch::LayerMapping& mapping, std::int64_t limit) {
    return timing_.run(mapping, limit).total;
  }
  Cost cost(const arch::LayerMapping& mapping);

 private:
  const arch::Accelerator& accelerator_;
  const arch::EnergyTable& table_;
  const int weight_bits_, input_bits_;
  CountModel counts_;
  CycleBound bound_;
  TimingModel timing_;
  Prices prices_;
};

}  // namespace heddle::mapper
