// The `dot` unit, clocked: gives every load, step and drain its cycle. docs/dot.md has the rules and a timing
// diagram.
#pragma once

#include <memory>
#include <vector>

#include "sim/array/array_unit.h"
#include "sim/array/dot_datapath.h"
#include "sim/memory_port.h"
#include "sim/post_processing_unit.h"
#include "sim/sequencer.h"

namespace heddle::sim {

class DotArray : public sc_core::sc_module, public ArrayUnit {
 public:
  /// Stages after issue: multiply, reduce, accumulate.
  static constexpr Cycle kStages = 3;

  DotArray(sc_core::sc_module_name name, const arch::DotUnit& unit, LayerRun& run, Sequencer& sequencer,
           PostProcessingUnit& ppu, const std::vector<std::unique_ptr<MemoryPort>>& ports);
  DotArray(const DotArray&) = delete;
  DotArray& operator=(const DotArray&) = delete;

  void start() override { start_.notify(sc_core::SC_ZERO_TIME); }
  std::vector<std::int64_t> sums(int bank) const override { return datapath_.sums(bank); }

 private:
  struct LoadTime {
    Cycle cycles = 0;
    arch::Stall cause = arch::Stall::weight_port;
  };

  void process();
  void run_layer();
  void run_pass(const Pass& pass);
  void hold_streamed_levels(const Pass& pass);
  Cycle open_bank(const Pass& pass);
  LoadTime time_of(const Pass& pass, const DotLoad& load);
  void account(arch::Stall cause, Cycle until);
  Requester rank() const { return run_.innermost() + 2; }  ///< after the post-processing unit
  bool is_adjacent(int level) const { return level == run_.innermost() && level > 0; }
  void wait_until(Cycle t);
  void wait_for(const MemoryPort::Ticket& ticket, bool granted);

  const arch::DotUnit unit_;
  LayerRun& run_;
  Sequencer& sequencer_;
  PostProcessingUnit& ppu_;
  const std::vector<std::unique_ptr<MemoryPort>>& ports_;
  DotDatapath datapath_;
  sc_core::sc_event start_;

  Cycle last_issue_ = -1;
  Cycle accounted_ = 0;  ///< first cycle that no one has accounted for yet
  int bank_ = 1;
  std::vector<std::pair<int, MemoryPort::Ticket>> held_;  ///< ports held for the pass in progress
};

}  // namespace heddle::sim
