#include <fmt/format.h>

#include <algorithm>

#include "arch/timeloop.h"
#include "arch/timeloop_levels.h"

namespace heddle::arch {
namespace {

std::string component(const std::string& name, const std::string& kind) {
  return fmt::format("  - !Component\n    name: {}\n    class: {}\n    attributes:\n", name, kind);
}

/// A mesh of one has no place in a mapping: it is left out.
std::string container(const std::string& name, std::int64_t x, std::int64_t y) {
  if (x * y == 1) return "";
  return fmt::format("  - !Container\n    name: {}\n    spatial: {{meshX: {}, meshY: {}}}\n", name, x, y);
}

std::string memory(const Accelerator& accelerator, std::size_t index, int bits) {
  const MemoryLevel& level = accelerator.memory[index];
  const bool dram = level.kind == MemoryLevel::Kind::dram;
  const std::int64_t line_bytes = dram ? level.burst_bytes : level.word_bytes;
  const std::int64_t line_words = std::max<std::int64_t>(1, line_bytes * 8 / bits);
  std::string text = component(timeloop::memory_name(accelerator, index), dram ? "DRAM" : "SRAM");
  if (dram) text += "      type: LPDDR4\n";
  text += fmt::format("      width: {}\n      datawidth: {}\n", line_words * bits, bits);
  if (!dram) text += fmt::format("      depth: {}\n", level.size_bytes * 8 / (line_words * bits));
  if (level.double_buffered) text += "      multiple_buffering: 2\n";
  const double words = static_cast<double>(level.bandwidth) * 8 / bits;
  // The innermost memory reads and writes side by side; the others have one port.
  if (index + 1 == accelerator.memory.size()) {
    text += fmt::format("      read_bandwidth: {0:g}\n      write_bandwidth: {0:g}\n", words);
  } else {
    text += fmt::format("      shared_bandwidth: {:g}\n", words);
  }
  return text;
}

}  // namespace

std::string to_timeloop_architecture(const Accelerator& accelerator, const LayerProblem& problem) {
  const ArrayUnit& unit = accelerator.array;
  const int bits = timeloop::word_bits(problem);
  std::string text = fmt::format(
      "# {} for {}\narchitecture:\n  version: 0.4\n  nodes:\n  - !Container\n    name: system\n    "
      "attributes:\n"
      "      technology: \"45nm\"\n      global_cycle_seconds: {:g}\n",
      accelerator.name, problem.name, 1 / accelerator.clock_hz);
  for (std::size_t i = 0; i < accelerator.memory.size(); ++i) text += memory(accelerator, i, bits);
  text += container(timeloop::kArray, unit.columns, unit.rows);
  for (const timeloop::RegisterLevel& level : timeloop::register_levels(accelerator, problem)) {
    text += component(level.name, "regfile") +
            fmt::format("      depth: {}\n      width: {}\n      datawidth: {}\n", level.entries, level.bits,
                        level.bits);
  }
  text += container(timeloop::kLanes, timeloop::lane_positions(unit, problem), 1);
  return text + component(timeloop::kMultiplier, "intmac") +
         fmt::format("      datawidth: {}\n      multiplier_width: {}\n      adder_width: {}\n", bits,
                     std::max(unit.bits.weights, unit.bits.activations), unit.bits.accumulators);
}

}  // namespace heddle::arch
