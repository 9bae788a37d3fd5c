#include "mapper/model/recurrence.h"

#include <algorithm>
#include <stdexcept>

namespace heddle::mapper {

using arch::Stall;
using workload::Operand;

namespace {

constexpr DimMask kWeightDims = dims_of(Operand::weights), kInputDims = dims_of(Operand::inputs),
                  kOutputDims = dims_of(Operand::outputs);

constexpr std::uint32_t flag(std::size_t mover) { return std::uint32_t{1} << mover; }

}  // namespace

Recurrence::Recurrence(const arch::Accelerator& accelerator, const TileTraffic& traffic)
    : traffic_(traffic),
      levels_(accelerator.memory.size()),
      movers_(levels_ - 1),
      array_stages_(accelerator.array.eie ? 5 : 3),
      banks_(accelerator.array.eie ? 1 : 2),
      least_load_(accelerator.array.eie ? 0 : 1),
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
  weights_at_home_ = mapping.on_chip[Operand::weights];
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
  bank_ = banks_ - 1;
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
    const std::int64_t bits = traffic_.moved_bits(Operand::outputs, tile, traffic_.is_last_visit(tile));
    boundary.leaving.occupancy[mover] =
        port_[static_cast<std::size_t>(keeper_[Operand::outputs][mover])].rate.cycles_for(bits);
  }
  boundary.has_job = boundary.closes || boundary.leaving.movers != 0;
  return boundary;
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
      loaded_ = array_time_ + std::max(load.cycles, least_load_);
      account(load.cause, array_time_ + load.cycles);
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
  account(Stall::memory, first);
  now_ = first + cost.rest;
  accounted_ = now_ + 1;
  counters_.stalls[static_cast<std::size_t>(Stall::weight_port)] += cost.stalls[0];
  counters_.stalls[static_cast<std::size_t>(Stall::input_port)] += cost.stalls[1];
  counters_.stalls[static_cast<std::size_t>(Stall::bandwidth)] += cost.stalls[2];
  counters_.busy[static_cast<std::size_t>(weight_level_)] += cost.weight_busy;
  counters_.busy[static_cast<std::size_t>(input_level_)] += cost.input_busy;
  ++counters_.passes;
  counters_.steps += cost.steps;
  counters_.fraction += cost.fraction;
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
  if (opens) bank_ = (bank_ + 1) % banks_;
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
