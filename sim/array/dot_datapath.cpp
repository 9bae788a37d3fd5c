#include "sim/array/dot_datapath.h"

#include <algorithm>

#include "arch/window.h"
#include "sim/array/array_unit.h"
#include "sim/array/dot_kernel.h"

namespace heddle::sim {

using workload::Dim;
using workload::Operand;
using workload::PerDim;

namespace {

std::int64_t active_columns(const PerDim<std::int64_t>& extent) {
  return extent[Dim::N] * extent[Dim::P] * extent[Dim::Q];
}

}  // namespace

DotDatapath::DotDatapath(const arch::ArrayUnit& unit, LayerRun& run) : unit_(unit), run_(run) {}

void DotDatapath::start() {
  plans_.clear();
  plan_ = nullptr;
  for (Operand operand : workload::kOperands) holds_[operand] = holds_for_pass_[operand] = false;
  stream_.clear(1);
}

Tile DotDatapath::absolute(const DotStep& step) const {
  Tile tile{pass_.tile.start, step.extent};
  for (Dim d : workload::kDims) tile.start[d] += step.start[d];
  return tile;
}

void DotDatapath::begin_pass(const Pass& pass) {
  const LayerProgram& program = *run_.program;
  pass_ = pass;
  const auto known = std::find_if(plans_.begin(), plans_.end(),
                                  [&](const auto& plan) { return plan->extent == pass.tile.extent; });
  if (known == plans_.end()) {
    plans_.push_back(std::make_unique<DotPlan>(program.mapping, pass.tile.extent));
    plan_ = plans_.back().get();
  } else {
    plan_ = known->get();
  }

  const int weight_level = pass.level[Operand::weights], input_level = pass.level[Operand::inputs];
  weights_ = run_.store(weight_level).weights(pass.generation[Operand::weights]);
  if (program.problem.sparsity)
    indices_ = run_.store(weight_level).weight_indices(pass.generation[Operand::weights]);
  if (input_level == 0) {
    stream_.fetch(Operand::inputs, 0, pass.tile, program, run_.store(0), 0);
    inputs_ = stream_.inputs(0);
  } else {
    inputs_ = run_.store(input_level).inputs(pass.generation[Operand::inputs]);
  }
}

void DotDatapath::open(int bank) {
  bank_ = bank;
  Bank& opened = banks_[static_cast<std::size_t>(bank)];
  opened.plan = plan_;
  const auto size = static_cast<std::size_t>(plan_->bank_size());
  if (run_.program->wide) {
    opened.wide.assign(size, 0);
  } else {
    opened.narrow.assign(size, 0);
  }
  opened.touched.assign(static_cast<std::size_t>(plan_->accumulators), false);
}

std::int64_t DotDatapath::weights_in(const DotStep& step) const {
  return step.extent[Dim::M] * step.extent[Dim::R] * step.extent[Dim::S] *
         arch::kept_channels(step.extent[Dim::C], run_.program->problem.sparsity);
}

std::int64_t DotDatapath::inputs_in_range(const DotStep& step) const {
  const workload::MacShape& shape = run_.program->problem.shape;
  const auto& e = step.extent;
  const Box box = box_of(Operand::inputs, absolute(step), run_.program->problem);
  return e[Dim::N] * e[Dim::C] *
         arch::pairs_in_range(box.start[3], e[Dim::P], shape.stride_h, e[Dim::R], shape.dilation_h,
                              shape.input_h) *
         arch::pairs_in_range(box.start[4], e[Dim::Q], shape.stride_w, e[Dim::S], shape.dilation_w,
                              shape.input_w);
}

/// Elements of the pass's input tile that all columns hold together: each column the distinct ones of its own
/// outputs.
std::int64_t DotDatapath::resident_inputs() const {
  const workload::MacShape& shape = run_.program->problem.shape;
  const auto& e = pass_.tile.extent;
  const auto& axes = plan_->axes;
  const Box box = box_of(Operand::inputs, pass_.tile, run_.program->problem);
  std::int64_t rows = 0, columns = 0;
  for (std::int64_t p = 0; p < std::min(axes[Dim::P], e[Dim::P]); ++p) {
    const std::int64_t steps = (e[Dim::P] - p + axes[Dim::P] - 1) / axes[Dim::P];
    rows += arch::distinct_positions(box.start[3] + p * shape.stride_h, steps, axes[Dim::P] * shape.stride_h,
                                     e[Dim::R], shape.dilation_h, shape.input_h);
  }
  for (std::int64_t q = 0; q < std::min(axes[Dim::Q], e[Dim::Q]); ++q) {
    const std::int64_t steps = (e[Dim::Q] - q + axes[Dim::Q] - 1) / axes[Dim::Q];
    columns +=
        arch::distinct_positions(box.start[4] + q * shape.stride_w, steps, axes[Dim::Q] * shape.stride_w,
                                 e[Dim::S], shape.dilation_w, shape.input_w);
  }
  return e[Dim::N] * e[Dim::G] * e[Dim::C] * rows * columns;
}

DotLoad DotDatapath::load(std::size_t index) {
  const DotStep& step = plan_->steps[index];
  const Tile tile = absolute(step);
  const workload::PerOperand<bool> needed = [&] {
    workload::PerOperand<bool> result;
    for (Operand o : {Operand::weights, Operand::inputs})
      result[o] = !holds_[o] || !held_[o].same_start(tile, o);
    return result;
  }();
  if (needed[Operand::weights]) load_weights(step);
  if (needed[Operand::inputs]) load_inputs(step);

  DotLoad loaded;
  for (Operand operand : {Operand::weights, Operand::inputs}) {
    const bool weights = operand == Operand::weights;
    held_[operand] = tile;
    holds_[operand] = true;
    std::int64_t elements = 0;
    std::int64_t sharers = 0;  // PEs that take a copy of each element
    if (!arch::is_resident(unit_, operand)) {
      if (!needed[operand]) continue;
      elements = weights ? weights_in(step) : inputs_in_range(step);
      sharers = weights ? active_columns(step.extent) : step.extent[Dim::M];
    } else {
      if (index != 0 || (holds_for_pass_[operand] && held_for_pass_[operand].same_start(pass_.tile, operand)))
        continue;
      held_for_pass_[operand] = pass_.tile;
      holds_for_pass_[operand] = true;
      PerDim<std::int64_t> active = pass_.tile.extent;
      for (Dim d : workload::kDims) active[d] = std::min(active[d], plan_->axes[d]);
      elements = weights ? moved_elements(operand, pass_.tile, run_.program->problem) : resident_inputs();
      sharers = weights ? active_columns(active) : active[Dim::M];
    }
    const int bits = run_.bits(operand);
    run_.read(pass_.level[operand], operand, elements, bits);
    run_.actions.registers[operand].write_elements += elements * sharers;
    run_.actions.registers[operand].write_bits += elements * sharers * bits;
    (weights ? loaded.weight_bits : loaded.input_bits) = elements * bits;
  }
  return loaded;
}

void DotDatapath::load_weights(const DotStep& step) {
  const auto& nm = run_.program->problem.sparsity;
  const auto& e = step.extent;
  const Box box = box_of(Operand::weights, absolute(step), run_.program->problem);
  const std::int64_t kept = box.extent[4];
  const std::int64_t lanes = e[Dim::R] * e[Dim::S] * kept;
  const std::int64_t positions = e[Dim::R] * e[Dim::S] * e[Dim::C];
  weight_registers_.resize(static_cast<std::size_t>(e[Dim::M] * lanes));
  if (nm) {
    select_registers_.resize(weight_registers_.size());
    position_uses_.assign(static_cast<std::size_t>(positions), 0);
  }
  std::size_t register_index = 0;
  std::array<std::int64_t, 5> x = box.start;
  for (std::int64_t row = 0; row < e[Dim::M]; ++row) {
    for (std::int64_t rs = 0; rs < e[Dim::R] * e[Dim::S]; ++rs) {
      x[1] = box.start[1] + row;
      x[2] = box.start[2] + rs / e[Dim::S];
      x[3] = box.start[3] + rs % e[Dim::S];
      const std::int16_t* codes = weights_.at(x);
      for (std::int64_t k = 0; k < kept; ++k)
        weight_registers_[register_index + static_cast<std::size_t>(k)] = codes[k];
      if (nm) {
        const std::uint8_t* indices = indices_.at(x);
        for (std::int64_t k = 0; k < kept; ++k) {
          const std::int64_t position = rs * e[Dim::C] + k / nm->n * nm->m + indices[k];
          select_registers_[register_index + static_cast<std::size_t>(k)] =
              static_cast<std::uint16_t>(position);
          ++position_uses_[static_cast<std::size_t>(position)];
        }
      }
      register_index += static_cast<std::size_t>(kept);
    }
  }
}

void DotDatapath::load_inputs(const DotStep& step) {
  const workload::MacShape& shape = run_.program->problem.shape;
  const std::int32_t zero = run_.program->input_zero_point;
  const auto& e = step.extent;
  const auto& axes = plan_->axes;
  const Box box = box_of(Operand::inputs, absolute(step), run_.program->problem);
  const std::int16_t* const base = inputs_.at(box.start);
  const auto& stride = inputs_.stride;
  const std::int64_t columns = active_columns(axes);
  const bool all_active = active_columns(e) == columns && columns == plan_->columns;
  const std::int64_t positions = e[Dim::R] * e[Dim::S] * e[Dim::C];
  input_registers_.resize(static_cast<std::size_t>(positions * plan_->columns));
  position_zeros_.resize(static_cast<std::size_t>(positions));

  // The innermost copy runs along the dimension that fills the columns.
  const Dim run_dim = e[Dim::Q] > 1 ? Dim::Q : e[Dim::P] > 1 ? Dim::P : Dim::N;
  const PerDim<std::int64_t> memory_step = [&] {
    PerDim<std::int64_t> result(0);
    result[Dim::N] = stride[0];
    result[Dim::P] = shape.stride_h * stride[3];
    result[Dim::Q] = shape.stride_w * stride[4];
    return result;
  }();
  const PerDim<std::int64_t> column_step = [&] {
    PerDim<std::int64_t> result(0);
    result[Dim::N] = axes[Dim::P] * axes[Dim::Q];
    result[Dim::P] = axes[Dim::Q];
    result[Dim::Q] = 1;
    return result;
  }();
  const std::int64_t run_length = e[run_dim], run_memory = memory_step[run_dim],
                     run_column = column_step[run_dim];
  PerDim<std::int64_t> outer = e;
  outer[run_dim] = 1;

  std::int64_t position = 0;
  for (std::int64_t r = 0; r < e[Dim::R]; ++r) {
    for (std::int64_t s = 0; s < e[Dim::S]; ++s) {
      const std::int16_t* window = base + r * shape.dilation_h * stride[3] + s * shape.dilation_w * stride[4];
      for (std::int64_t c = 0; c < e[Dim::C]; ++c, ++position) {
        std::int32_t* const registers = input_registers_.data() + position * plan_->columns;
        // Columns that are not in use hold something that is not zero and goes nowhere.
        if (!all_active) std::fill_n(registers, plan_->columns, 1);
        for (std::int64_t n = 0; n < outer[Dim::N]; ++n) {
          for (std::int64_t p = 0; p < outer[Dim::P]; ++p) {
            const std::int16_t* from =
                window + c * stride[2] + n * memory_step[Dim::N] + p * memory_step[Dim::P];
            std::int32_t* to = registers + n * column_step[Dim::N] + p * column_step[Dim::P];
            if (run_memory == 1 && run_column == 1) {
              for (std::int64_t i = 0; i < run_length; ++i) to[i] = from[i] - zero;
            } else {
              for (std::int64_t i = 0; i < run_length; ++i) to[i * run_column] = from[i * run_memory] - zero;
            }
          }
        }
        std::int32_t zeros = 0;
        for (std::int64_t i = 0; i < plan_->columns; ++i) zeros += registers[i] == 0;
        position_zeros_[static_cast<std::size_t>(position)] = zeros;
      }
    }
  }
}

void DotDatapath::execute(std::size_t index) {
  const DotStep& step = plan_->steps[index];
  const LayerProgram& program = *run_.program;
  const bool sparse = program.problem.sparsity.has_value();
  Bank& bank = banks_[static_cast<std::size_t>(bank_)];
  const std::int64_t rows = step.extent[Dim::M];
  const std::int64_t columns = active_columns(step.extent);
  const std::int64_t lanes = static_cast<std::int64_t>(weight_registers_.size()) / rows;

  const std::int64_t first = step.accumulator * plan_->axes[Dim::M] * plan_->columns;
  const std::uint16_t* select = sparse ? select_registers_.data() : nullptr;
  if (program.wide) {
    dot_step(rows, lanes, plan_->columns, weight_registers_.data(), select, input_registers_.data(),
             bank.wide.data() + first);
  } else {
    dot_step(rows, lanes, plan_->columns, weight_registers_.data(), select, input_registers_.data(),
             bank.narrow.data() + first);
  }

  std::int64_t gated = 0;
  for (std::size_t position = 0; position < position_zeros_.size(); ++position) {
    gated += position_zeros_[position] * (sparse ? position_uses_[position] : rows);
  }
  arch::ActionCounts& actions = run_.actions;
  const std::int64_t multiplies = rows * lanes * columns;
  actions.multiplies += multiplies - gated;
  actions.gated_multiplies += gated;
  actions.adds += multiplies - gated;
  for (Operand operand : {Operand::weights, Operand::inputs}) {
    actions.registers[operand].read_elements += multiplies;
    actions.registers[operand].read_bits += multiplies * run_.bits(operand);
  }
  arch::Traffic& accumulators = actions.registers[Operand::outputs];
  accumulators.write_elements += rows * columns;
  accumulators.write_bits += rows * columns * program.accumulator_bits;
  auto touched = bank.touched[static_cast<std::size_t>(step.accumulator)];
  if (touched) {
    accumulators.read_elements += rows * columns;
    accumulators.read_bits += rows * columns * program.accumulator_bits;
  }
  touched = true;
}

namespace {

/// Calls `visit(where its sum is in the bank)` for every output of the tile, in (n, g, m, p, q) order.
template <class Visit>
void for_each_output(const PerDim<std::vector<std::int64_t>>& offset, const Visit& visit) {
  for (const std::int64_t n : offset[Dim::N])
    for (const std::int64_t g : offset[Dim::G])
      for (const std::int64_t m : offset[Dim::M])
        for (const std::int64_t p : offset[Dim::P])
          for (const std::int64_t q : offset[Dim::Q]) visit(static_cast<std::size_t>(n + g + m + p + q));
}

}  // namespace

void DotDatapath::restore() {
  const std::vector<std::int64_t> sums = partial_sums(run_, pass_);
  Bank& bank = banks_[static_cast<std::size_t>(bank_)];
  auto sum = sums.cbegin();
  for_each_output(bank.plan->bank_offset, [&](std::size_t index) {
    if (run_.program->wide) {
      bank.wide[index] = *sum++;
    } else {
      bank.narrow[index] = static_cast<std::int32_t>(*sum++);
    }
  });
  bank.touched.assign(bank.touched.size(), true);
}

std::vector<std::int64_t> DotDatapath::sums(int which) const {
  const Bank& bank = banks_[static_cast<std::size_t>(which)];
  std::vector<std::int64_t> result;
  const auto& e = bank.plan->extent;
  result.reserve(static_cast<std::size_t>(e[Dim::N] * e[Dim::G] * e[Dim::M] * e[Dim::P] * e[Dim::Q]));
  if (run_.program->wide) {
    for_each_output(bank.plan->bank_offset, [&](std::size_t index) { result.push_back(bank.wide[index]); });
  } else {
    for_each_output(bank.plan->bank_offset, [&](std::size_t index) { result.push_back(bank.narrow[index]); });
  }
  return result;
}

}  // namespace heddle::sim
