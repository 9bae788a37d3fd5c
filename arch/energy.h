// Energy = counts x table, after the run. Tables are named, versioned files that state their source.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "arch/accelerator.h"
#include "arch/actions.h"

namespace heddle::yaml {
class Document;
}

namespace heddle::arch {

/// One row: energy at a given operand width. Other widths scale as docs/energy.md says.
struct EnergyPoint {
  double key = 0;  ///< bits of the operand, or bytes of the SRAM
  double picojoules = 0;
};

/// Areas of the same process; arch/area.h adds them up.
struct AreaTable {
  struct Row {
    double bits = 0;  ///< of each operand
    double square_micrometres = 0;
  };
  std::string source;
  std::vector<Row> int_add, int_multiply;         ///< by operand bits, ascending
  double register_bit_um2 = 0, sram_bit_um2 = 0;  ///< of one bit
};

/// A file of configs/energy.
struct EnergyTable {
  std::string name, version, source;
  std::vector<std::string> notes;                  ///< choices made where the source gives a range or no row
  std::vector<EnergyPoint> int_add, int_multiply;  ///< by operand bits, ascending
  double register_bits = 32, register_pj = 0;      ///< one access of so many bits
  double sram_bits = 32;                           ///< width of one access of the SRAM rows
  std::vector<EnergyPoint> sram;                   ///< by capacity in bytes, ascending
  double dram_bits = 32, dram_pj = 0;
  double cycle_pj = 0;  ///< leakage and clock, per cycle; 0 when the source has none
  std::optional<AreaTable> area;

  // Picojoules. Widths in bits, capacity in bytes; all positive.
  double add(double bits) const;
  double multiply(double weight_bits, double input_bits) const;
  double register_access(double bits) const;
  double sram_access(double bits, double capacity_bytes) const;
  double dram_access(double bits) const;
};

/// Throws InputError with everything that is wrong in the file.
EnergyTable read_energy_table(const std::filesystem::path& file);
EnergyTable read_energy_table(const yaml::Document& document);

/// Picojoules, by where and for which tensor.
struct Energy {
  struct Part {
    std::string name;  ///< "array", "registers", each memory level's name, "ppu", "cycles"
    workload::PerOperand<double> by_operand;  ///< zero where the part has no tensors
    double total = 0;
  };
  std::vector<Part> parts;  ///< array, registers, (eie: queues, pointers), memory levels innermost first to
                            ///< outermost, then ppu, then cycles
  double total = 0;
};

/// Prices one layer's counts. `actions.memory` has one entry for each memory level, or none at all. Widths
/// are those of the layer's operands (scaled from the table's points).
Energy price(const ActionCounts& actions, std::int64_t cycles, const Accelerator& accelerator,
             const EnergyTable& table, int weight_bits, int input_bits);

}  // namespace heddle::arch
