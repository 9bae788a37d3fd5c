#include "mapper/fingerprint.h"

#include <nlohmann/json.hpp>

// Structs are taken apart by name: a field that is added to one does not compile here until it is listed, so
// that none is forgotten.
namespace heddle::mapper {
namespace {

using Json = nlohmann::json;
using workload::kDims;
using workload::kOperands;

std::string text(const Json& json) { return json.dump(-1, ' ', true, Json::error_handler_t::replace); }

template <class T>
Json of(const std::optional<T>& value);

Json of(std::int64_t value) { return value; }
Json of(bool value) { return value; }
Json of(workload::Operand operand) { return name(operand); }
Json of(const arch::SharedWeights& shared) {
  const auto& [code_bits, density, pe_density] = shared;
  return {code_bits, density, pe_density};
}
Json of(const arch::EieUnit& unit) {
  const auto& [queue, code_bits, index_bits, word_bits, pointer_bits, pointer_bytes] = unit;
  return {queue, code_bits, index_bits, word_bits, pointer_bits, pointer_bytes};
}
Json of(const workload::StructuredSparsity& sparsity) {
  const auto& [n, m] = sparsity;
  return {n, m};
}

template <class T>
Json of(const workload::PerDim<T>& values) {
  Json json = Json::array();
  for (const workload::Dim d : kDims) json.push_back(of(values[d]));
  return json;
}
template <class T>
Json of(const workload::PerOperand<T>& values) {
  Json json = Json::array();
  for (const workload::Operand operand : kOperands) json.push_back(of(values[operand]));
  return json;
}
template <class T>
Json of(const std::optional<T>& value) {
  return value ? of(*value) : Json();
}

Json of(const workload::MacShape& shape) {
  const auto& [size, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left, input_h, input_w] = shape;
  return {of(size), stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left, input_h, input_w};
}

Json of(const arch::ArrayUnit& unit) {
  const auto& [rows, columns, lanes, sparsity, scalable, bits, registers, ports, eie] = unit;
  const auto& [weight_bits, activation_bits, accumulator_bits] = bits;
  const auto& [weight_vectors, input_vectors, accumulators, shared_bytes] = registers;
  const auto& [weight_port, input_port, output_port] = ports;
  return {rows,           columns,       lanes,           of(sparsity),
          scalable,       weight_bits,   activation_bits, accumulator_bits,
          weight_vectors, input_vectors, accumulators,    of(shared_bytes),
          weight_port,    input_port,    output_port,     of(eie)};
}

Json of(const arch::MemoryLevel& memory) {
  const auto& [name, kind, size_bytes, weight_bytes, banks, word_bytes, burst_bytes, bandwidth,
               latency_cycles, double_buffered] = memory;
  return {name,      static_cast<int>(kind), size_bytes,     weight_bytes, banks, word_bytes, burst_bytes,
          bandwidth, latency_cycles,         double_buffered};
}

Json of(const arch::Accelerator& accelerator) {
  const auto& [name, clock_hz, energy, array, vector, memory] = accelerator;
  const auto& [vector_lanes] = vector;
  Json levels = Json::array();
  for (const arch::MemoryLevel& level : memory) levels.push_back(of(level));
  // Names change no mapping, nor does the clock: delays are cycles.
  return {of(array), vector_lanes, std::move(levels)};
}

Json of(const std::vector<arch::EnergyPoint>& points) {
  Json json = Json::array();
  for (const auto& [key, picojoules] : points) json.push_back({key, picojoules});
  return json;
}

Json of(const arch::EnergyTable& table) {
  // Areas and texts change no mapping.
  const auto& [name, version, source, notes, int_add, int_multiply, register_bits, register_pj, sram_bits,
               sram, dram_bits, dram_pj, cycle_pj, area] = table;
  return {of(int_add), of(int_multiply), register_bits, register_pj, sram_bits,
          of(sram),    dram_bits,        dram_pj,       cycle_pj};
}

Json of(const LevelConstraint& constraint) {
  const auto& [factor, stationary, order, keep] = constraint;
  std::string dims;
  for (const workload::Dim d : order) dims += letter(d);
  return {of(factor), of(stationary), dims, of(keep)};
}

Json of(const Constraints& constraints) {
  const auto& [name, factors, least_utilization, axes, registers, memory] = constraints;
  Json levels = Json::array();
  for (const LevelConstraint& level : memory) levels.push_back(of(level));
  return {name, static_cast<int>(factors), least_utilization, of(axes), of(registers), std::move(levels)};
}

}  // namespace

std::string fingerprint(const arch::LayerProblem& problem, const workload::PerOperand<bool>& on_chip) {
  const auto& [name, shape, weight_bits, input_bits, output_bits, sparsity, shared, input_density] = problem;
  static_cast<void>(name);
  return text({of(shape), weight_bits, input_bits, output_bits, of(sparsity), of(shared), input_density,
               of(on_chip)});
}

std::string fingerprint(const arch::Accelerator& accelerator, const arch::EnergyTable& table,
                        const MapperOptions& options) {
  const auto& [search, search_options, constraints] = options;
  const auto& [objective, seed, seconds, evaluations, gap] = search_options;
  static_cast<void>(seconds), static_cast<void>(evaluations), static_cast<void>(gap);  // budget_fingerprint()
  const Json draws = search == Search::optimal ? Json() : Json(seed);
  return text({of(accelerator), of(table), name(search), name(objective), draws, of(constraints)});
}

std::string budget_fingerprint(const SearchOptions& options) {
  return text({options.seconds, options.evaluations, options.gap});
}

}  // namespace heddle::mapper
