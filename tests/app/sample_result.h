// A small run made by hand: two layers on an accelerator of two memories.
#pragma once

#include "app/run_result.h"

namespace heddle::tests {

/// 2 x 2 PEs of 4 lanes at 100 MHz: 16 dense MACs per cycle.
inline arch::Accelerator small_accelerator() {
  arch::Accelerator accelerator;
  accelerator.name = "small";
  accelerator.clock_hz = 100e6;
  accelerator.array.rows = 2;
  accelerator.array.columns = 2;
  accelerator.array.lanes = 4;
  arch::MemoryLevel dram;
  dram.name = "dram";
  dram.kind = arch::MemoryLevel::Kind::dram;
  dram.bandwidth = 16;
  dram.latency_cycles = 100;
  dram.burst_bytes = 64;
  arch::MemoryLevel buffer;
  buffer.name = "buffer";
  buffer.size_bytes = 1024;
  buffer.word_bytes = 16;
  buffer.bandwidth = 32;
  buffer.double_buffered = true;
  accelerator.memory = {dram, buffer};
  return accelerator;
}

/// conv1: 16,000 MACs in 2,000 cycles (1,200 compute, 700 memory, 100 finish), half of the peak of 16 per
/// cycle. pool1: 500 cycles of the vector unit (500 compute).
inline app::RunResult small_result() {
  app::RunResult result;
  result.network = "tiny";
  result.accelerator = small_accelerator();
  result.energy_table = "round-numbers";
  result.energy_table_version = "1";
  result.fidelity = "clocked";
  result.seed = 7;
  result.version = "0.1.0";
  result.batch = 2;

  app::LayerResult conv;
  conv.name = "conv1";
  conv.op = "conv";
  conv.macs = 16000;
  conv.effective_macs = 12000;
  conv.cycles.total = 2000;
  conv.cycles.compute = 1200;
  conv.cycles.stalls[static_cast<std::size_t>(arch::Stall::memory)] = 700;
  conv.cycles.stalls[static_cast<std::size_t>(arch::Stall::finish)] = 100;
  conv.cycles.port_busy = {900, 300};
  conv.utilization = app::utilization(16000, 2000, app::peak_macs_per_cycle(result.accelerator));
  conv.actions.memory.resize(2);
  conv.actions.memory[0][workload::Operand::weights] = {400, 3200, 0, 0};
  conv.actions.memory[0][workload::Operand::outputs] = {0, 0, 50, 400};
  conv.actions.memory[1][workload::Operand::inputs] = {10, 80, 20, 160};
  conv.actions.registers[workload::Operand::outputs] = {16000, 512000, 16000, 512000};
  conv.actions.multiplies = 12000;
  conv.actions.gated_multiplies = 4000;
  conv.actions.adds = 12000;
  conv.actions.requantizations = 50;
  conv.actions.dram_bursts = 8;
  arch::Energy::Part array{.name = "array", .by_operand = {}, .total = 1500};
  arch::Energy::Part dram{.name = "dram", .by_operand = {}, .total = 8500};
  dram.by_operand[workload::Operand::weights] = 8000;
  dram.by_operand[workload::Operand::outputs] = 500;
  conv.energy = {{array, dram}, 10000};
  arch::LayerMapping mapping;
  mapping.layer = "conv1";
  mapping.memory.resize(2);
  for (const workload::Operand operand : workload::kOperands) mapping.memory[0].keep[operand] = true;
  mapping.memory[0].temporal = {{workload::Dim::M, 8}, {workload::Dim::C, 4}};
  mapping.memory[1].keep[workload::Operand::inputs] = true;
  mapping.rows = {{workload::Dim::M, 2}};
  mapping.columns = {{workload::Dim::Q, 2}};
  mapping.lanes = {{workload::Dim::C, 4}};
  mapping.registers = {{workload::Dim::R, 3}};
  conv.mapping = mapping;
  conv.output_sha256 = "c0ffee";
  conv.check_reference = "equal";
  conv.bound_by = app::bound_by(conv.cycles, result.accelerator);

  app::LayerResult pool;
  pool.name = "pool1";
  pool.op = "max_pool";
  pool.cycles.total = 500;
  pool.cycles.compute = 500;
  pool.cycles.port_busy = {0, 0};
  pool.actions.memory.resize(2);
  pool.actions.vector_operations = 450;
  pool.energy = {{{.name = "ppu", .by_operand = {}, .total = 2500}}, 2500};
  pool.check_reference = "equal";
  pool.bound_by = app::bound_by(pool.cycles, result.accelerator);

  result.layers = {conv, pool};
  return result;
}

}  // namespace heddle::tests
