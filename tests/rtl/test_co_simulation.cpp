// Does the RTL do what the clocked machine does, on random layers with back-pressure; and is it noticed when
// it does not? (heddle verify does much more of this.)
#include <catch2/catch.hpp>
#include <filesystem>

#include "rtl/co_simulation.h"
#include "rtl/verify/campaign.h"
#include "tests/scratch_folder.h"

namespace {

using namespace heddle;

arch::Accelerator shipped(const std::string& name) {
  return arch::read_accelerator(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/accelerators" /
                                (name + ".yaml"));
}

/// Those units are built with the tests.
rtl::CoSimulation machines(const arch::Accelerator& accelerator) {
  const rtl::Library library = rtl::Library::of_this_program();
  return {"machine",
          accelerator,
          library.make(rtl::array_configuration(accelerator)),
          library.make(rtl::ppu_configuration(accelerator)),
          {}};
}

void match(const std::string& name, std::int64_t cases) {
  const arch::Accelerator accelerator = shipped(name);
  rtl::CoSimulation both = machines(accelerator);
  verify::Coverage coverage(accelerator, both.device());
  verify::Campaign campaign(accelerator, both, coverage);
  std::int64_t ran = 0;
  for (std::int64_t number = 0; number < cases; ++number) {
    campaign.run(7, number, {});
    ran += campaign.last().ran;
  }
  CHECK(ran > cases / 2);
  CHECK(both.agreement().outputs > 20 * ran);
  CHECK(both.agreement().cycles > 100 * ran);
  CHECK(both.agreement().results >= both.agreement().outputs);
  CHECK(both.agreement().ports > 5 * both.agreement().clocked);
  for (const auto& point : coverage.points()) {
    INFO(point.name);
    CHECK(point.met > 0);
  }
}

TEST_CASE("random layers are equal on dot_array, dense") { match("dense-8x8", 150); }
TEST_CASE("random layers are equal on dot_array, 2 of 4") { match("nm-8x8", 150); }
TEST_CASE("random layers are equal on eie_array") { match("eie-16", 200); }

TEST_CASE("a sum that the model does not expect is named with its PE, and shown") {
  // The model runs dense-8x8; its sums are told wrongly to the lockstep, as if the RTL had added one.
  const arch::Accelerator accelerator = shipped("dense-8x8");
  const rtl::Library library = rtl::Library::of_this_program();
  rtl::Device device(library.make(rtl::array_configuration(accelerator)));
  rtl::Lockstep lockstep(device, 0, accelerator.array.ports.outputs, 32, true);
  sim::LayerProgram program;
  program.problem.name = "conv";
  program.mapping.rows = {{workload::Dim::M, 8}};
  lockstep.begin("conv");
  lockstep.begin_layer(program);
  sim::Pass pass;
  pass.number = 3;
  pass.tile.extent[workload::Dim::M] = 4;
  lockstep.accepted(pass, 0);
  lockstep.results(pass, {0, 0, -5, 0});
  device.signal("results_valid_o").set(1);  // four sums of zero come out
  device.signal("results_ready_i").set(1);
  device.signal("results_last_o").set(1);
  lockstep.set(sim::PortWatcher::Level::results_valid, true, 0);
  lockstep.set(sim::PortWatcher::Level::pass_ready, device.signal("pass_ready_o").high(), 0);
  CHECK_THROWS_AS(lockstep.sample(0, device), rtl::Mismatch);
  REQUIRE(lockstep.difference());
  CHECK(lockstep.difference()->text() ==
        "layer conv, pass 3 (M 0-3), cycle 0, PE row 2, column 0: results_data_o[2]: expected -5, got 0");
}

TEST_CASE("the last cycles can be run again with a waveform") {
  const arch::Accelerator accelerator = shipped("dense-8x8");
  rtl::CoSimulation both = machines(accelerator);
  verify::Coverage coverage(accelerator, both.device());
  verify::Campaign campaign(accelerator, both, coverage);
  campaign.run(7, 1, {});
  const tests::ScratchFolder folder;
  both.device().write_waves(folder / "waves.fst", 32);
  CHECK(std::filesystem::file_size(folder / "waves.fst") > 1000);
}

}  // namespace
