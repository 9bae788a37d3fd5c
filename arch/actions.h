// What a run of one layer counted: the same actions in the same units at every fidelity.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workload/dimension.h"

namespace heddle::arch {

/// Accesses of one storage for one tensor. Bits are after encoding (n:m indices included).
struct Traffic {
  std::int64_t read_elements = 0, read_bits = 0;
  std::int64_t write_elements = 0, write_bits = 0;
  friend bool operator==(const Traffic&, const Traffic&) = default;
};

/// What the eie unit alone does. docs/eie.md.
struct EieCounts {
  std::int64_t broadcasts = 0;  ///< activations that are not zero
  std::int64_t queue_pushes = 0, queue_pops = 0;
  std::int64_t pointer_reads = 0;      ///< pointers; two for each slice
  std::int64_t matrix_reads = 0;       ///< words
  std::int64_t codebook_lookups = 0;   ///< entries, padding included
  std::int64_t padding_entries = 0;    ///< of these
  std::int64_t queue_full_cycles = 0;  ///< a broadcast waits: some queue is full
  std::int64_t starved_cycles = 0;     ///< of all PEs: in compute cycles, with no entry to walk
  std::vector<std::int64_t> work;      ///< by PE: cycles in which it walks a slice
  friend bool operator==(const EieCounts&, const EieCounts&) = default;
};

/// Conventions in docs/counting.md.
struct ActionCounts {
  std::vector<workload::PerOperand<Traffic>> memory;  ///< by memory level, outermost first
  workload::PerOperand<Traffic> registers;            ///< PE operand registers and accumulators
  std::int64_t multiplies = 0;         ///< performed, both operands fetched and the input not zero
  std::int64_t gated_multiplies = 0;   ///< the input is zero: same cycle, no multiply energy
  std::int64_t adds = 0;               ///< one for each multiply that was not gated
  std::int64_t requantizations = 0;    ///< accumulators turned into output codes by the PPU
  std::int64_t vector_operations = 0;  ///< elementary operations of the vector unit
  std::int64_t dram_bursts = 0;        ///< read and written
  std::optional<EieCounts> eie;        ///< of a layer on the eie unit
  friend bool operator==(const ActionCounts&, const ActionCounts&) = default;
};

/// Why the array (or the vector unit) did not start a step in a cycle. Every cycle of a layer is either a
/// compute cycle or belongs to exactly one of these.
enum class Stall : std::uint8_t {
  memory,        ///< the tiles of the next pass have not arrived from an outer level
  weight_port,   ///< loading weights into the operand registers
  input_port,    ///< loading inputs into the operand registers
  bandwidth,     ///< a memory level delivers operands more slowly than the array's ports would take them
  partial_sums,  ///< partial sums are being read back into the accumulators
  drain,         ///< no accumulator bank is free
  finish,        ///< after the last step: pipeline, drain, the last write-back
};
inline constexpr int kStallCount = 7;
constexpr std::string_view name(Stall stall) {
  return std::array<std::string_view,
                    kStallCount>{"memory",       "weight_port", "input_port", "bandwidth",
                                 "partial_sums", "drain",       "finish"}[static_cast<std::size_t>(stall)];
}

struct CycleCounts {
  std::int64_t total = 0;
  std::int64_t compute = 0;                        ///< cycles in which a step issues, or slices are walked
  std::array<std::int64_t, kStallCount> stalls{};  ///< by Stall; compute + their sum = total
  std::vector<std::int64_t> port_busy;             ///< by memory level: cycles in which its port moves data
  friend bool operator==(const CycleCounts&, const CycleCounts&) = default;
};

}  // namespace heddle::arch
