// Moves the tiles of one memory level's loops into the next inner level, and results back out: runs the
// loops, fetches what changed (weights, inputs, partial outputs), one iteration ahead when the inner level is
// double buffered, and writes an output tile back when it leaves. Rules: docs/machine.md.
#pragma once

#include <vector>

#include "arch/accelerator.h"
#include "sim/layer_run.h"
#include "sim/loop_walk.h"
#include "sim/memory_port.h"

namespace heddle::sim {

class Mover : public sc_core::sc_module {
 public:
  /// Moves between `level` and `level + 1`. `ports` are those of all levels.
  Mover(sc_core::sc_module_name name, int level, bool double_buffered, LayerRun& run,
        const std::vector<std::unique_ptr<MemoryPort>>& ports);
  Mover(const Mover&) = delete;
  Mover& operator=(const Mover&) = delete;

  /// Begins the layer in `run` in this cycle.
  void start() { start_.notify(sc_core::SC_ZERO_TIME); }

 private:
  void process();
  void run_layer();
  bool may_fetch() const;
  bool may_retire() const;
  void fetch();
  void copy_in(workload::Operand operand, int from);
  void retire();
  bool child_keeps(workload::Operand operand) const { return run_.keeps(level_ + 1, operand); }
  /// The operand is at home in the inner level: its tile there is the tensor, which no request moves.
  bool at_home(workload::Operand operand) const { return level_ == 0 && run_.on_chip(operand); }
  MemoryPort::Ticket ask(int level, std::int64_t bits);

  const int level_;
  const int slots_;
  LayerRun& run_;
  const std::vector<std::unique_ptr<MemoryPort>>& ports_;
  sc_core::sc_event start_;

  // The layer in progress: the walk of fetches runs ahead of the walk of retirements.
  std::optional<LoopWalk> fetching_, retiring_;
  std::int64_t fetched_ = 0, retired_ = 0, evicted_ = 0;
  workload::PerOperand<std::int64_t> held_{};  ///< generation fetched last; -1: none
};

}  // namespace heddle::sim
