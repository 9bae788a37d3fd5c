#include "sim/memory_port.h"

#include <algorithm>

namespace heddle::sim {

MemoryPort::MemoryPort(sc_core::sc_module_name name, const arch::MemoryLevel& level)
    : sc_module(name),
      level_(level),
      unit_bits_(8 * (level.kind == arch::MemoryLevel::Kind::dram ? level.burst_bytes : level.word_bytes)) {
  SC_HAS_PROCESS(MemoryPort);
  SC_METHOD(arbitrate);
  dont_initialize();
  sensitive << arbitrate_event_;
}

std::int64_t MemoryPort::units_for(std::int64_t bits) const { return (bits + unit_bits_ - 1) / unit_bits_; }

Cycle MemoryPort::cycles_for_units(std::int64_t units) const {
  return (units * unit_bits_ / 8 + level_.bandwidth - 1) / level_.bandwidth;
}

Cycle MemoryPort::cycles_for(std::int64_t bits) const { return cycles_for_units(units_for(bits)); }

MemoryPort::Ticket MemoryPort::enqueue(Requester requester, Cycle occupancy, bool held) {
  auto ticket = std::make_shared<Request>();
  ticket->requester = requester;
  ticket->occupancy = occupancy;
  ticket->held = held;
  ticket->made = now();
  queue_.push_back(ticket);
  if (!current_) arbitrate_event_.notify(cycles(1));
  return ticket;
}

MemoryPort::Ticket MemoryPort::request(Requester requester, Cycle occupancy) {
  return enqueue(requester, occupancy, false);
}

MemoryPort::Ticket MemoryPort::hold(Requester requester) { return enqueue(requester, 0, true); }

void MemoryPort::release(const Ticket& ticket) {
  sc_assert(ticket == current_ && ticket->held);
  ticket->ended = now();
  arbitrate_event_.notify(cycles(1));
}

void MemoryPort::arbitrate() {
  const Cycle t = now();
  if (current_) {
    if (!current_->held && current_->granted + current_->occupancy == t) {
      current_->ended = t;
      current_->changed.notify(sc_core::SC_ZERO_TIME);
    }
    if (current_->ended < 0) return;  // its end will call again
    current_.reset();
  }
  auto first = queue_.end();
  for (auto it = queue_.begin(); it != queue_.end(); ++it) {
    if ((*it)->made < t && (first == queue_.end() || (*it)->requester < (*first)->requester)) first = it;
  }
  if (first == queue_.end()) {
    if (!queue_.empty()) arbitrate_event_.notify(cycles(1));
    return;
  }
  current_ = *first;
  queue_.erase(first);
  current_->granted = t;
  current_->changed.notify(sc_core::SC_ZERO_TIME);
  if (!current_->held) {
    busy_cycles_ += current_->occupancy;
    arbitrate_event_.notify(cycles(current_->occupancy));
  }
}

}  // namespace heddle::sim
