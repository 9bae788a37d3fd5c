// Action counts of a layer in closed form, from its loop nest alone. The conventions are docs/counting.md's,
// the method docs/analytical.md's. Of the eie unit expected values, rounded: docs/eie-model.md.
#pragma once

#include <optional>

#include "arch/actions.h"
#include "mapper/model/census.h"
#include "mapper/model/eie_counts.h"

namespace heddle::mapper {

/// Counts for one layer on one accelerator under any number of mappings. Not to be shared by threads.
class CountModel {
 public:
  /// `input_density`: the expected share of inputs that are not zero, from 0 to 1 (on the eie unit the
  /// problem's own counts).
  CountModel(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
             double input_density = 1);

  /// What the machine counts for this (legal) mapping: equal for inputs without zeros; expected values,
  /// rounded, of `multiplies`, `gated_multiplies` and `adds` otherwise.
  arch::ActionCounts run(const arch::LayerMapping& mapping);
  /// Leave out what costs no energy: the eie unit's stalls and its PEs' work.
  void energy_only() { stalls_ = false; }

 private:
  int keeper(workload::Operand operand, std::size_t level) const;
  /// The operand is on chip and this level its home: nothing of it moves between there and the dram.
  bool at_home(std::size_t level, workload::Operand operand) const {
    return level == 1 && mapping_->on_chip[operand];
  }
  int element_bits(workload::Operand operand) const;
  void read(int level, workload::Operand operand, std::int64_t elements, int bits);
  void write(int level, workload::Operand operand, std::int64_t elements, int bits);
  std::int64_t bursts(workload::Operand operand, const TileCensus::TileClass& tiles, WindowCount count,
                      int bits);

  void fetches(std::size_t to, workload::Operand operand);
  void output_moves(std::size_t to);
  void eie_weights(std::size_t to);
  void loads(workload::Operand operand);
  void arithmetic();

  arch::LayerProblem problem_;
  const arch::Accelerator& accelerator_;
  TileCensus census_;
  double density_;
  std::optional<EieCountModel> eie_;
  bool stalls_ = true;
  std::int64_t multiplies_ = 0, in_range_ = 0;  ///< of the layer: all, and those whose input is not padding

  // The mapping in hand.
  const arch::LayerMapping* mapping_ = nullptr;
  arch::ActionCounts counts_;
};

/// The same for one mapping.
arch::ActionCounts action_counts(const arch::LayerProblem& problem, const arch::LayerMapping& mapping,
                                 const arch::Accelerator& accelerator, double input_density = 1);

}  // namespace heddle::mapper
