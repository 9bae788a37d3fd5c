// Random machines with the eie unit and pruned layers for them: sizes of 1, primes, windows, padding, groups,
// batches, memories that hold all or little.
#pragma once

#include <random>

#include "tests/mapper/random_layers.h"

namespace heddle {

inline arch::Accelerator random_eie_accelerator(std::mt19937_64& random) {
  arch::Accelerator accelerator;
  accelerator.name = "eie";
  arch::ArrayUnit& unit = accelerator.array;
  arch::EieUnit& eie = unit.eie.emplace();
  unit.rows = pick(random, {1, 2, 3, 4, 7, 16, 64});
  unit.bits = {16, 16, 16};
  unit.registers.inputs = unit.registers.outputs = pick(random, {4, 16, 64});
  eie.queue = pick(random, {1, 2, 8, 64});
  eie.index_bits = static_cast<int>(pick(random, {2, 4, 5}));
  eie.word_bits = pick(random, {32, 64, 128});
  eie.pointer_bytes = pick(random, {1024, 32768});
  unit.ports = {64, pick(random, {2, 16, 512}), pick(random, {1, 4, 64})};
  arch::MemoryLevel dram;
  dram.name = "dram";
  dram.kind = arch::MemoryLevel::Kind::dram;
  dram.burst_bytes = 64;
  dram.bandwidth = pick(random, {4, 16, 64});
  dram.latency_cycles = pick(random, {0, 20, 100});
  arch::MemoryLevel sram;
  sram.name = "sram";
  sram.weight_bytes = pick(random, {4096, 65536, 2097152});
  sram.size_bytes = sram.weight_bytes + pick(random, {2048, 8192, 32768});
  sram.banks = unit.rows;
  sram.weight_bytes -= sram.weight_bytes % sram.banks;
  sram.word_bytes = pick(random, {2, 16, 64});
  sram.bandwidth = pick(random, {8, 64, 512});
  sram.double_buffered = random() % 4 != 0;
  accelerator.memory = {dram, sram};
  return accelerator;
}

/// Of at most `macs` dense multiply-accumulates.
inline arch::LayerProblem random_pruned_layer(std::mt19937_64& random, const arch::ArrayUnit& unit,
                                              std::int64_t macs) {
  arch::LayerProblem problem;
  do {
    problem = random_layer(random, unit);
  } while (problem.shape.macs() > macs);
  problem.sparsity.reset();
  problem.weight_bits = problem.input_bits = problem.output_bits = 16;
  problem.shared.emplace();
  problem.shared->code_bits = static_cast<int>(pick(random, {2, 4}));
  problem.shared->density = problem.shared->pe_density =
      static_cast<double>(pick(random, {2, 5, 10, 30, 60, 100})) / 100;
  problem.input_density = static_cast<double>(pick(random, {10, 35, 50, 100})) / 100;
  return problem;
}

}  // namespace heddle
