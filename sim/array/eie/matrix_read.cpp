#include "sim/array/eie/matrix_read.h"

namespace heddle::sim::eie {

MatrixRead::MatrixRead(sc_core::sc_module_name name, std::size_t pes, const arch::EieUnit& unit,
                       const Clock& clock, const PointerRead& pointers, arch::ActionCounts& actions)
    : sc_module(name),
      entries_per_word_(unit.entries_per_word()),
      word_bits_(unit.word_bits),
      pointers_(pointers),
      actions_(actions),
      word_(pes),
      entries_(pes) {
  SC_HAS_PROCESS(MatrixRead);
  SC_METHOD(edge);
  dont_initialize();
  sensitive << clock.edge();
}

void MatrixRead::edge() {
  arch::Traffic& read = actions_.memory.back()[workload::Operand::weights];
  for (std::size_t pe = 0; pe < word_.size(); ++pe) {
    const Issue issue = pointers_.issue(pe);
    if (issue.pe == nullptr) {
      if (entries_[pe].valid) entries_.next(pe).valid = false;
      continue;
    }
    const std::uint32_t word = workload::split_pointer(issue.address, entries_per_word_).word;
    ++read.read_elements;
    if (issue.first || word != word_[pe]) {
      ++actions_.eie->matrix_reads;
      read.read_bits += word_bits_;
    }
    word_[pe] = word;
    entries_.next(pe) = {true, issue.first, issue.pe->codes[issue.address], issue.pe->indices[issue.address],
                         issue.activation};
  }
}

}  // namespace heddle::sim::eie
