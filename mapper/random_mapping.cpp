#include "mapper/random_mapping.h"

#include <algorithm>

#include "mapper/default_mapping.h"
#include "mapper/factors.h"

namespace heddle::mapper {
namespace {

using workload::Dim;
using workload::kDims;
using workload::Operand;
using workload::PerDim;

constexpr int kDraws = 40;

/// Draws without the standard distributions, whose results differ between libraries.
class Draw {
 public:
  explicit Draw(std::mt19937_64& random) : random_(random) {}

  /// From 1 to most, both included.
  std::int64_t up_to(std::int64_t most) {
    return 1 + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(most));
  }
  bool chance(int percent) { return up_to(100) <= percent; }
  /// Small, full, or anything between.
  std::int64_t factor(std::int64_t most) {
    if (most <= 1 || chance(30)) return 1;
    if (chance(30)) return most;
    return chance(50) ? up_to(std::min<std::int64_t>(most, 4)) : up_to(most);
  }
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[static_cast<std::size_t>(up_to(static_cast<std::int64_t>(i)) - 1)]);
  }

 private:
  std::mt19937_64& random_;
};

class Generator {
 public:
  Generator(const arch::LayerProblem& problem, const arch::Accelerator& accelerator, Draw& draw)
      : problem_(problem), accelerator_(accelerator), draw_(draw) {}

  /// A mapping that covers the layer, its axes and registers within the unit's; memories may be too small.
  /// `tight` from 0 to 100: how much of the tiles inside is given up for loops at the dram.
  arch::LayerMapping propose(int tight) {
    arch::LayerMapping mapping;
    mapping.layer = problem_.name;
    remaining_ = problem_.shape.size;
    if (draw_.chance(80)) mapping.rows = axis({Dim::M}, accelerator_.array.rows);
    if (draw_.chance(80)) mapping.columns = axis({Dim::N, Dim::P, Dim::Q}, accelerator_.array.columns);
    mapping.lanes = lanes();
    mapping.registers = registers();
    const std::size_t levels = accelerator_.memory.size();
    mapping.memory.resize(levels);
    for (std::size_t i = levels; i-- > 0;) {
      arch::LevelMapping& level = mapping.memory[i];
      for (Operand operand : workload::kOperands) level.keep[operand] = i == 0 || draw_.chance(80);
      for (Dim dim : kDims) {
        if (i == 0) {
          add(level.temporal, dim, remaining_[dim]);
        } else if (!draw_.chance(tight)) {
          take(level.temporal, dim, draw_.factor(remaining_[dim]));
        }
      }
      draw_.shuffle(level.temporal);
    }
    return mapping;
  }

 private:
  static void add(std::vector<arch::Loop>& loops, Dim dim, std::int64_t factor) {
    if (factor > 1) loops.push_back({dim, factor});
  }
  /// Adds a loop and leaves what it does not cover; now and then as two loops of the dimension.
  void take(std::vector<arch::Loop>& loops, Dim dim, std::int64_t factor) {
    remaining_[dim] = ceil_div(remaining_[dim], factor);
    if (factor >= 4 && factor % 2 == 0 && draw_.chance(15)) {
      add(loops, dim, 2);
      factor /= 2;
    }
    add(loops, dim, factor);
  }
  void take_one(std::vector<arch::Loop>& loops, Dim dim, std::int64_t factor) {
    remaining_[dim] = ceil_div(remaining_[dim], factor);
    add(loops, dim, factor);
  }

  std::vector<arch::Loop> axis(std::vector<Dim> dims, std::int64_t room) {
    std::vector<arch::Loop> loops;
    draw_.shuffle(dims);
    for (Dim dim : dims) {
      const std::int64_t factor = draw_.factor(std::min(room, remaining_[dim]));
      take_one(loops, dim, factor);
      room /= factor;
    }
    return loops;
  }

  std::vector<arch::Loop> lanes() {
    const arch::ArrayUnit& unit = accelerator_.array;
    std::int64_t room = arch::effective_lanes(unit, problem_.weight_bits, problem_.input_bits);
    if (!arch::runs_sparse(unit, problem_)) {
      return draw_.chance(85) ? axis({Dim::C, Dim::R, Dim::S}, room) : std::vector<arch::Loop>{};
    }
    // Whole groups of channels first, then kernel positions in what is left.
    const auto [n, m] = *problem_.sparsity;
    std::vector<arch::Loop> loops;
    const std::int64_t channels = remaining_[Dim::C];
    const std::int64_t groups = draw_.factor(std::min(room / n, ceil_div(channels, m)));
    const std::int64_t factor = groups * m >= channels && draw_.chance(50) ? channels : groups * m;
    take_one(loops, Dim::C, factor);
    room /= std::max<std::int64_t>(1, arch::kept_channels(factor, problem_.sparsity));
    for (const arch::Loop& loop : axis({Dim::R, Dim::S}, room)) loops.push_back(loop);
    draw_.shuffle(loops);
    return loops;
  }

  std::vector<arch::Loop> registers() {
    const arch::Registers& registers = accelerator_.array.registers;
    std::vector<arch::Loop> loops;
    std::vector<Dim> dims(kDims.begin(), kDims.end());
    draw_.shuffle(dims);
    if (registers.shared_bytes) return loops_within_shared(dims);
    constexpr std::int64_t unlimited = std::int64_t{1} << 40;
    workload::PerOperand<std::int64_t> room;
    room[Operand::weights] = registers.weights > 1 ? registers.weights : unlimited;
    room[Operand::inputs] = registers.inputs > 1 ? registers.inputs : unlimited;
    room[Operand::outputs] = registers.outputs;
    for (Dim dim : dims) {
      if (draw_.chance(35)) continue;
      std::int64_t most = remaining_[dim];
      for (Operand operand : workload::kOperands) {
        if (workload::depends_on(operand, dim)) most = std::min(most, room[operand]);
      }
      const std::int64_t factor = draw_.factor(most);
      for (Operand operand : workload::kOperands) {
        if (workload::depends_on(operand, dim)) room[operand] /= factor;
      }
      take(loops, dim, factor);
    }
    draw_.shuffle(loops);
    return loops;
  }

  /// A few small loops: whether they fit together is the legality check's to say.
  std::vector<arch::Loop> loops_within_shared(const std::vector<Dim>& dims) {
    std::vector<arch::Loop> loops;
    for (Dim dim : dims) {
      if (draw_.chance(25)) take(loops, dim, draw_.factor(std::min<std::int64_t>(remaining_[dim], 4)));
    }
    return loops;
  }

  const arch::LayerProblem& problem_;
  const arch::Accelerator& accelerator_;
  Draw& draw_;
  PerDim<std::int64_t> remaining_;
};

}  // namespace

arch::LayerMapping random_mapping(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                                  std::mt19937_64& random) {
  Draw draw(random);
  Generator generator(problem, accelerator, draw);
  for (int i = 0; i < kDraws; ++i) {
    arch::LayerMapping mapping = generator.propose(i * 100 / kDraws);
    if (arch::illegalities(mapping, problem, accelerator).empty()) return mapping;
  }
  return default_mapping(problem, accelerator);
}

}  // namespace heddle::mapper
