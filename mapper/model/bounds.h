// A lower bound on the cycles of a layer under a mapping, in closed form: what the array's steps and loads,
// each memory port and each mover take if nobody ever waits for anybody else. docs/mapspace.md has the terms.
#pragma once

#include <array>
#include <climits>
#include <utility>

#include "mapper/model/census.h"

namespace heddle::mapper {

/// For one layer on one accelerator under any number of mappings. Not to be shared by threads.
class CycleBound {
 public:
  CycleBound(const arch::LayerProblem& problem, const arch::Accelerator& accelerator);

  /// At most the cycles that the machine takes for this (legal) mapping.
  std::int64_t run(const arch::LayerMapping& mapping);

 private:
  static constexpr std::size_t kMostPorts = 8;
  /// Moves of one operand's tiles into or out of a memory level: how many, and cycles of the source's port.
  struct Moves {
    std::int64_t number = 0, cycles = 0;
  };
  struct Loads {
    int level = 0;  ///< the memory they come from
    std::int64_t number = 0;
    std::int64_t busy = 0, longest = 1;  ///< cycles, at least one each: of all, and of the longest
    std::int64_t beyond = 0;             ///< cycles beyond the longest load of the other operand
    std::int64_t units = 0, least_units = INT64_MAX;  ///< words or bursts: of all, and of the smallest
    int first_moved_by = INT_MAX,
        last_moved_by = -1;  ///< outermost and innermost of the loops that cause them
  };

  int levels() const { return static_cast<int>(mapping_->memory.size()); }
  bool keeps(int level, workload::Operand operand) const {
    return mapping_->memory[static_cast<std::size_t>(level)].keep[operand];
  }
  /// Does the mover that fills a level move the operand? Not one that it does not keep, nor one that is on
  /// chip and at home there.
  bool moves_into(int level, workload::Operand operand) const {
    return keeps(level, operand) && !(level == 1 && mapping_->on_chip[operand]);
  }
  std::int64_t latency(int level) const {
    return accelerator_.memory[static_cast<std::size_t>(level)].latency_cycles;
  }
  int keeper(workload::Operand operand, int level) const;
  int depth_above(int level) const { return census_.nest().depth_of(static_cast<std::size_t>(level) - 1); }
  int element_bits(workload::Operand operand) const;
  std::int64_t units(int level, std::int64_t bits) const;
  std::int64_t port_cycles(int level, std::int64_t units) const;
  std::int64_t drain(int home, std::int64_t results, int bits) const;
  std::int64_t first_volume(workload::Operand operand, int depth) const;
  std::int64_t last_outputs(int depth) const;

  Moves fetches(int to, workload::Operand operand);
  std::pair<Moves, Moves> output_moves(int to);
  struct Drains {
    std::int64_t cycles = 0;   ///< of all drains of the accumulators
    std::int64_t resumed = 0;  ///< of bringing partial sums back
  };
  Drains drains();
  Loads loads(workload::Operand operand, const Loads* with);
  /// From the first pass's acceptance to the last issue, if tiles and accumulators are always there.
  struct Array {
    std::int64_t cycles = 0;  ///< of steps and their loads
    std::int64_t passes = 1;
    std::int64_t wait = 0;  ///< before each pass's first load
    std::array<bool, kMostPorts> streams_from{};
  };
  Array array();
  std::int64_t array_at_port(int level, const Array& array, const Drains& drains) const;
  std::int64_t first_fetch(int to) const;

  arch::LayerProblem problem_;
  const arch::Accelerator& accelerator_;
  TileCensus census_;
  const arch::LayerMapping* mapping_ = nullptr;
};

}  // namespace heddle::mapper
