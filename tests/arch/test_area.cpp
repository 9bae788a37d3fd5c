// Is an accelerator's area what its bits and operators take in the table?
#include <catch2/catch.hpp>
#include <cmath>

#include "arch/area.h"
#include "support/error.h"

using namespace heddle;
using namespace heddle::arch;

namespace {

const std::string kConfigs = HEDDLE_SOURCE_DIR "/configs/";

EnergyTable table() { return read_energy_table(kConfigs + "energy/han2015-45nm.yaml"); }

double part(const Area& area, const std::string& name) {
  for (const Area::Part& each : area.parts) {
    if (each.name == name) return 1e6 * each.square_millimetres;
  }
  return -1;
}

}  // namespace

TEST_CASE("the area of a dense array is its operators and registers and buffer", "[area]") {
  const Area dense = area(read_accelerator(kConfigs + "accelerators/dense-8x8.yaml"), table());
  CHECK(part(dense, "array") == Approx(64 * 8 * (282 + 137)));
  // A weight and an input vector of eight bytes, and two banks of 16 accumulators of 32 bits.
  CHECK(part(dense, "registers") == Approx(64 * (64 + 64 + 2 * 16 * 32) * 4.522));
  CHECK(part(dense, "buffer") == Approx(128 * 1024 * 8 * 0.448));
  CHECK(part(dense, "dram") == -1);
  CHECK(1e6 * dense.total == Approx(part(dense, "array") + part(dense, "registers") + part(dense, "buffer")));
}

TEST_CASE("an n-of-m array has indices and inputs for all positions", "[area]") {
  Accelerator machine = read_accelerator(kConfigs + "accelerators/dense-8x8.yaml");
  machine.array.sparsity = workload::StructuredSparsity{2, 4};
  const Area sparse = area(machine, table());
  CHECK(part(sparse, "registers") == Approx(64 * (8 * (8 + 2) + 16 * 8 + 2 * 16 * 32) * 4.522));
}

TEST_CASE("widths between the rows and beyond them follow powers", "[area]") {
  Accelerator machine = read_accelerator(kConfigs + "accelerators/dense-8x8.yaml");
  machine.array.bits = {4, 4, 16};
  CHECK(part(area(machine, table()), "array") == Approx(512 * (282 / 4.0 + 67)));
  machine.array.bits = {16, 16, 64};
  // Halfway between 8 and 32 bits in logarithms: the geometric mean.
  CHECK(part(area(machine, table()), "array") == Approx(512 * (std::sqrt(282.0 * 3495) + 2 * 137)));
}

TEST_CASE("a table without areas says so", "[area]") {
  const Accelerator machine = read_accelerator(kConfigs + "accelerators/dense-8x8.yaml");
  CHECK_THROWS_AS(area(machine, read_energy_table(kConfigs + "energy/jouppi-7nm.yaml")), InputError);
}
