// Runs layers without multiply-accumulates (pooling, addition, softmax, ...) on the post-processing unit's
// own lanes: chunks stream from DRAM through the innermost buffer to the lanes and back. Costs per element:
// docs/vector-unit.md.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arch/accelerator.h"
#include "sim/layer_run.h"
#include "sim/memory_port.h"
#include "workload/reference/vector_ops.h"

namespace heddle::sim {

struct VectorProgram {
  std::string name;
  const workload::VectorOp* operation = nullptr;
  std::vector<const workload::IntTensor*> inputs;
  int output_bits = 8;
  int table_bits = 0;  ///< an embedding reads one entry of so many bits for every output; 0: no table
  std::int64_t output_elements = 0;
};

class VectorUnit : public sc_core::sc_module {
 public:
  VectorUnit(sc_core::sc_module_name name, const arch::Accelerator& accelerator, LayerRun& run,
             const std::vector<std::unique_ptr<MemoryPort>>& ports);
  VectorUnit(const VectorUnit&) = delete;
  VectorUnit& operator=(const VectorUnit&) = delete;

  /// Begins a layer in this cycle. Throws InputError when one unit of the operation does not fit the buffer.
  void start(const VectorProgram& program);
  /// The layer's result, once the machine has come to rest.
  const std::vector<std::int16_t>& output() const { return dram_output_; }

 private:
  struct Chunk {
    std::int64_t begin = 0, end = 0;  ///< units
    std::int64_t input_elements = 0, input_bits = 0;
    std::int64_t output_elements = 0, output_bits = 0;
    std::int64_t table_elements = 0, table_bits = 0;
    std::int64_t bits() const { return input_bits + output_bits + table_bits; }
  };
  Chunk chunk(std::int64_t begin, std::int64_t end) const;
  void plan_chunks();
  void feed();
  void fetch(const Chunk& chunk);
  void fetch(workload::Operand operand, std::int64_t elements, int element_bits);
  void write_back(const Chunk& chunk);
  void execute();
  Cycle start_chunk(const Chunk& chunk);
  int staging() const { return run_.innermost(); }

  const arch::Accelerator accelerator_;
  LayerRun& run_;
  const std::vector<std::unique_ptr<MemoryPort>>& ports_;
  VectorProgram program_;
  std::vector<Chunk> chunks_;
  std::vector<std::vector<std::int16_t>> staged_inputs_;  ///< filled as the data arrives
  std::vector<std::int16_t> staged_output_, dram_output_;
  sc_core::sc_event start_;
};

}  // namespace heddle::sim
