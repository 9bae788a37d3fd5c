#include "sim/array/dot_array.h"

#include <algorithm>

namespace heddle::sim {

using arch::Stall;
using workload::Operand;

namespace {

Cycle divided_up(std::int64_t amount, std::int64_t per_cycle) { return (amount + per_cycle - 1) / per_cycle; }

}  // namespace

DotArray::DotArray(sc_core::sc_module_name name, const arch::DotUnit& unit, LayerRun& run,
                   Sequencer& sequencer, PostProcessingUnit& ppu,
                   const std::vector<std::unique_ptr<MemoryPort>>& ports)
    : sc_module(name),
      unit_(unit),
      run_(run),
      sequencer_(sequencer),
      ppu_(ppu),
      ports_(ports),
      datapath_(unit, run) {
  SC_HAS_PROCESS(DotArray);
  SC_THREAD(process);
}

void DotArray::process() {
  while (true) {
    wait(start_);
    run_layer();
  }
}

void DotArray::run_layer() {
  datapath_.start();
  last_issue_ = now() - 1;
  accounted_ = now();
  bank_ = 1;
  while (!sequencer_.exhausted()) {
    while (!sequencer_.ready()) wait(sequencer_.event());
    account(Stall::memory, now());
    run_pass(sequencer_.take());
  }
}

void DotArray::run_pass(const Pass& pass) {
  const Cycle accepted = now();
  datapath_.begin_pass(pass);
  if (pass.opens) bank_ = 1 - bank_;
  hold_streamed_levels(pass);

  for (std::size_t index = 0; index < datapath_.step_count(); ++index) {
    // Loading begins when the step before issues, or with the pass.
    const LoadTime load = time_of(pass, datapath_.load(index));
    const Cycle loaded = now() + load.cycles;
    account(load.cause, loaded);
    Cycle restored = 0;
    if (index == 0 && pass.opens) restored = open_bank(pass);
    wait_until(std::max({last_issue_ + 1, loaded, restored}));

    datapath_.execute(index);
    last_issue_ = now();
    accounted_ = last_issue_ + 1;
    ++run_.cycles.compute;
  }

  for (const auto& [level, ticket] : held_) ports_[static_cast<std::size_t>(level)]->release(ticket);
  held_.clear();
  sequencer_.finish(pass);
  if (pass.closes || !pass.ends.empty()) ppu_.submit(pass, bank_, last_issue_ + kStages);
  if (run_.trace) run_.trace({name(), "pass " + std::to_string(pass.number), accepted, last_issue_ + 1});
}

/// Operands that no adjacent memory keeps stream from an outer level, whose port the pass holds while it
/// runs.
void DotArray::hold_streamed_levels(const Pass& pass) {
  std::vector<int> levels;
  for (Operand operand : {Operand::weights, Operand::inputs}) {
    const int level = pass.level[operand];
    if (!is_adjacent(level) && std::find(levels.begin(), levels.end(), level) == levels.end())
      levels.push_back(level);
  }
  if (levels.empty()) return;
  // With the port in hand the pass must not wait for a drain that may need the same port.
  if (pass.opens) {
    while (!ppu_.is_free(bank_)) wait(ppu_.freed());
    account(Stall::drain, now());
  }
  Cycle first_data = now();
  for (const int level : levels) {
    MemoryPort& port = *ports_[static_cast<std::size_t>(level)];
    held_.emplace_back(level, port.hold(rank()));
    wait_for(held_.back().second, true);
    first_data = std::max(first_data, now() + port.latency());
  }
  wait_until(first_data);
  account(Stall::memory, now());
}

/// Waits for a free accumulator bank and puts partial sums back where there are any. Returns the first cycle
/// in which a step may add to it.
Cycle DotArray::open_bank(const Pass& pass) {
  while (!ppu_.is_free(bank_)) wait(ppu_.freed());
  account(Stall::drain, now());
  ppu_.claim(bank_);
  datapath_.open(bank_);
  if (!pass.resumes) return now();

  const int level = pass.level[Operand::outputs];
  MemoryPort& port = *ports_[static_cast<std::size_t>(level)];
  const std::int64_t results = datapath_.restore();
  const std::int64_t bits = results * run_.program->accumulator_bits;
  const Cycle duration = std::max(divided_up(results, unit_.ports.outputs), port.cycles_for(bits));
  if (port.is_dram()) run_.actions.dram_bursts += port.units_for(bits);
  Cycle restored = now() + duration;
  const bool in_hand =
      std::any_of(held_.begin(), held_.end(), [&](const auto& held) { return held.first == level; });
  if (is_adjacent(level) || in_hand) {
    port.add_busy(duration);
    restored += is_adjacent(level) ? 0 : port.latency();
  } else {
    const MemoryPort::Ticket ticket = port.request(rank(), duration);
    wait_for(ticket, false);
    restored = now() + port.latency();
  }
  account(Stall::partial_sums, restored);
  return restored;
}

/// Cycles that a load takes: each operand at its array port, and what comes from one memory at that memory's
/// bandwidth.
DotArray::LoadTime DotArray::time_of(const Pass& pass, const DotLoad& load) {
  const Cycle weights = divided_up(divided_up(load.weight_bits, 8), unit_.ports.weights);
  const Cycle inputs = divided_up(divided_up(load.input_bits, 8), unit_.ports.inputs);
  LoadTime time{std::max(weights, inputs), weights >= inputs ? Stall::weight_port : Stall::input_port};

  const auto serve = [&](int level, std::int64_t units) {
    MemoryPort& port = *ports_[static_cast<std::size_t>(level)];
    const Cycle duration = port.cycles_for_units(units);
    port.add_busy(duration);
    if (port.is_dram()) run_.actions.dram_bursts += units;
    if (duration > time.cycles) time = {duration, Stall::bandwidth};
  };
  const int weight_level = pass.level[Operand::weights], input_level = pass.level[Operand::inputs];
  const std::int64_t weight_units =
      ports_[static_cast<std::size_t>(weight_level)]->units_for(load.weight_bits);
  const std::int64_t input_units = ports_[static_cast<std::size_t>(input_level)]->units_for(load.input_bits);
  if (weight_level == input_level) {
    serve(weight_level, weight_units + input_units);
  } else {
    serve(weight_level, weight_units);
    serve(input_level, input_units);
  }
  return time;
}

void DotArray::account(Stall cause, Cycle until) {
  if (until <= accounted_) return;
  run_.cycles.stalls[static_cast<std::size_t>(cause)] += until - accounted_;
  accounted_ = until;
}

void DotArray::wait_until(Cycle t) {
  if (t > now()) wait(cycles(t - now()));
}

void DotArray::wait_for(const MemoryPort::Ticket& ticket, bool granted) {
  while ((granted ? ticket->granted : ticket->ended) < 0) wait(ticket->changed);
}

}  // namespace heddle::sim
