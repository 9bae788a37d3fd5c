#include "sim/post_processing_unit.h"

#include <algorithm>

#include "sim/array/array_unit.h"
#include "sim/port_watcher.h"

namespace heddle::sim {

using workload::Dim;
using workload::Operand;

PostProcessingUnit::PostProcessingUnit(sc_core::sc_module_name name, std::int64_t results_per_cycle,
                                       LayerRun& run, const std::vector<std::unique_ptr<MemoryPort>>& ports)
    : sc_module(name), results_per_cycle_(results_per_cycle), run_(run), ports_(ports) {
  SC_HAS_PROCESS(PostProcessingUnit);
  SC_THREAD(process);
  SC_METHOD(commit);
  dont_initialize();
  sensitive << commit_event_;
}

void PostProcessingUnit::submit(const Pass& pass, int bank, Cycle ready) {
  jobs_.push_back({pass, bank, ready});
  submitted_.notify(sc_core::SC_ZERO_TIME);
}

void PostProcessingUnit::process() {
  while (true) {
    while (jobs_.empty()) wait(submitted_);
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    if (job.ready > now()) wait(cycles(job.ready - now()));
    if (job.pass.closes) drain(job);
    committing_.emplace_back(now() + kStages, job.pass);
    if (committing_.size() == 1) commit_event_.notify(cycles(kStages));
  }
}

void PostProcessingUnit::drain(const Job& job) {
  const Cycle begin = now();
  if (run_.watcher) {
    run_.watcher->results(job.pass, array_->sums(job.bank));
    run_.watcher->set(PortWatcher::Level::results_valid, true, begin);
  }
  const int level = job.pass.level[Operand::outputs];
  const std::int64_t results = moved_elements(Operand::outputs, job.pass.tile, run_.program->problem);
  const std::int64_t bits = results * run_.bits(Operand::outputs, job.pass.completes);
  MemoryPort& port = *ports_[static_cast<std::size_t>(level)];
  const Cycle duration =
      std::max((results + results_per_cycle_ - 1) / results_per_cycle_, port.cycles_for(bits)) +
      (run_.back_pressure ? run_.back_pressure->of_drain() : 0);
  if (port.is_dram()) run_.actions.dram_bursts += port.units_for(bits);
  if (level == run_.innermost() && level > 0) {
    array_->drain(job.pass, duration);
    wait(cycles(duration));  // the innermost memory has a write side of its own
  } else {
    const MemoryPort::Ticket ticket = port.request(run_.innermost() + 1, duration);
    while (ticket->granted < 0) wait(ticket->changed);
    array_->drain(job.pass, duration);
    while (ticket->ended < 0) wait(ticket->changed);
  }
  while (!array_->drained()) wait(cycles(1));
  if (run_.watcher) run_.watcher->set(PortWatcher::Level::results_valid, false, now());
  store(job);
  claimed_[static_cast<std::size_t>(job.bank)] = false;
  freed_.notify(sc_core::SC_ZERO_TIME);
  if (run_.trace)
    run_.trace({name(), job.pass.completes ? "drain results" : "drain partial sums", begin, now()});
}

void PostProcessingUnit::store(const Job& job) {
  const LayerProgram& program = *run_.program;
  const int level = job.pass.level[Operand::outputs];
  if (run_.moves_data) store_data(job);
  const std::int64_t results = moved_elements(Operand::outputs, job.pass.tile, program.problem);
  run_.actions.registers[Operand::outputs].read_elements += results;
  run_.actions.registers[Operand::outputs].read_bits += results * program.accumulator_bits;
  run_.write(level, Operand::outputs, results, run_.bits(Operand::outputs, job.pass.completes));
  if (job.pass.completes) run_.actions.requantizations += results;
}

void PostProcessingUnit::store_data(const Job& job) {
  std::vector<std::int64_t> codes = array_->sums(job.bank);
  if (job.pass.completes) requantize(job.pass, codes);
  const View<std::int64_t> to =
      run_.store(job.pass.level[Operand::outputs]).outputs(job.pass.generation[Operand::outputs]);
  const Box box = box_of(Operand::outputs, job.pass.tile, run_.program->problem);
  copy(View<const std::int64_t>{codes.data(), box, row_major(box)}, to, box);
}

/// Complete sums become codes, in (n, g, m, p, q) order.
void PostProcessingUnit::requantize(const Pass& pass, std::vector<std::int64_t>& sums) const {
  const LayerProgram& program = *run_.program;
  const auto& start = pass.tile.start;
  const auto& extent = pass.tile.extent;
  const std::int64_t positions = extent[Dim::P] * extent[Dim::Q];
  std::vector<std::int64_t> channels;
  channels.reserve(sums.size());
  for (std::int64_t n = 0; n < extent[Dim::N]; ++n) {
    for (std::int64_t g = start[Dim::G]; g < pass.tile.end(Dim::G); ++g) {
      for (std::int64_t m = start[Dim::M]; m < pass.tile.end(Dim::M); ++m) {
        channels.insert(channels.end(), static_cast<std::size_t>(positions),
                        g * program.problem.shape.size[Dim::M] + m);
      }
    }
  }
  if (lanes_) return lanes_->requantize(sums, channels);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::int64_t bias = program.bias.empty() ? 0 : program.bias[static_cast<std::size_t>(channels[i])];
    sums[i] = program.requantization(sums[i] + bias, channels[i]);
  }
}

void PostProcessingUnit::commit() {
  while (!committing_.empty() && committing_.front().first <= now()) {
    const Pass& pass = committing_.front().second;
    const int mover = pass.level[Operand::outputs] - 1;
    if (mover >= 0 && pass.ends_iteration(mover)) run_.at(mover).drained.advance();
    run_.happened(now());
    committing_.pop_front();
  }
  if (!committing_.empty()) commit_event_.notify(cycles(committing_.front().first - now()));
}

}  // namespace heddle::sim
