#include "mapper/search/outer_floor.h"

#include <algorithm>
#include <limits>

#include "mapper/factors.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::Operand;
using workload::PerDim;
using workload::PerOperand;

namespace {

constexpr std::array<Dim, 8> kOrder = {Dim::G, Dim::M, Dim::C, Dim::P, Dim::Q, Dim::N, Dim::R, Dim::S};

}  // namespace

OuterFloor::OuterFloor(const Mapspace& space, const Prices& prices)
    : space_(space),
      bound_(space, prices),
      both_(prices.memory[0] + prices.memory[1]),
      bandwidth_(static_cast<double>(8 * space.accelerator().memory[0].bandwidth)) {
  for (Dim d : kDims) {
    const std::int64_t size = space.problem().shape.size[d];
    const auto extents = even_factors(size, size, std::numeric_limits<std::size_t>::max());
    for (auto extent = extents.rbegin(); extent != extents.rend(); ++extent)
      splits_[d].push_back({ceil_div(size, *extent), *extent});
  }
}

std::optional<TrafficBound> OuterFloor::find(const PerOperand<bool>& keep, Operand stays, double most) {
  keep_ = keep;
  stays_ = stays;
  least_ = most;
  descend(0);
  if (least_ >= most) return std::nullopt;
  // All that is moved more than once has the same price.
  TrafficBound floor = bound_.cost(PerDim<std::int64_t>(1), bound_.input_positions(true, 1, 1),
                                   bound_.input_positions(false, 1, 1), stays, keep);
  const auto again = static_cast<std::int64_t>((least_ - floor.energy) / both_ / bandwidth_ * (1 - 1e-9));
  floor.energy = least_ * (1 - 1e-12);
  floor.mover += again;
  floor.moved += again;
  floor.port += again;
  return floor;
}

void OuterFloor::descend(std::size_t index) {
  const auto cost = [&] {
    return bound_
        .cost(tiles_, bound_.input_positions(true, tiles_[Dim::P], tiles_[Dim::R]),
              bound_.input_positions(false, tiles_[Dim::Q], tiles_[Dim::S]), stays_, keep_)
        .energy;
  };
  if (index == kOrder.size()) {
    least_ = std::min(least_, cost());
    return;
  }
  const Dim d = kOrder[index];
  for (const Split& split : splits_[d]) {
    tiles_[d] = split.tiles;
    extent_[d] = split.extent;
    if (cost() >= least_) break;
    if (bound_.fits(extent_, keep_)) descend(index + 1);
  }
  tiles_[d] = extent_[d] = 1;
}

}  // namespace heddle::mapper
