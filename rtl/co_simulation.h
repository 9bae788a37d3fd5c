// The accelerator with its array and post-processing lanes in RTL, alone or beside the clocked machine: both
// run the same layers at the same time, and everything that they show is compared.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "rtl/device.h"
#include "rtl/library.h"
#include "rtl/lockstep.h"
#include "rtl/ppu/ppu_driver.h"
#include "sim/accelerator.h"

namespace heddle::rtl {

struct CoSimulationOptions {
  bool with_model = true;       ///< run the clocked machine beside, and compare
  bool relaxed = false;         ///< compare outputs and their order; cycles may differ
  std::filesystem::path waves;  ///< where the cycles around a difference go; empty: nowhere
};

class CoSimulation {
 public:
  /// Elaborates the machines. The models: of the configurations of the accelerator's array and ppu.
  CoSimulation(const std::string& name, const arch::Accelerator& accelerator, std::unique_ptr<Model> array,
               std::unique_ptr<Model> ppu, CoSimulationOptions options);

  /// Runs a layer. The outcome is the RTL's. Throws Mismatch with the first difference: the machines cannot
  /// go on then.
  sim::LayerOutcome run(const sim::LayerProgram& program, const sim::TraceSink& trace = {});
  /// A layer without multiply-accumulates does not concern the array.
  sim::LayerOutcome run(const sim::VectorProgram& program, const sim::TraceSink& trace = {});

  /// From the next layer on everything that the array waits for comes late now and then, with gaps, drawn
  /// from the seed; absent: only the memories make it wait.
  void set_back_pressure(std::optional<std::uint64_t> seed);

  /// All that has been compared so far.
  const Agreement& agreement() const { return lockstep_.agreement(); }
  /// Cycles of the RTL beyond the model's, of the last layer (relaxed timing).
  sim::Cycle latency() const { return latency_; }
  Device& device() { return device_; }
  PpuDriver& lanes() { return lanes_; }
  const Lockstep& lockstep() const { return lockstep_; }

 private:
  std::unique_ptr<sim::ArrayUnit> make_array(const arch::Accelerator& accelerator, const sim::Socket& socket);
  [[noreturn]] void stop(Difference difference);
  void compare(const sim::LayerOutcome& model, const sim::LayerOutcome& rtl);

  const CoSimulationOptions options_;
  std::optional<std::mt19937_64> gaps_;  ///< of beats within a transfer
  Device device_;
  Lockstep lockstep_;
  PpuDriver lanes_;
  std::unique_ptr<sim::Accelerator> model_, rtl_;
  sim::Cycle latency_ = 0;
};

}  // namespace heddle::rtl
