#include "sim/array/eie/activation_queues.h"

#include "sim/array/eie/pointer_read.h"

namespace heddle::sim::eie {

ActivationQueues::ActivationQueues(sc_core::sc_module_name name, std::size_t pes, std::size_t depth,
                                   const Clock& clock, const LeadingNonZero& detection,
                                   arch::ActionCounts& actions)
    : sc_module(name),
      depth_(depth),
      slots_(depth + 1),
      clock_(clock),
      detection_(detection),
      actions_(actions),
      ring_(pes * slots_),
      fill_(pes) {
  SC_HAS_PROCESS(ActivationQueues);
  SC_METHOD(edge);
  dont_initialize();
  sensitive << clock.edge();
}

bool ActivationQueues::ready() const {
  if (known_at_ == clock_.cycle()) return ready_;
  known_at_ = clock_.cycle();
  ready_ = true;
  for (std::size_t pe = 0; pe < fill_.size() && ready_; ++pe)
    ready_ = fill_[pe].size < depth_ || pointers_->is_free(pe);
  return ready_;
}

std::optional<Activation> ActivationQueues::taken(std::size_t pe) const {
  if (!pointers_->is_free(pe)) return std::nullopt;
  if (fill_[pe].size > 0) return ring_[slot(pe, fill_[pe].head)];
  const std::optional<Activation> offer = detection_.offer();
  return offer && ready() ? offer : std::nullopt;
}

bool ActivationQueues::empty() const {
  for (std::size_t pe = 0; pe < fill_.size(); ++pe) {
    if (fill_[pe].size > 0) return false;
  }
  return true;
}

void ActivationQueues::edge() {
  const std::optional<Activation> offer = detection_.offer();
  const bool push = offer && ready();
  arch::EieCounts& counts = *actions_.eie;
  if (offer && !push) ++counts.queue_full_cycles;
  if (push) {
    ++counts.broadcasts;
    arch::Traffic& source = actions_.registers[workload::Operand::inputs];
    ++source.read_elements;
    source.read_bits += kBits;
  }
  for (std::size_t pe = 0; pe < fill_.size(); ++pe) {
    Fill fill = fill_[pe];
    const bool pop = pointers_->is_free(pe) && (fill.size > 0 || push);
    if (push) {
      ring_[slot(pe, fill.head + fill.size)] = *offer;
      ++fill.size;
      ++counts.queue_pushes;
    }
    if (pop) {
      ++fill.head;
      --fill.size;
      ++counts.queue_pops;
    }
    if (push || pop) fill_.next(pe) = fill;
  }
}

}  // namespace heddle::sim::eie
