// When each tensor of a network is born and dies, if layers run in topological order; and so what a memory
// must hold.
#pragma once

#include <functional>
#include <vector>

#include "workload/network.h"

namespace heddle::workload {

/// Steps in which a tensor must be held, both included. Step s runs layer order[s]. Network inputs are there
/// from the start; network outputs stay to the end; a tensor that nobody reads dies in the step that makes
/// it.
struct LiveRange {
  int born = 0;
  int dies = 0;
};

struct LiveRanges {
  std::vector<int> order;         ///< layer indices, the network's topological order
  std::vector<LiveRange> ranges;  ///< by TensorId

  /// Tensors held during step s, the step's inputs and output included, by ascending id.
  std::vector<TensorId> live_in(int step) const;
  /// Tensors that are not needed any more once step s is over.
  std::vector<TensorId> dead_after(int step) const;
};

LiveRanges live_ranges(const Network& network);

/// The step that holds most, and how much.
struct ActivationPeak {
  int step = 0;  ///< the first one, if several hold as much
  std::int64_t elements = 0;
  std::int64_t bits = 0;
};

/// `bits` gives the width of an element of each tensor; the peak is that of the bits.
ActivationPeak activation_peak(const Network& network, const LiveRanges& live,
                               const std::function<int(TensorId)>& bits);

}  // namespace heddle::workload
