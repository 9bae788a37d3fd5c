#include "sim/array/dot_plan.h"

#include <algorithm>

namespace heddle::sim {

using workload::Dim;

namespace {

constexpr std::array<Dim, 5> kOutputDims = {Dim::N, Dim::G, Dim::M, Dim::P, Dim::Q};

}  // namespace

DotPlan::DotPlan(const arch::LayerMapping& mapping, const workload::PerDim<std::int64_t>& pass_extent)
    : extent(pass_extent), axes(arch::spatial_extent(mapping)) {
  for (Dim d : kOutputDims) accumulators *= (extent[d] + axes[d] - 1) / axes[d];

  DotStep step;
  step.start = workload::PerDim<std::int64_t>(0);
  step.extent = extent;
  workload::PerDim<std::int64_t> size = axes;
  std::vector<std::int64_t> sizes(mapping.registers.size());
  for (std::size_t l = mapping.registers.size(); l-- > 0;) {
    sizes[l] = size[mapping.registers[l].dim];
    size[mapping.registers[l].dim] *= mapping.registers[l].factor;
  }
  // Recursion over the loops, outermost first.
  const auto unroll = [&](const auto& self, std::size_t loop, const DotStep& outer) -> void {
    if (loop == mapping.registers.size()) {
      DotStep inner = outer;
      for (Dim d : workload::kDims) inner.extent[d] = std::min(inner.extent[d], axes[d]);
      inner.accumulator = accumulator_of(inner.start);
      steps.push_back(inner);
      return;
    }
    const Dim d = mapping.registers[loop].dim;
    for (std::int64_t offset = 0; offset < outer.extent[d]; offset += sizes[loop]) {
      DotStep inner = outer;
      inner.start[d] += offset;
      inner.extent[d] = std::min(sizes[loop], outer.extent[d] - offset);
      self(self, loop + 1, inner);
    }
  };
  unroll(unroll, 0, step);
}

std::int64_t DotPlan::accumulator_of(const workload::PerDim<std::int64_t>& relative) const {
  std::int64_t index = 0;
  for (Dim d : kOutputDims) index = index * ((extent[d] + axes[d] - 1) / axes[d]) + relative[d] / axes[d];
  return index;
}

}  // namespace heddle::sim
