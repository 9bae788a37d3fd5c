#include "mapper/model/recurrence.h"

#include <algorithm>
#include <stdexcept>

namespace heddle::mapper {

using arch::Stall;
using workload::Operand;

namespace {

constexpr Cycle kArrayStages = 3;  ///< multiply, reduce, accumulate
constexpr Cycle kUnitStages = 4;   ///< bias, multiply, shift and round, clamp or table
constexpr DimMask kWeightDims = dims_of(Operand::weights), kInputDims = dims_of(Operand::inputs),
                  kOutputDims = dims_of(Operand::outputs);

constexpr std::uint32_t flag(std::size_t mover) { return std::uint32_t{1} << mover; }

}  // namespace

Recurrence::Recurrence(const arch::LayerProblem&, const arch::Accelerator& accelerator,
                       const TileTraffic& traffic)
    : traffic_(traffic),
      levels_(accelerator.memory.size()),
      movers_(levels_ - 1),
      array_rank_(static_cast<int>(levels_) + 1) {
  if (levels_ > port_.size()) throw std::invalid_argument("the timing model takes up to 8 memory levels");
  for (std::size_t i = 0; i < levels_; ++i) port_[i].rate = PortRate(accelerator.memory[i]);
  for (std::size_t i = 0; i < movers_; ++i) double_buffered_[i] = accelerator.memory[i + 1].double_buffered;
}

void Recurrence::start(const arch::LayerMapping& mapping, const NestWalk& walk, const PassCosts& costs) {
  const int innermost = static_cast<int>(levels_) - 1;
  for (Operand operand : workload::kOperands) {
    int keeper = 0;
    for (std::size_t level = 0; level < levels_; ++level) {
      keeps_[operand][level] = level == 0 || mapping.memory[level].keep[operand];
      if (keeps_[operand][level]) keeper = static_cast<int>(level);
      keeper_[operand][level] = keeper;
    }
  }
  weight_level_ = keeper_[Operand::weights][levels_ - 1];
  input_level_ = keeper_[Operand::inputs][levels_ - 1];
  output_level_ = keeper_[Operand::outputs][levels_ - 1];
  inputs_at_home_ = mapping.on_chip[Operand::inputs];
  outputs_at_home_ = mapping.on_chip[Operand::outputs];
  weights_resident_ = costs.weights_resident();
  inputs_resident_ = costs.inputs_resident();
  const auto adjacent = [&](int level) { return level == innermost && level > 0; };
  unit_has_own_side_ = adjacent(output_level_);
  streamed_count_ = 0;
  if (!adjacent(weight_level_)) streamed_[streamed_count_++] = weight_level_;
  if (!adjacent(input_level_) && (streamed_count_ == 0 || input_level_ != weight_level_))
    streamed_[streamed_count_++] = input_level_;

  // Who uses which port?
  std::array<std::uint32_t, kMaxMovers + 1> users{};
  for (std::size_t i = 0; i < movers_; ++i) {
    for (Operand operand : workload::kOperands) {
      if (keeps_[operand][i + 1]) users[static_cast<std::size_t>(keeper_[operand][i])] |= flag(i);
    }
  }
  const std::uint32_t array = flag(kMaxMovers);
  if (!unit_has_own_side_) users[static_cast<std::size_t>(output_level_)] |= array;
  for (std::size_t i = 0; i < streamed_count_; ++i) users[static_cast<std::size_t>(streamed_[i])] |= array;
  for (std::size_t i = 0; i < levels_; ++i) {
    Port& port = port_[i];
    port.exclusive = (users[i] & array) == 0 && (users[i] & (users[i] - 1)) == 0;
    port.user = 0;
    while (port.user < movers_ && (users[i] & flag(port.user)) == 0) ++port.user;
    port.available = 0;
    port.busy = port.held = false;
    port.waiting = 0;
  }

  now_ = -1;
  end_ = 0;
  counters_ = {};
  for (std::size_t i = 0; i < movers_; ++i) {
    Mover& mover = mover_[i];
    mover.next = mover.open_outputs = mover.outstanding = 0;
    mover.unretired = mover.writing = false;
    mover.free_at = 0;
    mover.left_at = -kNever;
    mover.delivered = {kNever, kNever};
    mover.first = mover.waiting = 0;
    mover.fetch = fetch_of(i, walk.tile(walk.depth_of(static_cast<int>(i))), kAllDims);
    mover.known = true;
  }
  unit_free_ = 0;
  first_job_ = job_count_ = 0;
  unit_waits_ = false;
  bank_free_ = {0, 0};
  bank_ = 1;
  phase_ = Phase::done;
  accounted_ = 0;
}

Boundary Recurrence::boundary(const NestWalk& walk, const PassCost& cost) const {
  Boundary boundary;
  const int loop = walk.next_loop(walk.loops());
  boundary.last = loop < 0;
  const auto moving = static_cast<std::size_t>(std::max(loop, 0));
  const DimMask changed = boundary.last ? kAllDims : walk.changes(moving, walk.loops());
  for (std::size_t i = 0; i < movers_; ++i) {
    if (boundary.last || moving < walk.depth_of(static_cast<int>(i))) boundary.ended |= flag(i);
  }
  boundary.closes = (changed & kOutputDims) != 0;
  if (boundary.closes)
    boundary.drain = traffic_.is_last_visit(walk.pass()) ? cost.drain_final : cost.drain_partial;
  boundary.needed = 0;
  if ((changed & kWeightDims) != 0 || (!weights_resident_ && cost.many_weights)) boundary.needed |= 1;
  if ((changed & kInputDims) != 0 || (!inputs_resident_ && cost.many_inputs)) boundary.needed |= 2;

  // Results go from the innermost level that keeps them outwards, as far as iterations end.
  std::array<std::size_t, kMaxMovers> chain{};
  std::size_t length = 0;
  for (int mover = output_level_ - 1; mover >= 0;
       mover = keeper_[Operand::outputs][static_cast<std::size_t>(mover)] - 1) {
    if ((boundary.ended & flag(static_cast<std::size_t>(mover))) == 0) break;
    chain[length++] = static_cast<std::size_t>(mover);
  }
  bool matters = false;
  for (std::size_t i = length; i-- > 0;) {
    const std::size_t mover = chain[i];
    const std::size_t depth = walk.depth_of(static_cast<int>(mover));
    const bool evicts = !(mover == 0 && outputs_at_home_) &&
                        (boundary.last || (walk.changes(moving, depth) & kOutputDims) != 0);
    matters = matters || evicts || !double_buffered_[mover];
    if (!matters) continue;
    boundary.leaving.movers |= flag(mover);
    if (!evicts) continue;
    boundary.leaving.evicts |= flag(mover);
    const TileRange& tile = walk.tile(depth);
    const std::int64_t bits = traffic_.elements(Operand::outputs, tile) *
                              traffic_.bits(Operand::outputs, traffic_.is_last_visit(tile));
    boundary.leaving.occupancy[mover] =
        port_[static_cast<std::size_t>(keeper_[Operand::outputs][mover])].rate.cycles_for(bits);
  }
  boundary.has_job = boundary.closes || boundary.leaving.movers != 0;
  return boundary;
}

// Movers.

Fetch Recurrence::fetch_of(std::size_t mover, const TileRange& tile, DimMask changed) const {
  Fetch fetch;
  fetch.exists = true;
  for (Operand operand : workload::kOperands) {
    if (!keeps_[operand][mover + 1] || (changed & dims_of(operand)) == 0) continue;
    if (operand == Operand::outputs) {
      fetch.opens_outputs = true;
      if (traffic_.is_first_visit(tile)) continue;
    } else if (mover == 0 && operand == Operand::inputs && inputs_at_home_) {
      continue;
    }
    const std::int64_t bits = traffic_.elements(operand, tile) * traffic_.bits(operand, false);
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
  if ((leaving.evicts & flag(i)) == 0) {
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
  const Cycle ready = now_ + kArrayStages;
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

// The array.

void Recurrence::account(Stall cause, Cycle until) {
  if (until <= accounted_) return;
  counters_.stalls[static_cast<std::size_t>(cause)] += until - accounted_;
  accounted_ = until;
}

/// Carries the pass on as far as is known. True when its last issue is: in now_.
bool Recurrence::advance_array(const PassCost& cost, unsigned needed, bool opens, bool resumes) {
  const auto wait_for_bank = [&] {
    if (!opens) return true;
    const Cycle free = bank_free_[static_cast<std::size_t>(bank_)];
    if (free >= kNever) return false;
    array_time_ = std::max(array_time_, free);
    account(Stall::drain, array_time_);
    return true;
  };
  const auto hold = [&] {
    answer_ = kNever;
    ask(static_cast<std::size_t>(streamed_[holding_]), {array_rank_, Asker::array, 0, true, 0, array_time_});
  };
  const bool restores_in_hand =
      unit_has_own_side_ || std::find(streamed_.begin(), streamed_.begin() + streamed_count_,
                                      output_level_) != streamed_.begin() + streamed_count_;
  switch (phase_) {
    case Phase::tiles:
      array_time_ = std::max<Cycle>(now_, 0);
      if (movers_ > 0) {
        const Cycle here = mover_[movers_ - 1].delivered[0];
        if (here >= kNever) return false;
        array_time_ = std::max(array_time_, here + 1);
      }
      account(Stall::memory, array_time_);
      phase_ = Phase::bank_for_stream;
      [[fallthrough]];
    case Phase::bank_for_stream:
      if (streamed_count_ > 0) {
        if (!wait_for_bank()) return false;
        first_data_ = array_time_;
        holding_ = 0;
        hold();
      }
      phase_ = Phase::stream;
      [[fallthrough]];
    case Phase::stream:
      if (streamed_count_ > 0) {
        while (holding_ < streamed_count_) {
          if (answer_ >= kNever) return false;
          array_time_ = answer_;
          first_data_ = std::max(
              first_data_, array_time_ + port_[static_cast<std::size_t>(streamed_[holding_])].rate.latency);
          if (++holding_ < streamed_count_) hold();
        }
        array_time_ = std::max(array_time_, first_data_);
        account(Stall::memory, array_time_);
      }
      phase_ = Phase::load;
      [[fallthrough]];
    case Phase::load: {
      const LoadCost& load = cost.first[needed];
      counters_.busy[static_cast<std::size_t>(weight_level_)] += load.weight_busy;
      counters_.busy[static_cast<std::size_t>(input_level_)] += load.input_busy;
      loaded_ = array_time_ + load.cycles;
      account(load.cause, loaded_);
      phase_ = Phase::bank;
      [[fallthrough]];
    }
    case Phase::bank:
      if (!wait_for_bank()) return false;
      if (!opens || !resumes) {
        issue(cost, array_time_);
        return true;
      }
      if (restores_in_hand) {
        counters_.busy[static_cast<std::size_t>(output_level_)] += cost.restore;
        const Cycle restored =
            array_time_ + cost.restore +
            (unit_has_own_side_ ? 0 : port_[static_cast<std::size_t>(output_level_)].rate.latency);
        account(Stall::partial_sums, restored);
        issue(cost, restored);
        return true;
      }
      answer_ = kNever;
      ask(static_cast<std::size_t>(output_level_),
          {array_rank_, Asker::array, 0, false, cost.restore, array_time_});
      phase_ = Phase::restore;
      [[fallthrough]];
    case Phase::restore: {
      if (answer_ >= kNever) return false;
      array_time_ = answer_;
      const Cycle restored = array_time_ + port_[static_cast<std::size_t>(output_level_)].rate.latency;
      account(Stall::partial_sums, restored);
      issue(cost, restored);
      return true;
    }
    case Phase::done:
      return true;
  }
  return true;
}

void Recurrence::issue(const PassCost& cost, Cycle restored) {
  const Cycle first = std::max({now_ + 1, loaded_, restored, array_time_});
  now_ = first + cost.rest;
  accounted_ = now_ + 1;
  counters_.stalls[static_cast<std::size_t>(Stall::weight_port)] += cost.stalls[0];
  counters_.stalls[static_cast<std::size_t>(Stall::input_port)] += cost.stalls[1];
  counters_.stalls[static_cast<std::size_t>(Stall::bandwidth)] += cost.stalls[2];
  counters_.busy[static_cast<std::size_t>(weight_level_)] += cost.weight_busy;
  counters_.busy[static_cast<std::size_t>(input_level_)] += cost.input_busy;
  ++counters_.passes;
  counters_.steps += cost.steps;
  for (std::size_t i = 0; i < streamed_count_; ++i) {
    Port& port = port_[static_cast<std::size_t>(streamed_[i])];
    port.busy = port.held = false;
    port.available = now_ + 1;
  }
  phase_ = Phase::done;
}

// From pass to pass.

void Recurrence::leave(const NestWalk& walk, const Boundary& boundary) {
  for (std::size_t i = 0; i < movers_; ++i) {
    if ((boundary.ended & flag(i)) != 0) plan(i, walk);
  }
}

/// The array has issued the last step of a pass, in now_.
void Recurrence::enter(const Boundary& boundary) {
  for (std::size_t i = 0; i < movers_; ++i) {
    if ((boundary.ended & flag(i)) == 0) continue;
    Mover& mover = mover_[i];
    --mover.next;
    mover.left_at = now_;
    mover.delivered = {mover.delivered[1], kNever};
    if (!keeps_[Operand::outputs][i + 1]) mover.unretired = false;
  }
  submit(boundary);
}

/// The next thing that happens apart from the array, if it does before `limit` has passed.
bool Recurrence::step(Cycle limit) {
  Cycle t = kNever;
  std::size_t who = 0;
  for (std::size_t i = 0; i < levels_; ++i) {
    if (port_[i].exclusive) continue;
    const Cycle event = next_event(port_[i]);
    if (event < t) {
      t = event;
      who = i;
    }
  }
  for (std::size_t i = 0; i < movers_; ++i) {
    const Cycle event = next_action(i);
    if (event < t) {
      t = event;
      who = levels_ + i;
    }
  }
  if (t > limit || t >= kNever) return false;
  if (who < levels_) {
    serve(who, t);
  } else {
    act(who - levels_, t);
  }
  return true;
}

void Recurrence::run_pass(const NestWalk& walk, const PassCost& cost, const Boundary& boundary, bool first) {
  if (!first) enter(boundary);
  const bool opens = first || boundary.closes;
  if (opens) bank_ = 1 - bank_;
  const bool resumes = opens && !traffic_.is_first_visit(walk.pass());
  const unsigned needed = first ? 3 : boundary.needed;
  phase_ = Phase::tiles;
  for (std::size_t i = 0; i < movers_; ++i) plan(i, walk);
  while (!advance_array(cost, needed, opens, resumes)) {
    if (!step(kNever - 1)) throw std::logic_error("timing model: the machine stops");
    for (std::size_t i = 0; i < movers_; ++i) plan(i, walk);
  }
  while (step(now_)) {
    for (std::size_t i = 0; i < movers_; ++i) plan(i, walk);
  }
}

void Recurrence::finish(const Boundary& boundary) {
  enter(boundary);
  while (step(kNever - 1)) {
  }
}

}  // namespace heddle::mapper
