#include "arch/accelerator.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "arch/legality.h"
#include "support/yaml.h"

namespace heddle::arch {
namespace {

// Limits of a description. They keep products far from overflow and typing errors from asking for terabytes.
constexpr std::int64_t kMostOnAnAxis = 4096;
constexpr std::int64_t kMostMultipliers = 1 << 22;
constexpr std::int64_t kMostRegisters = 65536;
constexpr std::int64_t kMostBytesPerCycle = 1 << 20;
constexpr std::int64_t kMostLatency = 1'000'000;
constexpr std::int64_t kMostBanks = 4096;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 40;
constexpr std::size_t kMostLevels = 8;
constexpr int kLargestGroup = 16;
constexpr std::int64_t kMostEiePes = 1024;
constexpr std::int64_t kMostEieColumns = 65536;  ///< of a pass: PEs x activation registers
constexpr std::int64_t kMostQueue = 4096;
constexpr std::int64_t kMostWordBits = 4096;

void read(const yaml::Value& map, const std::string& key, std::int64_t least, std::int64_t most,
          std::int64_t& target) {
  if (const auto value = map.optional(key)) target = value->integer(least, most);
}

std::optional<int> number_of(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<workload::StructuredSparsity> read_sparsity(const yaml::Value& value, std::int64_t lanes) {
  const std::string text = value.text();
  const std::size_t colon = text.find(':');
  const auto n = number_of(std::string_view(text).substr(0, colon));
  const auto m =
      colon == std::string::npos ? std::nullopt : number_of(std::string_view(text).substr(colon + 1));
  if (!n || !m || *n < 1 || *n >= *m || *m > kLargestGroup) {
    value.problem(
        fmt::format("expected n:m such as 2:4, with 1 <= n < m <= {}, got \"{}\"", kLargestGroup, text));
    return std::nullopt;
  }
  if (lanes % *n != 0) {
    value.problem(fmt::format("n = {} does not divide the {} lanes; a step takes whole groups of {} weights",
                              *n, lanes, *n));
    return std::nullopt;
  }
  return workload::StructuredSparsity{*n, *m};
}

OperandBits read_bits(const yaml::Value& value) {
  value.only_keys({"weights", "activations", "accumulators"});
  OperandBits bits;
  if (const auto weights = value.optional("weights"))
    bits.weights = static_cast<int>(weights->integer(1, 16));
  if (const auto inputs = value.optional("activations"))
    bits.activations = static_cast<int>(inputs->integer(1, 16));
  if (const auto sums = value.optional("accumulators"))
    bits.accumulators = static_cast<int>(sums->integer(8, 64));
  if (bits.accumulators < bits.weights + bits.activations) {
    value.problem(
        fmt::format("accumulators of {} bits are too narrow: a product of {}-bit weights and {}-bit "
                    "activations has {} bits",
                    bits.accumulators, bits.weights, bits.activations, bits.weights + bits.activations));
  }
  return bits;
}

Registers read_registers(const yaml::Value& value) {
  value.only_keys({"weights", "inputs", "outputs", "shared"});
  Registers registers;
  read(value, "weights", 1, kMostRegisters, registers.weights);
  read(value, "inputs", 1, kMostRegisters, registers.inputs);
  read(value, "outputs", 1, kMostRegisters, registers.outputs);
  if (const auto shared = value.optional("shared")) {
    registers.shared_bytes = shared->bytes();
    if (*registers.shared_bytes > kMostBytes) shared->problem("expected at most 1 TiB");
    if (value.has("weights") || value.has("inputs") || value.has("outputs")) {
      shared->problem(
          "one shared size excludes separate weights, inputs and outputs; expected one or the other");
    }
  }
  return registers;
}

/// One weight vector, one input vector and one accumulator are the least that a PE can work with.
void check_shared_size(const yaml::Value& value, const ArrayUnit& unit) {
  if (!unit.registers.shared_bytes) return;
  std::int64_t bits = 0;
  for (const workload::Operand operand : workload::kOperands) bits += unit.vector_bits(operand);
  if (bits > *unit.registers.shared_bytes * 8) {
    value.problem(fmt::format(
        "shared registers of {} bytes are too small: one weight vector, one input vector and one accumulator "
        "of this unit take {} bytes",
        *unit.registers.shared_bytes, (bits + 7) / 8));
  }
}

/// Its grid is a column of PEs, its numbers have 16 bits.
ArrayUnit read_eie(const yaml::Value& value) {
  ArrayUnit unit;
  EieUnit& eie = unit.eie.emplace();
  unit.bits = {16, 16, 16};
  unit.registers.inputs = unit.registers.outputs = 64;
  value.only_keys({"unit", "pes", "queue", "weights", "registers", "pointers", "word", "ports"});
  unit.rows = value.required("pes").integer(1, kMostEiePes);
  read(value, "queue", 1, kMostQueue, eie.queue);
  if (const auto weights = value.optional("weights")) {
    weights->only_keys({"code", "index"});
    if (const auto code = weights->optional("code")) eie.code_bits = static_cast<int>(code->integer(2, 8));
    if (const auto index = weights->optional("index"))
      eie.index_bits = static_cast<int>(index->integer(2, 8));
  }
  if (const auto registers = value.optional("registers")) {
    unit.registers.inputs = unit.registers.outputs = registers->integer(1, kMostRegisters);
    if (unit.registers.inputs * unit.rows > kMostEieColumns) {
      registers->problem(fmt::format("{} PEs of {} activations take vectors of {}, expected at most {}",
                                     unit.rows, unit.registers.inputs, unit.registers.inputs * unit.rows,
                                     kMostEieColumns));
    }
  }
  if (const auto pointers = value.optional("pointers")) {
    pointers->only_keys({"bits", "size"});
    if (const auto bits = pointers->optional("bits"))
      eie.pointer_bits = static_cast<int>(bits->integer(4, 32));
    if (const auto size = pointers->optional("size")) {
      eie.pointer_bytes = size->bytes();
      if (eie.pointer_bytes > kMostBytes) size->problem("expected at most 1 TiB");
    }
  }
  read(value, "word", 1, kMostWordBits, eie.word_bits);
  if (eie.word_bits < eie.code_bits + eie.index_bits) {
    value.problem(fmt::format("a matrix SRAM word of {} bits holds no entry: a code and an index have {}",
                              eie.word_bits, eie.code_bits + eie.index_bits));
  }
  unit.ports.inputs = unit.rows * 8;
  unit.ports.outputs = unit.rows;
  if (const auto ports = value.optional("ports")) {
    ports->only_keys({"inputs", "outputs"});
    read(*ports, "inputs", 1, kMostBytesPerCycle, unit.ports.inputs);
    read(*ports, "outputs", 1, kMostBytesPerCycle, unit.ports.outputs);
  }
  return unit;
}

ArrayUnit read_array(const yaml::Value& value) {
  ArrayUnit unit;
  if (!value.is_map()) {
    value.only_keys({"unit"});
    return unit;
  }
  if (value.has("unit") && value.required("unit").is_scalar() && value.required("unit").text() == "eie")
    return read_eie(value);
  value.only_keys({"unit", "rows", "columns", "lanes", "sparsity", "scalable", "bits", "registers", "ports"});
  value.required("unit").one_of({"dot", "eie"});
  unit.rows = value.required("rows").integer(1, kMostOnAnAxis);
  unit.columns = value.required("columns").integer(1, kMostOnAnAxis);
  unit.lanes = value.required("lanes").integer(1, kMostOnAnAxis);
  if (unit.rows * unit.columns * unit.lanes > kMostMultipliers) {
    value.problem(fmt::format("{} x {} x {} = {} multipliers, expected at most {}", unit.rows, unit.columns,
                              unit.lanes, unit.rows * unit.columns * unit.lanes, kMostMultipliers));
  }
  if (const auto sparsity = value.optional("sparsity")) unit.sparsity = read_sparsity(*sparsity, unit.lanes);
  if (const auto bits = value.optional("bits")) unit.bits = read_bits(*bits);
  if (const auto scalable = value.optional("scalable")) {
    unit.scalable = scalable->boolean();
    if (unit.scalable && (unit.bits.weights != 8 || unit.bits.activations != 8)) {
      scalable->problem(fmt::format(
          "a scalable array splits 8-bit multipliers; expected 8-bit weights and activations, got {} and {}",
          unit.bits.weights, unit.bits.activations));
    }
  }
  if (const auto registers = value.optional("registers")) {
    unit.registers = read_registers(*registers);
    check_shared_size(*registers, unit);
  }
  if (const auto ports = value.optional("ports")) {
    ports->only_keys({"weights", "inputs", "outputs"});
    read(*ports, "weights", 1, kMostBytesPerCycle, unit.ports.weights);
    read(*ports, "inputs", 1, kMostBytesPerCycle, unit.ports.inputs);
    read(*ports, "outputs", 1, kMostBytesPerCycle, unit.ports.outputs);
  }
  return unit;
}

void read_name(const yaml::Value& value, std::set<std::string>& seen, std::string& target) {
  static const std::set<std::string> reserved = {"array", "registers", "ppu", "cycles", "total"};
  target = value.text();
  if (!value.is_scalar()) return;
  if (target.empty()) value.problem("expected a name");
  if (reserved.contains(target)) {
    value.problem(fmt::format(
        "\"{}\" names another part of the machine in mappings and reports; expected a different name",
        target));
  } else if (!seen.insert(target).second) {
    value.problem(fmt::format("two memory levels are named \"{}\"", target));
  }
}

MemoryLevel read_level(const yaml::Value& value, bool outermost, std::set<std::string>& seen) {
  MemoryLevel level;
  value.only_keys(
      {"name", "kind", "size", "banks", "word", "burst", "bandwidth", "latency", "double_buffered"});
  read_name(value.required("name"), seen, level.name);
  const yaml::Value kind = value.required("kind");
  const std::size_t problems = kind.problem_count();
  bool dram = kind.one_of({"dram", "sram"}) == "dram";
  const bool known = kind.is_scalar() && kind.problem_count() == problems;
  if (!known) dram = outermost;  // what it must be, so that the other keys are read as meant
  level.kind = dram ? MemoryLevel::Kind::dram : MemoryLevel::Kind::sram;
  if (known && dram != outermost) {
    kind.problem(outermost ? "the outermost level holds whole tensors; expected dram"
                           : "only the outermost level is dram; expected sram");
  }
  for (const char* key : {"size", "banks", "word", "double_buffered"}) {
    if (dram && value.has(key))
      value.required(key).problem(fmt::format("a dram has no {}; only an sram has", key));
  }
  if (!dram && value.has("burst")) value.required("burst").problem("an sram has no burst; expected word");
  if (!dram) {
    const yaml::Value size = value.required("size");
    const std::size_t before = size.problem_count();
    const bool split = size.is_map();
    if (split) {
      size.only_keys({"weights", "activations"});
      level.weight_bytes = size.required("weights").bytes();
      level.size_bytes = level.weight_bytes + size.required("activations").bytes();
    } else {
      level.size_bytes = size.bytes();
    }
    const bool sized = (size.is_scalar() || split) && size.problem_count() == before;
    if (level.size_bytes > kMostBytes) size.problem("expected at most 1 TiB");
    read(value, "word", 1, kMostBytesPerCycle, level.word_bytes);
    read(value, "banks", 1, kMostBanks, level.banks);
    if (sized && level.word_bytes > level.size_bytes) {
      size.problem(
          fmt::format("{} bytes are less than one word of {} bytes", level.size_bytes, level.word_bytes));
    }
    if (const auto twice = value.optional("double_buffered")) level.double_buffered = twice->boolean();
  } else {
    read(value, "burst", 1, kMostBytesPerCycle, level.burst_bytes);
  }
  level.bandwidth = value.required("bandwidth").integer(1, kMostBytesPerCycle);
  read(value, "latency", 0, kMostLatency, level.latency_cycles);
  return level;
}

/// Banks hold something; the eie unit works from one memory inside the dram: matrix SRAMs and activation
/// SRAMs, a bank in each PE.
void check_units_memory(const yaml::Value& memory, Accelerator& accelerator) {
  if (!memory.is_list() || accelerator.memory.size() < 2) return;
  const bool eie = accelerator.array.eie.has_value();
  const std::int64_t pes = accelerator.array.rows;
  const bool sound = memory.problem_count() == 0;  // numbers that depend on others mean something
  const std::vector<yaml::Value> levels = memory.elements();
  if (eie && levels.size() > 2) {
    levels[2].problem("the eie unit works from the memories inside its PEs; expected a dram and one sram");
  }
  for (std::size_t i = 1; i < levels.size(); ++i) {
    MemoryLevel& level = accelerator.memory[i];
    const bool split = level.weight_bytes > 0;
    if (split != eie) {
      levels[i].problem(eie ? "weights of the eie unit have a memory of their own; expected size: {weights: "
                              ".., activations: ..}"
                            : "only the eie unit has a memory for weights alone; expected one size");
    }
    if (sound && eie && levels[i].has("banks") && level.banks != pes) {
      levels[i].required("banks").problem(
          fmt::format("the eie unit has a bank in each of its {} PEs; expected {}, or no banks", pes, pes));
    }
    if (eie) level.banks = pes;
    const std::int64_t least =
        split ? std::min(level.weight_bytes, level.size_bytes - level.weight_bytes) : level.size_bytes;
    if (sound && least < level.banks) {
      levels[i].required("size").problem(
          fmt::format("{} bytes in {} banks leave some of them empty", least, level.banks));
    }
  }
}

}  // namespace

std::int64_t ArrayUnit::vector_bits(workload::Operand operand) const {
  switch (operand) {
    case workload::Operand::weights:
      return lanes * (bits.weights + (sparsity ? index_bits(*sparsity) : 0));
    case workload::Operand::inputs:
      return (sparsity ? lanes / sparsity->n * sparsity->m : lanes) * bits.activations;
    case workload::Operand::outputs:
      break;
  }
  return bits.accumulators;
}

Accelerator read_accelerator(const std::filesystem::path& file) {
  return read_accelerator(yaml::Document::load(file));
}

Accelerator read_accelerator(const yaml::Document& document) {
  const yaml::Value root = document.root();
  Accelerator accelerator;
  root.only_keys({"name", "clock", "energy", "array", "vector", "memory"});
  if (!root.is_map()) document.finish();
  accelerator.name = root.required("name").text();
  accelerator.clock_hz = root.required("clock").hertz();
  if (const auto energy = root.optional("energy")) accelerator.energy = energy->text();
  accelerator.array = read_array(root.required("array"));
  if (const auto vector = root.optional("vector")) {
    vector->only_keys({"lanes"});
    accelerator.vector.lanes = vector->required("lanes").integer(1, kMostOnAnAxis);
  }
  const yaml::Value memory = root.required("memory");
  const std::vector<yaml::Value> levels = memory.elements();
  if (memory.is_list() && (levels.size() < 2 || levels.size() > kMostLevels)) {
    memory.problem(
        fmt::format("{} memory levels; expected a dram and 1 to {} srams", levels.size(), kMostLevels - 1));
  }
  std::set<std::string> names;
  for (const yaml::Value& level : levels)
    accelerator.memory.push_back(read_level(level, accelerator.memory.empty(), names));
  check_units_memory(memory, accelerator);
  document.finish();
  return accelerator;
}

}  // namespace heddle::arch
