#include "rtl/verify/eie_cases.h"

#include <algorithm>
#include <set>

#include "workload/random.h"

namespace heddle::verify {

using workload::Dim;
using workload::Operand;

arch::Accelerator random_eie(Random& random) {
  arch::Accelerator accelerator;
  accelerator.name = "random eie";
  arch::ArrayUnit& unit = accelerator.array;
  arch::EieUnit& eie = unit.eie.emplace();
  unit.bits = {16, 16, 16};
  unit.rows = random.one_of<std::int64_t>({1, 1, 2, 2, 3, 4, 4, 5, 7, 16, 17, 31, 64, 256});
  unit.registers.inputs = unit.registers.outputs = random.one_of<std::int64_t>({1, 2, 5, 64, 64});
  eie.queue = random.one_of<std::int64_t>({1, 1, 2, 2, 3, 8, 17, 64});
  eie.code_bits = static_cast<int>(random.range(2, 8));
  eie.index_bits = random.one_of<int>({2, 2, 2, 3, 4, 5, 8});
  eie.word_bits = (eie.code_bits + eie.index_bits) * random.range(1, 9) + random.range(0, 3);
  unit.ports = {1, random.range(1, 64), random.range(1, 16)};
  accelerator.memory.push_back({.name = "dram",
                                .kind = arch::MemoryLevel::Kind::dram,
                                .burst_bytes = random.one_of<std::int64_t>({1, 8, 32}),
                                .bandwidth = random.range(1, 40),
                                .latency_cycles = random.range(0, 20)});
  accelerator.memory.push_back({.name = "sram",
                                .kind = arch::MemoryLevel::Kind::sram,
                                .size_bytes = (1 << 21) + 4000,
                                .weight_bytes = 1 << 21,
                                .banks = unit.rows,
                                .word_bytes = random.one_of<std::int64_t>({1, 4, 16}),
                                .bandwidth = random.range(1, 60),
                                .double_buffered = random.chance(0.6)});
  return accelerator;
}

namespace {

arch::LayerProblem random_shape(Random& random, const arch::Accelerator& accelerator) {
  arch::Accelerator wide = accelerator;
  wide.array.eie.reset();
  arch::LayerProblem problem = random_problem(random, wide);  // up to 6000 products
  auto& size = problem.shape.size;
  const std::int64_t pixels = size[Dim::P] * size[Dim::Q];
  if (pixels == 1 || random.chance(0.8)) {  // long vectors, many outputs
    size[Dim::C] = random.one_of<std::int64_t>({1, 3, 65, 200, 333, 512});
    size[Dim::M] = random.one_of<std::int64_t>({1, 5, 64, 130, 300, 600});
    size[Dim::G] = random.chance(0.9) ? 1 : 2;
    size[Dim::P] = size[Dim::Q] = size[Dim::R] = size[Dim::S] = 1;
    size[Dim::N] = std::min<std::int64_t>(size[Dim::N], 2);
    problem.shape = workload::MacShape{.size = size};
    while (problem.shape.macs() > 200000) problem.shape.size[Dim::M] = (problem.shape.size[Dim::M] + 1) / 2;
  }
  problem.weight_bits = problem.input_bits = problem.output_bits = 16;
  return problem;
}

/// A range of the reduction for a pass, of at most `most` columns.
void draw_reduction(Random& random, const workload::MacShape& shape, std::int64_t most,
                    arch::LayerMapping& mapping) {
  const std::int64_t C = shape.size[Dim::C], R = shape.size[Dim::R], S = shape.size[Dim::S];
  std::int64_t c = 1, r = 1, s = 1;
  const auto upto = [&](std::int64_t limit) { return random.chance(0.75) ? limit : random.range(1, limit); };
  if (R * S <= most && random.chance(0.8)) {
    c = upto(std::min(C, most / (R * S)));
    r = R;
    s = S;
  } else if (S <= most && random.chance(0.8)) {
    r = upto(std::min(R, most / S));
    s = S;
  } else {
    s = upto(std::min(S, most));
  }
  mapping.registers.insert(mapping.registers.end(), {{Dim::C, c}, {Dim::R, r}, {Dim::S, s}});
}

std::vector<arch::Loop> shuffled(Random& random, std::vector<arch::Loop> loops) {
  std::shuffle(loops.begin(), loops.end(), random.engine());
  std::vector<std::size_t> places;
  std::vector<arch::Loop> reduction;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    if (!workload::is_reduction(loops[i].dim)) continue;
    places.push_back(i);
    reduction.push_back(loops[i]);
  }
  std::sort(reduction.begin(), reduction.end(), [](const auto& a, const auto& b) { return a.dim < b.dim; });
  for (std::size_t i = 0; i < places.size(); ++i) loops[places[i]] = reduction[i];
  return loops;
}

arch::LayerMapping random_eie_mapping(Random& random, const arch::LayerProblem& problem,
                                      const arch::Accelerator& accelerator) {
  const arch::ArrayUnit& unit = accelerator.array;
  const auto& size = problem.shape.size;
  arch::LayerMapping mapping;
  mapping.layer = problem.name;
  mapping.rows = {{Dim::M, unit.rows}};
  const std::int64_t most_rows = std::min(unit.registers.outputs, (size[Dim::M] + unit.rows - 1) / unit.rows);
  mapping.registers = {{Dim::M, random.chance(0.6) ? most_rows : random.range(1, most_rows)}};
  draw_reduction(random, problem.shape, unit.rows * unit.registers.inputs, mapping);
  const auto pass = arch::pass_extent(mapping);
  std::vector<arch::Loop> outer, inner;
  for (Dim d : workload::kDims) {
    const std::int64_t iterations = (size[d] + pass[d] - 1) / pass[d];
    const std::int64_t inside = random.chance(0.4) ? iterations : random.range(1, iterations);
    inner.push_back({d, inside});
    outer.push_back({d, (iterations + inside - 1) / inside});
  }
  workload::PerOperand<bool> all;
  for (Operand operand : workload::kOperands) all[operand] = true;
  mapping.memory = {{shuffled(random, outer), all}, {shuffled(random, inner), all}};
  return mapping;
}

/// Codebook, weights and inputs of every kind: nothing but zeros, one entry, whole columns and rows of zeros.
void draw_tensors(Random& random, const arch::Accelerator& accelerator, EieCase& test) {
  const auto& shape = test.problem.shape;
  const std::size_t values = std::size_t{1} << random.range(1, accelerator.array.eie->code_bits);
  std::set<std::int16_t> drawn;
  while (drawn.size() + 1 < values) {
    const auto value = static_cast<std::int16_t>(random.range(-32767, 32767));
    if (value != 0) drawn.insert(value);
  }
  test.quantized.codebook = {0};
  test.quantized.codebook.insert(test.quantized.codebook.end(), drawn.begin(), drawn.end());
  const double density = random.one_of<double>({0, 0.03, 0.05, 0.1, 0.1, 0.2, 0.3, 0.7, 1});
  test.weights.assign(static_cast<std::size_t>(shape.weight_count()), 0);
  const auto any_value = [&] {
    return test.quantized
        .codebook[static_cast<std::size_t>(random.range(1, static_cast<std::int64_t>(values) - 1))];
  };
  const std::int64_t columns = shape.size[Dim::C] * shape.size[Dim::R] * shape.size[Dim::S];
  const bool holes = random.chance(0.3);
  for (std::size_t i = 0; i < test.weights.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const bool hole = holes && (at % columns % 5 < 2 || at / columns % 7 == 3);
    if (!hole && random.chance(density)) test.weights[i] = any_value();
  }
  if (random.chance(0.1)) {
    std::fill(test.weights.begin(), test.weights.end(), std::int16_t{0});
    test.weights[static_cast<std::size_t>(random.range(0, shape.weight_count() - 1))] = any_value();
  }
  const double zeros = random.one_of<double>({0, 0, 0.2, 0.3, 0.65, 0.65, 0.95, 1});
  for (std::int64_t i = 0; i < shape.input_count(); ++i)
    test.inputs.push_back(random.chance(zeros) ? std::int16_t{0}
                                               : static_cast<std::int16_t>(random.range(-32768, 32767)));
  test.quantized.fixed_sum =
      workload::FixedPointSum{static_cast<int>(random.one_of<int>({0, 8, 14, 16, 20, 31})), 16};
}

void finish(const arch::Accelerator& accelerator, EieCase& test) {
  test.quantized.weights.codes = test.weights;
  test.problem.shared = arch::SharedWeights{accelerator.array.eie->code_bits, 1, 1};
  sim::LayerProgram& program = test.program;
  program.problem = test.problem;
  program.accumulator_bits = 16;
  program.bias = test.quantized.bias;
  program.requantization = test.quantized.requantization;
  program.eie = sim::EieProgram{sim::EieBlocks(workload::codebook_indices(test.quantized), test.problem,
                                               program.mapping, accelerator.array),
                                test.quantized.codebook, *test.quantized.fixed_sum,
                                accelerator.array.eie->pointer_bits, nullptr};
}

void draw_post_processing(Random& random, EieCase& test) {
  const std::int64_t channels = test.problem.shape.size[Dim::G] * test.problem.shape.size[Dim::M];
  workload::Requantization& stage = test.quantized.requantization;
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    test.quantized.bias.push_back(random.range(-3000, 3000));
    stage.multiplier.push_back(1 << 30);
    stage.shift.push_back(static_cast<std::uint8_t>(random.range(28, 33)));
  }
  stage.low = random.chance(0.5) ? 0 : -32768;
  stage.high = 32767;
}

}  // namespace

arch::LayerProblem random_eie_problem(Random& random, const arch::Accelerator& accelerator) {
  arch::LayerProblem problem = random_shape(random, accelerator);
  problem.shared = arch::SharedWeights{accelerator.array.eie->code_bits, 1, 1};
  return problem;
}

std::optional<arch::LayerMapping> draw_eie_mapping(Random& random, const arch::LayerProblem& problem,
                                                   const arch::Accelerator& accelerator) {
  arch::LayerMapping mapping = random_eie_mapping(random, problem, accelerator);
  if (!arch::illegalities(mapping, problem, accelerator).empty()) return std::nullopt;
  return mapping;
}

EieCase random_eie_case(Random& random, const arch::Accelerator& accelerator) {
  for (;;) {
    const arch::LayerProblem problem = random_eie_problem(random, accelerator);
    if (const auto mapping = draw_eie_mapping(random, problem, accelerator))
      return random_eie_case(random, accelerator, problem, *mapping);
  }
}

EieCase random_eie_case(Random& random, const arch::Accelerator& accelerator,
                        const arch::LayerProblem& problem, const arch::LayerMapping& mapping) {
  EieCase test;
  test.problem = problem;
  test.program.mapping = mapping;
  draw_tensors(random, accelerator, test);
  draw_post_processing(random, test);
  finish(accelerator, test);
  return test;
}

EieCase eie_case(const arch::Accelerator& accelerator, std::int64_t outputs,
                 const std::vector<std::int16_t>& weights, const std::vector<std::int16_t>& inputs,
                 int product_shift) {
  const arch::ArrayUnit& unit = accelerator.array;
  EieCase test;
  test.weights = weights;
  test.inputs = inputs;
  const auto columns = static_cast<std::int64_t>(inputs.size());
  auto& size = test.problem.shape.size;
  test.problem.name = "linear";
  test.problem.weight_bits = test.problem.input_bits = test.problem.output_bits = 16;
  size[Dim::M] = outputs;
  size[Dim::C] = columns;
  std::set<std::int16_t> values(weights.begin(), weights.end());
  values.erase(0);
  test.quantized.codebook = {0};
  test.quantized.codebook.insert(test.quantized.codebook.end(), values.begin(), values.end());
  test.quantized.fixed_sum = workload::FixedPointSum{product_shift, 16};
  test.quantized.bias.assign(static_cast<std::size_t>(outputs), 0);
  test.quantized.requantization.multiplier.assign(static_cast<std::size_t>(outputs), 1 << 30);
  test.quantized.requantization.shift.assign(static_cast<std::size_t>(outputs), 30);
  test.quantized.requantization.low = -32768;
  test.quantized.requantization.high = 32767;
  const auto ceil_div = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  arch::LayerMapping& mapping = test.program.mapping;
  mapping.layer = "linear";
  mapping.rows = {{Dim::M, unit.rows}};
  const std::int64_t rows = std::min(ceil_div(outputs, unit.rows), unit.registers.outputs);
  const std::int64_t range = std::min(columns, unit.rows * unit.registers.inputs);
  mapping.registers = {{Dim::M, rows}, {Dim::C, range}};
  workload::PerOperand<bool> all;
  for (Operand operand : workload::kOperands) all[operand] = true;
  mapping.memory = {
      {{}, all}, {{{Dim::M, ceil_div(outputs, unit.rows * rows)}, {Dim::C, ceil_div(columns, range)}}, all}};
  finish(accelerator, test);
  return test;
}

void EieCase::bind() {
  const auto& shape = problem.shape;
  const auto& size = shape.size;
  program.inputs = {
      inputs.data(),
      {{0, 0, 0, 0, 0}, {size[Dim::N], size[Dim::G], size[Dim::C], shape.input_h, shape.input_w}},
      {}};
  program.inputs.stride = sim::row_major(program.inputs.box);
}

}  // namespace heddle::verify
