// Cycles of a layer from its loop nest alone: no tensors, no simulation kernel. Equal to what the clocked
// machine of sim/ counts for dense data, and fast enough to judge every candidate of a search. Method:
// docs/timing-model.md.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include "arch/actions.h"
#include "arch/legality.h"

namespace heddle::mapper {

/// How much of a run was worked out pass by pass; the rest was seen to repeat what had been.
struct TimingEffort {
  std::int64_t passes = 0;     ///< of the layer, as far as the run went
  std::int64_t evaluated = 0;  ///< one by one
};

/// For one layer on one accelerator and any number of mappings, one after another; for one thread. Once it
/// has seen the largest of them it allocates no more memory.
class TimingModel {
 public:
  /// Throws std::invalid_argument for more than 8 memory levels.
  TimingModel(const arch::LayerProblem& problem, const arch::Accelerator& accelerator);
  ~TimingModel();
  TimingModel(const TimingModel&) = delete;
  TimingModel& operator=(const TimingModel&) = delete;

  /// Cycles of the layer under this legal mapping (arch/legality.h); valid until the next call. Ends early,
  /// with a total above `limit` and the other counts incomplete, once the layer is sure to take longer than
  /// `limit`.
  const arch::CycleCounts& run(const arch::LayerMapping& mapping,
                               std::int64_t limit = std::numeric_limits<std::int64_t>::max());

  /// Of the last run.
  TimingEffort effort() const;
  /// Evaluates every pass: slow, for tests.
  void evaluate_all(bool all);

 private:
  class Run;
  std::unique_ptr<Run> run_;
};

}  // namespace heddle::mapper
