// Mapping files: one mapping, a list of them, or several documents.
#include <fmt/format.h>

#include <charconv>

#include "arch/mapping.h"
#include "support/yaml.h"

namespace heddle::arch {
namespace {

constexpr std::int64_t kLargestFactor = std::int64_t{1} << 31;

/// "M 8"
std::optional<Loop> loop_of(const std::string& text) {
  const auto dim = workload::dim_of(std::string_view(text).substr(0, 1));
  const std::size_t start = text.find_first_not_of(' ', 1);
  if (!dim || start == std::string::npos || start < 2) return std::nullopt;
  Loop loop{*dim, 0};
  const auto [end, error] = std::from_chars(text.data() + start, text.data() + text.size(), loop.factor);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return loop;
}

std::vector<Loop> read_loops(const yaml::Value& value) {
  std::vector<Loop> loops;
  for (const yaml::Value& element : value.elements()) {
    const std::string text = element.text();
    if (!element.is_scalar()) continue;  // noted by text()
    const auto loop = loop_of(text);
    if (!loop) {
      element.problem(fmt::format(
          "expected a loop such as \"M 8\", a dimension of N G M C P Q R S and its factor, got \"{}\"",
          text));
    } else if (loop->factor < 1 || loop->factor > kLargestFactor) {
      element.problem(fmt::format("expected a factor from 1 to {}, got {}", kLargestFactor, loop->factor));
    } else {
      loops.push_back(*loop);
    }
  }
  return loops;
}

std::vector<Loop> read_optional_loops(const yaml::Value& map, const std::string& key) {
  const auto value = map.optional(key);
  return value ? read_loops(*value) : std::vector<Loop>{};
}

workload::PerOperand<bool> all_kept() {
  workload::PerOperand<bool> keep;
  for (workload::Operand operand : workload::kOperands) keep[operand] = true;
  return keep;
}

/// A list of tensors, each of `choices` and at most once.
workload::PerOperand<bool> read_tensors(const yaml::Value& value, const std::vector<std::string>& choices) {
  workload::PerOperand<bool> listed{};
  for (const yaml::Value& element : value.elements()) {
    const std::string text = element.one_of(choices);
    for (workload::Operand operand : workload::kOperands) {
      if (name(operand) != text) continue;
      if (listed[operand]) element.problem(fmt::format("\"{}\" is listed twice", text));
      listed[operand] = true;
    }
  }
  return listed;
}

LevelMapping read_memory_level(const yaml::Value& value, bool outermost) {
  value.only_keys({"level", "temporal", "keep"});
  LevelMapping level{read_optional_loops(value, "temporal"), all_kept()};
  if (const auto keep = value.optional("keep")) {
    level.keep = read_tensors(*keep, {"weights", "inputs", "outputs"});
    if (outermost && level.keep != all_kept()) {
      keep->problem("the outermost level holds every tensor; expected [weights, inputs, outputs] or no keep");
    }
  }
  return level;
}

LayerMapping read_mapping(const yaml::Value& value, const Accelerator& accelerator) {
  LayerMapping mapping;
  value.only_keys({"layer", "on_chip", "levels"});
  const yaml::Value layer = value.required("layer");
  mapping.layer = layer.text();
  if (layer.is_scalar() && mapping.layer.empty()) layer.problem("expected the name of a layer");
  if (const auto on_chip = value.optional("on_chip")) {
    mapping.on_chip = read_tensors(*on_chip, {"inputs", "outputs"});
  }

  std::vector<std::string> expected;
  for (const MemoryLevel& level : accelerator.memory) expected.push_back(level.name);
  const std::size_t memories = expected.size();
  expected.insert(expected.end(), {"array", "registers"});
  mapping.memory.resize(memories, LevelMapping{{}, all_kept()});

  const yaml::Value levels = value.required("levels");
  std::size_t next = 0;
  for (const yaml::Value& element : levels.elements()) {
    const yaml::Value named = element.required("level");
    if (!named.is_scalar()) continue;
    const std::string name = named.text();
    const auto found = std::find(expected.begin(), expected.end(), name);
    if (found == expected.end()) {
      named.problem(fmt::format("{} has no level \"{}\"{}; expected, outermost first: {}", accelerator.name,
                                name, did_you_mean(name, expected), fmt::join(expected, ", ")));
      continue;
    }
    const auto index = static_cast<std::size_t>(found - expected.begin());
    if (index < next) {
      named.problem(
          fmt::format("\"{}\" is out of order or given twice; expected each level once, outermost first: {}",
                      name, fmt::join(expected, ", ")));
      continue;
    }
    for (; next < index && next < memories; ++next) {
      levels.problem(fmt::format("the level \"{}\" is missing", expected[next]));
    }
    next = index + 1;
    if (index < memories) {
      mapping.memory[index] = read_memory_level(element, index == 0);
    } else if (name == "array") {
      element.only_keys({"level", "spatial"});
      if (const auto spatial = element.optional("spatial")) {
        spatial->only_keys({"rows", "columns", "lanes"});
        mapping.rows = read_optional_loops(*spatial, "rows");
        mapping.columns = read_optional_loops(*spatial, "columns");
        mapping.lanes = read_optional_loops(*spatial, "lanes");
      }
    } else {
      element.only_keys({"level", "temporal"});
      mapping.registers = read_optional_loops(element, "temporal");
    }
  }
  for (; levels.is_list() && next < memories; ++next) {
    levels.problem(fmt::format("the level \"{}\" is missing", expected[next]));
  }
  return mapping;
}

/// The mappings of all documents: each a map, or a list of maps.
std::vector<yaml::Value> entries(const yaml::Document& document) {
  const yaml::Value root = document.root();
  if (root.is_list()) return root.elements();
  return {root};
}

}  // namespace

std::map<std::string, LayerMapping> read_mappings(const std::filesystem::path& file,
                                                  const Accelerator& accelerator) {
  std::map<std::string, LayerMapping> mappings;
  std::vector<Problem> problems;
  for (const yaml::Document& document : yaml::Document::load_all(file)) {
    for (const yaml::Value& entry : entries(document)) {
      LayerMapping mapping = read_mapping(entry, accelerator);
      const std::string layer = mapping.layer;
      if (!mappings.emplace(layer, std::move(mapping)).second && !layer.empty()) {
        entry.required("layer").problem(fmt::format("the layer \"{}\" has a mapping already", layer));
      }
    }
    try {
      document.finish();
    } catch (const InputError& error) {
      problems.insert(problems.end(), error.problems().begin(), error.problems().end());
    }
  }
  if (!problems.empty()) throw InputError(problems);
  return mappings;
}

Accelerator outline_accelerator(const std::filesystem::path& file) {
  Accelerator outline;
  outline.name = "the file's first mapping";
  for (const yaml::Document& document : yaml::Document::load_all(file)) {
    for (const yaml::Value& entry : entries(document)) {
      for (const yaml::Value& level : entry.required("levels").elements()) {
        const std::string name = level.required("level").text();
        if (name == "array" || name == "registers" || name.empty()) continue;
        MemoryLevel memory;
        memory.name = name;
        memory.kind = outline.memory.empty() ? MemoryLevel::Kind::dram : MemoryLevel::Kind::sram;
        outline.memory.push_back(memory);
      }
      document.finish();
      return outline;
    }
    document.finish();
  }
  return outline;
}

}  // namespace heddle::arch
