#include "sim/array/eie_fast.h"

namespace heddle::sim {

using workload::Operand;

void EieFast::begin_layer() {
  EieUnit::begin_layer();
  const EieProgram& program = *run_.program->eie;
  bulk_ = program.bulk ? program.bulk
                       : std::make_shared<const EieBulk>(program, array_.eie->entries_per_word());
}

void EieFast::load_source(const Pass& pass) {
  gather_source(run_.program->inputs, run_.program->problem.shape, pass.tile, source_);
  columns_.clear();
  for (std::size_t column = 0; column < source_.size(); ++column) {
    if (source_[column] != 0) columns_.push_back(static_cast<std::int32_t>(column));
  }
}

Cycle EieFast::walk(const Pass& pass, Cycle begin) {
  const EieProfile& block = bulk_->block(run_.program->eie->weights.index_of(pass.tile));
  const EieRecurrence::Result result = recurrence_.run(block, columns_, run_.actions.eie->work);
  count(block, result);
  return begin + detection_cycles() + result.cycles;
}

void EieFast::count(const EieProfile& block, const EieRecurrence::Result& result) {
  EieProfile::Column all;
  for (const std::int32_t index : columns_) {
    const EieProfile::Column& column = block.column(index);
    all.entries += column.entries;
    all.padding += column.padding;
    all.words += column.words;
  }
  const auto broadcasts = static_cast<std::int64_t>(columns_.size());
  const std::int64_t slices = broadcasts * block.pes(), multiplies = all.entries - all.padding;
  arch::ActionCounts& actions = run_.actions;
  arch::EieCounts& counts = *actions.eie;
  counts.broadcasts += broadcasts;
  counts.queue_pushes += slices;
  counts.queue_pops += slices;
  counts.pointer_reads += 2 * slices;
  counts.matrix_reads += all.words;
  counts.codebook_lookups += all.entries;
  counts.padding_entries += all.padding;
  counts.queue_full_cycles += result.queue_full;
  counts.starved_cycles += block.pes() * result.cycles - result.walked;
  actions.multiplies += multiplies;
  actions.adds += multiplies;
  const auto read = [](arch::Traffic& traffic, std::int64_t elements, std::int64_t bits) {
    traffic.read_elements += elements;
    traffic.read_bits += bits;
  };
  constexpr std::int64_t kBits = 16;
  read(actions.memory.back()[Operand::weights], all.entries, all.words * array_.eie->word_bits);
  read(actions.registers[Operand::weights], all.entries, all.entries * kBits);
  read(actions.registers[Operand::inputs], broadcasts, broadcasts * kBits);
  read(actions.registers[Operand::outputs], multiplies, multiplies * kBits);
  actions.registers[Operand::outputs].write_elements += multiplies;
  actions.registers[Operand::outputs].write_bits += multiplies * kBits;
}

std::vector<std::int16_t> EieFast::outputs() { return bulk_->outputs(*run_.program); }

}  // namespace heddle::sim
