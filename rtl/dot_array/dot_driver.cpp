#include "rtl/dot_array/dot_driver.h"

#include <array>

#include "arch/legality.h"
#include "sim/array/dot_plan.h"

namespace heddle::rtl {

using workload::Dim;
using workload::Operand;

namespace {

/// Width of a coordinate on the pass port.
constexpr int kDimBits = 20;

/// A code as it travels: two's complement; of one bit, 0 is -1 and 1 is 1.
std::uint64_t port_code(std::int64_t code, int bits) {
  return bits == 1 ? (code > 0 ? 1u : 0u) : static_cast<std::uint64_t>(code);
}

}  // namespace

DotDriver::DotDriver(sc_core::sc_module_name name, const arch::ArrayUnit& unit, const sim::Socket& socket,
                     Device& device, Lockstep* lockstep, std::optional<std::mt19937_64>& gaps)
    : DotArray(name, unit, socket),
      unit_(unit),
      driver_(device, lockstep, unit.ports.outputs, unit.bits.accumulators, gaps),
      device_(device),
      weights_(device.stream("weights", {"weights_data_i"})),
      inputs_(device.stream("inputs", {"inputs_data_i"})),
      issue_(device.signal("evt_issue_o")),
      issues_(device.count("evt_issue_o")),
      multiplies_(device.count("evt_multiplies_o")),
      gated_(device.count("evt_gated_o")),
      reads_(device.count("evt_accumulator_reads_o")),
      writes_(device.count("evt_accumulator_writes_o")) {}

void DotDriver::begin_layer() {
  DotArray::begin_layer();
  issued_ = 0;
  device_.begin_layer(sim::now());
  driver_.begin_layer();
  const sim::LayerProgram& program = *run_.program;
  const arch::LayerProblem& problem = program.problem;
  const workload::MacShape& shape = problem.shape;
  const auto axes = arch::spatial_extent(program.mapping);

  // The full pass's steps along each dimension give the accumulators their distances.
  const auto extent = arch::pass_extent(program.mapping);
  workload::PerDim<std::int64_t> distance(0);
  std::int64_t accumulators = 1;
  for (const Dim d : {Dim::Q, Dim::P, Dim::M, Dim::G, Dim::N}) {
    distance[d] = accumulators;
    accumulators *= (extent[d] + axes[d] - 1) / axes[d];
  }
  // Dimensions without a loop stand outside: they never step.
  std::vector<Dim> order;
  workload::PerDim<bool> looped(false);
  for (const auto& loop : program.mapping.registers) looped[loop.dim] = true;
  for (const Dim d : workload::kDims) {
    if (!looped[d]) order.push_back(d);
  }
  for (const auto& loop : program.mapping.registers) order.push_back(loop.dim);

  unsigned address = 0;
  for (const Dim d : workload::kDims) device_.configure(address++, static_cast<std::uint64_t>(axes[d]));
  for (const Dim d : order) device_.configure(address++, static_cast<std::uint64_t>(d));
  for (const Dim d : workload::kDims) device_.configure(address++, static_cast<std::uint64_t>(distance[d]));
  const std::int64_t width =
      8 * unit_.lanes / arch::effective_lanes(unit_, problem.weight_bits, problem.input_bits);
  const std::array<std::int64_t, 13> layer = {problem.weight_bits,
                                              problem.input_bits,
                                              program.input_zero_point,
                                              problem.sparsity ? 1 : 0,
                                              shape.input_h,
                                              shape.input_w,
                                              shape.stride_h,
                                              shape.stride_w,
                                              shape.dilation_h,
                                              shape.dilation_w,
                                              shape.pad_top,
                                              shape.pad_left,
                                              unit_.scalable ? width : 8};
  for (const std::int64_t value : layer) device_.configure(address++, static_cast<std::uint64_t>(value));
}

void DotDriver::accept(const sim::Pass& pass) {
  device_.catch_up(sim::now());
  Signal start = device_.signal("pass_start_i"), extent = device_.signal("pass_extent_i");
  for (const Dim d : workload::kDims) {
    const std::size_t bit = static_cast<std::size_t>(d) * kDimBits;
    start.set(bit, kDimBits, static_cast<std::uint64_t>(pass.tile.start[d]));
    extent.set(bit, kDimBits, static_cast<std::uint64_t>(pass.tile.extent[d]));
  }
  device_.signal("pass_opens_i").set(pass.opens ? 1 : 0);
  device_.signal("pass_resumes_i").set(pass.resumes ? 1 : 0);
  device_.signal("pass_closes_i").set(pass.closes ? 1 : 0);
  driver_.offer_pass(pass);
}

void DotDriver::loading(std::size_t step, const LoadBits& load, const LoadTime& time) {
  device_.catch_up(sim::now());
  const sim::Tile tile = datapath_.absolute(datapath_.plan().steps[step]);
  if (load.weights > 0) weights_.send(weight_beats(tile), time.weights, driver_.gaps());
  if (load.inputs > 0) inputs_.send(input_beats(tile), time.inputs, driver_.gaps());
}

std::vector<std::vector<std::uint8_t>> DotDriver::weight_beats(const sim::Tile& step) const {
  const arch::LayerProblem& problem = run_.program->problem;
  const std::vector<std::int32_t>& codes = datapath_.weight_registers();
  const std::vector<std::uint16_t>& select = datapath_.select_registers();
  const std::int64_t channels = step.extent[Dim::C];
  BeatPacker packer(static_cast<std::size_t>(unit_.ports.weights) * 8);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    packer.add(port_code(codes[i], problem.weight_bits), problem.weight_bits);
    if (problem.sparsity) {
      packer.add(static_cast<std::uint64_t>(select[i] % channels % problem.sparsity->m),
                 arch::index_bits(*problem.sparsity));
    }
  }
  return packer.take();
}

std::vector<std::vector<std::uint8_t>> DotDriver::input_beats(const sim::Tile& step) const {
  const arch::LayerProblem& problem = run_.program->problem;
  const workload::MacShape& shape = problem.shape;
  const std::vector<std::int32_t>& values = datapath_.input_registers();
  const sim::DotPlan& plan = datapath_.plan();
  const auto& e = step.extent;
  BeatPacker packer(static_cast<std::size_t>(unit_.ports.inputs) * 8);
  const auto inside = [](std::int64_t output, std::int64_t stride, std::int64_t tap, std::int64_t dilation,
                         std::int64_t pad, std::int64_t limit) {
    const std::int64_t position = output * stride + tap * dilation - pad;
    return position >= 0 && position < limit;
  };
  for (std::int64_t n = 0; n < e[Dim::N]; ++n)
    for (std::int64_t p = 0; p < e[Dim::P]; ++p)
      for (std::int64_t q = 0; q < e[Dim::Q]; ++q) {
        const std::int64_t column = (n * plan.axes[Dim::P] + p) * plan.axes[Dim::Q] + q;
        for (std::int64_t r = 0; r < e[Dim::R]; ++r) {
          if (!inside(step.start[Dim::P] + p, shape.stride_h, step.start[Dim::R] + r, shape.dilation_h,
                      shape.pad_top, shape.input_h))
            continue;
          for (std::int64_t s = 0; s < e[Dim::S]; ++s) {
            if (!inside(step.start[Dim::Q] + q, shape.stride_w, step.start[Dim::S] + s, shape.dilation_w,
                        shape.pad_left, shape.input_w))
              continue;
            for (std::int64_t c = 0; c < e[Dim::C]; ++c) {
              const std::int64_t position = (r * e[Dim::S] + s) * e[Dim::C] + c;
              const std::int64_t code = values[static_cast<std::size_t>(position * plan.columns + column)] +
                                        std::int64_t{run_.program->input_zero_point};
              packer.add(port_code(code, problem.input_bits), problem.input_bits);
            }
          }
        }
      }
  return packer.take();
}

void DotDriver::issue(std::size_t /*step*/) {
  // A unit that is ahead of the rules has issued the step already.
  driver_.wait_for(
      [&] {
        const bool now = device_.is_high(issue_, sim::now());
        return device_.total(issues_) > issued_ || now;
      },
      "evt_issue_o");
  ++issued_;
}

void DotDriver::clear_bank(int /*bank*/) {}

void DotDriver::restore(const sim::Pass& pass, int /*bank*/) {
  driver_.restore(*run_.program, pass, sim::partial_sums(run_, pass));
}

void DotDriver::drain(const sim::Pass& pass, sim::Cycle cycles) {
  driver_.drain(*run_.program, pass, cycles);
}

std::vector<std::int64_t> DotDriver::sums(int /*bank*/) { return driver_.sums(); }

std::vector<std::int16_t> DotDriver::outputs() {
  driver_.end_layer();
  arch::ActionCounts& actions = run_.actions;
  const std::int64_t performed = device_.total(multiplies_), gated = device_.total(gated_);
  actions.multiplies += performed;
  actions.adds += performed;
  actions.gated_multiplies += gated;
  for (const Operand operand : {Operand::weights, Operand::inputs}) {
    actions.registers[operand].read_elements += performed + gated;
    actions.registers[operand].read_bits += (performed + gated) * run_.bits(operand);
  }
  const std::int64_t bits = run_.program->accumulator_bits;
  arch::Traffic& accumulators = actions.registers[Operand::outputs];
  accumulators.read_elements += device_.total(reads_);
  accumulators.read_bits += device_.total(reads_) * bits;
  accumulators.write_elements += device_.total(writes_);
  accumulators.write_bits += device_.total(writes_) * bits;
  return DotArray::outputs();
}

}  // namespace heddle::rtl
