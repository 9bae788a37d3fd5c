#include "mapper/search/evaluator.h"

namespace heddle::mapper {

using workload::kOperands;
using workload::Operand;

std::string_view name(Objective objective) {
  return objective == Objective::edp ? "edp" : objective == Objective::energy ? "energy" : "latency";
}

/// Energy is linear in the counts: the price of one of each.
Prices::Prices(const arch::Accelerator& accelerator, const arch::EnergyTable& table,
               const arch::LayerProblem& problem) {
  const auto price = [&](const auto& count_one, std::int64_t cycles = 0) {
    arch::ActionCounts counts;
    counts.memory.resize(accelerator.memory.size());
    count_one(counts);
    return arch::price(counts, cycles, accelerator, table, problem.weight_bits, problem.input_bits).total;
  };
  for (std::size_t level = 0; level < accelerator.memory.size(); ++level) {
    memory.push_back(
        price([&](arch::ActionCounts& counts) { counts.memory[level][Operand::weights].read_bits = 1; }));
  }
  registers = price([](arch::ActionCounts& counts) { counts.registers[Operand::weights].read_bits = 1; });
  multiply = price([](arch::ActionCounts& counts) { counts.multiplies = 1; });
  add = price([](arch::ActionCounts& counts) { counts.adds = 1; });
  requantization = price([](arch::ActionCounts& counts) { counts.requantizations = 1; });
  cycle = price([](arch::ActionCounts&) {}, 1);
}

double Prices::of(const arch::ActionCounts& counts) const {
  double energy = static_cast<double>(counts.multiplies) * multiply + static_cast<double>(counts.adds) * add +
                  static_cast<double>(counts.requantizations) * requantization;
  std::int64_t register_bits = 0;
  for (Operand operand : kOperands) {
    register_bits += counts.registers[operand].read_bits + counts.registers[operand].write_bits;
  }
  energy += static_cast<double>(register_bits) * registers;
  for (std::size_t level = 0; level < memory.size(); ++level) {
    std::int64_t bits = 0;
    for (Operand operand : kOperands)
      bits += counts.memory[level][operand].read_bits + counts.memory[level][operand].write_bits;
    energy += static_cast<double>(bits) * memory[level];
  }
  return energy;
}

Evaluator::Evaluator(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                     const arch::EnergyTable& table)
    : accelerator_(accelerator),
      table_(table),
      weight_bits_(problem.weight_bits),
      input_bits_(problem.input_bits),
      counts_(problem, accelerator),
      bound_(problem, accelerator),
      timing_(problem, accelerator),
      prices_(accelerator, table, problem) {
  counts_.energy_only();
}

/// The eie unit's memories differ by operand, and it counts more than the prices know.
double Evaluator::energy(const arch::LayerMapping& mapping) {
  const arch::ActionCounts counts = counts_.run(mapping);
  if (!accelerator_.array.eie) return prices_.of(counts);
  return arch::price(counts, 0, accelerator_, table_, weight_bits_, input_bits_).total;
}

Cost Evaluator::cost(const arch::LayerMapping& mapping) {
  const std::int64_t total = cycles(mapping, INT64_MAX);
  return {energy(mapping) + prices_.cycle * static_cast<double>(total), total};
}

}  // namespace heddle::mapper
