#include "tests/mapper/small_spaces.h"

#include <fmt/format.h>

#include <filesystem>

#include "support/error.h"

namespace heddle::mapper {

using workload::Dim;
using workload::kDims;
using workload::kOperands;
using workload::Operand;

namespace {

class Drawing {
 public:
  Drawing(std::mt19937_64& random, const SmallSpaceLimits& limits) : random_(random), limits_(limits) {}

  void draw(SmallSpace& result) {
    result.accelerator = accelerator();
    result.problem = problem(result.accelerator.array);
    result.energy = energy();
    result.constraints = {};
    result.constraints.name = "random constraints";
    result.constraints.factors =
        limits_.factors ? *limits_.factors : pick({Factors::perfect, Factors::ragged_axes, Factors::ragged});
    if (limits_.constrained) constrain(result);
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <class T>
  T pick(std::initializer_list<T> from) {
    return from.begin()[below(from.size())];
  }
  std::int64_t number(std::initializer_list<std::int64_t> from) { return pick(from); }

  arch::Accelerator accelerator() {
    arch::Accelerator result;
    result.name = "small";
    arch::ArrayUnit& unit = result.array;
    unit.rows = number({1, 2, 3, 4});
    unit.columns = number({1, 2, 3, 4});
    unit.lanes = number({1, 2, 4});
    if (one_in(4)) {
      unit.sparsity = one_in(2) ? workload::StructuredSparsity{1, 2} : workload::StructuredSparsity{2, 4};
      if (unit.lanes % unit.sparsity->n != 0) unit.lanes = 2;
    }
    unit.registers = {1, 1, number({1, 2, 4, 6}), {}};
    switch (below(5)) {
      case 0:
        unit.registers.weights = number({2, 4, 6});
        break;
      case 1:
        unit.registers.inputs = number({2, 4, 6});
        break;
      case 2:
        unit.registers.weights = number({2, 4, 6});
        unit.registers.inputs = number({2, 4, 6});
        break;
      case 3:
        unit.registers.shared_bytes = number({12, 16, 24, 40, 64});
        break;
      default:
        break;  // both operands stream
    }
    unit.ports = {number({1, 2, 4, 16}), number({1, 2, 4, 16}), number({1, 2, 4})};
    arch::MemoryLevel dram;
    dram.name = "dram";
    dram.kind = arch::MemoryLevel::Kind::dram;
    dram.burst_bytes = number({1, 4, 16, 64});
    dram.bandwidth = number({1, 2, 4, 16});
    dram.latency_cycles = number({0, 1, 7, 40});
    result.memory.push_back(dram);
    const std::uint64_t buffers = pick<std::uint64_t>({0, 1, 1, 1, 2});
    for (std::uint64_t i = 0; i < buffers; ++i) {
      arch::MemoryLevel buffer;
      buffer.name = i == 0 ? "outer" : "inner";
      buffer.size_bytes =
          i == 0 ? number({16, 24, 40, 64, 100, 256, 1000}) : number({8, 16, 24, 40, 64, 128});
      buffer.word_bytes = number({1, 2, 4, 8});
      buffer.bandwidth = number({1, 2, 4, 16});
      buffer.latency_cycles = number({0, 0, 3});
      buffer.double_buffered = one_in(2);
      result.memory.push_back(buffer);
    }
    return result;
  }

  arch::LayerProblem problem(const arch::ArrayUnit& unit) {
    arch::LayerProblem result;
    result.name = "layer";
    workload::MacShape& shape = result.shape;
    const auto sizes = {1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 12L, 16L};
    shape.size[Dim::M] = number(sizes);
    shape.size[Dim::C] = number(sizes);
    if (one_in(3)) {  // a matrix product
      shape.size[Dim::N] = number(sizes);
      if (one_in(3)) shape.size[Dim::G] = number({2, 3});
    } else {
      if (one_in(6)) shape.size[Dim::N] = number({2, 3});
      if (one_in(6)) shape.size[Dim::G] = number({2, 3});
      shape.size[Dim::P] = number({1, 2, 3, 4, 5, 6});
      shape.size[Dim::Q] = number({1, 2, 3, 4, 5, 6});
      shape.size[Dim::R] = number({1, 1, 2, 3});
      shape.size[Dim::S] = number({1, 1, 2, 3});
      shape.stride_h = number({1, 1, 2, 3});
      shape.stride_w = number({1, 1, 2});
      shape.dilation_h = number({1, 1, 2});
      shape.pad_top = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(shape.size[Dim::R])));
      shape.pad_left = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(shape.size[Dim::S])));
      shape.input_h =
          std::max<std::int64_t>(1, (shape.size[Dim::P] - 1) * shape.stride_h +
                                        (shape.size[Dim::R] - 1) * shape.dilation_h + 1 - shape.pad_top);
      shape.input_w = std::max<std::int64_t>(
          1, (shape.size[Dim::Q] - 1) * shape.stride_w + (shape.size[Dim::S] - 1) + 1 - shape.pad_left);
    }
    result.weight_bits = pick({4, 8});
    result.input_bits = pick({4, 8});
    result.output_bits = result.input_bits;
    if (unit.sparsity && !one_in(4)) result.sparsity = unit.sparsity;
    return result;
  }

  arch::EnergyTable energy() {
    arch::EnergyTable table = arch::read_energy_table(
        std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs" / "energy" /
        pick<std::string>({"han2015-45nm.yaml", "horowitz-45nm.yaml", "jouppi-7nm.yaml"}));
    if (one_in(2)) table.cycle_pj = static_cast<double>(number({1, 10, 1000}));
    return table;
  }

  void constrain(SmallSpace& result) {
    Constraints& fixed = result.constraints;
    const auto& size = result.problem.shape.size;
    const std::size_t levels = result.accelerator.memory.size();
    const auto dim = [&] { return kDims[below(kDims.size())]; };
    const auto factor = [&](Dim d) {
      return one_in(3) ? kAllThatIsLeft
                       : 1 + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(size[d])));
    };
    if (one_in(4)) fixed.least_utilization = pick<double>({0.1, 0.25, 0.5});
    if (one_in(3)) {
      const Dim d = dim();
      fixed.axes[d] = one_in(2) ? 1 : factor(d);
    }
    if (one_in(4)) {
      const Dim d = dim();
      fixed.registers.factor[d] = one_in(2) ? 1 : factor(d);
    }
    if (one_in(5)) fixed.registers.stationary = kOperands[below(2)];
    fixed.memory.resize(levels);
    for (std::size_t level = 0; level < levels; ++level) {
      LevelConstraint& each = fixed.memory[level];
      if (one_in(4)) {
        const Dim d = dim();
        each.factor[d] = factor(d);
      }
      if (one_in(3)) {
        each.stationary = kOperands[below(3)];
      } else if (one_in(3)) {
        each.order.assign(kDims.begin(), kDims.end());
        for (std::size_t i = each.order.size(); i > 1; --i)
          std::swap(each.order[i - 1], each.order[below(i)]);
      }
      if (level > 0 && one_in(3)) each.keep[kOperands[below(3)]] = one_in(2);
    }
  }

  std::mt19937_64& random_;
  const SmallSpaceLimits& limits_;
};

}  // namespace

std::unique_ptr<SmallSpace> random_small_space(std::mt19937_64& random, const SmallSpaceLimits& limits) {
  for (;;) {
    auto result = std::make_unique<SmallSpace>();
    Drawing(random, limits).draw(*result);
    try {
      result->space = std::make_unique<Mapspace>(result->problem, result->accelerator, result->constraints);
    } catch (const InputError&) {
      continue;  // constraints that leave nothing
    }
    if (result->space->size() >= limits.least && result->space->size() <= limits.most) return result;
  }
}

std::string SmallSpace::text() const {
  const auto& unit = accelerator.array;
  std::string text = fmt::format(
      "array {} x {} x {} lanes{}, registers weights {} inputs {} outputs {}{}, ports {} {} {}\n", unit.rows,
      unit.columns, unit.lanes,
      unit.sparsity ? fmt::format(" {}:{}", unit.sparsity->n, unit.sparsity->m) : "", unit.registers.weights,
      unit.registers.inputs, unit.registers.outputs,
      unit.registers.shared_bytes ? fmt::format(" shared {} B", *unit.registers.shared_bytes) : "",
      unit.ports.weights, unit.ports.inputs, unit.ports.outputs);
  for (const auto& level : accelerator.memory) {
    text += fmt::format("{}: {} B, word {}, burst {}, bandwidth {}, latency {}{}\n", level.name,
                        level.size_bytes, level.word_bytes, level.burst_bytes, level.bandwidth,
                        level.latency_cycles, level.double_buffered ? ", double buffered" : "");
  }
  text += "layer";
  for (Dim d : kDims) text += fmt::format(" {}{}", letter(d), problem.shape.size[d]);
  text += fmt::format(", stride {} {}, dilation {}, pad {} {}, input {} x {}, bits {} {} {}, {}\n",
                      problem.shape.stride_h, problem.shape.stride_w, problem.shape.dilation_h,
                      problem.shape.pad_top, problem.shape.pad_left, problem.shape.input_h,
                      problem.shape.input_w, problem.weight_bits, problem.input_bits, problem.output_bits,
                      problem.sparsity ? "sparse" : "dense");
  text += fmt::format("energy {}, cycle {} pJ; factors {}, utilization {}", energy.name, energy.cycle_pj,
                      constraints.factors == Factors::perfect       ? "perfect"
                      : constraints.factors == Factors::ragged_axes ? "ragged axes"
                                                                    : "ragged",
                      constraints.least_utilization);
  const auto level_text = [&](const std::string& name, const LevelConstraint& level) {
    std::string fixed;
    for (Dim d : kDims) {
      if (level.factor[d]) fixed += fmt::format(" {} {}", letter(d), *level.factor[d]);
    }
    if (level.stationary) fixed += fmt::format(" stationary {}", workload::name(*level.stationary));
    if (!level.order.empty()) {
      fixed += " order ";
      for (Dim d : level.order) fixed += letter(d);
    }
    for (Operand operand : kOperands) {
      if (level.keep[operand])
        fixed += fmt::format(" {} {}", *level.keep[operand] ? "keep" : "bypass", workload::name(operand));
    }
    if (!fixed.empty()) text += fmt::format("; {}:{}", name, fixed);
  };
  LevelConstraint axes;
  axes.factor = constraints.axes;
  level_text("axes", axes);
  level_text("registers", constraints.registers);
  for (std::size_t level = 0; level < constraints.memory.size(); ++level)
    level_text(accelerator.memory[level].name, constraints.memory[level]);
  return text + "\n";
}

void each_point(const Mapspace& space, const std::function<void(const Point&)>& visit) {
  Point point;
  for (Dim d : kDims) point.factor[d].fill(1);
  for (auto& keep : point.keep) {
    for (Operand operand : kOperands) keep[operand] = true;
  }
  const int levels = space.levels();
  const std::function<void(int)> each_keep = [&](int level) {
    if (level == levels) {
      visit(point);
      return;
    }
    for (const auto& keep : space.keep(level)) {
      point.keep[static_cast<std::size_t>(level)] = keep;
      each_keep(level + 1);
    }
  };
  const std::function<void(int)> each_order = [&](int level) {
    if (level == levels) {
      each_keep(0);
      return;
    }
    for (const Operand operand : space.stationary(level)) {
      point.stationary[static_cast<std::size_t>(level)] = operand;
      each_order(level + 1);
    }
  };
  const std::function<void(std::size_t, int, std::int64_t)> each_factor = [&](std::size_t index, int slot,
                                                                              std::int64_t count) {
    const Dim d = kDims[index];
    if (slot == space.slots()) {
      if (space.chains(d, slot, count) == 0) return;  // the DRAM's factor is fixed to something else
      if (index + 1 < kDims.size()) {
        each_factor(index + 1, 0, space.problem().shape.size[kDims[index + 1]]);
        return;
      }
      for (const Operand operand : space.register_stationary()) {
        point.register_stationary = operand;
        each_order(0);
      }
      return;
    }
    for (const std::int64_t factor : space.factors(d, slot, count)) {
      point.factor[d][static_cast<std::size_t>(slot)] = factor;
      each_factor(index, slot + 1, (count + factor - 1) / factor);
    }
  };
  each_factor(0, 0, space.problem().shape.size[kDims[0]]);
}

bool is_used_enough(const Mapspace& space, const Point& point) {
  const arch::LayerProblem& problem = space.problem();
  const arch::ArrayUnit& unit = space.accelerator().array;
  double steps = 1;
  for (Dim d : kDims) {
    const std::int64_t axis = point.factor[d][kAxisSlot];
    steps *= static_cast<double>((problem.shape.size[d] + axis - 1) / axis);
  }
  double peak = static_cast<double>(unit.rows * unit.columns *
                                    arch::effective_lanes(unit, problem.weight_bits, problem.input_bits));
  if (problem.sparsity) peak *= static_cast<double>(problem.sparsity->m) / problem.sparsity->n;
  return static_cast<double>(problem.shape.macs()) >= space.constraints().least_utilization * steps * peak;
}

}  // namespace heddle::mapper
