// What the passes of a layer on the eie unit are expected to do, all together: broadcasts, reads of its
// memories, multiplies, stalls. docs/eie.md has the counters.
#pragma once

#include <cstdint>

#include "arch/actions.h"
#include "arch/eie_weights.h"
#include "mapper/model/census.h"
#include "mapper/model/eie_pass.h"

namespace heddle::mapper {

/// For one layer with shared weights, under one mapping after the other. Not to be shared by threads.
class EieCountModel {
 public:
  /// Both must outlive the model.
  EieCountModel(const arch::LayerProblem& problem, const arch::Accelerator& accelerator);

  void start(const arch::LayerMapping& mapping) { weights_.start(mapping); }
  const arch::EieWeights& weights() const { return weights_; }
  /// Adds up all passes of the census's mapping. Without `stalls`, only what costs energy.
  void add_passes(TileCensus& census, arch::ActionCounts& counts, bool stalls);

  /// Compute cycles of all passes: expected, and with each pass's rounded.
  struct Compute {
    double expected = 0;
    std::int64_t rounded = 0;
    std::int64_t passes = 0;
  };
  /// Of blocks of so many elements (G, N, P, Q are not looked at).
  Compute compute(TileCensus& census, const workload::PerDim<std::int64_t>& pass);

 private:
  template <class Visit>
  void for_each_pass(TileCensus& census, const workload::PerDim<std::int64_t>& pass, const Visit& visit);

  const arch::LayerProblem& problem_;
  const arch::Accelerator& accelerator_;
  const std::int64_t detection_;
  EiePassModel passes_;
  arch::EieWeights weights_;
};

}  // namespace heddle::mapper
