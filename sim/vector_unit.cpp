#include "sim/vector_unit.h"

#include <algorithm>

namespace heddle::sim {

using arch::Stall;
using workload::Operand;

VectorUnit::VectorUnit(sc_core::sc_module_name name, const arch::Accelerator& accelerator, LayerRun& run,
                       const std::vector<std::unique_ptr<MemoryPort>>& ports)
    : sc_module(name), accelerator_(accelerator), run_(run), ports_(ports) {
  SC_HAS_PROCESS(VectorUnit);
  SC_THREAD(feed);
  SC_THREAD(execute);
}

void VectorUnit::start(const VectorProgram& program) {
  program_ = program;
  chunks_ = arch::vector_chunks(program.layer, accelerator_);
  staged_inputs_.clear();
  for (std::size_t input = 0; input < program.inputs.size(); ++input) {
    const std::vector<std::int16_t>& codes = program.inputs[input]->codes;
    if (arch::in_place(program.layer.inputs[input], accelerator_)) {
      staged_inputs_.push_back(codes);  // there since the layer that made them
    } else {
      staged_inputs_.emplace_back(codes.size(), INT16_MIN);
    }
  }
  staged_output_.assign(static_cast<std::size_t>(program.layer.output.elements), INT16_MIN);
  home_output_ = staged_output_;
  start_.notify(sc_core::SC_ZERO_TIME);
}

void VectorUnit::feed() {
  while (true) {
    wait(start_);
    const bool ahead =
        staging() == 0 || accelerator_.memory[static_cast<std::size_t>(staging())].double_buffered;
    LevelProgress& progress = run_.at(0);
    std::size_t fetched = 0, written = 0;
    while (written < chunks_.size()) {
      const bool may_fetch =
          fetched < chunks_.size() &&
          (ahead ? progress.finished.seen() + 1 >= static_cast<std::int64_t>(fetched) && written + 2 > fetched
                 : written == fetched);
      if (may_fetch) {
        fetch(chunks_[fetched]);
        ++fetched;
        progress.delivered.advance();
      } else if (progress.finished.seen() > static_cast<std::int64_t>(written)) {
        write_back(chunks_[written]);
        ++written;
      } else {
        wait(progress.finished.event());
      }
    }
  }
}

void VectorUnit::fetch(const arch::VectorChunk& chunk) {
  const arch::VectorLayer& layer = program_->layer;
  arrived_ = now();
  for (std::size_t input = 0; input < layer.inputs.size(); ++input) fetch_input(input, chunk);
  move(0, staging(), Operand::weights, chunk.table_elements, layer.table_bits);
  if (arrived_ > now()) wait(cycles(arrived_ - now()));
}

void VectorUnit::fetch_input(std::size_t input, const arch::VectorChunk& chunk) {
  const arch::VectorLayer& layer = program_->layer;
  if (arch::in_place(layer.inputs[input], accelerator_)) return;
  const std::vector<std::int16_t>& codes = program_->inputs[input]->codes;
  for (const auto& [first, last] : layer.operation.input_range(input, chunk.begin, chunk.end))
    std::copy(codes.begin() + first, codes.begin() + last, staged_inputs_[input].begin() + first);
  move(arch::home(layer.inputs[input]), staging(), Operand::inputs, chunk.input_elements[input],
       layer.inputs[input].bits);
}

/// A request at the port of the outer one of both levels, until its last data cycle; counts it. A machine
/// without a buffer has one level, which is read or written once.
void VectorUnit::move(int from, int to, Operand operand, std::int64_t elements, int element_bits) {
  if (elements == 0) return;
  const bool outwards = operand == Operand::outputs;
  MemoryPort& port = *ports_[static_cast<std::size_t>(std::min(from, to))];
  const std::int64_t bits = elements * element_bits;
  const MemoryPort::Ticket ticket = port.request(0, port.cycles_for(bits));
  if (port.is_dram()) run_.actions.dram_bursts += port.units_for(bits);
  while (ticket->ended < 0) wait(ticket->changed);
  if (from != to || !outwards) run_.read(from, operand, elements, element_bits);
  if (from != to || outwards) run_.write(to, operand, elements, element_bits);
  const Cycle here = ticket->ended + (outwards ? 0 : port.latency());
  arrived_ = std::max(arrived_, here);
  if (run_.trace) {
    const std::string what = outwards ? "write back" : "fetch " + std::string(workload::name(operand));
    run_.trace({name(), what, ticket->granted, here});
  }
}

void VectorUnit::write_back(const arch::VectorChunk& chunk) {
  const arch::VectorLayer& layer = program_->layer;
  if (!arch::in_place(layer.output, accelerator_)) {
    move(staging(), arch::home(layer.output), Operand::outputs, chunk.output_elements, layer.output.bits);
    run_.happened(now());
  }
  const auto [first, last] = layer.operation.output_range(chunk.begin, chunk.end);
  std::copy(staged_output_.begin() + first, staged_output_.begin() + last, home_output_.begin() + first);
}

void VectorUnit::execute() {
  while (true) {
    wait(start_);
    LevelProgress& progress = run_.at(0);
    Cycle idle_since = now();
    for (std::size_t index = 0; index < chunks_.size(); ++index) {
      while (progress.delivered.seen() <= static_cast<std::int64_t>(index)) wait(progress.delivered.event());
      run_.cycles.stalls[static_cast<std::size_t>(Stall::memory)] += now() - idle_since;
      const Cycle begin = now();
      wait(cycles(start_chunk(chunks_[index])));
      std::vector<const std::int16_t*> bases;
      for (const auto& staged : staged_inputs_) bases.push_back(staged.data());
      program_->layer.operation.run(chunks_[index].begin, chunks_[index].end, bases, staged_output_.data());
      idle_since = now();
      run_.happened(now());
      if (run_.trace) run_.trace({name(), "chunk " + std::to_string(index), begin, now()});
      progress.finished.advance();
    }
  }
}

/// Counts a chunk's operations and the buffer's traffic; returns the cycles that it takes: those of the
/// lanes, or of the buffer when that is slower.
Cycle VectorUnit::start_chunk(const arch::VectorChunk& chunk) {
  const arch::VectorLayer& layer = program_->layer;
  const std::int64_t operations = layer.operation.operations(chunk.begin, chunk.end);
  const Cycle lanes =
      std::max<Cycle>(1, (operations + accelerator_.vector.lanes - 1) / accelerator_.vector.lanes);
  run_.actions.vector_operations += operations;
  run_.cycles.compute += lanes;
  if (staging() == 0) return lanes;

  std::int64_t read_bits = chunk.table_elements * layer.table_bits;
  for (std::size_t input = 0; input < layer.inputs.size(); ++input) {
    read_bits += chunk.input_elements[input] * layer.inputs[input].bits;
    run_.read(staging(), Operand::inputs, chunk.input_elements[input], layer.inputs[input].bits);
  }
  run_.read(staging(), Operand::weights, chunk.table_elements, layer.table_bits);
  run_.write(staging(), Operand::outputs, chunk.output_elements, layer.output.bits);
  MemoryPort& port = *ports_[static_cast<std::size_t>(staging())];
  const Cycle read = port.cycles_for(read_bits),
              write = port.cycles_for(chunk.output_elements * layer.output.bits);
  port.add_busy(read);
  const Cycle duration = std::max({lanes, read, write});
  run_.cycles.stalls[static_cast<std::size_t>(Stall::bandwidth)] += duration - lanes;
  return duration;
}

}  // namespace heddle::sim
