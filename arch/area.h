// Area = bits and operators x table: what an accelerator takes of the chip, before placement and wiring.
#pragma once

#include <string>
#include <vector>

#include "arch/energy.h"

namespace heddle::arch {

/// Square millimetres, by part.
struct Area {
  struct Part {
    std::string
        name;  ///< "array" (multipliers and adders), "registers", (eie: "queues", "pointers"), each sram's
    double square_millimetres = 0;
  };
  std::vector<Part> parts;
  double total = 0;
};

/// The dram is not on the chip. Post-processing unit, movers and control are not counted: docs/energy.md.
/// Throws InputError when the table has no areas.
Area area(const Accelerator& accelerator, const EnergyTable& table);

}  // namespace heddle::arch
