#include "rtl/verify/random_cases.h"

#include <algorithm>
#include <functional>

#include "mapper/default_mapping.h"
#include "mapper/random_mapping.h"
#include "support/error.h"

namespace heddle::verify {

using workload::Dim;
using workload::Operand;

arch::Accelerator random_accelerator(Random& random, int levels, bool sparse) {
  arch::Accelerator accelerator;
  accelerator.name = "random";
  arch::ArrayUnit& unit = accelerator.array;
  unit.rows = random.range(1, 5);
  unit.columns = random.range(1, 9);
  unit.lanes = random.range(1, 6);
  if (sparse) {
    const auto nm = random.one_of<workload::StructuredSparsity>({{1, 2}, {2, 4}, {1, 4}, {3, 8}});
    unit.sparsity = nm;
    unit.lanes = nm.n * random.range(1, 3);
  }
  unit.scalable = random.chance(0.3);
  if (random.chance(0.3)) unit.bits = {16, 16, 48};
  unit.registers.outputs = random.range(1, 6);
  if (random.chance(0.4)) unit.registers.weights = random.range(1, 6);
  if (random.chance(0.4)) unit.registers.inputs = random.range(1, 12);
  if (random.chance(0.2)) unit.registers.shared_bytes = random.range(200, 600);
  unit.ports = {random.range(1, 40), random.range(1, 40), random.range(1, 8)};
  accelerator.memory.push_back({.name = "dram",
                                .kind = arch::MemoryLevel::Kind::dram,
                                .burst_bytes = random.one_of<std::int64_t>({1, 8, 32}),
                                .bandwidth = random.range(1, 40),
                                .latency_cycles = random.range(0, 20)});
  for (int level = 1; level < levels; ++level) {
    accelerator.memory.push_back({.name = "buffer" + std::to_string(level),
                                  .kind = arch::MemoryLevel::Kind::sram,
                                  .size_bytes = 6000 >> level,
                                  .word_bytes = random.one_of<std::int64_t>({1, 4, 16}),
                                  .bandwidth = random.range(1, 60),
                                  .double_buffered = random.chance(0.6)});
  }
  return accelerator;
}

arch::LayerProblem random_problem(Random& random, const arch::Accelerator& accelerator) {
  arch::LayerProblem problem;
  problem.name = "layer";
  auto& shape = problem.shape;
  auto& size = shape.size;
  const auto small = [&](std::int64_t most) { return random.chance(0.25) ? 1 : random.range(1, most); };
  size[Dim::N] = small(3);
  size[Dim::M] = random.one_of<std::int64_t>({1, 2, 5, 7, 11, 12});
  size[Dim::C] = random.one_of<std::int64_t>({1, 3, 4, 6, 8, 13});
  if (random.chance(0.3)) size[Dim::G] = random.range(2, 3);
  if (random.chance(0.75)) {  // a convolution
    size[Dim::R] = small(3);
    size[Dim::S] = small(4);
    shape.stride_h = random.range(1, 3);
    shape.stride_w = random.range(1, 3);
    shape.dilation_h = random.range(1, 2);
    shape.dilation_w = random.range(1, 2);
    shape.pad_top = random.range(0, 2);
    shape.pad_left = random.range(0, 2);
    const std::int64_t reach_h = (size[Dim::R] - 1) * shape.dilation_h + 1,
                       reach_w = (size[Dim::S] - 1) * shape.dilation_w + 1;
    shape.input_h = random.range(std::max<std::int64_t>(1, reach_h - 2 * shape.pad_top), 9);
    shape.input_w = random.range(std::max<std::int64_t>(1, reach_w - 2 * shape.pad_left), 9);
    fit_window(shape);
  }
  while (shape.macs() > 6000) {
    for (Dim d : {Dim::M, Dim::C, Dim::G, Dim::N}) {
      if (shape.macs() > 6000) size[d] = (size[d] + 1) / 2;
    }
  }
  const bool scalable = accelerator.array.scalable;
  problem.weight_bits = scalable ? random.one_of<int>({1, 2, 4, 8}) : random.one_of<int>({2, 4, 8});
  problem.input_bits = scalable ? random.one_of<int>({1, 3, 4, 8}) : random.one_of<int>({3, 8});
  problem.output_bits = static_cast<int>(random.one_of<int>({4, 8}));
  if (accelerator.array.bits.weights == 16 && random.chance(0.6)) {
    problem.weight_bits = problem.input_bits = problem.output_bits = 16;
  }
  if (accelerator.array.sparsity && random.chance(0.8)) {
    problem.sparsity = accelerator.array.sparsity;
    problem.weight_bits = std::max(2, problem.weight_bits);  // of one bit, none is zero
  }
  return problem;
}

void fit_window(workload::MacShape& shape) {
  auto& size = shape.size;
  const std::int64_t reach_h = (size[Dim::R] - 1) * shape.dilation_h + 1,
                     reach_w = (size[Dim::S] - 1) * shape.dilation_w + 1;
  shape.input_h = std::max(shape.input_h, reach_h - 2 * shape.pad_top);
  shape.input_w = std::max(shape.input_w, reach_w - 2 * shape.pad_left);
  size[Dim::P] = (shape.input_h + 2 * shape.pad_top - reach_h) / shape.stride_h + 1;
  size[Dim::Q] = (shape.input_w + 2 * shape.pad_left - reach_w) / shape.stride_w + 1;
}

Case random_case(Random& random, const arch::Accelerator& accelerator) {
  return random_case(random, accelerator, random_problem(random, accelerator));
}

Case random_case(Random& random, const arch::Accelerator& accelerator, const arch::LayerProblem& problem) {
  Case result;
  result.problem = problem;
  const auto& shape = result.problem.shape;
  const auto& size = shape.size;
  const bool binary_weights = result.problem.weight_bits == 1, binary_inputs = result.problem.input_bits == 1;
  const double zeros = binary_inputs ? 0.0 : random.one_of<double>({0.0, 0.4, 1.0});
  const std::int64_t weight_top = (1 << (result.problem.weight_bits - 1)) - 1;
  const std::int64_t input_top = (1 << (result.problem.input_bits - 1)) - 1;
  result.program.input_zero_point =
      binary_inputs ? 0 : static_cast<std::int32_t>(random.range(-input_top - 1, input_top));
  for (std::int64_t i = 0; i < shape.input_count(); ++i) {
    const std::int64_t code = random.chance(zeros) ? result.program.input_zero_point
                              : binary_inputs      ? random.one_of<std::int64_t>({-1, 1})
                                                   : random.range(-input_top - 1, input_top);
    result.data.inputs.push_back(static_cast<std::int16_t>(code));
  }
  for (std::int64_t i = 0; i < shape.weight_count(); ++i) {
    result.data.weights.push_back(
        static_cast<std::int16_t>(binary_weights       ? random.one_of<std::int64_t>({-1, 1})
                                  : random.chance(0.2) ? 0
                                                       : random.range(-weight_top, weight_top)));
  }
  const std::int64_t C = size[Dim::C], RS = size[Dim::R] * size[Dim::S];
  if (const auto& nm = result.problem.sparsity) {  // drop weights until no group keeps more than n
    for (std::int64_t gm = 0; gm < size[Dim::G] * size[Dim::M]; ++gm) {
      for (std::int64_t rs = 0; rs < RS; ++rs) {
        for (std::int64_t group = 0; group < C; group += nm->m) {
          int kept = 0;
          for (std::int64_t c = group; c < std::min(C, group + nm->m); ++c) {
            auto& weight = result.data.weights[static_cast<std::size_t>((gm * C + c) * RS + rs)];
            if (weight != 0 && ++kept > nm->n) weight = 0;
          }
        }
      }
    }
  }
  sim::LayerProgram& program = result.program;
  program.problem = result.problem;
  program.accumulator_bits = accelerator.array.bits.accumulators;
  program.wide = result.problem.weight_bits == 16 || random.chance(0.2);
  program.weights = sim::pack_weights(result.data.weights.data(),
                                      {size[Dim::M] * C * RS, C * RS, RS, size[Dim::S], 1}, result.problem);
  const std::int64_t channels = size[Dim::G] * size[Dim::M];
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    program.bias.push_back(random.range(-2000, 2000));
    program.requantization.multiplier.push_back(static_cast<std::int32_t>(random.range(1 << 30, INT32_MAX)));
    program.requantization.shift.push_back(static_cast<std::uint8_t>(random.range(33, 40)));
  }
  program.requantization.zero_point = static_cast<std::int32_t>(random.range(-8, 7));
  program.requantization.low = -(1 << (result.problem.output_bits - 1));
  program.requantization.high = (1 << (result.problem.output_bits - 1)) - 1;
  return result;
}

bool draw_mapping(Random& random, Case& test, const arch::Accelerator& accelerator) {
  try {
    test.program.mapping = random.chance(0.15)
                               ? mapper::default_mapping(test.problem, accelerator)
                               : mapper::random_mapping(test.problem, accelerator, random.engine());
  } catch (const InputError&) {
    return false;
  }
  draw_on_chip(random, test.program.mapping, test.problem, accelerator);
  test.bind();
  return true;
}

void draw_on_chip(Random& random, arch::LayerMapping& mapping, const arch::LayerProblem& problem,
                  const arch::Accelerator& accelerator) {
  if (mapping.memory.size() < 2) return;
  for (Operand operand : {Operand::inputs, Operand::outputs}) {
    if (!random.chance(0.5)) continue;
    arch::LayerMapping changed = mapping;
    auto &outer = changed.memory[0].temporal, &inner = changed.memory[1].temporal;
    const auto cuts = [&](const arch::Loop& loop) { return workload::depends_on(operand, loop.dim); };
    const auto moved = std::stable_partition(outer.begin(), outer.end(), std::not_fn(cuts));
    inner.insert(inner.begin(), moved, outer.end());
    outer.erase(moved, outer.end());
    changed.memory[1].keep[operand] = changed.on_chip[operand] = true;
    if (arch::illegalities(changed, problem, accelerator).empty()) mapping = changed;
  }
}

void Case::bind() {
  const auto& shape = problem.shape;
  const auto& size = shape.size;
  program.inputs = {
      data.inputs.data(),
      {{0, 0, 0, 0, 0}, {size[Dim::N], size[Dim::G], size[Dim::C], shape.input_h, shape.input_w}},
      {}};
  program.inputs.stride = sim::row_major(program.inputs.box);
}

}  // namespace heddle::verify
