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
      const Chunk c = chunk(0, count);
      return (c.input_bits + c.output_bits + 7) / 8 * (buffer.double_buffered ? 2 : 1);
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
  MemoryPort& dram = *ports_[0];
  for (std::size_t input = 0; input < program_.inputs.size(); ++input) {
    const std::vector<std::int16_t>& codes = program_.inputs[input]->codes;
    std::int64_t elements = 0;
    for (const auto& [first, last] : program_.operation->input_range(input, chunk.begin, chunk.end)) {
      std::copy(codes.begin() + first, codes.begin() + last, staged_inputs_[input].begin() + first);
      elements += last - first;
    }
    if (elements == 0) continue;
    const int bits = program_.inputs[input]->quantization.bits;
    const MemoryPort::Ticket ticket = dram.request(0, dram.cycles_for(elements * bits));
    run_.actions.dram_bursts += dram.units_for(elements * bits);
    while (ticket->ended < 0) wait(ticket->changed);
    run_.read(0, Operand::inputs, elements, bits);
    if (staging() > 0) run_.write(staging(), Operand::inputs, elements, bits);
    if (run_.trace) run_.trace({name(), "fetch", ticket->granted, ticket->ended + dram.latency()});
  }
  if (chunk.input_elements > 0 && dram.latency() > 0) wait(cycles(dram.latency()));
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
    Cycle accounted = now();
    for (std::size_t index = 0; index < chunks_.size(); ++index) {
      const Chunk& chunk = chunks_[index];
      while (progress.delivered.seen() <= static_cast<std::int64_t>(index)) wait(progress.delivered.event());
      run_.cycles.stalls[static_cast<std::size_t>(Stall::memory)] += now() - accounted;

      const std::int64_t operations = program_.operation->operations(chunk.begin, chunk.end);
      Cycle duration =
          std::max<Cycle>(1, (operations + accelerator_.vector.lanes - 1) / accelerator_.vector.lanes);
      if (staging() > 0) {
        MemoryPort& port = *ports_[static_cast<std::size_t>(staging())];
        const Cycle transfer =
            std::max(port.cycles_for(chunk.input_bits), port.cycles_for(chunk.output_bits));
        port.add_busy(port.cycles_for(chunk.input_bits));
        run_.cycles.stalls[static_cast<std::size_t>(Stall::bandwidth)] +=
            std::max<Cycle>(0, transfer - duration);
        run_.cycles.compute += duration;
        duration = std::max(duration, transfer);
        run_.read(staging(), Operand::inputs, chunk.input_elements,
                  program_.inputs.empty()
                      ? 0
                      : static_cast<int>(chunk.input_bits / std::max<std::int64_t>(1, chunk.input_elements)));
        run_.write(staging(), Operand::outputs, chunk.output_elements, program_.output_bits);
      } else {
        run_.cycles.compute += duration;
      }
      run_.actions.vector_operations += operations;
      const Cycle begin = now();
      wait(cycles(duration));
      std::vector<const std::int16_t*> bases;
      for (const auto& staged : staged_inputs_) bases.push_back(staged.data());
      program_.operation->run(chunk.begin, chunk.end, bases, staged_output_.data());
      accounted = now();
      if (run_.trace) run_.trace({name(), "chunk " + std::to_string(index), begin, now()});
      progress.finished.advance();
    }
  }
}

}  // namespace heddle::sim
