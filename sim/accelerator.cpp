#include "sim/accelerator.h"

#include <numeric>
#include <stdexcept>

namespace heddle::sim {

Accelerator::Accelerator(sc_core::sc_module_name name, const arch::Accelerator& description)
    : sc_module(name), description_(description), run_(description.memory.size()), sequencer_(run_) {
  for (const arch::MemoryLevel& level : description_.memory) {
    ports_.push_back(std::make_unique<MemoryPort>((level.name + "_port").c_str(), level));
  }
  for (std::size_t level = 0; level + 1 < description_.memory.size(); ++level) {
    const arch::MemoryLevel& inner = description_.memory[level + 1];
    movers_.push_back(std::make_unique<Mover>((inner.name + "_mover").c_str(), static_cast<int>(level),
                                              inner.double_buffered, run_, ports_));
  }
  ppu_ = std::make_unique<PostProcessingUnit>("ppu", description_.array.ports.outputs, run_, ports_);
  array_ = std::make_unique<DotArray>("array", description_.array, run_, sequencer_, *ppu_, ports_);
  ppu_->connect(*array_);
  vector_ = std::make_unique<VectorUnit>("vector_unit", description_, run_, ports_);
}

void Accelerator::begin_layer(const TraceSink& trace) {
  // Ends the elaboration: every process comes to wait for its first layer.
  if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) sc_core::sc_start(sc_core::SC_ZERO_TIME);
  run_.trace = trace;
  run_.actions = {};
  run_.actions.memory.resize(description_.memory.size());
  run_.cycles = {};
  run_.begin = run_.end = now();
  for (const auto& progress : run_.progress) {
    progress->delivered.reset();
    progress->finished.reset();
    progress->drained.reset();
  }
  for (const auto& port : ports_) port->reset();
}

void Accelerator::run_to_rest() {
  sc_core::sc_start();
  arch::CycleCounts& cycles = run_.cycles;
  cycles.total = run_.end - run_.begin;
  for (const auto& port : ports_) cycles.port_busy.push_back(port->busy_cycles());
  const Cycle accounted = std::accumulate(cycles.stalls.begin(), cycles.stalls.end(), cycles.compute);
  cycles.stalls[static_cast<std::size_t>(arch::Stall::finish)] += cycles.total - accounted;
}

LayerOutcome Accelerator::run(const LayerProgram& program, const TraceSink& trace) {
  begin_layer(trace);
  run_.program = &program;
  run_.store(0).load_program(program);
  for (std::size_t level = 1; level < run_.stores.size(); ++level) {
    run_.stores[level].clear(description_.memory[level].double_buffered ? 2 : 1);
  }
  sequencer_.start();
  for (const auto& mover : movers_) mover->start();
  array_->start();
  run_to_rest();

  LayerOutcome outcome{{}, run_.actions, run_.cycles};
  const View<std::int64_t> outputs = run_.store(0).outputs(0);
  const std::int64_t count = outputs.box.elements();
  if (!sequencer_.exhausted() || run_.actions.requantizations != count) {
    throw std::logic_error("layer " + program.problem.name + ": the machine came to rest with " +
                           std::to_string(run_.actions.requantizations) + " of " + std::to_string(count) +
                           " outputs complete");
  }
  // DRAM holds (n, g, m, p, q); a matrix product's tensor is (g, n, m).
  outcome.output.resize(static_cast<std::size_t>(count));
  const auto& e = outputs.box.extent;
  const std::int64_t inner = e[2] * e[3] * e[4];
  for (std::int64_t n = 0; n < e[0]; ++n) {
    for (std::int64_t g = 0; g < e[1]; ++g) {
      const std::int64_t row = program.groups_outermost ? g * e[0] + n : n * e[1] + g;
      std::copy_n(outputs.data + (n * e[1] + g) * inner, inner, outcome.output.begin() + row * inner);
    }
  }
  return outcome;
}

LayerOutcome Accelerator::run(const VectorProgram& program, const TraceSink& trace) {
  begin_layer(trace);
  vector_->start(program);
  run_to_rest();
  return {vector_->output(), run_.actions, run_.cycles};
}

}  // namespace heddle::sim
