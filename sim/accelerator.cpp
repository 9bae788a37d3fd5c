#include "sim/accelerator.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "sim/array/dot_array.h"
#include "sim/array/dot_fast.h"
#include "sim/array/eie_array.h"
#include "sim/array/eie_fast.h"

namespace heddle::sim {
namespace {

std::unique_ptr<ArrayUnit> make_array(const arch::Accelerator& description, Fidelity fidelity,
                                      const Equipment& equipment, const Socket& socket) {
  if (equipment.array) return equipment.array(description.array, socket);
  const bool fast = fidelity == Fidelity::fast;
  if (description.array.eie) {
    if (fast) return std::make_unique<EieFast>("array", description.array, socket);
    return std::make_unique<EieArray>("array", description.array, socket);
  }
  if (fast) return std::make_unique<DotFast>("array", description, socket);
  return std::make_unique<DotArray>("array", description.array, socket);
}

}  // namespace

Accelerator::Accelerator(sc_core::sc_module_name name, const arch::Accelerator& description,
                         Fidelity fidelity, Equipment equipment)
    : sc_module(name),
      description_(description),
      equipment_(std::move(equipment)),
      run_(description.memory.size(), fidelity),
      sequencer_(run_) {
  for (const arch::MemoryLevel& level : description_.memory) {
    ports_.push_back(std::make_unique<MemoryPort>((level.name + "_port").c_str(), level));
  }
  for (std::size_t level = 0; level + 1 < description_.memory.size(); ++level) {
    const arch::MemoryLevel& inner = description_.memory[level + 1];
    movers_.push_back(std::make_unique<Mover>((inner.name + "_mover").c_str(), static_cast<int>(level),
                                              inner.double_buffered, run_, ports_));
  }
  ppu_ = std::make_unique<PostProcessingUnit>("ppu", description_.array.ports.outputs, run_, ports_);
  const Socket socket{run_, sequencer_, *ppu_, ports_};
  array_ = make_array(description_, fidelity, equipment_, socket);
  ppu_->connect(*array_, equipment_.lanes);
  run_.watcher = equipment_.watcher;
  vector_ = std::make_unique<VectorUnit>("vector_unit", description_, run_, ports_);
}

void Accelerator::elaborate() {
  // Every process comes to wait for its first layer.
  if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) sc_core::sc_start(sc_core::SC_ZERO_TIME);
}

void Accelerator::begin_layer(const TraceSink& trace) {
  elaborate();
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

void Accelerator::add_up_cycles() {
  arch::CycleCounts& cycles = run_.cycles;
  cycles.total = run_.end - run_.begin;
  for (const auto& port : ports_) cycles.port_busy.push_back(port->busy_cycles());
  const Cycle accounted = std::accumulate(cycles.stalls.begin(), cycles.stalls.end(), cycles.compute);
  cycles.stalls[static_cast<std::size_t>(arch::Stall::finish)] += cycles.total - accounted;
}

namespace {

/// The machine's order is (n, g, m, p, q); a matrix product's tensor is (g, n, m).
std::vector<std::int16_t> network_layout(std::vector<std::int16_t> codes, const LayerProgram& program) {
  using workload::Dim;
  const auto& size = program.problem.shape.size;
  const std::int64_t batch = size[Dim::N], groups = size[Dim::G];
  if (!program.groups_outermost || batch == 1 || groups == 1) return codes;
  const auto inner = size[Dim::M] * size[Dim::P] * size[Dim::Q];
  std::vector<std::int16_t> result(codes.size());
  for (std::int64_t n = 0; n < batch; ++n) {
    for (std::int64_t g = 0; g < groups; ++g) {
      std::copy_n(codes.begin() + (n * groups + g) * inner, inner, result.begin() + (g * batch + n) * inner);
    }
  }
  return result;
}

}  // namespace

LayerOutcome Accelerator::run(const LayerProgram& program, const TraceSink& trace) {
  start(program, trace);
  sc_core::sc_start();
  return finish();
}

void Accelerator::start(const LayerProgram& program, const TraceSink& trace) {
  begin_layer(trace);
  run_.program = &program;
  if (run_.moves_data) run_.store(0).load_program(program);
  ppu_->begin_layer(program);
  for (std::size_t level = 1; level < run_.stores.size(); ++level) {
    run_.stores[level].clear(description_.memory[level].double_buffered ? 2 : 1);
  }
  sequencer_.start();
  for (const auto& mover : movers_) mover->start();
  array_->start();
}

LayerOutcome Accelerator::finish() {
  const LayerProgram& program = *run_.program;
  add_up_cycles();
  const std::int64_t count = program.problem.shape.output_count();
  if (!sequencer_.exhausted() || run_.actions.requantizations != count) {
    throw std::logic_error("layer " + program.problem.name + ": the machine came to rest with " +
                           std::to_string(run_.actions.requantizations) + " of " + std::to_string(count) +
                           " outputs complete");
  }
  std::vector<std::int16_t> codes = array_->outputs();  // may count
  return {network_layout(std::move(codes), program), run_.actions, run_.cycles};
}

LayerOutcome Accelerator::run(const VectorProgram& program, const TraceSink& trace) {
  begin_layer(trace);
  vector_->start(program);
  sc_core::sc_start();
  add_up_cycles();
  return {vector_->output(), run_.actions, run_.cycles};
}

}  // namespace heddle::sim
