#include "app/layer_simulation.h"

#include <fmt/format.h>

#include <future>

#include "arch/layer_problem.h"
#include "mapper/default_mapping.h"
#include "support/error.h"
#include "workload/reference/integer_reference.h"
#include "workload/reference/vector_ops.h"

namespace heddle::app {

using workload::IntTensor;

std::string compare(const IntTensor& expected, const IntTensor& got) {
  if (expected.codes.empty() || expected.codes.size() != got.codes.size()) {
    throw std::logic_error(
        fmt::format("cannot compare {} elements with {}", got.codes.size(), expected.codes.size()));
  }
  std::size_t differences = 0, first = 0;
  for (std::size_t i = expected.codes.size(); i-- > 0;) {
    if (expected.codes[i] == got.codes[i]) continue;
    ++differences;
    first = i;
  }
  if (differences == 0) return "equal";
  std::string position;
  auto rest = static_cast<std::int64_t>(first);
  for (std::size_t d = expected.shape.size(); d-- > 0;) {
    position = fmt::format("{}{}{}", rest % expected.shape[d], position.empty() ? "" : ",", position);
    rest /= expected.shape[d];
  }
  return fmt::format("{} of {} elements differ, first at [{}]: expected {}, got {}", differences,
                     expected.codes.size(), position, expected.codes[first], got.codes[first]);
}

LayerSimulator::LayerSimulator(const arch::Accelerator& accelerator, const arch::EnergyTable& table,
                               const std::map<std::string, arch::LayerMapping>& mappings,
                               std::string mapping_file, bool check_in_parallel)
    : accelerator_(accelerator),
      table_(table),
      mappings_(mappings),
      mapping_file_(std::move(mapping_file)),
      check_in_parallel_(check_in_parallel),
      machine_("machine", accelerator) {}

arch::LayerMapping LayerSimulator::mapping_of(const arch::LayerProblem& problem) const {
  const auto given = mappings_.find(problem.name);
  if (given == mappings_.end()) return mapper::default_mapping(problem, accelerator_);
  const std::vector<std::string> wrong = arch::illegalities(given->second, problem, accelerator_);
  if (wrong.empty()) return given->second;
  std::vector<Problem> problems;
  for (const std::string& message : wrong) {
    problems.push_back({mapping_file_, 0, 0, "layer " + problem.name, message});
  }
  throw InputError(problems);
}

SimulatedLayer LayerSimulator::run(const workload::Network& network, int layer_index,
                                   const workload::QuantizedLayer& quantized,
                                   const std::vector<const IntTensor*>& inputs, const sim::TraceSink& trace) {
  const workload::Layer& layer = network.layers()[static_cast<std::size_t>(layer_index)];
  auto reference = std::async(check_in_parallel_ ? std::launch::async : std::launch::deferred, [&] {
    return workload::reference_layer(network, layer_index, quantized, inputs);
  });

  SimulatedLayer simulated;
  LayerResult& result = simulated.result;
  IntTensor& output = simulated.output;
  result.name = layer.name;
  result.op = std::string(workload::name(layer.operation));
  output.shape = network.shape(layer.output);
  output.quantization = quantized.output;

  int weight_bits = 8, input_bits = inputs.front()->quantization.bits;
  sim::LayerOutcome outcome;
  const workload::LayerFormat format = workload::format_of(quantized);
  if (const auto problem = arch::make_problem(network, layer, format, accelerator_)) {
    result.mapping = mapping_of(*problem);
    const int sum_bits = workload::accumulator_bits(quantized, problem->shape);
    if (sum_bits > accelerator_.array.bits.accumulators) {
      throw InputError(
          accelerator_.name,
          fmt::format(
              "layer {} needs accumulators of {} bits, the array has {}: use fewer bits for weights or "
              "activations, or wider accumulators",
              layer.name, sum_bits, accelerator_.array.bits.accumulators));
    }
    weight_bits = problem->weight_bits;
    input_bits = problem->input_bits;
    result.macs = problem->shape.macs();
    outcome = machine_.run(
        sim::make_program(layer, quantized, inputs, *problem, *result.mapping, accelerator_, sum_bits),
        trace);
    result.utilization = utilization(result.macs, outcome.cycles.total,
                                     peak_macs_per_cycle(accelerator_, weight_bits, input_bits));
  } else {
    const workload::VectorOp operation = workload::VectorOp::make(network, layer_index, quantized);
    if (operation.operations() == 0) {  // a change of shape moves nothing
      outcome.output = inputs.front()->codes;
      outcome.actions.memory.resize(accelerator_.memory.size());
      outcome.cycles.port_busy.assign(accelerator_.memory.size(), 0);
    } else {
      outcome = machine_.run(
          sim::VectorProgram{arch::make_vector_layer(network, layer, format, operation), inputs}, trace);
    }
  }
  output.codes = std::move(outcome.output);
  result.cycles = outcome.cycles;
  result.actions = outcome.actions;
  result.effective_macs = outcome.actions.multiplies;
  result.energy =
      arch::price(result.actions, result.cycles.total, accelerator_, table_, weight_bits, input_bits);
  result.output_sha256 = workload::sha256(output);
  result.bound_by = bound_by(result.cycles, accelerator_);
  result.check_reference = compare(reference.get(), output);
  return simulated;
}

}  // namespace heddle::app
