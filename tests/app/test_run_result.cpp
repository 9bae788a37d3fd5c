// Are the figures derived from a run right?
#include <catch2/catch.hpp>

#include "tests/app/sample_result.h"

using namespace heddle;

TEST_CASE("totals follow from the layers and the clock", "[result]") {
  const app::Totals total = tests::small_result().totals();
  CHECK(total.macs == 16000);
  CHECK(total.effective_macs == 12000);
  CHECK(total.cycles == 2000 + 500);
  CHECK(total.compute_cycles == 1200 + 500);
  CHECK(total.stall_cycles == 700 + 100);
  CHECK(total.compute_cycles + total.stall_cycles == total.cycles);
  CHECK(total.seconds == Approx(2500 / 100e6));
  CHECK(total.inferences_per_second == Approx(2 / (2500 / 100e6)));
  CHECK(total.energy_pj == Approx(12500));
  CHECK(total.edp_pj_s == Approx(12500 * 2500 / 100e6));
  CHECK(total.tops == Approx(2 * 16000 / 25e-6 / 1e12));               // operations per second
  CHECK(total.tops_per_watt == Approx(2 * 16000 / 12500e-12 / 1e12));  // operations per joule
  CHECK(total.utilization == Approx(0.5));                             // only the layer with MACs counts
}

TEST_CASE("a run without layers has totals of zero, not of infinity", "[result]") {
  app::RunResult result = tests::small_result();
  result.layers.clear();
  const app::Totals total = result.totals();
  CHECK(total.cycles == 0);
  CHECK(total.tops == 0);
  CHECK(total.tops_per_watt == 0);
  CHECK(total.inferences_per_second == 0);
  CHECK(result.passed());
}

TEST_CASE("the peak counts what sparsity and narrow operands add", "[result]") {
  arch::Accelerator accelerator = tests::small_accelerator();
  CHECK(app::peak_macs_per_cycle(accelerator) == 2 * 2 * 4);
  CHECK(app::peak_macs_per_cycle(accelerator, 4, 4) == 2 * 2 * 4);  // not scalable
  accelerator.array.sparsity = workload::StructuredSparsity{2, 4};
  CHECK(app::peak_macs_per_cycle(accelerator) == 2 * 2 * 4 * 4 / 2);
  CHECK(app::utilization(0, 0, 16) == 0);
  CHECK(app::utilization(320, 10, 32) == Approx(1));
}

TEST_CASE("a layer is bound by the largest share of its cycles", "[result]") {
  const arch::Accelerator accelerator = tests::small_accelerator();
  arch::CycleCounts cycles;
  const auto stall = [&](arch::Stall cause) -> std::int64_t& {
    return cycles.stalls[static_cast<std::size_t>(cause)];
  };
  cycles.compute = 100;
  stall(arch::Stall::memory) = 100;
  cycles.port_busy = {150, 160};
  CHECK(app::bound_by(cycles, accelerator) == "compute");
  stall(arch::Stall::memory) = 101;
  CHECK(app::bound_by(cycles, accelerator) == "memory: buffer");
  cycles.port_busy = {161, 160};
  CHECK(app::bound_by(cycles, accelerator) == "memory: dram");
  stall(arch::Stall::weight_port) = 200;
  CHECK(app::bound_by(cycles, accelerator) == "weight_port");
  CHECK(app::stall_cycles(cycles) == 301);
}

TEST_CASE("one difference in any check fails the run", "[result]") {
  app::RunResult result = tests::small_result();
  CHECK(result.passed());
  result.layers[1].check_rtl = "cycle 3: expected 4, got 5";
  CHECK_FALSE(result.passed());
}
