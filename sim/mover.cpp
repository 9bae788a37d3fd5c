#include "sim/mover.h"

#include <array>
#include <string>

namespace heddle::sim {

using workload::Operand;

Mover::Mover(sc_core::sc_module_name name, int level, bool double_buffered, LayerRun& run,
             const std::vector<std::unique_ptr<MemoryPort>>& ports)
    : sc_module(name), level_(level), slots_(double_buffered ? 2 : 1), run_(run), ports_(ports) {
  SC_HAS_PROCESS(Mover);
  SC_THREAD(process);
}

void Mover::process() {
  while (true) {
    wait(start_);
    run_layer();
  }
}

void Mover::run_layer() {
  const LayerProgram& program = *run_.program;
  fetching_.emplace(program.problem.shape, program.mapping, level_);
  retiring_ = fetching_;
  fetched_ = retired_ = evicted_ = 0;
  for (Operand operand : workload::kOperands) held_[operand] = -1;

  LevelProgress& own = run_.at(level_);
  while (!fetching_->done() || retired_ < fetched_) {
    if (!fetching_->done() && may_fetch()) {
      fetch();
      fetching_->next();
      ++fetched_;
    } else if (retired_ < fetched_ && may_retire()) {
      retire();
      ++retired_;
    } else {
      sc_core::sc_event_or_list news = own.finished.event() | own.drained.event();
      if (level_ > 0) news |= run_.at(level_ - 1).delivered.event();
      wait(news);
    }
  }
}

bool Mover::may_fetch() const {
  LevelProgress& own = run_.at(level_);
  if (level_ > 0 && run_.at(level_ - 1).delivered.seen() <= fetching_->iteration(level_ - 1)) return false;
  if (slots_ == 1) return retired_ == fetched_;
  // The slot of the output tile before the one in use must have been written back.
  const std::int64_t outputs = fetching_->generation(level_, Operand::outputs);
  if (child_keeps(Operand::outputs) && evicted_ < outputs - 1) return false;
  return own.finished.seen() >= fetched_ - 1;
}

bool Mover::may_retire() const {
  const LevelProgress& own = run_.at(level_);
  return (child_keeps(Operand::outputs) ? own.drained.seen() : own.finished.seen()) > retired_;
}

MemoryPort::Ticket Mover::ask(int level, std::int64_t bits) {
  MemoryPort& port = *ports_[static_cast<std::size_t>(level)];
  if (port.is_dram()) run_.actions.dram_bursts += port.units_for(bits);
  return port.request(level_, port.cycles_for(bits));
}

void Mover::fetch() {
  const LayerProgram& program = *run_.program;
  const Tile& tile = fetching_->tile(level_);
  struct Arrival {
    Operand operand;
    int from;
    TileSize size;
    MemoryPort::Ticket ticket;  // none when nothing but padding is needed
  };
  std::array<std::optional<Arrival>, 3> arrivals;
  for (Operand operand : workload::kOperands) {
    const std::int64_t generation = fetching_->generation(level_, operand);
    if (!child_keeps(operand) || generation == held_[operand]) continue;
    held_[operand] = generation;
    if (operand == Operand::outputs) {
      if (run_.moves_data) run_.store(level_ + 1).open_outputs(generation, tile, program);
      if (is_first_visit(tile)) continue;
    }
    if (at_home(operand)) {  // inputs: there since the layer that made them
      if (run_.moves_data) run_.store(level_ + 1).fetch(operand, generation, tile, program, run_.store(0), 0);
      continue;
    }
    const int from = run_.keeper(operand, level_);
    const TileSize size = run_.moved(operand, tile, false);
    arrivals[static_cast<std::size_t>(operand)] =
        Arrival{operand, from, size, size.bits > 0 ? ask(from, size.bits) : nullptr};
  }
  for (const auto& arrival : arrivals) {
    if (!arrival) continue;
    const auto& [operand, from, size, ticket] = *arrival;
    if (ticket) {
      while (ticket->ended < 0) wait(ticket->changed);
      const Cycle here = ticket->ended + ports_[static_cast<std::size_t>(from)]->latency();
      if (here > now()) wait(cycles(here - now()));
      if (run_.trace)
        run_.trace({name(), "fetch " + std::string(workload::name(operand)), ticket->granted, here});
    }
    if (run_.moves_data) copy_in(operand, from);
    run_.read(from, operand, size);
    run_.write(level_ + 1, operand, size);
  }
  run_.at(level_).delivered.advance();
}

/// The tile of the iteration that is being fetched, from level `from`'s store into the inner level's.
void Mover::copy_in(Operand operand, int from) {
  const std::int64_t generation = fetching_->generation(level_, operand);
  const std::int64_t source = from == 0 ? 0 : fetching_->generation(from - 1, operand);
  TileStore& to = run_.store(level_ + 1);
  if (operand == Operand::outputs) {
    to.fetch_outputs(generation, run_.store(from), source);
  } else {
    to.fetch(operand, generation, fetching_->tile(level_), *run_.program, run_.store(from), source);
  }
}

void Mover::retire() {
  const LayerProgram& program = *run_.program;
  const LoopWalk current = *retiring_;
  retiring_->next();
  if (!child_keeps(Operand::outputs)) return;

  const int to = run_.keeper(Operand::outputs, level_);
  const std::int64_t generation = current.generation(level_, Operand::outputs);
  if (retiring_->done() || retiring_->generation(level_, Operand::outputs) != generation) {
    const std::int64_t target = to == 0 ? 0 : current.generation(to - 1, Operand::outputs);
    if (at_home(Operand::outputs)) {  // they stay; the layer that reads them finds them there
      if (run_.moves_data) run_.store(level_ + 1).write_back_outputs(generation, run_.store(to), target);
      ++evicted_;
      return;
    }
    const Tile& tile = current.tile(level_);
    const TileSize size = run_.moved(Operand::outputs, tile, is_last_visit(tile, program.problem.shape));
    const MemoryPort::Ticket ticket = ask(to, size.bits);
    while (ticket->ended < 0) wait(ticket->changed);
    if (run_.trace) run_.trace({name(), "write back outputs", ticket->granted, ticket->ended});
    if (run_.moves_data) run_.store(level_ + 1).write_back_outputs(generation, run_.store(to), target);
    run_.read(level_ + 1, Operand::outputs, size);
    run_.write(to, Operand::outputs, size);
    ++evicted_;
    run_.happened(now());
  }
  if (to > 0 && current.last_of(to - 1)) run_.at(to - 1).drained.advance();
}

}  // namespace heddle::sim
