#include "sim/array/array_unit.h"

#include <algorithm>

#include "arch/tile_traffic.h"
#include "sim/port_watcher.h"
#include "sim/post_processing_unit.h"

namespace heddle::sim {

using arch::divided_up;
using arch::Stall;
using workload::Operand;

ArrayUnit::ArrayUnit(sc_core::sc_module_name name, const Traits& traits, const arch::Ports& array_ports,
                     const Socket& socket)
    : sc_module(name), socket_(socket), run_(socket.run), traits_(traits), array_ports_(array_ports) {
  SC_HAS_PROCESS(ArrayUnit);
  SC_THREAD(process);
}

void ArrayUnit::process() {
  while (true) {
    wait(start_);
    run_layer();
  }
}

void ArrayUnit::run_layer() {
  Sequencer& sequencer = socket_.sequencer;
  begin_layer();
  last_issue_ = now() - 1;
  accounted_ = now();
  bank_ = traits_.banks - 1;
  if (run_.watcher) {
    run_.watcher->begin_layer(*run_.program);
    run_.watcher->set(PortWatcher::Level::pass_ready, true, now());
  }
  while (!sequencer.exhausted()) {
    while (!sequencer.ready()) wait(sequencer.event());
    if (run_.back_pressure) wait_until(here() + run_.back_pressure->of_pass());
    account(Stall::memory, here());
    run_pass(sequencer.take());
  }
}

void ArrayUnit::run_pass(const Pass& pass) {
  const Cycle accepted = here();
  begin_pass(pass);
  if (pass.opens) bank_ = (bank_ + 1) % traits_.banks;
  hold_streamed_levels(pass);
  accept(pass);
  if (run_.watcher) {
    run_.watcher->accepted(pass, now());
    run_.watcher->set(PortWatcher::Level::pass_ready, false, now() + 1);
  }
  run_steps(pass);
  if (run_.watcher) run_.watcher->set(PortWatcher::Level::pass_ready, true, last_issue_);

  if (!held_.empty() || pass.ends != 0) wait_until(last_issue_);
  for (const auto& [level, ticket] : held_) port(level).release(ticket);
  held_.clear();
  if (pass.ends != 0) socket_.sequencer.finish(pass);
  if (pass.closes || pass.ends != 0) socket_.ppu.submit(pass, bank_, last_issue_ + traits_.stages);
  if (run_.trace) run_.trace({name(), "pass " + std::to_string(pass.number), accepted, last_issue_ + 1});
}

/// Operands that no adjacent memory keeps stream from an outer level, whose port the pass holds while it
/// runs.
void ArrayUnit::hold_streamed_levels(const Pass& pass) {
  if (is_adjacent(pass.level[Operand::weights]) && is_adjacent(pass.level[Operand::inputs])) return;
  std::vector<int> levels;
  for (Operand operand : {Operand::weights, Operand::inputs}) {
    const int level = pass.level[operand];
    if (!is_adjacent(level) && std::find(levels.begin(), levels.end(), level) == levels.end())
      levels.push_back(level);
  }
  wait_until(here());
  // With the port in hand the pass must not wait for a drain that may need the same port.
  if (pass.opens) {
    while (!socket_.ppu.is_free(bank_)) wait(socket_.ppu.freed());
    account(Stall::drain, now());
  }
  Cycle first_data = now();
  for (const int level : levels) {
    held_.emplace_back(level, port(level).hold(rank()));
    wait_for(held_.back().second, true);
    first_data = std::max(first_data, now() + port(level).latency());
  }
  wait_until(first_data);
  account(Stall::memory, now());
}

Cycle ArrayUnit::open_bank(const Pass& pass) {
  if (!socket_.ppu.is_free(bank_)) {
    wait_until(here());
    while (!socket_.ppu.is_free(bank_)) wait(socket_.ppu.freed());
  }
  account(Stall::drain, here());
  socket_.ppu.claim(bank_);
  clear_bank(bank_);
  if (!pass.resumes) return here();

  const int level = pass.level[Operand::outputs];
  if (run_.moves_data) restore(pass, bank_);
  const std::int64_t results = moved_elements(Operand::outputs, pass.tile, run_.program->problem);
  const std::int64_t bits = results * run_.program->accumulator_bits;
  run_.read(level, Operand::outputs, results, run_.program->accumulator_bits);
  run_.actions.registers[Operand::outputs].write_elements += results;
  run_.actions.registers[Operand::outputs].write_bits += bits;

  MemoryPort& from = port(level);
  const auto arriving = [&](Cycle restored) {
    restoring(restored - here());
    if (run_.watcher) run_.watcher->set(PortWatcher::Level::sums_ready, false, restored);
  };
  if (run_.watcher) run_.watcher->set(PortWatcher::Level::sums_ready, true, here());
  const Cycle duration = std::max(divided_up(results, array_ports_.outputs), from.cycles_for(bits)) +
                         (run_.back_pressure ? run_.back_pressure->of_restore() : 0);
  if (from.is_dram()) run_.actions.dram_bursts += from.units_for(bits);
  Cycle restored = here() + duration;
  const bool in_hand =
      std::any_of(held_.begin(), held_.end(), [&](const auto& held) { return held.first == level; });
  if (is_adjacent(level) || in_hand) {
    from.add_busy(duration);
    restored += is_adjacent(level) ? 0 : from.latency();
    arriving(restored);
  } else {
    wait_until(here());
    const MemoryPort::Ticket ticket = from.request(rank(), duration);
    wait_for(ticket, true);
    restored = ticket->granted + duration + from.latency();
    arriving(restored);
    wait_for(ticket, false);
  }
  account(Stall::partial_sums, restored);
  return restored;
}

ArrayUnit::LoadTime ArrayUnit::time_of(const Pass& pass, const LoadBits& load) {
  const Cycle weights = divided_up(divided_up(load.weights, 8), array_ports_.weights);
  const Cycle inputs = divided_up(divided_up(load.inputs, 8), array_ports_.inputs);
  LoadTime time{std::max(weights, inputs), weights >= inputs ? Stall::weight_port : Stall::input_port,
                weights, inputs};

  // Late operands all come late.
  const auto slow_down = [&](Cycle duration) {
    time = {duration, Stall::bandwidth, weights > 0 ? duration : 0, inputs > 0 ? duration : 0};
  };
  const auto serve = [&](int level, std::int64_t units) {
    MemoryPort& from = port(level);
    const Cycle duration = from.cycles_for_units(units);
    from.add_busy(duration);
    if (from.is_dram()) run_.actions.dram_bursts += units;
    if (duration > time.cycles) slow_down(duration);
  };
  const int weight_level = pass.level[Operand::weights], input_level = pass.level[Operand::inputs];
  const std::int64_t weight_units = port(weight_level).units_for(load.weights);
  const std::int64_t input_units = port(input_level).units_for(load.inputs);
  if (weight_level == input_level) {
    serve(weight_level, weight_units + input_units);
  } else {
    serve(weight_level, weight_units);
    serve(input_level, input_units);
  }
  if (run_.back_pressure && time.cycles > 0) {
    if (const Cycle longer = run_.back_pressure->of_load(); longer > 0) slow_down(time.cycles + longer);
  }
  return time;
}

void ArrayUnit::account(Stall cause, Cycle until) {
  if (until <= accounted_) return;
  run_.cycles.stalls[static_cast<std::size_t>(cause)] += until - accounted_;
  accounted_ = until;
}

void ArrayUnit::issued(std::int64_t steps, Cycle last) {
  last_issue_ = last;
  accounted_ = last + 1;
  run_.cycles.compute += steps;
}

void ArrayUnit::wait_until(Cycle t) {
  if (t > now()) wait(cycles(t - now()));
}

void ArrayUnit::wait_for(const MemoryPort::Ticket& ticket, bool granted) {
  while ((granted ? ticket->granted : ticket->ended) < 0) wait(ticket->changed);
}

std::vector<std::int64_t> partial_sums(LayerRun& run, const Pass& pass) {
  const Box box = box_of(Operand::outputs, pass.tile, run.program->problem);
  std::vector<std::int64_t> sums(static_cast<std::size_t>(box.elements()));
  const View<std::int64_t> from =
      run.store(pass.level[Operand::outputs]).outputs(pass.generation[Operand::outputs]);
  copy(View<const std::int64_t>{from.data, from.box, from.stride},
       View<std::int64_t>{sums.data(), box, row_major(box)}, box);
  return sums;
}

std::vector<std::int16_t> ArrayUnit::outputs() {
  const View<std::int64_t> stored = run_.store(0).outputs(0);
  return {stored.data, stored.data + stored.box.elements()};
}

}  // namespace heddle::sim
