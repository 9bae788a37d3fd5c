#include "arch/mapping.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

namespace heddle::arch {
namespace {

using workload::Dim;
using workload::kDims;
using workload::PerDim;

constexpr std::int64_t kSaturated = std::int64_t{1} << 50;

/// a * b, at most kSaturated; both from 0 to kSaturated.
std::int64_t times(std::int64_t a, std::int64_t b) {
  return b != 0 && a > kSaturated / b ? kSaturated : a * b;
}

void multiply_by(PerDim<std::int64_t>& extent, const std::vector<Loop>& loops) {
  for (Dim dim : kDims) extent[dim] = times(extent[dim], factor_of(loops, dim));
}

std::string list_of(const std::vector<Loop>& loops) {
  std::string text = "[";
  for (const Loop& loop : loops) {
    text += fmt::format("{}{} {}", text.size() > 1 ? ", " : "", workload::letter(loop.dim), loop.factor);
  }
  return text + "]";
}

std::string list_of(const workload::PerOperand<bool>& keep) {
  std::string text = "[";
  for (workload::Operand operand : workload::kOperands) {
    if (keep[operand]) text += (text.size() > 1 ? ", " : "") + std::string(name(operand));
  }
  return text + "]";
}

/// A scalar that reads back as the same text.
std::string quoted(const std::string& text) {
  YAML::Emitter emitter;
  emitter << YAML::DoubleQuoted << text;
  return emitter.c_str();
}

}  // namespace

std::int64_t factor_of(const std::vector<Loop>& loops, Dim dim) {
  std::int64_t product = 1;
  for (const Loop& loop : loops) {
    if (loop.dim == dim) product = times(product, std::clamp<std::int64_t>(loop.factor, 0, kSaturated));
  }
  return product;
}

PerDim<std::int64_t> spatial_extent(const LayerMapping& mapping) {
  PerDim<std::int64_t> extent(1);
  multiply_by(extent, mapping.rows);
  multiply_by(extent, mapping.columns);
  multiply_by(extent, mapping.lanes);
  return extent;
}

PerDim<std::int64_t> pass_extent(const LayerMapping& mapping) {
  return level_extent(mapping, mapping.memory.size());
}

PerDim<std::int64_t> level_extent(const LayerMapping& mapping, std::size_t level) {
  PerDim<std::int64_t> extent = spatial_extent(mapping);
  multiply_by(extent, mapping.registers);
  for (std::size_t i = level; i < mapping.memory.size(); ++i) multiply_by(extent, mapping.memory[i].temporal);
  return extent;
}

std::string to_yaml(const std::vector<LayerMapping>& mappings, const Accelerator& accelerator) {
  std::string text = mappings.empty() ? "[]\n" : "";
  for (const LayerMapping& mapping : mappings) {
    text += fmt::format("- layer: {}\n", quoted(mapping.layer));
    if (mapping.on_chip != workload::PerOperand<bool>{})
      text += fmt::format("  on_chip: {}\n", list_of(mapping.on_chip));
    text += "  levels:\n";
    for (std::size_t i = 0; i < mapping.memory.size(); ++i) {
      const LevelMapping& level = mapping.memory[i];
      text += fmt::format("    - {{level: {}, temporal: {}", quoted(accelerator.memory.at(i).name),
                          list_of(level.temporal));
      if (i > 0) text += ", keep: " + list_of(level.keep);
      text += "}\n";
    }
    text += fmt::format("    - {{level: array, spatial: {{rows: {}, columns: {}, lanes: {}}}}}\n",
                        list_of(mapping.rows), list_of(mapping.columns), list_of(mapping.lanes));
    text += fmt::format("    - {{level: registers, temporal: {}}}\n", list_of(mapping.registers));
  }
  return text;
}

}  // namespace heddle::arch
