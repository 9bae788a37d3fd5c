// Sparse matrix read: one entry a cycle out of words of the PE's matrix SRAM.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/accelerator.h"
#include "arch/actions.h"
#include "sim/array/eie/pointer_read.h"

namespace heddle::sim::eie {

class MatrixRead : public sc_core::sc_module {
 public:
  MatrixRead(sc_core::sc_module_name name, std::size_t pes, const arch::EieUnit& unit, const Clock& clock,
             const PointerRead& pointers, arch::ActionCounts& actions);

  /// What was issued in the cycle before.
  const Entry& entry(std::size_t pe) const { return entries_[pe]; }

 private:
  void edge();

  const std::int64_t entries_per_word_;
  const std::int64_t word_bits_;
  const PointerRead& pointers_;
  arch::ActionCounts& actions_;
  std::vector<std::uint32_t> word_;  ///< read last, of the slice in progress
  Registers<Entry> entries_;
};

}  // namespace heddle::sim::eie
