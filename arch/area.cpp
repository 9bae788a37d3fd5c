#include "arch/area.h"

#include <cmath>

#include "support/error.h"

namespace heddle::arch {
namespace {

constexpr double kSquareMicrometresInOneSquareMillimetre = 1e6;

/// A straight line in logarithms between two rows; outside them an adder grows with its width (power 1), a
/// multiplier with its square (power 2).
double by_bits(const std::vector<AreaTable::Row>& rows, double bits, int power) {
  const auto from = [&](const AreaTable::Row& row) {
    return row.square_micrometres * std::pow(bits / row.bits, power);
  };
  if (bits <= rows.front().bits) return from(rows.front());
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (bits > rows[i].bits) continue;
    const double share = std::log(bits / rows[i - 1].bits) / std::log(rows[i].bits / rows[i - 1].bits);
    return rows[i - 1].square_micrometres *
           std::pow(rows[i].square_micrometres / rows[i - 1].square_micrometres, share);
  }
  return from(rows.back());
}

double register_bits(const ArrayUnit& unit) {
  if (unit.registers.shared_bytes) return 8.0 * static_cast<double>(*unit.registers.shared_bytes);
  const auto bits_of = [&](std::int64_t vectors, workload::Operand operand) {
    return static_cast<double>(vectors * unit.vector_bits(operand));
  };
  constexpr int kAccumulatorBanks = 2;
  return bits_of(unit.registers.weights, workload::Operand::weights) +
         bits_of(unit.registers.inputs, workload::Operand::inputs) +
         bits_of((unit.eie ? 1 : kAccumulatorBanks) * unit.registers.outputs, workload::Operand::outputs);
}

}  // namespace

Area area(const Accelerator& accelerator, const EnergyTable& table) {
  if (!table.area) {
    throw InputError(table.name, "has no areas, and the area of " + accelerator.name +
                                     " is asked for; expected a table with the key \"area\"");
  }
  const ArrayUnit& unit = accelerator.array;
  const AreaTable& areas = *table.area;
  const auto pes = static_cast<double>(unit.rows * unit.columns);
  Area result;
  const auto add = [&](const std::string& name, double square_micrometres) {
    result.parts.push_back({name, square_micrometres / kSquareMicrometresInOneSquareMillimetre});
    result.total += result.parts.back().square_millimetres;
  };
  const double operand_bits = (unit.bits.weights + unit.bits.activations) / 2.0;
  add("array",
      pes * static_cast<double>(unit.lanes) *
          (by_bits(areas.int_multiply, operand_bits, 2) + by_bits(areas.int_add, unit.bits.accumulators, 1)));
  add("registers", pes * register_bits(unit) * areas.register_bit_um2);
  if (unit.eie) {
    // A queued activation has its value and its position; both as wide as a pointer at most.
    const double entry = unit.bits.activations + unit.eie->pointer_bits;
    add("queues", pes * static_cast<double>(unit.eie->queue) * entry * areas.register_bit_um2);
    add("pointers", pes * 8.0 * static_cast<double>(unit.eie->pointer_bytes) * areas.sram_bit_um2);
  }
  for (const MemoryLevel& level : accelerator.memory) {
    if (level.kind == MemoryLevel::Kind::dram) continue;
    add(level.name, 8.0 * static_cast<double>(level.size_bytes) * areas.sram_bit_um2);
  }
  return result;
}

}  // namespace heddle::arch
