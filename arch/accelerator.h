// An accelerator as its YAML file describes it: memory levels above one array of processing elements.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "workload/dimension.h"
#include "workload/quantized.h"

namespace heddle::yaml {
class Document;
}

namespace heddle::arch {

/// Operand widths that the array's datapath is built for.
struct OperandBits {
  int weights = 8;
  int activations = 8;
  int accumulators = 32;
};

/// Registers of one PE: operand vectors (of `lanes` elements) and accumulators, or one capacity shared by all
/// three.
struct Registers {
  std::int64_t weights = 1;
  std::int64_t inputs = 1;
  std::int64_t outputs = 1;
  std::optional<std::int64_t> shared_bytes;
};

/// What the array's ports carry: bytes per cycle for operands, results per cycle for outputs.
struct Ports {
  std::int64_t weights = 64;
  std::int64_t inputs = 64;
  std::int64_t outputs = 16;
};

/// What the `eie` unit has beside its grid (`rows` PEs, one column, one lane): compressed sparse columns,
/// queues and the memories inside each PE. docs/eie.md.
struct EieUnit {
  std::int64_t queue = 8;              ///< activations that a PE's queue holds
  int code_bits = 4;                   ///< of an entry's index into the codebook
  int index_bits = 4;                  ///< of the zeros before an entry
  std::int64_t word_bits = 64;         ///< of a PE's matrix SRAM
  int pointer_bits = 16;               ///< address of an entry
  std::int64_t pointer_bytes = 32768;  ///< pointer SRAM of a PE, both banks

  std::int64_t entries_per_word() const { return word_bits / (code_bits + index_bits); }
};

/// The array: rows x columns PEs. The `dot` unit's are dot products `lanes` wide; dense, or n:m structured
/// sparse. The `eie` unit is a column of PEs with one multiplier each.
struct ArrayUnit {
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  std::int64_t lanes = 1;
  std::optional<workload::StructuredSparsity> sparsity;
  bool scalable = false;  ///< narrow operands (4, 2, 1 bits) multiply the lanes by 8 / bits
  OperandBits bits;
  Registers registers;
  Ports ports;
  std::optional<EieUnit> eie;  ///< it is the `eie` unit

  /// Of one operand vector; weights of an n:m array with their indices, inputs for all positions that weights
  /// may have. Outputs: one accumulator.
  std::int64_t vector_bits(workload::Operand operand) const;
};

struct MemoryLevel {
  enum class Kind : std::uint8_t { dram, sram };
  std::string name;
  Kind kind = Kind::sram;
  std::int64_t size_bytes = 0;    ///< sram only; dram is unlimited
  std::int64_t weight_bytes = 0;  ///< of these, those that only weights use; 0: all tensors share all
  std::int64_t banks = 1;  ///< memories of equal size, side by side; an access costs what one of them takes
  std::int64_t word_bytes = 1;      ///< sram: transfers take whole words
  std::int64_t burst_bytes = 1;     ///< dram: transfers take whole bursts
  std::int64_t bandwidth = 1;       ///< bytes per cycle at the port towards the array
  std::int64_t latency_cycles = 0;  ///< once per request; requests are pipelined
  bool double_buffered = false;     ///< holds the tiles of one iteration and those of the next

  /// Of one bank: what weights, or inputs and outputs, may fill.
  std::int64_t bank_bytes(workload::Operand operand) const {
    if (weight_bytes == 0) return size_bytes / banks;
    return (operand == workload::Operand::weights ? weight_bytes : size_bytes - weight_bytes) / banks;
  }
};

/// Layers without multiply-accumulates run on the post-processing unit's own lanes.
struct VectorUnit {
  std::int64_t lanes =
      16;  ///< elementary operations per cycle; each operation's cost per element is in docs/vector-unit.md
};

struct Accelerator {
  std::string name;
  double clock_hz = 1e9;
  std::string energy = "han2015-45nm";
  ArrayUnit array;
  VectorUnit vector;
  std::vector<MemoryLevel> memory;  ///< outermost first; memory[0] is the dram
};

/// Reads an accelerator file. Throws InputError with everything that is wrong in it.
Accelerator read_accelerator(const std::filesystem::path& file);
Accelerator read_accelerator(const yaml::Document& document);

}  // namespace heddle::arch
