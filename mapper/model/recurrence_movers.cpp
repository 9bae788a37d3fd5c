// Movers, ports and the post-processing unit: who asks for what when, and when it is served.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "mapper/model/recurrence.h"

namespace heddle::mapper {

using workload::Operand;

namespace {

constexpr Cycle kUnitStages = 4;  ///< bias, multiply, shift and round, clamp or table

constexpr std::uint32_t flag(std::size_t mover) { return std::uint32_t{1} << mover; }

}  // namespace

Fetch Recurrence::fetch_of(std::size_t mover, const TileRange& tile, DimMask changed) const {
  Fetch fetch;
  fetch.exists = true;
  for (Operand operand : workload::kOperands) {
    if (!keeps_[operand][mover + 1] || (changed & dims_of(operand)) == 0) continue;
    if (operand == Operand::outputs) {
      fetch.opens_outputs = true;
      if (traffic_.is_first_visit(tile)) continue;
    } else if (mover == 0 && ((operand == Operand::inputs && inputs_at_home_) ||
                              (operand == Operand::weights && weights_at_home_))) {
      continue;
    }
    const std::int64_t bits = traffic_.moved_bits(operand, tile, false);
    fetch.occupancy[static_cast<std::size_t>(operand)] =
        port_[static_cast<std::size_t>(keeper_[operand][mover])].rate.cycles_for(bits);
  }
  return fetch;
}

void Recurrence::plan(std::size_t i, const NestWalk& walk) {
  Mover& mover = mover_[i];
  if (mover.known || mover.next != 1) return;
  mover.known = true;
  mover.fetch = fetch_after(i, walk);
}

Fetch Recurrence::fetch_after(std::size_t i, const NestWalk& walk) const {
  const std::size_t depth = walk.depth_of(static_cast<int>(i));
  const int loop = walk.next_loop(depth);
  if (loop < 0) return {};
  const auto moving = static_cast<std::size_t>(loop);
  Fetch fetch = fetch_of(i, walk.next_tile(moving, depth), walk.changes(moving, depth));
  fetch.leaves_parent = i > 0 && moving < walk.depth_of(static_cast<int>(i) - 1);
  return fetch;
}

/// The cycle from which the mover may fetch its next iteration; kNever until something else happens.
Cycle Recurrence::may_fetch(std::size_t i) const {
  const Mover& mover = mover_[i];
  if (!mover.known || !mover.fetch.exists) return kNever;
  Cycle from = 0;
  if (double_buffered_[i]) {
    if (mover.next == 1) from = mover.left_at + 1;
    if (mover.fetch.opens_outputs && keeps_[Operand::outputs][i + 1] && mover.open_outputs > 1) return kNever;
  } else {
    if (mover.unretired) return kNever;
    from = mover.left_at + 1;
  }
  if (i > 0) {
    const Mover& parent = mover_[i - 1];
    from = std::max(from, parent.delivered[mover.fetch.leaves_parent && mover.next == 1 ? 1 : 0] + 1);
  }
  return from;
}

Cycle Recurrence::next_action(std::size_t i) const {
  const Mover& mover = mover_[i];
  if (mover.free_at >= kNever) return kNever;
  const Cycle retire = mover.waiting > 0 ? mover.front().visible : kNever;
  return std::max(mover.free_at, std::min(may_fetch(i), retire));
}

void Recurrence::act(std::size_t i, Cycle t) {
  ++mover_[i].touches;
  if (may_fetch(i) <= t) {
    start_fetch(i, t);
  } else {
    retire(i, t);
  }
}

void Recurrence::start_fetch(std::size_t i, Cycle t) {
  Mover& mover = mover_[i];
  const Fetch& fetch = mover.fetch;
  mover.arrival = t;
  mover.outstanding = 0;
  if (fetch.opens_outputs && keeps_[Operand::outputs][i + 1]) ++mover.open_outputs;
  for (Operand operand : workload::kOperands) {
    const auto o = static_cast<std::size_t>(operand);
    if (fetch.occupancy[o] == 0) continue;
    const auto from = static_cast<std::size_t>(keeper_[operand][i]);
    const Cycle end =
        ask(from, {static_cast<int>(i), Asker::mover, static_cast<int>(o), false, fetch.occupancy[o], t});
    if (end < kNever) {
      mover.arrival = std::max(mover.arrival, end + port_[from].rate.latency);
    } else {
      ++mover.outstanding;
    }
  }
  mover.free_at = kNever;
  if (mover.outstanding == 0) delivered(i, mover.arrival);
}

void Recurrence::delivered(std::size_t i, Cycle t) {
  Mover& mover = mover_[i];
  mover.free_at = t;
  mover.delivered[static_cast<std::size_t>(mover.next)] = t;
  ++mover.next;
  mover.known = false;
  if (!double_buffered_[i]) mover.unretired = true;
}

void Recurrence::retire(std::size_t i, Cycle t) {
  Mover& mover = mover_[i];
  const Leaving& leaving = mover.front().leaving;
  if (leaving.occupancy[i] == 0 || (leaving.evicts & flag(i)) == 0) {  // nothing is moved
    retired(i, t);
    return;
  }
  const auto to = static_cast<std::size_t>(keeper_[Operand::outputs][i]);
  mover.free_at = kNever;
  mover.writing = true;
  const Cycle end = ask(to, {static_cast<int>(i), Asker::mover, 3, false, leaving.occupancy[i], t});
  if (end < kNever) retired(i, end);
}

void Recurrence::retired(std::size_t i, Cycle t) {
  Mover& mover = mover_[i];
  const Leaving& leaving = mover.front().leaving;
  mover.free_at = t;
  mover.writing = false;
  mover.unretired = false;
  if ((leaving.evicts & flag(i)) != 0) {
    --mover.open_outputs;
    end_ = std::max(end_, t);
  }
  pass_on(leaving, keeper_[Operand::outputs][i] - 1, t + 1);
  mover.first = (mover.first + 1) % mover.retirements.size();
  --mover.waiting;
}

/// Results of an iteration have reached the level that `mover` fills.
void Recurrence::pass_on(const Leaving& leaving, int mover, Cycle visible) {
  if (mover < 0 || (leaving.movers & flag(static_cast<std::size_t>(mover))) == 0) return;
  Mover& to = mover_[static_cast<std::size_t>(mover)];
  ++to.touches;
  if (to.waiting == to.retirements.size()) throw std::logic_error("timing model: too many retirements wait");
  to.retirements[(to.first + to.waiting++) % to.retirements.size()] = {visible, leaving};
}

// Ports.

/// Makes a request. Returns the cycle in which it has been served if that is certain, else kNever.
Cycle Recurrence::ask(std::size_t p, const Request& request) {
  Port& port = port_[p];
  if (port.exclusive) {
    port.available = std::max(port.available, request.made + 1) + request.occupancy;
    counters_.busy[p] += request.occupancy;
    return port.available;
  }
  port.queue[port.waiting++] = request;
  return kNever;
}

Cycle Recurrence::next_event(const Port& port) const {
  if (port.busy) return port.held ? kNever : port.end;
  if (port.waiting == 0) return kNever;
  Cycle made = kNever;
  for (std::size_t i = 0; i < port.waiting; ++i) made = std::min(made, port.queue[i].made);
  return std::max(port.available, made + 1);
}

/// A transfer ends, or the next one begins.
void Recurrence::serve(std::size_t p, Cycle t) {
  Port& port = port_[p];
  if (port.busy) {
    port.busy = false;
    port.available = t;
    ended(p, port.current, t);
    return;
  }
  std::size_t first = port.waiting;
  for (std::size_t i = 0; i < port.waiting; ++i) {
    if (port.queue[i].made < t && (first == port.waiting || port.queue[i].rank < port.queue[first].rank))
      first = i;
  }
  port.current = port.queue[first];
  std::copy(port.queue.begin() + static_cast<std::ptrdiff_t>(first) + 1,
            port.queue.begin() + static_cast<std::ptrdiff_t>(port.waiting),
            port.queue.begin() + static_cast<std::ptrdiff_t>(first));
  --port.waiting;
  port.busy = true;
  port.held = port.current.held;
  if (port.held) {
    answer_ = t;
  } else {
    port.end = t + port.current.occupancy;
    counters_.busy[p] += port.current.occupancy;
  }
}

void Recurrence::ended(std::size_t p, const Request& request, Cycle t) {
  switch (request.asker) {
    case Asker::array:
      answer_ = t;
      return;
    case Asker::unit:
      drained(t);
      return;
    case Asker::mover:
      break;
  }
  const auto i = static_cast<std::size_t>(request.rank);
  Mover& mover = mover_[i];
  ++mover.touches;
  if (request.operand == 3) {
    retired(i, t);
    return;
  }
  mover.arrival = std::max(mover.arrival, t + port_[p].rate.latency);
  if (--mover.outstanding == 0) delivered(i, mover.arrival);
}

// The post-processing unit.

void Recurrence::submit(const Boundary& boundary) {
  if (!boundary.has_job) return;
  const Cycle ready = now_ + array_stages_;
  if (unit_has_own_side_) {
    unit_free_ = std::max(unit_free_, ready) + boundary.drain;
    if (boundary.closes) bank_free_[static_cast<std::size_t>(bank_)] = unit_free_;
    end_ = std::max(end_, unit_free_ + kUnitStages);
    pass_on(boundary.leaving, output_level_ - 1, unit_free_ + kUnitStages + 1);
    return;
  }
  if (job_count_ == jobs_.size()) throw std::logic_error("timing model: too many drains wait");
  if (boundary.closes) bank_free_[static_cast<std::size_t>(bank_)] = kNever;
  jobs_[(first_job_ + job_count_++) % jobs_.size()] = {ready, boundary.drain, boundary.closes, bank_,
                                                       boundary.leaving};
  if (!unit_waits_) drain_next();
}

void Recurrence::drain_next() {
  while (job_count_ > 0) {
    const Job& job = jobs_[first_job_];
    unit_free_ = std::max(unit_free_, job.ready);
    if (job.drains) {
      unit_waits_ = true;
      ask(static_cast<std::size_t>(output_level_),
          {array_rank_ - 1, Asker::unit, 0, false, job.duration, unit_free_});
      return;
    }
    drained(unit_free_);
  }
}

void Recurrence::drained(Cycle t) {
  const Job& job = jobs_[first_job_];
  unit_free_ = t;
  if (job.drains) bank_free_[static_cast<std::size_t>(job.bank)] = t;
  end_ = std::max(end_, t + kUnitStages);
  pass_on(job.leaving, output_level_ - 1, t + kUnitStages + 1);
  first_job_ = (first_job_ + 1) % jobs_.size();
  --job_count_;
  if (std::exchange(unit_waits_, false)) drain_next();
}

}  // namespace heddle::mapper
