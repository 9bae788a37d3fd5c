#include "app/layer_simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "app/rtl_units.h"
#include "arch/layer_problem.h"
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

LayerSimulator::LayerSimulator(const RunPlan& plan, const RunOptions& options, bool check_in_parallel,
                               Progress& progress)
    : plan_(plan), check_in_parallel_(check_in_parallel), compares_rtl_(options.array == kBothArrays) {
  if (options.array == kModelArray) {
    const auto fidelity = options.fidelity == kClocked ? sim::Fidelity::clocked : sim::Fidelity::fast;
    machine_ = std::make_unique<sim::Accelerator>("machine", plan.accelerator, fidelity);
    return;
  }
  const RtlUnits units = make_rtl_units(plan.accelerator, options.rtl, progress);
  rtl::CoSimulationOptions co_simulation;
  co_simulation.with_model = compares_rtl_;
  co_simulation.waves = options.waves.value_or("");
  co_simulation.relaxed = options.rtl.relaxed;
  rtl_ = std::make_unique<rtl::CoSimulation>("machine", plan.accelerator, units.array(), units.ppu(),
                                             co_simulation);
}

double pe_density(const workload::IntTensor& weights, std::int64_t groups, std::int64_t pes) {
  const std::int64_t rows = weights.shape.at(0) / groups;
  const auto columns = static_cast<std::int64_t>(weights.codes.size()) / weights.shape[0];
  std::vector<std::int64_t> stored(static_cast<std::size_t>(pes)), all(stored.size());
  for (std::int64_t row = 0; row < weights.shape[0]; ++row) {
    const auto pe = static_cast<std::size_t>(row % rows % pes);
    const auto begin = weights.codes.begin() + row * columns;
    stored[pe] += columns - std::count(begin, begin + columns, std::int16_t{0});
    all[pe] += columns;
  }
  double most = 0;
  for (std::size_t pe = 0; pe < stored.size(); ++pe) {
    if (all[pe] > 0) most = std::max(most, static_cast<double>(stored[pe]) / static_cast<double>(all[pe]));
  }
  return most;
}

LayerSimulator::Outcome LayerSimulator::run_mac(const workload::Layer& layer,
                                                const workload::QuantizedLayer& quantized,
                                                const std::vector<const IntTensor*>& inputs,
                                                arch::LayerProblem& problem, const sim::TraceSink& trace) {
  const arch::Accelerator& accelerator = plan_.accelerator;
  if (problem.shared) {
    problem.shared->pe_density =
        pe_density(quantized.weights, problem.shape.size[workload::Dim::G], accelerator.array.rows);
  }
  Outcome outcome;
  outcome.mapping = mapping_of(plan_, layer, problem);
  const int sum_bits = workload::accumulator_bits(quantized, problem.shape);
  if (sum_bits > accelerator.array.bits.accumulators) {
    throw InputError(
        accelerator.name,
        fmt::format("layer {} needs accumulators of {} bits, the array has {}: use fewer bits for weights or "
                    "activations, or wider accumulators",
                    layer.name, sum_bits, accelerator.array.bits.accumulators));
  }
  const auto run = [&](const arch::LayerMapping& mapping, const sim::TraceSink& sink) {
    if (rtl_) rtl::check_mapping(mapping, accelerator);
    return this->run(sim::make_program(layer, quantized, inputs, problem, mapping, accelerator, sum_bits),
                     sink);
  };
  outcome.machine = run(*outcome.mapping, trace);
  if (const auto resident = resident_mapping_of(plan_, layer, problem, *outcome.mapping)) {
    outcome.resident = run(*resident, {});
    if (outcome.resident->output != outcome.machine.output)
      throw std::logic_error("layer " + layer.name + ": its outputs depend on where its weights are");
  }
  return outcome;
}

SimulatedLayer LayerSimulator::run(int layer_index, const workload::QuantizedLayer& quantized,
                                   const std::vector<const IntTensor*>& inputs, const sim::TraceSink& trace) {
  const workload::Network& network = plan_.network();
  const arch::Accelerator& accelerator = plan_.accelerator;
  const workload::Layer& layer = network.layers()[static_cast<std::size_t>(layer_index)];
  auto reference = std::async(check_in_parallel_ ? std::launch::async : std::launch::deferred, [&] {
    return workload::reference_layer(network, layer_index, quantized, inputs);
  });

  const workload::LayerFormat format = workload::format_of(quantized);
  auto problem = arch::make_problem(network, layer, format, accelerator);
  Outcome run;
  sim::LayerOutcome& outcome = run.machine;
  if (problem) {
    run = run_mac(layer, quantized, inputs, *problem, trace);
  } else {
    const workload::VectorOp operation = workload::VectorOp::make(network, layer_index, quantized);
    if (operation.operations() == 0) {  // a change of shape moves nothing
      outcome.output = inputs.front()->codes;
      outcome.actions.memory.resize(accelerator.memory.size());
      outcome.cycles.port_busy.assign(accelerator.memory.size(), 0);
    } else {
      sim::VectorProgram program{arch::make_vector_layer(network, layer, format, operation), inputs};
      place(program.layer, plan_.on_chip);
      outcome = this->run(program, trace);
    }
  }

  SimulatedLayer simulated;
  simulated.output = {network.shape(layer.output), quantized.output, std::move(outcome.output)};
  simulated.result = priced_layer(plan_, layer, format, problem, std::move(run.mapping),
                                  std::move(outcome.actions), std::move(outcome.cycles));
  if (run.resident) {
    const LayerResult again = priced_layer(plan_, layer, format, problem, {},
                                           std::move(run.resident->actions), std::move(run.resident->cycles));
    simulated.result.weights_resident = {again.cycles.total, again.energy, again.actions.eie.value()};
  }
  simulated.result.output_sha256 = workload::sha256(simulated.output);
  if (compares_rtl_ && problem) simulated.result.check_rtl = "equal";
  simulated.result.check_reference = compare(reference.get(), simulated.output);
  return simulated;
}

}  // namespace heddle::app
