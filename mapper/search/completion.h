// The mappings that one choice of the array leaves open: tiles of the memories, the order of every level,
// what the buffers keep. Walks them from the outermost buffer inwards, bounds them, evaluates what is left.
#pragma once

#include <chrono>
#include <limits>
#include <optional>

#include "mapper/search/array_choices.h"
#include "mapper/search/outer_bound.h"

namespace heddle::mapper {

/// What became of mappings.
struct Tally {
  Count evaluated = 0;  ///< exact cost worked out
  Count repeated = 0;   ///< the same loops as another one
  Count capacity = 0;   ///< some buffer is too small
  Count outer = 0;      ///< the traffic between DRAM and buffer, with the array's choice, is too much
  Count traffic = 0;    ///< all traffic, with the array's choice, is too much
  Count cycles = 0;     ///< the bound on the cycles, with the energy, is too much
  Count total() const { return evaluated + repeated + capacity + outer + traffic + cycles; }
  void add(const Tally& other);
};

struct Best {
  double value = 0;  ///< what must be beaten; of `point`, if there is one
  bool found = false;
  Point point;
  Cost cost;
};

struct Budget {
  std::int64_t points = std::numeric_limits<std::int64_t>::max();  ///< that are bounded one by one
  std::chrono::steady_clock::time_point end = std::chrono::steady_clock::time_point::max();
};

/// For one space; one thread at a time.
class Completion {
 public:
  /// `gap`: SearchOptions::gap.
  Completion(const Mapspace& space, const arch::EnergyTable& table, Objective objective, double gap);

  /// What is known of the traffic with the DRAM: for each set of operands that the outermost buffer can keep,
  /// and each that can stay in the DRAM's loops, the least of any tiles; nothing where that is too much.
  using Floors = std::vector<std::vector<std::optional<TrafficBound>>>;
  void use(const Floors* floors) { floors_ = floors; }
  /// Is that too much for all mappings with this choice?
  bool out_of_question(const ArrayChoice& choice, Best& best);
  /// Looks at the mappings with this choice: all, or (false) as many as the budgets allow. `best` is what
  /// must be beaten, and becomes what beats it.
  bool run(const ArrayChoice& choice, Best& best, Tally& tally, const Budget& budget);

  /// Points that the last run bounded one by one.
  std::int64_t points() const { return points_; }

 private:
  /// Bit j stands for the loops of memory level j.
  using LevelMask = std::uint32_t;
  /// One way from the array choice outwards along a dimension: the chain, and by memory level the tiles that
  /// there are outside the level's loops; the last entry: passes.
  struct Way {
    Chain chain;
    std::array<std::int64_t, kMostLevels + 1> tiles{};
    LevelMask moved = 0;  ///< levels with a loop of more than one iteration
    LevelMask alone = 0;  ///< of those, where the last tile is the only one in its outer tile
  };
  /// All ways that make so many tiles at the outermost buffer.
  struct OuterWays {
    std::int64_t tiles = 1;   ///< at the outermost buffer
    std::int64_t extent = 1;  ///< elements of the smallest of the tiles' sizes
    std::int64_t last = 1;    ///< of the smallest last tile
    std::vector<Way> ways;
  };
  /// The loops of the dimensions in one operand's group (reuse_group); G's are in `ungrouped_`.
  struct Group {
    LevelMask moved = 0, alone = 0;
    std::array<double, kMostLevels + 1> tiles{};
  };

  void find_ways();
  void note_loops(Way& way) const;
  void gather(Group& group, const std::vector<workload::Dim>& dims) const;
  void take(const ArrayChoice& choice, Best& best);
  void price_array();
  bool beaten_at_least(std::size_t keep, std::size_t stays) const;
  bool all_beaten(const TrafficBound& traffic) const;
  Count mappings_below(std::size_t index, Count ways) const;
  Count mappings_below_keep() const;
  void each_outer(std::size_t index);
  Least with_traffic(Least array, const TrafficBound& traffic) const;
  Least with_traffic(workload::Operand stays, const TrafficBound& traffic) const;
  void each_factor(std::size_t index);
  void each_order(int level);
  void each_keep(int level);
  bool out_of_budget();
  void finish();

  bool beaten(const Least& least) const;
  bool repeated() const;
  bool repeated_outside() const;
  bool partial_sums_cost_too_much() const;
  double visits(workload::Operand operand, int level) const;
  double inner_input_positions(int level);
  double copies(workload::Operand operand) const;
  Least least();

  const Mapspace& space_;
  const arch::Accelerator& accelerator_;
  Objective objective_;
  double gap_;
  Evaluator evaluator_;
  std::optional<OuterBound> outer_bound_;
  WindowSums window_sums_;
  double cheapest_memory_;
  workload::PerOperand<double>
      elements_;                    ///< of the layer's tensors, as stored; inputs: for one row and column
  workload::PerOperand<int> bits_;  ///< of an element
  double input_positions_ = 1;      ///< rows x columns of the input that are read at all
  Count inner_choices_ = 1;  ///< orders and sets of operands kept, of the levels inside the outermost buffer

  const Floors* floors_ = nullptr;
  // The choice in hand.
  const ArrayChoice* choice_ = nullptr;
  std::int64_t passes_ = 1;  ///< at least
  /// By what stays around the pass: what the array takes, and what it takes of the DRAM's port.
  struct Around {
    Least array;
    std::int64_t drains = 0, port = 0;
    ArrayChoice::Visit visit;
  };
  workload::PerOperand<Around> around_;
  workload::PerDim<std::vector<OuterWays>> outer_ways_;
  workload::PerDim<Count> all_ways_;
  std::array<std::vector<std::int64_t>, 2>
      outer_positions_;  ///< input columns, rows, by outer ways of outputs and taps
  // On the way down.
  workload::PerDim<const OuterWays*> outer_way_{};
  workload::PerDim<std::int64_t> outer_tiles_{1}, least_extent_{1}, least_last_{1};
  std::int64_t ends_ =
      0;  ///< cycles before the first tiles have arrived and after the array's last step, at the least
  workload::PerDim<std::size_t> outer_index_{};
  /// Operands in whose groups there are loops between the outermost buffer and the pass, as far as is known;
  /// bit 3: over G.
  unsigned inside_ = 0;
  TrafficBound outer_;  ///< of the traffic between DRAM and buffer
  bool avoid_partial_sums_ = false;
  Group ungrouped_;
  workload::PerOperand<Group> group_;
  workload::PerDim<const Way*> way_{};
  Point point_;
  arch::LayerMapping mapping_;
  Budget budget_;
  std::int64_t points_ = 0;
  bool stopped_ = false;
  Best* best_ = nullptr;
  Tally* tally_ = nullptr;
};

}  // namespace heddle::mapper
