#include "sim/array/dot_plan.h"

#include <algorithm>

#include "sim/array/dot_kernel.h"

namespace heddle::sim {

using workload::Dim;

namespace {

constexpr std::array<Dim, 5> kOutputDims = {Dim::N, Dim::G, Dim::M, Dim::P, Dim::Q};

}  // namespace

DotPlan::DotPlan(const arch::LayerMapping& mapping, const workload::PerDim<std::int64_t>& pass_extent)
    : extent(pass_extent), axes(arch::spatial_extent(mapping)) {
  lay_out_bank();
  unroll(mapping);
}

void DotPlan::lay_out_bank() {
  const std::int64_t used = axes[Dim::N] * axes[Dim::P] * axes[Dim::Q];
  columns = (used + kColumnBlock - 1) / kColumnBlock * kColumnBlock;
  workload::PerDim<std::int64_t> place(0);  // distance of neighbours within the axes
  place[Dim::M] = columns;
  place[Dim::N] = axes[Dim::P] * axes[Dim::Q];
  place[Dim::P] = axes[Dim::Q];
  place[Dim::Q] = 1;
  for (std::size_t i = kOutputDims.size(); i-- > 0;) {
    const Dim d = kOutputDims[i];
    const std::int64_t stride = accumulators * axes[Dim::M] * columns;
    for (std::int64_t x = 0; x < extent[d]; ++x) {
      bank_offset[d].push_back(x / axes[d] * stride + x % axes[d] * place[d]);
    }
    accumulators *= (extent[d] + axes[d] - 1) / axes[d];
  }
}

void DotPlan::unroll(const arch::LayerMapping& mapping) {
  workload::PerDim<std::int64_t> size = axes;
  std::vector<std::int64_t> sizes(mapping.registers.size());
  for (std::size_t l = mapping.registers.size(); l-- > 0;) {
    sizes[l] = size[mapping.registers[l].dim];
    size[mapping.registers[l].dim] *= mapping.registers[l].factor;
  }
  const auto visit = [&](const auto& self, std::size_t loop, const DotStep& outer) -> void {
    if (loop == mapping.registers.size()) {
      DotStep inner = outer;
      for (Dim d : workload::kDims) inner.extent[d] = std::min(inner.extent[d], axes[d]);
      std::int64_t offset = 0;
      for (Dim d : kOutputDims) offset += bank_offset[d][static_cast<std::size_t>(inner.start[d])];
      inner.accumulator = offset / (axes[Dim::M] * columns);
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
  visit(visit, 0, {workload::PerDim<std::int64_t>(0), extent, 0});
}

}  // namespace heddle::sim
