#include "arch/energy.h"

#include <fmt/format.h>

#include <bit>
#include <stdexcept>

namespace heddle::arch {
namespace {

using workload::kOperands;
using workload::Operand;

/// Requantization is a 32-bit multiply, the add that rounds and the add of the zero point.
constexpr double kRequantizationBits = 32;

Energy::Part part(std::string name, double total) {
  Energy::Part result;
  result.name = std::move(name);
  result.total = total;
  return result;
}

template <class PricePerBits>
Energy::Part storage(std::string name, const workload::PerOperand<Traffic>& traffic,
                     PricePerBits picojoules) {
  Energy::Part result;
  result.name = std::move(name);
  for (Operand operand : kOperands) {
    result.by_operand[operand] =
        picojoules(operand, static_cast<double>(traffic[operand].read_bits + traffic[operand].write_bits));
    result.total += result.by_operand[operand];
  }
  return result;
}

/// Queue entries are registers (an activation and its column); the pointer SRAM has two banks.
void add_eie_parts(Energy& energy, const EieCounts& counts, const Accelerator& accelerator,
                   const EnergyTable& table) {
  const ArrayUnit& array = accelerator.array;
  const double entry_bits =
      array.bits.activations +
      std::bit_width(static_cast<std::uint64_t>(array.rows * array.registers.inputs - 1));
  const double bank_bytes = static_cast<double>(array.eie->pointer_bytes) / 2;
  energy.parts.push_back(part("queues", static_cast<double>(counts.queue_pushes + counts.queue_pops) *
                                            table.register_access(entry_bits)));
  energy.parts.push_back(part("pointers", static_cast<double>(counts.pointer_reads) *
                                              table.sram_access(array.eie->pointer_bits, bank_bytes)));
}

}  // namespace

Energy price(const ActionCounts& actions, std::int64_t cycles, const Accelerator& accelerator,
             const EnergyTable& table, int weight_bits, int input_bits) {
  if (!actions.memory.empty() && actions.memory.size() != accelerator.memory.size()) {
    throw std::invalid_argument(fmt::format("counts of {} memory levels for an accelerator of {}",
                                            actions.memory.size(), accelerator.memory.size()));
  }
  Energy energy;
  energy.parts.push_back(
      part("array", static_cast<double>(actions.multiplies) * table.multiply(weight_bits, input_bits) +
                        static_cast<double>(actions.adds) * table.add(accelerator.array.bits.accumulators)));
  energy.parts.push_back(storage("registers", actions.registers,
                                 [&](Operand, double bits) { return table.register_access(bits); }));
  if (accelerator.array.eie) add_eie_parts(energy, actions.eie.value_or(EieCounts{}), accelerator, table);
  for (std::size_t i = accelerator.memory.size(); i-- > 0;) {
    const MemoryLevel& level = accelerator.memory[i];
    const workload::PerOperand<Traffic> traffic =
        actions.memory.empty() ? workload::PerOperand<Traffic>{} : actions.memory[i];
    energy.parts.push_back(storage(level.name, traffic, [&](Operand operand, double bits) {
      return level.kind == MemoryLevel::Kind::dram
                 ? table.dram_access(bits)
                 : table.sram_access(bits, static_cast<double>(level.bank_bytes(operand)));
    }));
  }
  const double requantization =
      table.multiply(kRequantizationBits, kRequantizationBits) + 2 * table.add(kRequantizationBits);
  energy.parts.push_back(
      part("ppu", static_cast<double>(actions.requantizations) * requantization +
                      static_cast<double>(actions.vector_operations) * table.add(input_bits)));
  energy.parts.push_back(part("cycles", static_cast<double>(cycles) * table.cycle_pj));
  for (const Energy::Part& each : energy.parts) energy.total += each.total;
  return energy;
}

}  // namespace heddle::arch
