#include "sim/loop_walk.h"

#include <algorithm>
#include <array>

namespace heddle::sim {

using workload::Dim;
using workload::Operand;

LoopWalk::LoopWalk(const workload::MacShape& shape, const arch::LayerMapping& mapping, int last_level)
    : iteration_(static_cast<std::size_t>(last_level) + 1, 0),
      generation_(static_cast<std::size_t>(last_level) + 1) {
  workload::PerDim<std::int64_t> covered = arch::pass_extent(mapping);
  for (int level = static_cast<int>(mapping.memory.size()) - 1; level >= 0; --level) {
    const auto& temporal = mapping.memory[static_cast<std::size_t>(level)].temporal;
    for (auto loop = temporal.rbegin(); loop != temporal.rend(); ++loop) {
      if (level <= last_level) loops_.push_back({level, loop->dim, covered[loop->dim]});
      covered[loop->dim] *= loop->factor;
    }
  }
  std::reverse(loops_.begin(), loops_.end());

  for (int level = 0; level <= last_level; ++level) {
    depth_.push_back(static_cast<std::size_t>(
        std::count_if(loops_.begin(), loops_.end(), [&](const Step& step) { return step.level <= level; })));
  }
  index_.assign(loops_.size(), 0);
  count_.assign(loops_.size(), 0);
  inside_.resize(loops_.size() + 1);
  inside_[0].extent = shape.size;
  for (std::size_t loop = 0; loop < loops_.size(); ++loop) enter(loop);
}

void LoopWalk::enter(std::size_t loop) {
  const Step& step = loops_[loop];
  const Tile& outer = inside_[loop];
  Tile& inner = inside_[loop + 1];
  inner = outer;
  const std::int64_t offset = index_[loop] * step.size;
  count_[loop] = (outer.extent[step.dim] + step.size - 1) / step.size;
  inner.start[step.dim] = outer.start[step.dim] + offset;
  inner.extent[step.dim] = std::min(step.size, outer.extent[step.dim] - offset);
}

void LoopWalk::next() {
  std::size_t loop = loops_.size();
  while (loop > 0 && index_[loop - 1] + 1 == count_[loop - 1]) --loop;
  if (loop == 0) {
    done_ = true;
    return;
  }
  --loop;
  const std::size_t first_level = static_cast<std::size_t>(loops_[loop].level);

  // Where a tile's start changes: the loop goes on, those inside that were not at their first iteration go
  // back there. (If both are of one dimension the outer one moves further than the inner one goes back.)
  ++index_[loop];
  std::array<bool, 3> changed{};
  std::size_t l = loop;
  for (std::size_t level = first_level; level < depth_.size(); ++level) {
    for (; l < depth_[level]; ++l) {
      if (l == loop || index_[l] > 0) {
        for (Operand operand : workload::kOperands) {
          if (depends_on(operand, loops_[l].dim)) changed[static_cast<std::size_t>(operand)] = true;
        }
      }
      if (l != loop) index_[l] = 0;
      enter(l);
    }
    ++iteration_[level];
    for (Operand operand : workload::kOperands)
      generation_[level][operand] += changed[static_cast<std::size_t>(operand)];
  }
}

bool LoopWalk::last_of(int level) const {
  for (std::size_t loop = loops_.size(); loop > 0 && loops_[loop - 1].level > level; --loop) {
    if (index_[loop - 1] + 1 != count_[loop - 1]) return false;
  }
  return true;
}

}  // namespace heddle::sim
