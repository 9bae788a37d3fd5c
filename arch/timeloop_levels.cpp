#include "arch/timeloop_levels.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace heddle::arch::timeloop {

using workload::Dim;
using workload::Operand;

namespace {

workload::PerOperand<bool> only(Operand operand) {
  workload::PerOperand<bool> keep{};
  keep[operand] = true;
  return keep;
}

}  // namespace

std::vector<RegisterLevel> register_levels(const Accelerator& accelerator, const LayerProblem& problem) {
  const ArrayUnit& unit = accelerator.array;
  const Registers& registers = unit.registers;
  if (registers.shared_bytes) {
    RegisterLevel shared{"registers", {}, 1, word_bits(problem), true};
    for (Operand operand : workload::kOperands) shared.keep[operand] = true;
    shared.entries = *registers.shared_bytes * 8 / shared.bits;
    return {shared};
  }
  const std::int64_t positions = lane_positions(unit, problem);
  std::vector<RegisterLevel> resident = {
      {"accumulators", only(Operand::outputs), registers.outputs, unit.bits.accumulators, false}};
  std::vector<RegisterLevel> streaming;
  (registers.weights > 1 ? resident : streaming)
      .push_back({"weight_registers", only(Operand::weights), registers.weights * positions,
                  problem.weight_bits, false});
  (registers.inputs > 1 ? resident : streaming)
      .push_back({"input_registers", only(Operand::inputs), registers.inputs * positions, problem.input_bits,
                  false});
  resident.back().runs_loops = true;
  resident.insert(resident.end(), streaming.begin(), streaming.end());
  return resident;
}

std::int64_t lane_positions(const ArrayUnit& unit, const LayerProblem& problem) {
  const std::int64_t lanes = effective_lanes(unit, problem.weight_bits, problem.input_bits);
  return runs_sparse(unit, problem) ? lanes / unit.sparsity->n * unit.sparsity->m : lanes;
}

std::string memory_name(const Accelerator& accelerator, std::size_t level) {
  std::string name = accelerator.memory.at(level).name;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  static const std::set<std::string> taken = {
      kArray, kLanes, kMultiplier, "accumulators", "registers", "weight_registers", "input_registers"};
  return taken.contains(name) ? name + "_memory" : name;
}

const char* data_space(Operand operand) {
  switch (operand) {
    case Operand::weights:
      return "Weights";
    case Operand::inputs:
      return "Inputs";
    case Operand::outputs:
      break;
  }
  return "Outputs";
}

bool is_product(const workload::MacShape& shape) {
  workload::MacShape product;
  for (Dim dim : {Dim::N, Dim::G, Dim::M, Dim::C}) product.size[dim] = shape.size[dim];
  return shape == product;
}

std::vector<Dim> dimensions(const workload::MacShape& shape) {
  std::vector<Dim> dims = {Dim::N};
  if (shape.size[Dim::G] > 1) dims.push_back(Dim::G);
  dims.insert(dims.end(), {Dim::M, Dim::C});
  if (!is_product(shape)) dims.insert(dims.end(), {Dim::P, Dim::Q, Dim::R, Dim::S});
  return dims;
}

int word_bits(const LayerProblem& problem) {
  return std::max({problem.weight_bits, problem.input_bits, problem.output_bits});
}

}  // namespace heddle::arch::timeloop
