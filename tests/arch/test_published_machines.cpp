// Do the accelerators modelled on published machines reach the published peaks and hold what was published?
#include <catch2/catch.hpp>
#include <map>

#include "arch/accelerator.h"
#include "tests/scratch_folder.h"

namespace heddle::arch {
namespace {

Accelerator shipped(const std::string& name) {
  return read_accelerator(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/accelerators" /
                          (name + ".yaml"));
}

double macs_per_second(const Accelerator& accelerator) {
  const ArrayUnit& unit = accelerator.array;
  return static_cast<double>(unit.rows * unit.columns * unit.lanes) * accelerator.clock_hz;
}

double terabytes(const Accelerator& accelerator, std::size_t level) {
  return static_cast<double>(accelerator.memory.at(level).bandwidth) * accelerator.clock_hz / 1e12;
}

// The publications round to two or three digits; so much may be between them and a product of whole numbers.
double rounding(double published, double last_digit) { return last_digit / 2 / published; }

TEST_CASE("published machines - Eyeriss") {
  const Accelerator eyeriss = shipped("eyeriss");
  const ArrayUnit& unit = eyeriss.array;
  CHECK(unit.rows * unit.columns * unit.lanes == 168);
  CHECK(macs_per_second(eyeriss) == Approx(33.6e9).epsilon(rounding(33.6, 0.1)));
  CHECK(unit.registers.weights == 224);
  CHECK(unit.registers.inputs == 12);
  CHECK(unit.registers.outputs == 24);
  CHECK(eyeriss.memory.back().size_bytes == 108 * 1024);
  // 8 bytes at 90 MHz, in whole bytes a cycle of 200 MHz.
  CHECK(terabytes(eyeriss, 0) == Approx(8 * 90e6 / 1e12).margin(0.5 * 200e6 / 1e12));
}

TEST_CASE("published machines - TPU v1") {
  const Accelerator tpu = shipped("tpu-v1");
  const ArrayUnit& unit = tpu.array;
  CHECK(unit.rows * unit.columns * unit.lanes == 65536);
  CHECK(2 * macs_per_second(tpu) == Approx(92e12).epsilon(rounding(92, 1)));
  // Two banks of accumulators of 32 bits: 4 MiB.
  CHECK(2 * unit.rows * unit.registers.outputs * unit.bits.accumulators / 8 == std::int64_t{4} << 20);
  CHECK(tpu.memory.back().size_bytes == std::int64_t{24} << 20);
  CHECK(terabytes(tpu, 0) == Approx(0.034).epsilon(rounding(34, 1)));
  CHECK(static_cast<double>(unit.ports.inputs) * tpu.clock_hz / (1 << 30) ==
        Approx(167).epsilon(rounding(167, 1)));
}

TEST_CASE("published machines - Simba chiplet") {
  const Accelerator simba = shipped("simba-chiplet");
  const ArrayUnit& unit = simba.array;
  CHECK(unit.rows * unit.columns * unit.lanes == 16 * 8 * 8);
  CHECK(2 * macs_per_second(simba) == Approx(4.01e12).epsilon(rounding(4.01, 0.01)));
  CHECK(simba.memory.at(1).size_bytes == 64 * 1024);
  CHECK(simba.memory.at(2).size_bytes == (16 * 32 + 4 * 8) * 1024);
  // 3 KiB of 24-bit sums for the eight vector multipliers of a PE.
  CHECK(unit.registers.outputs == 3 * 1024 * 8 / 24 / 8);
  CHECK(terabytes(simba, 0) == Approx(0.1).epsilon(rounding(100, 1)));
}

TEST_CASE("published machines - NVDLA large") {
  const Accelerator nvdla = shipped("nvdla-large");
  CHECK(nvdla.array.rows == 32);
  CHECK(nvdla.array.lanes == 64);
  CHECK(macs_per_second(nvdla) == 2048e9);
  CHECK(nvdla.memory.back().size_bytes == 16 * 512 * 64);
  CHECK(terabytes(nvdla, 0) == Approx(0.02));
}

TEST_CASE("published machines - tensor cores of an A100 SM") {
  const Accelerator a100 = shipped("a100-tensor-core");
  const ArrayUnit& unit = a100.array;
  constexpr int kProcessors = 108;
  CHECK(unit.rows * unit.columns * unit.lanes == 4 * 512);
  CHECK(2 * kProcessors * macs_per_second(a100) == Approx(624e12).epsilon(rounding(624, 1)));
  REQUIRE(unit.sparsity.has_value());
  CHECK(unit.sparsity->m == 2 * unit.sparsity->n);  // 1248 with 2:4 weights
  CHECK(unit.rows * unit.columns * unit.registers.shared_bytes.value() == 256 * 1024);
  CHECK(a100.memory.at(2).size_bytes == 192 * 1024);
  // The shares of one of 108, rounded to whole KiB and whole bytes a cycle.
  CHECK(static_cast<double>(a100.memory.at(1).size_bytes) ==
        Approx(40.0 * 1024 * 1024 / kProcessors).margin(512));
  CHECK(static_cast<double>(a100.memory.at(1).bandwidth) == Approx(5120.0 / kProcessors).margin(0.5));
  CHECK(terabytes(a100, 0) == Approx(1.555 / kProcessors).margin(0.5 * a100.clock_hz / 1e12));
}

}  // namespace
}  // namespace heddle::arch
