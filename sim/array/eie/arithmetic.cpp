#include "sim/array/eie/arithmetic.h"

#include <algorithm>

namespace heddle::sim::eie {

using workload::Operand;

Arithmetic::Arithmetic(sc_core::sc_module_name name, std::size_t pes, std::size_t rows_a_pe,
                       const Clock& clock, const MatrixRead& matrix, arch::ActionCounts& actions)
    : sc_module(name),
      pes_(pes),
      rows_(rows_a_pe),
      matrix_(matrix),
      actions_(actions),
      destination_(pes * rows_a_pe),
      row_(pes),
      terms_(pes),
      products_(pes),
      sums_(pes) {
  SC_HAS_PROCESS(Arithmetic);
  SC_METHOD(edge);
  dont_initialize();
  sensitive << clock.edge();
}

void Arithmetic::start_layer(const std::vector<std::int16_t>& codebook, const workload::FixedPointSum& sum) {
  codebook_ = codebook;
  arithmetic_ = sum;
}

void Arithmetic::clear_destination() { std::fill(destination_.begin(), destination_.end(), std::int16_t{0}); }

bool Arithmetic::busy() const {
  for (std::size_t pe = 0; pe < pes_; ++pe) {
    if (matrix_.entry(pe).valid || terms_[pe].valid || products_[pe].valid || sums_[pe].valid) return true;
  }
  return false;
}

void Arithmetic::edge() {
  for (std::size_t pe = 0; pe < pes_; ++pe) {
    look_up(pe);
    multiply(pe);
    add(pe);
    write(pe);
  }
}

void Arithmetic::look_up(std::size_t pe) {
  const Entry& entry = matrix_.entry(pe);
  if (!entry.valid) {
    if (terms_[pe].valid) terms_.next(pe).valid = false;
    return;
  }
  const std::uint32_t row = (entry.first ? 0 : row_[pe]) + entry.zeros;
  row_[pe] = row + 1;
  arch::EieCounts& counts = *actions_.eie;
  ++counts.codebook_lookups;
  if (entry.code == 0) ++counts.padding_entries;
  arch::Traffic& codebook = actions_.registers[Operand::weights];
  ++codebook.read_elements;
  codebook.read_bits += kBits;
  terms_.next(pe) = {entry.code != 0, row, codebook_[entry.code], entry.activation};
}

void Arithmetic::multiply(std::size_t pe) {
  const Term& term = terms_[pe];
  if (!term.valid) {
    if (products_[pe].valid) products_.next(pe).valid = false;
    return;
  }
  // The register file is written first: a sum that is being written in this cycle is read.
  const Sum& written = sums_[pe];
  const std::int16_t sum =
      written.valid && written.row == term.row ? written.sum : destination_[pe * rows_ + term.row];
  products_.next(pe) = {true, term.row, std::int32_t{term.weight} * term.activation, sum};
  ++actions_.multiplies;
  arch::Traffic& destination = actions_.registers[Operand::outputs];
  ++destination.read_elements;
  destination.read_bits += kBits;
}

void Arithmetic::add(std::size_t pe) {
  const Product& product = products_[pe];
  if (!product.valid) {
    if (sums_[pe].valid) sums_.next(pe).valid = false;
    return;
  }
  const Sum& before = sums_[pe];
  const std::int16_t sum = before.valid && before.row == product.row ? before.sum : product.sum;
  const std::int32_t term = arithmetic_.rounded(product.product);
  sums_.next(pe) = {true, product.row, static_cast<std::int16_t>(arithmetic_.add(sum, term))};
  ++actions_.adds;
}

void Arithmetic::write(std::size_t pe) {
  const Sum& sum = sums_[pe];
  if (!sum.valid) return;
  destination_[pe * rows_ + sum.row] = sum.sum;
  arch::Traffic& destination = actions_.registers[Operand::outputs];
  ++destination.write_elements;
  destination.write_bits += kBits;
}

}  // namespace heddle::sim::eie
