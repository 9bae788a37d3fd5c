#include "arch/legality.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace heddle::arch {
namespace {

using workload::Dim;
using workload::Operand;
using workload::PerDim;

struct Checker {
  const LayerMapping& mapping;
  const LayerProblem& problem;
  const Accelerator& accelerator;
  std::vector<std::string> found;

  const ArrayUnit& unit() const { return accelerator.array; }

  void widths() {
    const auto check = [&](const char* what, int bits, int most) {
      if (bits < 1 || bits > most) {
        found.push_back(
            fmt::format("{} of {} bits do not fit the array's {}-bit {}", what, bits, most, what));
      }
    };
    check("weights", problem.weight_bits, unit().bits.weights);
    check("inputs", problem.input_bits, unit().bits.activations);
  }

  void factors(const char* where, const std::vector<Loop>& loops) {
    for (const Loop& loop : loops) {
      if (loop.factor < 1) {
        found.push_back(fmt::format("{}: the loop {} {} has no iterations, expected a factor of at least 1",
                                    where, letter(loop.dim), loop.factor));
      }
    }
  }

  void axis(const char* name, const std::vector<Loop>& loops, const char* allowed) {
    for (auto loop = loops.begin(); loop != loops.end(); ++loop) {
      if (loop->factor > 1 && std::string_view(allowed).find(letter(loop->dim)) == std::string_view::npos) {
        found.push_back(fmt::format("{} cannot run {} {}: only {} may differ between {}", name,
                                    letter(loop->dim), loop->factor, allowed, name));
      }
      const auto same = [&](const Loop& other) { return other.dim == loop->dim; };
      if (std::any_of(loops.begin(), loop, same)) {
        found.push_back(
            fmt::format("{} name {} twice, expected one factor for each dimension", name, letter(loop->dim)));
      }
    }
  }

  static std::int64_t product(const std::vector<Loop>& loops, const char* dims) {
    double result = 1;
    std::int64_t exact = 1;
    for (Dim dim : workload::kDims) {
      if (std::string_view(dims).find(letter(dim)) == std::string_view::npos) continue;
      const std::int64_t factor = factor_of(loops, dim);
      result *= static_cast<double>(factor);
      exact = result < 1e15 ? exact * factor : std::int64_t{1} << 50;
    }
    return exact;
  }

  void at_most(const char* what, std::int64_t used, std::int64_t available, const char* of_what) {
    if (used > available) {
      found.push_back(fmt::format("{} take {} {}, the array has {}: {} too many", what, used, of_what,
                                  available, used - available));
    }
  }

  void axes() {
    axis("rows", mapping.rows, "M");
    axis("columns", mapping.columns, "NPQ");
    axis("lanes", mapping.lanes, "CRS");
    at_most("rows", product(mapping.rows, "NGMCPQRS"), unit().rows, "rows");
    at_most("columns", product(mapping.columns, "NGMCPQRS"), unit().columns, "columns");
    const std::int64_t lanes = effective_lanes(unit(), problem.weight_bits, problem.input_bits);
    if (!runs_sparse(unit(), problem)) {
      at_most("lanes", product(mapping.lanes, "NGMCPQRS"), lanes, "lanes");
      return;
    }
    const std::int64_t channels = factor_of(mapping.lanes, Dim::C);
    at_most("lanes", product(mapping.lanes, "NGMPQRS") * kept_channels(channels, problem.sparsity), lanes,
            "lanes");
    if (channels % problem.sparsity->m != 0 && channels < problem.shape.size[Dim::C]) {
      found.push_back(fmt::format(
          "lanes take {} channels a step: {}:{} weights need a multiple of {}, or all {} channels", channels,
          problem.sparsity->n, problem.sparsity->m, problem.sparsity->m, problem.shape.size[Dim::C]));
    }
  }

  void coverage() {
    const PerDim<std::int64_t> covered = level_extent(mapping, 0);
    for (Dim dim : workload::kDims) {
      if (covered[dim] < problem.shape.size[dim]) {
        found.push_back(fmt::format("the loops over {} cover {} of {}: {} missing", letter(dim), covered[dim],
                                    problem.shape.size[dim], problem.shape.size[dim] - covered[dim]));
      }
    }
  }

  void registers() {
    const Registers& registers = unit().registers;
    const std::int64_t weights = product(mapping.registers, "GMCRS");
    const std::int64_t inputs = product(mapping.registers, "NGCPQRS");
    const std::int64_t outputs = product(mapping.registers, "NGMPQ");
    const auto check = [&](const char* what, std::int64_t used, std::int64_t available) {
      if (used > available) {
        found.push_back(fmt::format("registers: a pass needs {} {}, a PE has {}: {} too many", used, what,
                                    available, used - available));
      }
    };
    if (!registers.shared_bytes) {
      check("accumulators", outputs, registers.outputs);
      if (registers.weights > 1) check("weight vectors", weights, registers.weights);
      if (registers.inputs > 1) check("input vectors", inputs, registers.inputs);
      return;
    }
    const bool sparse = runs_sparse(unit(), problem);
    const std::int64_t lanes = effective_lanes(unit(), problem.weight_bits, problem.input_bits);
    const std::int64_t positions = sparse ? lanes / problem.sparsity->n * problem.sparsity->m : lanes;
    const int index = sparse ? index_bits(*problem.sparsity) : 0;
    const double bits =
        static_cast<double>(weights) * static_cast<double>(lanes * (problem.weight_bits + index)) +
        static_cast<double>(inputs) * static_cast<double>(positions * problem.input_bits) +
        static_cast<double>(outputs) * unit().bits.accumulators;
    const double available = static_cast<double>(*registers.shared_bytes) * 8;
    if (bits > available) {
      found.push_back(
          fmt::format("registers: a pass needs {:.0f} bytes a PE ({} weight vectors, {} input vectors, {} "
                      "accumulators), the shared registers "
                      "hold {}: {:.0f} bytes too many",
                      std::ceil(bits / 8), weights, inputs, outputs, *registers.shared_bytes,
                      std::ceil((bits - available) / 8)));
    }
  }

  /// "inputs and outputs": those that are on chip.
  std::string on_chip_names() const {
    std::string names;
    for (Operand operand : workload::kOperands) {
      if (mapping.on_chip[operand]) names += (names.empty() ? "" : " and ") + std::string(name(operand));
    }
    return names;
  }

  /// Operands that stay on chip: the first level inside the dram holds each as a whole.
  void on_chip() {
    const std::string& outermost = accelerator.memory[0].name;
    if (mapping.on_chip[Operand::weights] && !unit().eie) {
      found.push_back(fmt::format("weights cannot stay on chip: they come from {}", outermost));
    }
    if (mapping.memory.size() < 2) {
      if (!on_chip_names().empty()) {
        found.push_back(fmt::format("{} has no memory inside {} in which {} could stay", accelerator.name,
                                    outermost, on_chip_names()));
      }
      return;
    }
    const PerDim<std::int64_t> covered = level_extent(mapping, 1);
    for (Operand operand : workload::kOperands) {
      if (!mapping.on_chip[operand]) continue;
      const std::string& home = accelerator.memory[1].name;
      if (!mapping.memory[1].keep[operand]) {
        found.push_back(fmt::format("{} must keep {}, which stay on chip", home, name(operand)));
      }
      for (Dim dim : workload::kDims) {
        if (!workload::depends_on(operand, dim) || covered[dim] >= problem.shape.size[dim]) continue;
        found.push_back(
            fmt::format("{} stay on chip, so {} must hold them whole: its tile covers {} of {} in {}",
                        name(operand), home, covered[dim], problem.shape.size[dim], letter(dim)));
      }
    }
  }

  void capacities() {
    for (std::size_t i = 1; i < mapping.memory.size(); ++i) {
      const MemoryLevel& level = accelerator.memory[i];
      const std::int64_t bytes = (level_bits(mapping, problem, accelerator, i) + 7) / 8;
      if (bytes <= level.size_bytes) continue;
      std::string how = level.double_buffered ? " (double buffered)" : "";
      if (i == 1 && !on_chip_names().empty()) {
        how = level.double_buffered ? fmt::format(" (double buffered, but {} on chip once)", on_chip_names())
                                    : fmt::format(" ({} on chip)", on_chip_names());
      }
      found.push_back(fmt::format("{} is too small by {} bytes: its tiles take {} bytes{}, it holds {}",
                                  level.name, bytes - level.size_bytes, bytes, how, level.size_bytes));
    }
  }

  void run() {
    widths();
    if (mapping.memory.size() != accelerator.memory.size()) {
      found.push_back(fmt::format("the mapping has {} memory levels, {} has {}", mapping.memory.size(),
                                  accelerator.name, accelerator.memory.size()));
      return;
    }
    for (std::size_t i = 0; i < mapping.memory.size(); ++i)
      factors(accelerator.memory[i].name.c_str(), mapping.memory[i].temporal);
    factors("rows", mapping.rows);
    factors("columns", mapping.columns);
    factors("lanes", mapping.lanes);
    factors("registers", mapping.registers);
    for (Operand operand : workload::kOperands) {
      if (!mapping.memory.empty() && !mapping.memory[0].keep[operand]) {
        found.push_back(fmt::format("{} must keep {}: the outermost level holds every tensor",
                                    accelerator.memory[0].name, name(operand)));
      }
    }
    if (!found.empty()) return;  // the rest counts with sound loops
    coverage();
    on_chip();
    if (unit().eie) {
      find_eie_illegalities(mapping, problem, accelerator, found);
      return;
    }
    axes();
    registers();
    capacities();
  }
};

}  // namespace

std::vector<std::string> illegalities(const LayerMapping& mapping, const LayerProblem& problem,
                                      const Accelerator& accelerator) {
  Checker checker{mapping, problem, accelerator, {}};
  checker.run();
  return checker.found;
}

}  // namespace heddle::arch
