#include "sim/array/dot_fast.h"

#include <algorithm>

#include "sim/array/dot_array.h"

namespace heddle::sim {

using arch::Stall;
using workload::Operand;

DotFast::DotFast(sc_core::sc_module_name name, const arch::Accelerator& accelerator, const Socket& socket)
    : ArrayUnit(name, kDotTraits, accelerator.array.ports, socket), accelerator_(accelerator) {}

void DotFast::begin_layer() {
  traffic_.emplace(run_.program->problem, accelerator_);
  costs_.emplace(accelerator_, *traffic_);
  costs_->start(run_.program->mapping);
  cost_ = nullptr;
}

void DotFast::begin_pass(const Pass& pass) {
  // The registers hold the last step of the pass before, or all of its operand if that stays for the pass. A
  // pass whose steps need several vectors ends with another one than it began with.
  const auto needs = [&](Operand operand, bool resident, bool many) {
    return cost_ == nullptr || (many && !resident) || !before_.same_start(pass.tile, operand);
  };
  needed_ = (needs(Operand::weights, costs_->weights_resident(), cost_ && cost_->many_weights) ? 1u : 0u) |
            (needs(Operand::inputs, costs_->inputs_resident(), cost_ && cost_->many_inputs) ? 2u : 0u);
  cost_ = &costs_->of(pass.tile);
  before_ = pass.tile;
}

void DotFast::run_steps(const Pass& pass) {
  const Cycle accepted = here();
  const arch::LoadCost& load = cost_->first[needed_];
  const Cycle loaded = here() + load.cycles;
  account(load.cause, loaded);
  count(pass, load.counts);
  count(pass, cost_->counts);
  port(pass.level[Operand::weights]).add_busy(load.weight_busy + cost_->weight_busy);
  port(pass.level[Operand::inputs]).add_busy(load.input_busy + cost_->input_busy);
  Cycle restored = 0;
  if (pass.opens) restored = open_bank(pass);
  count_accumulators(pass);

  const Cycle first = std::max({last_issue() + 1, accepted + 1, loaded, restored});
  account(Stall::memory, first);
  const Cycle last = first + cost_->rest;
  constexpr std::array<Stall, 3> kCauses = {Stall::weight_port, Stall::input_port, Stall::bandwidth};
  for (std::size_t cause = 0; cause < kCauses.size(); ++cause)
    run_.cycles.stalls[static_cast<std::size_t>(kCauses[cause])] += cost_->stalls[cause];
  issued(cost_->steps, last);
}

void DotFast::count(const Pass& pass, const arch::LoadCounts& load) {
  arch::ActionCounts& actions = run_.actions;
  const int weight_bits = run_.bits(Operand::weights), input_bits = run_.bits(Operand::inputs);
  run_.read(pass.level[Operand::weights], Operand::weights, load.weights, weight_bits);
  run_.read(pass.level[Operand::inputs], Operand::inputs, load.inputs, input_bits);
  actions.registers[Operand::weights].write_elements += load.weight_copies;
  actions.registers[Operand::weights].write_bits += load.weight_copies * weight_bits;
  actions.registers[Operand::inputs].write_elements += load.input_copies;
  actions.registers[Operand::inputs].write_bits += load.input_copies * input_bits;
  actions.dram_bursts += load.dram_bursts;
}

void DotFast::count_accumulators(const Pass& pass) {
  arch::Traffic& accumulators = run_.actions.registers[Operand::outputs];
  const std::int64_t bits = run_.program->accumulator_bits;
  // The first update of each starts from zero, unless partial sums came back.
  const std::int64_t reads = cost_->updates - (pass.opens && !pass.resumes ? cost_->results : 0);
  accumulators.write_elements += cost_->updates;
  accumulators.write_bits += cost_->updates * bits;
  accumulators.read_elements += reads;
  accumulators.read_bits += reads * bits;
}

std::vector<std::int16_t> DotFast::outputs() {
  const LayerProgram& program = *run_.program;
  const std::shared_ptr<const DotBulk> packed =
      program.bulk ? program.bulk : std::make_shared<const DotBulk>(program);
  const DotBulk& bulk = *packed;
  arch::ActionCounts& actions = run_.actions;
  const std::int64_t all = layer_multiplies(program), nonzero = bulk.nonzero_multiplies(program);
  actions.multiplies += nonzero;
  actions.adds += nonzero;
  actions.gated_multiplies += all - nonzero;
  for (Operand operand : {Operand::weights, Operand::inputs}) {
    actions.registers[operand].read_elements += all;
    actions.registers[operand].read_bits += all * run_.bits(operand);
  }
  return bulk.outputs(program, scratch_);
}

}  // namespace heddle::sim
