// The accelerator: builds memories' ports, movers, array, post-processing and vector unit from a description,
// binds them, and runs layers one after another. Elaborate one in a process (SystemC's rule); hardware stays,
// programs change.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "arch/accelerator.h"
#include "arch/actions.h"
#include "sim/array/array_unit.h"
#include "sim/layer_run.h"
#include "sim/memory_port.h"
#include "sim/mover.h"
#include "sim/post_processing_unit.h"
#include "sim/sequencer.h"
#include "sim/vector_unit.h"

namespace heddle::sim {

/// What running a layer gave: its codes (network layout), what was counted, and the cycles.
struct LayerOutcome {
  std::vector<std::int16_t> output;
  arch::ActionCounts actions;
  arch::CycleCounts cycles;
};

/// What a machine may have that is not made here: an array and post-processing lanes in RTL; what looks at
/// its ports; what makes it wait.
struct Equipment {
  std::function<std::unique_ptr<ArrayUnit>(const arch::ArrayUnit&, const Socket&)>
      array;                       ///< empty: the model
  Lanes* lanes = nullptr;          ///< of the post-processing unit; null: the model's
  PortWatcher* watcher = nullptr;  ///< clocked machine only
};

class Accelerator : public sc_core::sc_module {
 public:
  /// Fidelities differ in how the array lives; movers, ports, post-processing and vector unit are the same.
  Accelerator(sc_core::sc_module_name name, const arch::Accelerator& description,
              Fidelity fidelity = Fidelity::clocked, Equipment equipment = {});
  Accelerator(const Accelerator&) = delete;
  Accelerator& operator=(const Accelerator&) = delete;

  /// Runs one layer until the machine is at rest. The mapping must be legal (arch/legality.h). Throws
  /// std::logic_error if the machine stops before the layer is complete, which would be a bug.
  LayerOutcome run(const LayerProgram& program, const TraceSink& trace = {});
  LayerOutcome run(const VectorProgram& program, const TraceSink& trace = {});
  /// run() in two parts, for machines that run side by side: all start, the kernel runs until they are at
  /// rest (sc_start()), all finish.
  void start(const LayerProgram& program, const TraceSink& trace = {});
  LayerOutcome finish();
  /// From the next layer on; absent: none. Clocked machine only.
  void set_back_pressure(const std::optional<BackPressure>& back_pressure) {
    run_.back_pressure = back_pressure;
  }
  /// Ends the elaboration of all machines.
  static void elaborate();

 private:
  void begin_layer(const TraceSink& trace);
  void add_up_cycles();

  const arch::Accelerator description_;
  const Equipment equipment_;
  LayerRun run_;
  Sequencer sequencer_;
  std::vector<std::unique_ptr<MemoryPort>> ports_;
  std::vector<std::unique_ptr<Mover>> movers_;
  std::unique_ptr<PostProcessingUnit> ppu_;
  std::unique_ptr<ArrayUnit> array_;
  std::unique_ptr<VectorUnit> vector_;
};

}  // namespace heddle::sim
