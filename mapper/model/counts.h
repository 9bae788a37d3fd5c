// Action counts of a layer in closed form, from its loop nest alone. The conventions are docs/counting.md's,
// the method docs/analytical.md's.
#pragma once

#include "arch/actions.h"
#include "mapper/model/nest.h"
#include "mapper/model/window_sums.h"

namespace heddle::mapper {

/// Counts for one layer on one accelerator under any number of mappings. Not to be shared by threads.
class CountModel {
 public:
  /// `input_density`: the expected share of inputs that are not zero, from 0 to 1.
  CountModel(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
             double input_density = 1);

  /// What the machine counts for this (legal) mapping: equal for inputs without zeros; expected values,
  /// rounded, of `multiplies`, `gated_multiplies` and `adds` otherwise.
  arch::ActionCounts run(const arch::LayerMapping& mapping);

 private:
  using Dim = workload::Dim;
  using Operand = workload::Operand;

  /// A set of tiles that are moved equally often: which of each dimension's tiles, and the innermost loop
  /// that moves them.
  struct TileClass {
    workload::PerDim<std::uint8_t> parts{kBoth};
    int moved_by = -1;
  };
  static constexpr std::uint8_t kInner = 1, kLast = 2, kBoth = 3;

  template <class Visit>
  void for_each_class(Operand operand, int depth, const Visit& visit);
  template <class Visit>
  void for_each_part(const TileClass& tiles, bool rows, const Visit& visit) const;
  Histogram lengths(Operand operand, const TileClass& tiles, Dim d) const;
  std::int64_t elements(Operand operand, const TileClass& tiles, WindowCount count, int depth);
  std::int64_t bursts_of(Operand operand, const TileClass& tiles, WindowCount count, int depth, int bits);
  const WindowSums::Table& window(bool rows, int depth, WindowCount count);
  std::int64_t visits(Operand operand, const TileClass& tiles) const;
  std::int64_t copies(Operand operand, const TileClass& tiles) const;

  bool resident(Operand operand) const;
  int keeper(Operand operand, std::size_t level) const;
  /// The operand is on chip and this level its home: nothing of it moves between there and the dram.
  bool at_home(std::size_t level, Operand operand) const { return level == 1 && mapping_->on_chip[operand]; }
  int element_bits(Operand operand) const;
  void read(int level, Operand operand, std::int64_t elements, int bits);
  void write(int level, Operand operand, std::int64_t elements, int bits);

  void fetches(std::size_t to, Operand operand);
  void output_moves(std::size_t to);
  void loads(Operand operand);
  void arithmetic();

  arch::LayerProblem problem_;
  const arch::Accelerator& accelerator_;
  WindowSums window_sums_;
  double density_;
  std::int64_t multiplies_ = 0, in_range_ = 0;  ///< of the layer: all, and those whose input is not padding

  // The mapping in hand.
  const arch::LayerMapping* mapping_ = nullptr;
  Nest nest_;
  workload::PerDim<std::int64_t> axes_;
  workload::PerDim<Positions> positions_;  ///< at the depth in hand
  arch::ActionCounts counts_;
};

/// The same for one mapping.
arch::ActionCounts action_counts(const arch::LayerProblem& problem, const arch::LayerMapping& mapping,
                                 const arch::Accelerator& accelerator, double input_density = 1);

}  // namespace heddle::mapper
