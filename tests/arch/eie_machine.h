// A small machine with the eie unit and a pruned layer for it, with round numbers.
#pragma once

#include "arch/legality.h"

namespace heddle::arch {

/// 4 PEs, register files of 2 (blocks of 8 outputs and 8 inputs), entries of 8 bits in words of 64, 1 KiB of
/// pointers and 1 KiB of entries in each PE, 1 KiB of activations in all.
inline Accelerator small_eie_machine() {
  Accelerator accelerator;
  accelerator.name = "small";
  accelerator.array.rows = 4;
  accelerator.array.bits = {16, 16, 16};
  accelerator.array.registers.inputs = accelerator.array.registers.outputs = 2;
  accelerator.array.eie.emplace().pointer_bytes = 1024;
  MemoryLevel dram;
  dram.name = "dram";
  dram.kind = MemoryLevel::Kind::dram;
  MemoryLevel sram;
  sram.name = "sram";
  sram.weight_bytes = 4096;
  sram.size_bytes = 4096 + 1024;
  sram.banks = 4;
  accelerator.memory = {dram, sram};
  return accelerator;
}

/// M 16, C 16, no weight zero.
inline LayerProblem small_eie_layer() {
  LayerProblem problem;
  problem.name = "layer";
  problem.weight_bits = problem.input_bits = problem.output_bits = 16;
  problem.shared.emplace();
  problem.shape.size[workload::Dim::M] = 16;
  problem.shape.size[workload::Dim::C] = 16;
  return problem;
}

/// Covers that layer in two times two passes, all of it in the SRAM.
inline LayerMapping small_eie_mapping() {
  using workload::Dim;
  LayerMapping mapping;
  mapping.layer = "layer";
  mapping.memory.resize(2);
  for (LevelMapping& level : mapping.memory) {
    for (workload::Operand operand : workload::kOperands) level.keep[operand] = true;
  }
  mapping.memory[1].temporal = {{Dim::M, 2}, {Dim::C, 2}};
  mapping.rows = {{Dim::M, 4}};
  mapping.registers = {{Dim::C, 8}, {Dim::M, 2}};
  return mapping;
}

}  // namespace heddle::arch
