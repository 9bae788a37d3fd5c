#include "sim/array/eie/pointer_read.h"

#include <algorithm>

namespace heddle::sim::eie {

PointerRead::PointerRead(sc_core::sc_module_name name, std::size_t pes, const Clock& clock,
                         const LeadingNonZero& detection, const ActivationQueues& queues,
                         arch::ActionCounts& actions)
    : sc_module(name), detection_(detection), queues_(queues), actions_(actions), slices_(pes) {
  SC_HAS_PROCESS(PointerRead);
  SC_METHOD(edge);
  dont_initialize();
  sensitive << clock.edge();
}

Issue PointerRead::issue(std::size_t pe) const {
  const Slice& slice = slices_[pe];
  if (slice.left() == 0) return {};
  return {slice.pe, slice.next, !slice.begun, slice.activation};
}

bool PointerRead::is_last_cycle() const {
  for (std::size_t pe = 0; pe < slices_.size(); ++pe) {
    if (!is_free(pe)) return false;
  }
  return true;
}

void PointerRead::edge() {
  const bool walking =
      detection_.offer() || !queues_.empty() || !is_last_cycle();  // the pass goes on after this cycle
  arch::EieCounts& counts = *actions_.eie;
  for (std::size_t pe = 0; pe < slices_.size(); ++pe) {
    const std::optional<Activation> activation = queues_.taken(pe);
    if (activation) {
      const CscMatrix::Pe& part = block_->pes[pe];
      const auto column = static_cast<std::size_t>(activation->column);
      slices_.next(pe) = {&part, part.pointers[column], part.pointers[column + 1], false, activation->value};
      counts.pointer_reads += 2;
    } else if (slices_[pe].left() > 0) {
      Slice& slice = slices_.next(pe);
      ++slice.next;
      slice.begun = true;
    }
    if (activation || !is_free(pe)) {
      ++counts.work[pe];
    } else if (walking) {
      ++counts.starved_cycles;
    }
  }
}

}  // namespace heddle::sim::eie
