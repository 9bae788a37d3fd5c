// The post-processing unit (PPU): drains accumulator banks at the array's output port, adds the bias,
// requantizes complete sums and applies the activation; partial sums pass unchanged. Results go to the
// innermost level that keeps outputs.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "sim/layer_run.h"
#include "sim/memory_port.h"
#include "sim/sequencer.h"

namespace heddle::sim {

class ArrayUnit;

/// The arithmetic of the unit's lanes.
class Lanes {
 public:
  virtual ~Lanes() = default;
  virtual void begin_layer(const LayerProgram& program) = 0;
  /// Turns complete sums of the output channels given (g * M + m) into codes, in place.
  virtual void requantize(std::vector<std::int64_t>& sums, const std::vector<std::int64_t>& channels) = 0;
};

class PostProcessingUnit : public sc_core::sc_module {
 public:
  /// Stages between the output port and memory: bias, multiply, shift and round, clamp or table.
  static constexpr Cycle kStages = 4;

  PostProcessingUnit(sc_core::sc_module_name name, std::int64_t results_per_cycle, LayerRun& run,
                     const std::vector<std::unique_ptr<MemoryPort>>& ports);
  PostProcessingUnit(const PostProcessingUnit&) = delete;
  PostProcessingUnit& operator=(const PostProcessingUnit&) = delete;

  /// `lanes`: instead of the model's arithmetic, if not null.
  void connect(ArrayUnit& array, Lanes* lanes) {
    array_ = &array;
    lanes_ = lanes;
  }
  void begin_layer(const LayerProgram& program) {
    if (lanes_) lanes_->begin_layer(program);
  }

  /// A pass has issued its last step; from cycle `ready` its sums are in `bank`. If the pass closes its
  /// outputs the bank is drained. Passes end in the order in which they are submitted.
  void submit(const Pass& pass, int bank, Cycle ready);
  /// Takes a bank into use; it is free again when it has been drained.
  void claim(int bank) { claimed_[static_cast<std::size_t>(bank)] = true; }
  bool is_free(int bank) const { return !claimed_[static_cast<std::size_t>(bank)]; }
  /// Fires in the cycle in which a bank becomes free.
  const sc_core::sc_event& freed() const { return freed_; }

 private:
  struct Job {
    Pass pass;
    int bank;
    Cycle ready;
  };
  void process();
  void drain(const Job& job);
  void store(const Job& job);
  void store_data(const Job& job);
  void requantize(const Pass& pass, std::vector<std::int64_t>& sums) const;
  void commit();

  const std::int64_t results_per_cycle_;
  LayerRun& run_;
  const std::vector<std::unique_ptr<MemoryPort>>& ports_;
  ArrayUnit* array_ = nullptr;
  Lanes* lanes_ = nullptr;
  std::deque<Job> jobs_;
  std::deque<std::pair<Cycle, Pass>> committing_;  ///< results on their way through the stages
  std::array<bool, 2> claimed_{};
  sc_core::sc_event submitted_, freed_, commit_event_;
};

}  // namespace heddle::sim
