#include "arch/describe.h"

#include <fmt/format.h>

#include <algorithm>

#include "arch/eie_storage.h"

namespace heddle::arch {
namespace {

using workload::Dim;
using workload::kDims;
using workload::kOperands;
using workload::Operand;

std::string size_text(std::int64_t bytes) {
  for (const auto& [unit, factor] :
       {std::pair{"MiB", std::int64_t{1} << 20}, {"KiB", std::int64_t{1} << 10}}) {
    if (bytes >= factor && bytes % (factor / 4) == 0) {
      return fmt::format("{:g} {}", static_cast<double>(bytes) / static_cast<double>(factor), unit);
    }
  }
  return fmt::format("{} B", bytes);
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// One line: a step's bytes of an operand against its port.
std::string port_line(const char* what, std::int64_t bits, std::int64_t port) {
  const std::int64_t bytes = ceil_div(bits, 8);
  const std::int64_t cycles = ceil_div(bytes, port);
  return fmt::format("      {:<8} {:>6} B a step, port {} B/cycle: {} cycle{} for new ones\n", what, bytes,
                     port, cycles, cycles == 1 ? "" : "s");
}

void port_balance(std::string& text, const ArrayUnit& unit, bool sparse) {
  const std::int64_t positions = sparse ? unit.lanes / unit.sparsity->n * unit.sparsity->m : unit.lanes;
  const int index = sparse ? index_bits(*unit.sparsity) : 0;
  text += port_line("weights", unit.rows * unit.lanes * (unit.bits.weights + index), unit.ports.weights);
  text += port_line("inputs", unit.columns * positions * unit.bits.activations, unit.ports.inputs);
}

std::string registers_text(const Registers& registers) {
  if (registers.shared_bytes)
    return fmt::format("{} shared by operands and accumulators", size_text(*registers.shared_bytes));
  return fmt::format("{} weight and {} input vectors, {} accumulators (two banks)", registers.weights,
                     registers.inputs, registers.outputs);
}

std::string memory_line(const MemoryLevel& level, double clock_hz) {
  std::string text =
      fmt::format("    {:<8} {:<5}", level.name, level.kind == MemoryLevel::Kind::dram ? "dram" : "sram");
  if (level.kind == MemoryLevel::Kind::dram) {
    text += fmt::format(" bursts of {} B", level.burst_bytes);
  } else {
    text += level.weight_bytes == 0
                ? fmt::format(" {}", size_text(level.size_bytes))
                : fmt::format(" {} for weights, {} for activations", size_text(level.weight_bytes),
                              size_text(level.size_bytes - level.weight_bytes));
    if (level.banks > 1) text += fmt::format(" in {} banks", level.banks);
    text += fmt::format(", words of {} B", level.word_bytes);
  }
  text += fmt::format(", {} B/cycle ({:.4g} GB/s), latency {} cycles", level.bandwidth,
                      static_cast<double>(level.bandwidth) * clock_hz / 1e9, level.latency_cycles);
  return text + (level.double_buffered ? ", double buffered\n" : "\n");
}

std::string storage_line(const std::string& name, double picojoules) {
  return fmt::format("  {:<22} {:>10.4g}\n", name, picojoules);
}

std::string extent_text(const workload::PerDim<std::int64_t>& extent) {
  std::string text;
  for (Dim dim : kDims) {
    if (extent[dim] > 1) text += fmt::format("{}{}={}", text.empty() ? "" : " ", letter(dim), extent[dim]);
  }
  return text.empty() ? "one element" : text;
}

/// The extent within the layer, where that is known.
workload::PerDim<std::int64_t> clipped(workload::PerDim<std::int64_t> extent, const LayerProblem* problem) {
  for (Dim dim : kDims) {
    if (problem != nullptr) extent[dim] = std::min(extent[dim], problem->shape.size[dim]);
  }
  return extent;
}

std::string tile_text(const LayerMapping& mapping, const Accelerator& accelerator,
                      const LayerProblem* problem, std::size_t level) {
  const workload::PerDim<std::int64_t> extent = clipped(level_extent(mapping, level), problem);
  std::string text = "tile " + extent_text(extent);
  std::string held;
  for (Operand operand : kOperands) {
    if (!mapping.memory[level].keep[operand]) continue;
    held += held.empty() ? "" : ", ";
    held += name(operand);
    if (problem != nullptr) {
      const bool partial = operand == Operand::outputs && partial_sums_reach(mapping, problem->shape, level);
      const std::int64_t bits = tile_bits(operand, *problem, accelerator.array, extent, partial);
      held += fmt::format(" {} B{}", ceil_div(bits, 8), partial ? " (partial sums)" : "");
    }
  }
  return text + "; holds " + (held.empty() ? "nothing" : held);
}

void add_loops(std::string& text, std::size_t& depth, const std::vector<Loop>& loops) {
  for (const Loop& loop : loops) {
    text += fmt::format("{:{}}for {} in {}\n", "", 2 + 2 * depth, letter(loop.dim), loop.factor);
    ++depth;
  }
}

/// What lies side by side in a step: "rows M 16; columns P 8, Q 2".
std::string axes_text(const LayerMapping& mapping) {
  std::string text;
  for (const auto& [axis, loops] :
       {std::pair{"rows", &mapping.rows}, {"columns", &mapping.columns}, {"lanes", &mapping.lanes}}) {
    if (loops->empty()) continue;
    text += fmt::format("{}{}", text.empty() ? "" : "; ", axis);
    for (const Loop& loop : *loops)
      text += fmt::format("{} {} {}", text.ends_with(axis) ? "" : ",", letter(loop.dim), loop.factor);
  }
  return text.empty() ? "one product a step" : text;
}

}  // namespace

namespace {

std::string dot_text(const ArrayUnit& unit, double clock_hz) {
  const double peak = static_cast<double>(unit.rows * unit.columns * unit.lanes) * clock_hz;
  std::string text = fmt::format(
      "  array    dot, {} rows x {} columns x {} lanes, {}\n", unit.rows, unit.columns, unit.lanes,
      unit.sparsity ? fmt::format("{}:{} structured sparse or dense", unit.sparsity->n, unit.sparsity->m)
                    : "dense");
  text += fmt::format("    bits     weights {}, activations {}, accumulators {}{}\n", unit.bits.weights,
                      unit.bits.activations, unit.bits.accumulators,
                      unit.scalable ? "; narrow operands multiply the lanes" : "");
  text += fmt::format("    peak     {:.4g} GMAC/s ({} multiplies a cycle)", peak / 1e9,
                      unit.rows * unit.columns * unit.lanes);
  if (unit.sparsity)
    text += fmt::format(", {:.4g} dense-equivalent", peak / 1e9 * unit.sparsity->m / unit.sparsity->n);
  text += fmt::format("\n    registers {} a PE\n", registers_text(unit.registers));
  text += "  ports, all rows, columns and lanes in use\n";
  if (unit.sparsity) text += fmt::format("    with {}:{} weights\n", unit.sparsity->n, unit.sparsity->m);
  port_balance(text, unit, unit.sparsity.has_value());
  if (unit.sparsity) {
    text += "    with dense weights\n";
    port_balance(text, unit, false);
  }
  const std::int64_t results = unit.rows * unit.columns * unit.registers.outputs;
  text +=
      fmt::format("      outputs  {:>6} accumulators a bank, port {} results/cycle: drained in {} cycles\n",
                  results, unit.ports.outputs, ceil_div(results, unit.ports.outputs));
  return text;
}

std::string eie_text(const ArrayUnit& unit, double clock_hz) {
  const EieUnit& eie = *unit.eie;
  std::string text = fmt::format("  array    eie, {} PEs, queues of {} activations\n", unit.rows, eie.queue);
  text += fmt::format(
      "    weights  {}-bit codes into {} values of {} bits, {}-bit relative indices, {} entries a word of {} "
      "bits\n",
      eie.code_bits, 1 << eie.code_bits, unit.bits.weights, eie.index_bits, eie.entries_per_word(),
      eie.word_bits);
  text += fmt::format("    pointers {} bits, {} a PE in two banks\n", eie.pointer_bits,
                      size_text(eie.pointer_bytes));
  text += fmt::format("    peak     {:.4g} GMAC/s of weights and activations that are not zero\n",
                      static_cast<double>(unit.rows) * clock_hz / 1e9);
  text += fmt::format(
      "    registers {} source and {} destination activations a PE: passes of up to {} inputs and {} "
      "outputs\n",
      unit.registers.inputs, unit.registers.outputs, block_columns(unit), block_rows(unit));
  return text + fmt::format("    ports    inputs {} B/cycle, outputs {} results/cycle\n", unit.ports.inputs,
                            unit.ports.outputs);
}

}  // namespace

std::string describe(const Accelerator& accelerator) {
  std::string text = fmt::format("accelerator {}: {:.4g} MHz, energy table {}\n", accelerator.name,
                                 accelerator.clock_hz / 1e6, accelerator.energy);
  text += accelerator.array.eie ? eie_text(accelerator.array, accelerator.clock_hz)
                                : dot_text(accelerator.array, accelerator.clock_hz);
  text += "  memory, outermost first\n";
  for (const MemoryLevel& level : accelerator.memory) text += memory_line(level, accelerator.clock_hz);
  return text + fmt::format("  vector   {} operations a cycle\n", accelerator.vector.lanes);
}

std::string describe(const EnergyTable& table, const Accelerator* accelerator) {
  std::string text =
      fmt::format("energy table {}, version {}\n  source: {}\n", table.name, table.version, table.source);
  for (const std::string& note : table.notes) text += "  note: " + note + "\n";
  text += fmt::format("  {:<22} {:>10} {:>10} {:>10}\n", "pJ an operation", "8 bit", "16 bit", "32 bit");
  text += fmt::format("  {:<22} {:>10.4g} {:>10.4g} {:>10.4g}\n", "integer add", table.add(8), table.add(16),
                      table.add(32));
  text += fmt::format("  {:<22} {:>10.4g} {:>10.4g} {:>10.4g}\n", "integer multiply", table.multiply(8, 8),
                      table.multiply(16, 16), table.multiply(32, 32));
  text += fmt::format("  {:<22} {:>10}\n", "pJ an access", "of 32 bit");
  text += storage_line("register", table.register_access(32));
  if (accelerator == nullptr) {
    for (const EnergyPoint& point : table.sram) {
      text += storage_line("sram " + size_text(static_cast<std::int64_t>(point.key)),
                           table.sram_access(32, point.key));
    }
    text += storage_line("dram", table.dram_access(32));
  } else {
    for (auto level = accelerator->memory.rbegin(); level != accelerator->memory.rend(); ++level) {
      const bool dram = level->kind == MemoryLevel::Kind::dram;
      const std::int64_t bytes = level->bank_bytes(Operand::weights);
      const double picojoules =
          dram ? table.dram_access(32) : table.sram_access(32, static_cast<double>(bytes));
      text += storage_line(dram ? level->name : level->name + " (" + size_text(bytes) + ")", picojoules);
    }
  }
  return text + storage_line("pJ a cycle", table.cycle_pj);
}

std::string describe(const LayerMapping& mapping, const Accelerator& accelerator,
                     const LayerProblem* problem) {
  return fmt::format("mapping of {}\n", mapping.layer) + describe_nest(mapping, accelerator, problem);
}

std::string describe_nest(const LayerMapping& mapping, const Accelerator& accelerator,
                          const LayerProblem* problem) {
  std::string text;
  for (Operand operand : kOperands) {
    if (!mapping.on_chip[operand] || accelerator.memory.size() < 2) continue;
    text += fmt::format("  {} stay in {}\n", name(operand), accelerator.memory[1].name);
  }
  std::size_t depth = 0;
  for (std::size_t i = 0; i < mapping.memory.size(); ++i) {
    text += fmt::format("{:{}}[{}] {}\n", "", 2 + 2 * depth, accelerator.memory.at(i).name,
                        tile_text(mapping, accelerator, problem, i));
    add_loops(text, depth, mapping.memory[i].temporal);
  }
  text += fmt::format("{:{}}[registers] pass {}\n", "", 2 + 2 * depth,
                      extent_text(clipped(pass_extent(mapping), problem)));
  add_loops(text, depth, mapping.registers);
  return text + fmt::format("{:{}}[array] {}\n", "", 2 + 2 * depth, axes_text(mapping));
}

}  // namespace heddle::arch
