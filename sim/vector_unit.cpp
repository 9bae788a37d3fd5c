#include "sim/vector_unit.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/error.h"

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

VectorUnit::Chunk VectorUnit::chunk(std::int64_t begin, std::int64_t end) const {
  Chunk result{begin, end};
  for (std::size_t input = 0; input < program_.inputs.size(); ++input) {
    std::int64_t elements = 0;
    for (const auto& [first, last] : program_.operation->input_range(input, begin, end))
      elements += last - first;
    result.input_elements += elements;
    result.input_bits += elements * program_.inputs[input]->quantization.bits;
  }
  const auto [first, last] = program_.operation->output_range(begin, end);
  result.output_elements = last - first;
  result.output_bits = result.output_elements * program_.output_bits;
  result.table_elements = program_.table_bits > 0 ? result.output_elements : 0;
  result.table_bits = result.table_elements * program_.table_bits;
  return result;
}

/// At least eight chunks, so that fetching, computing and writing back overlap; smaller ones when two would
/// not fit.
void VectorUnit::plan_chunks() {
  const std::int64_t units = program_.operation->units();
  std::int64_t size = std::max<std::int64_t>(1, (units + 7) / 8);
  if (staging() > 0) {
    const arch::MemoryLevel& buffer = accelerator_.memory[static_cast<std::size_t>(staging())];
    const auto needed = [&](std::int64_t count) {
      return (chunk(0, count).bits() + 7) / 8 * (buffer.double_buffered ? 2 : 1);
    };
    while (size > 1 && needed(size) > buffer.size_bytes) size = (size + 1) / 2;
    if (needed(size) > buffer.size_bytes) {
      throw InputError(accelerator_.name,
                       fmt::format("layer {}: {} holds {} bytes, the smallest piece of this layer needs {}",
                                   program_.name, buffer.name, buffer.size_bytes, needed(size)));
    }
  }
  chunks_.clear();
  for (std::int64_t begin = 0; begin < units; begin += size)
    chunks_.push_back(chunk(begin, std::min(units, begin + size)));
}

void VectorUnit::start(const VectorProgram& program) {
  program_ = program;
  plan_chunks();
  staged_inputs_.clear();
  for (const workload::IntTensor* input : program.inputs)
    staged_inputs_.emplace_back(input->codes.size(), INT16_MIN);
  staged_output_.assign(static_cast<std::size_t>(program.output_elements), INT16_MIN);
  dram_output_ = staged_output_;
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
        run_.happened(now());
      } else {
        wait(progress.finished.event());
      }
    }
  }
}

void VectorUnit::fetch(const Chunk& chunk) {
  for (std::size_t input = 0; input < program_.inputs.size(); ++input) {
    const std::vector<std::int16_t>& codes = program_.inputs[input]->codes;
    std::int64_t elements = 0;
    for (const auto& [first, last] : program_.operation->input_range(input, chunk.begin, chunk.end)) {
      std::copy(codes.begin() + first, codes.begin() + last, staged_inputs_[input].begin() + first);
      elements += last - first;
    }
    fetch(Operand::inputs, elements, program_.inputs[input]->quantization.bits);
  }
  fetch(Operand::weights, chunk.table_elements, program_.table_bits);
  const Cycle latency = ports_[0]->latency();
  if (chunk.input_elements > 0 && latency > 0) wait(cycles(latency));
}

void VectorUnit::fetch(Operand operand, std::int64_t elements, int element_bits) {
  if (elements == 0) return;
  MemoryPort& dram = *ports_[0];
  const MemoryPort::Ticket ticket = dram.request(0, dram.cycles_for(elements * element_bits));
  run_.actions.dram_bursts += dram.units_for(elements * element_bits);
  while (ticket->ended < 0) wait(ticket->changed);
  run_.read(0, operand, elements, element_bits);
  if (staging() > 0) run_.write(staging(), operand, elements, element_bits);
  if (run_.trace) {
    run_.trace({name(), "fetch " + std::string(workload::name(operand)), ticket->granted,
                ticket->ended + dram.latency()});
  }
}

void VectorUnit::write_back(const Chunk& chunk) {
  MemoryPort& dram = *ports_[0];
  const MemoryPort::Ticket ticket = dram.request(0, dram.cycles_for(chunk.output_bits));
  run_.actions.dram_bursts += dram.units_for(chunk.output_bits);
  while (ticket->ended < 0) wait(ticket->changed);
  const auto [first, last] = program_.operation->output_range(chunk.begin, chunk.end);
  std::copy(staged_output_.begin() + first, staged_output_.begin() + last, dram_output_.begin() + first);
  if (staging() > 0) run_.read(staging(), Operand::outputs, chunk.output_elements, program_.output_bits);
  run_.write(0, Operand::outputs, chunk.output_elements, program_.output_bits);
  if (run_.trace) run_.trace({name(), "write back", ticket->granted, ticket->ended});
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
      program_.operation->run(chunks_[index].begin, chunks_[index].end, bases, staged_output_.data());
      idle_since = now();
      if (run_.trace) run_.trace({name(), "chunk " + std::to_string(index), begin, now()});
      progress.finished.advance();
    }
  }
}

/// Counts a chunk's operations and the buffer's traffic; returns the cycles that it takes: those of the
/// lanes, or of the buffer when that is slower.
Cycle VectorUnit::start_chunk(const Chunk& chunk) {
  const std::int64_t operations = program_.operation->operations(chunk.begin, chunk.end);
  const Cycle lanes =
      std::max<Cycle>(1, (operations + accelerator_.vector.lanes - 1) / accelerator_.vector.lanes);
  run_.actions.vector_operations += operations;
  run_.cycles.compute += lanes;
  if (staging() == 0) return lanes;

  MemoryPort& port = *ports_[static_cast<std::size_t>(staging())];
  const Cycle read = port.cycles_for(chunk.input_bits + chunk.table_bits),
              write = port.cycles_for(chunk.output_bits);
  port.add_busy(read);
  arch::Traffic& inputs = run_.traffic(staging(), Operand::inputs);
  inputs.read_elements += chunk.input_elements;
  inputs.read_bits += chunk.input_bits;
  run_.read(staging(), Operand::weights, chunk.table_elements, program_.table_bits);
  run_.write(staging(), Operand::outputs, chunk.output_elements, program_.output_bits);
  const Cycle duration = std::max({lanes, read, write});
  run_.cycles.stalls[static_cast<std::size_t>(Stall::bandwidth)] += duration - lanes;
  return duration;
}

}  // namespace heddle::sim
