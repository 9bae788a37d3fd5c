#include "workload/live_ranges.h"

#include <algorithm>

namespace heddle::workload {

std::vector<TensorId> LiveRanges::live_in(int step) const {
  std::vector<TensorId> result;
  for (std::size_t t = 0; t < ranges.size(); ++t) {
    if (ranges[t].born <= step && step <= ranges[t].dies) result.push_back(static_cast<TensorId>(t));
  }
  return result;
}

std::vector<TensorId> LiveRanges::dead_after(int step) const {
  std::vector<TensorId> result;
  const int last = static_cast<int>(order.size()) - 1;
  for (std::size_t t = 0; t < ranges.size(); ++t) {
    if (ranges[t].dies == step && step < last) result.push_back(static_cast<TensorId>(t));
  }
  return result;
}

LiveRanges live_ranges(const Network& network) {
  LiveRanges live{network.topological_order(), std::vector<LiveRange>(network.values().size())};
  for (std::size_t s = 0; s < live.order.size(); ++s) {
    const int step = static_cast<int>(s);
    const Layer& layer = network.layers()[static_cast<std::size_t>(live.order[s])];
    live.ranges[static_cast<std::size_t>(layer.output)] = {step, step};
    for (const TensorId input : layer.inputs) live.ranges[static_cast<std::size_t>(input)].dies = step;
  }
  const int last = std::max(0, static_cast<int>(live.order.size()) - 1);
  for (const TensorId output : network.outputs()) live.ranges[static_cast<std::size_t>(output)].dies = last;
  return live;
}

ActivationPeak activation_peak(const Network& network, const LiveRanges& live,
                               const std::function<int(TensorId)>& bits) {
  // What changes at each step: a tensor adds its size when it is born and takes it away after it dies.
  const std::size_t steps = std::max<std::size_t>(live.order.size(), 1);
  std::vector<std::int64_t> elements(steps + 1), size(steps + 1);
  for (std::size_t t = 0; t < live.ranges.size(); ++t) {
    const auto id = static_cast<TensorId>(t);
    const std::int64_t count = element_count(network.shape(id));
    const auto born = static_cast<std::size_t>(live.ranges[t].born);
    const auto gone = static_cast<std::size_t>(live.ranges[t].dies) + 1;
    elements[born] += count;
    elements[gone] -= count;
    size[born] += count * bits(id);
    size[gone] -= count * bits(id);
  }
  ActivationPeak peak;
  std::int64_t held_elements = 0;
  std::int64_t held_bits = 0;
  for (std::size_t s = 0; s < steps; ++s) {
    held_elements += elements[s];
    held_bits += size[s];
    if (held_bits > peak.bits) peak = {static_cast<int>(s), held_elements, held_bits};
  }
  return peak;
}

}  // namespace heddle::workload
