#include "rtl/configuration.h"

#include <fmt/format.h>

#include <bit>

#include "arch/eie_storage.h"
#include "arch/legality.h"
#include "support/error.h"

namespace heddle::rtl {
namespace {

using Parameters = std::vector<std::pair<std::string, std::int64_t>>;

Parameters dot_parameters(const arch::Accelerator& accelerator) {
  const arch::ArrayUnit& array = accelerator.array;
  for (const workload::Operand operand : {workload::Operand::weights, workload::Operand::inputs}) {
    if (!arch::is_resident(array, operand)) continue;
    throw InputError(
        accelerator.name,
        fmt::format("array.registers: the RTL's PEs hold one vector of weights and one of inputs; "
                    "expected registers {{weights: 1, inputs: 1}}, more of {} run on --array model",
                    workload::name(operand)));
  }
  const workload::StructuredSparsity nm = array.sparsity.value_or(workload::StructuredSparsity{1, 1});
  return {{"Rows", array.rows},
          {"Columns", array.columns},
          {"Lanes", array.lanes},
          {"NmN", nm.n},
          {"NmM", nm.m},
          {"Scalable", array.scalable ? 1 : 0},
          {"WeightBits", array.bits.weights},
          {"InputBits", array.bits.activations},
          {"AccumulatorBits", array.bits.accumulators},
          {"Accumulators", array.registers.outputs},
          {"WeightPort", array.ports.weights},
          {"InputPort", array.ports.inputs},
          {"OutputPort", array.ports.outputs}};
}

Parameters eie_parameters(const arch::Accelerator& accelerator) {
  const arch::ArrayUnit& array = accelerator.array;
  const arch::EieUnit& eie = array.eie.value();
  const auto per_word = static_cast<std::uint64_t>(eie.entries_per_word());
  if (!std::has_single_bit(per_word)) {
    throw InputError(
        accelerator.name,
        fmt::format("array.word: the RTL splits pointers into word and entry; expected words that hold "
                    "a power of two of entries, {} bits hold {} of {}",
                    eie.word_bits, per_word, eie.code_bits + eie.index_bits));
  }
  if (eie.pointer_bits > eie.word_bits) {
    throw InputError(
        accelerator.name,
        fmt::format("array.pointers.bits: the RTL's memories are filled a word at a time; expected pointers "
                    "of at most the matrix SRAM's {} bits, got {}",
                    eie.word_bits, eie.pointer_bits));
  }
  const std::int64_t words =
      accelerator.memory.back().bank_bytes(workload::Operand::weights) * 8 / eie.word_bits;
  const std::int64_t pointed_to = std::int64_t{1}
                                  << std::max(0, eie.pointer_bits - std::countr_zero(per_word));
  return {{"Pes", array.rows},
          {"Queue", eie.queue},
          {"CodeBits", eie.code_bits},
          {"IndexBits", eie.index_bits},
          {"WordBits", eie.word_bits},
          {"PointerBits", eie.pointer_bits},
          {"MatrixWords", std::min(words, pointed_to)},
          {"PointerWords", eie.pointer_bytes * 8 / eie.pointer_bits / 2},
          {"Registers", array.registers.outputs},
          {"InputPort", array.ports.inputs},
          {"OutputPort", array.ports.outputs}};
}

}  // namespace

std::int64_t Configuration::parameter(const std::string& name) const {
  for (const auto& [known, value] : parameters) {
    if (known == name) return value;
  }
  throw std::out_of_range("no parameter " + name);
}

std::string Configuration::name() const {
  std::string result = unit;
  for (const auto& [parameter, value] : parameters) result += fmt::format("-{}", value);
  return coverage ? result + "-coverage" : result;
}

Configuration array_configuration(const arch::Accelerator& accelerator) {
  if (accelerator.array.eie) return {"eie_array", eie_parameters(accelerator), "eie_array", {}, false};
  return {"dot_array", dot_parameters(accelerator), "dot_array", {}, false};
}

Configuration ppu_configuration(const arch::Accelerator& accelerator) {
  const arch::ArrayUnit& array = accelerator.array;
  return {"ppu",
          {{"Results", array.ports.outputs}, {"AccumulatorBits", array.bits.accumulators}},
          "ppu",
          {},
          false};
}

void check_mapping(const arch::LayerMapping& mapping, const arch::Accelerator& accelerator) {
  if (accelerator.array.eie) return;
  workload::PerDim<int> loops(0);
  for (const auto& loop : mapping.registers) {
    if (++loops[loop.dim] < 2) continue;
    throw InputError(
        accelerator.name,
        fmt::format("the RTL's sequencer has one temporal loop for each dimension; expected a mapping "
                    "whose registers loop over {} once",
                    workload::letter(loop.dim)));
  }
}

}  // namespace heddle::rtl
