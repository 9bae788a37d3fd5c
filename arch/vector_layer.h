// A layer of the vector unit as the machine sees it: what its units read and write, how wide, where each
// tensor is at home, and the chunks in which it streams through the innermost memory. Arithmetic and costs:
// docs/vector-unit.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/accelerator.h"
#include "workload/reference/vector_ops.h"

namespace heddle::arch {

struct VectorLayer {
  struct Tensor {
    workload::TensorId id = -1;
    std::int64_t elements = 0;
    int bits = 8;
    bool on_chip = false;  ///< its home is memory[1] instead of the dram
  };
  std::string name;
  workload::VectorOp operation;
  std::vector<Tensor> inputs;
  Tensor output;
  int table_bits = 0;  ///< an embedding reads one entry of so many bits for every output element; 0: no table
};

/// Consecutive units that are fetched, computed and written back together.
struct VectorChunk {
  std::int64_t begin = 0, end = 0;           ///< units
  std::vector<std::int64_t> input_elements;  ///< of each input
  std::int64_t output_elements = 0;
  std::int64_t table_elements = 0;
};

/// The memory level that holds a tensor between layers: 1 for one that is on chip, else 0.
inline int home(const VectorLayer::Tensor& tensor) { return tensor.on_chip ? 1 : 0; }
/// Is the tensor's home the memory that the lanes work on (the innermost), so that it need not be moved?
inline bool in_place(const VectorLayer::Tensor& tensor, const Accelerator& accelerator) {
  return tensor.on_chip && accelerator.memory.size() == 2;
}

/// The chunks of a layer, in order: at least eight, so that fetching, computing and writing back overlap;
/// smaller ones when two (one, if the innermost memory is single buffered) would not fit beside the tensors
/// that are at home there. Throws InputError when the tensors on chip or one unit do not fit.
std::vector<VectorChunk> vector_chunks(const VectorLayer& layer, const Accelerator& accelerator);

}  // namespace heddle::arch
