// The mappings that one choice of the array and one of the outermost buffer leave open: factors of the levels
// between, the order of every level, what inner buffers keep. Walks them, bounds them, evaluates what is
// left.
#pragma once

#include "mapper/search/array_choices.h"
#include "mapper/search/outer_tiles.h"

namespace heddle::mapper {

/// What became of the mappings that were looked at.
struct Tally {
  Count evaluated = 0;  ///< exact cost worked out
  Count repeated = 0;   ///< the same loops as another one
  Count capacity = 0;   ///< some buffer is too small
  Count traffic = 0;    ///< a bound on the traffic's energy and the array's cycles are too much
  Count energy = 0;     ///< exact energy and the array's cycles are too much
  Count cycles = 0;     ///< exact energy and the bound on the cycles are too much
  Count total() const { return evaluated + repeated + capacity + traffic + energy + cycles; }
  void add(const Tally& other);
};

struct Best {
  double value = 0;  ///< what must be beaten; of `point`, if there is one
  bool found = false;
  Point point;
  Cost cost;
};

/// For one space; one thread at a time.
class Completion {
 public:
  Completion(const Mapspace& space, const arch::EnergyTable& table, Objective objective);

  /// Prepares for an array choice. `outer` has the numbers of tiles that OuterTiles index (null: no buffer).
  void begin(const ArrayChoice& choice, const OuterTileChoices* outer);
  /// What the choice and the tiles cost together, at the least.
  struct Least {
    double energy;
    std::int64_t cycles;
  };
  Least least(const OuterTiles& tiles) const;
  /// Chains of all dimensions that lead from the array choice to the outer tiles: 0 when they do not fit
  /// together.
  Count chains(const OuterTiles* tiles) const;
  /// Looks at all of them.
  void run(const OuterTiles* tiles, Best& best, Tally& tally);

 private:
  /// One way from the array choice outwards along a dimension: the chain, and by memory level the tiles that
  /// there are of what is inside the level's loops (the last entry: passes).
  struct Way {
    Chain chain;
    std::array<std::int64_t, kMostLevels + 1> tiles{};
  };
  void each_factor(std::size_t index);
  void each_order(int level);
  void each_keep(int level);
  void price_bypass();
  double visits(workload::Operand operand, int level) const;
  double input_positions(int level);
  double copies(workload::Operand operand) const;
  std::int64_t least_array_cycles() const;
  double traffic_energy();
  void finish();

  const Mapspace& space_;
  const arch::Accelerator& accelerator_;
  Objective objective_;
  Evaluator evaluator_;

  const ArrayChoice* choice_ = nullptr;
  const OuterTileChoices* outer_ = nullptr;
  const OuterTiles* tiles_ = nullptr;
  /// Chains by dimension and by the number of tiles at the outermost buffer (index as in OuterTiles; 0
  /// without one).
  workload::PerDim<std::vector<std::vector<Way>>> ways_;
  workload::PerDim<const Way*> way_;
  Point point_;
  arch::LayerMapping mapping_;
  Best* best_ = nullptr;
  Tally* tally_ = nullptr;
  std::int64_t passes_ = 1;
  std::array<Least, 4>
      bypass_{};  ///< what it adds that the outermost buffer lacks weights (1), inputs (2), or both
  workload::PerOperand<double> elements_;  ///< of the layer's tensors, as stored
  workload::PerOperand<int> bits_;
  double input_positions_ = 1;  ///< rows x columns of the input that are read at all
  WindowSums window_sums_;
};

}  // namespace heddle::mapper
