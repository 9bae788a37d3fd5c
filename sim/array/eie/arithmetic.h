// The PEs' arithmetic units and destination registers: codebook look-up with address accumulation, output
// read with multiply, shift and add, write. Entries follow each other without a gap: sums on their way are
// forwarded.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/actions.h"
#include "sim/array/eie/matrix_read.h"
#include "workload/quantized.h"

namespace heddle::sim::eie {

class Arithmetic : public sc_core::sc_module {
 public:
  Arithmetic(sc_core::sc_module_name name, std::size_t pes, std::size_t rows_a_pe, const Clock& clock,
             const MatrixRead& matrix, arch::ActionCounts& actions);

  void start_layer(const std::vector<std::int16_t>& codebook, const workload::FixedPointSum& sum);
  /// The destination registers. Output i of the block is row i / PEs of PE i mod PEs.
  std::int16_t& destination(std::size_t output) { return destination_[place(output)]; }
  std::int16_t destination(std::size_t output) const { return destination_[place(output)]; }
  void clear_destination();
  /// Is an entry on its way?
  bool busy() const;

 private:
  void edge();
  void look_up(std::size_t pe);
  void multiply(std::size_t pe);
  void add(std::size_t pe);
  void write(std::size_t pe);
  std::size_t place(std::size_t output) const { return output % pes_ * rows_ + output / pes_; }

  const std::size_t pes_, rows_;
  const MatrixRead& matrix_;
  arch::ActionCounts& actions_;
  std::vector<std::int16_t> codebook_;
  workload::FixedPointSum arithmetic_;
  std::vector<std::int16_t> destination_;  ///< [PE][row]
  std::vector<std::uint32_t> row_;         ///< by PE: behind the entry looked up last
  Registers<Term> terms_;
  Registers<Product> products_;
  Registers<Sum> sums_;
};

}  // namespace heddle::sim::eie
