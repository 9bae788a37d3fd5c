// What the outermost buffer can hold: how many tiles the DRAM's loops make of every dimension, which operand
// stays while its innermost loops run, what the buffer keeps. Each choice has a bound on what it costs,
// whatever happens inside.
#pragma once

#include "mapper/search/evaluator.h"

namespace heddle::mapper {

struct OuterTiles {
  std::array<std::uint16_t, workload::kDimCount> index{};  ///< into OuterTileChoices::counts, by dimension
  workload::Operand stays = workload::Operand::weights;
  workload::PerOperand<bool> keep;
  // At least:
  double energy = 0;        ///< pJ of the traffic between DRAM and buffer
  std::int64_t cycles = 0;  ///< of the DRAM's port and mover
};

/// For accelerators with a buffer.
class OuterTileChoices {
 public:
  OuterTileChoices(const Mapspace& space, const Prices& prices, Objective objective);

  /// Numbers of tiles that chains of the space can make of a dimension, ascending.
  const std::vector<std::int64_t>& counts(workload::Dim d) const { return counts_[d]; }
  std::int64_t count(const OuterTiles& tiles, workload::Dim d) const {
    return counts_[d][tiles.index[static_cast<std::size_t>(d)]];
  }
  /// Energy of the traffic between DRAM and buffer when everything is moved once.
  double least_energy();
  /// All choices that can fit the buffer and whose bound beats `beat` when the array adds at least so much
  /// energy and takes at least so many cycles; those with the least energy (latency: cycles) first.
  std::vector<OuterTiles> find(double array_energy, std::int64_t array_cycles, double beat);

 private:
  using Dim = workload::Dim;
  struct Traffic {
    double energy = 0;
    std::int64_t cycles = 0;
  };
  std::int64_t input_positions(bool rows, std::int64_t output_tiles, std::int64_t tap_tiles);
  Traffic traffic(const workload::PerDim<std::int64_t>& tiles, workload::Operand stays,
                  const workload::PerOperand<bool>& keep);
  bool can_fit(const workload::PerDim<std::int64_t>& tiles, workload::Operand stays,
               const workload::PerOperand<bool>& keep, unsigned chosen) const;

  const Mapspace& space_;
  const Prices& prices_;
  Objective objective_;
  double cheapest_memory_;
  workload::PerDim<std::vector<std::int64_t>> counts_;
  WindowSums window_sums_;
  std::map<std::tuple<bool, std::int64_t, std::int64_t>, std::int64_t> input_positions_;
};

}  // namespace heddle::mapper
