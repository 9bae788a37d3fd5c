// Runs layers without multiply-accumulates (pooling, addition, softmax, ...) on the post-processing unit's
// own lanes: chunks stream from DRAM, or from level 1 when they stay on chip, through the innermost buffer to
// the lanes and back. Costs per element: docs/vector-unit.md.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arch/accelerator.h"
#include "arch/vector_layer.h"
#include "sim/layer_run.h"
#include "sim/memory_port.h"

namespace heddle::sim {

struct VectorProgram {
  arch::VectorLayer layer;                         ///< its operation has its constants
  std::vector<const workload::IntTensor*> inputs;  ///< codes of layer.inputs
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
  const std::vector<std::int16_t>& output() const { return home_output_; }

 private:
  void feed();
  void fetch(const arch::VectorChunk& chunk);
  void fetch_input(std::size_t input, const arch::VectorChunk& chunk);
  void move(int from, int to, workload::Operand operand, std::int64_t elements, int element_bits);
  void write_back(const arch::VectorChunk& chunk);
  void execute();
  Cycle start_chunk(const arch::VectorChunk& chunk);
  int staging() const { return run_.innermost(); }

  const arch::Accelerator accelerator_;
  LayerRun& run_;
  const std::vector<std::unique_ptr<MemoryPort>>& ports_;
  std::optional<VectorProgram> program_;
  std::vector<arch::VectorChunk> chunks_;
  std::vector<std::vector<std::int16_t>> staged_inputs_;  ///< filled as the data arrives
  std::vector<std::int16_t> staged_output_, home_output_;
  Cycle arrived_ = 0;  ///< when the last fetch's data are in the innermost buffer
  sc_core::sc_event start_;
};

}  // namespace heddle::sim
