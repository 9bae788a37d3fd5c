#include "app/report_eie.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "app/table.h"

namespace heddle::app {

namespace {

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

std::int64_t total(const std::vector<std::int64_t>& values) {
  return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}

}  // namespace

EieFigures eie_figures(const arch::EieCounts& counts, std::int64_t pes) {
  EieFigures figures;
  const std::int64_t work = total(counts.work);
  const auto count = static_cast<double>(pes);
  figures.theoretical_cycles = static_cast<double>(counts.codebook_lookups) / count;
  figures.walk_cycles = (work + counts.starved_cycles) / pes;
  const auto walk = static_cast<double>(figures.walk_cycles);
  figures.load_balance = ratio(static_cast<double>(work), count * walk);
  figures.padding =
      ratio(static_cast<double>(counts.padding_entries), static_cast<double>(counts.codebook_lookups));
  figures.queue_full = ratio(static_cast<double>(counts.queue_full_cycles), walk);
  return figures;
}

std::string load_picture(const std::vector<std::int64_t>& work) {
  constexpr std::array<const char*, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::size_t kMostBars = 64;
  const std::size_t group = (work.size() + kMostBars - 1) / kMostBars;
  std::vector<double> bars;
  for (std::size_t first = 0; first < work.size(); first += group) {
    const std::size_t last = std::min(first + group, work.size());
    const auto sum = std::accumulate(work.begin() + static_cast<std::ptrdiff_t>(first),
                                     work.begin() + static_cast<std::ptrdiff_t>(last), std::int64_t{0});
    bars.push_back(static_cast<double>(sum) / static_cast<double>(last - first));
  }
  if (bars.empty()) return "";
  const auto [least, most] = std::minmax_element(bars.begin(), bars.end());
  std::string text;
  for (const double bar : bars)
    text += *most > *least ? kBars[static_cast<std::size_t>((bar - *least) / (*most - *least) * 7 + 0.5)]
                           : kBars[7];
  return text;
}

std::string eie_table(const RunResult& result) {
  const std::int64_t pes = result.accelerator.array.rows;
  Table table({{"layer", Table::Align::left},
               {"entries"},
               {"padding"},
               {"broadcasts"},
               {"theoretical"},
               {"walk"},
               {"balance"},
               {"queue full"},
               {"resident"},
               {"cold"}});
  Table loads({{"layer", Table::Align::left},
               {"least"},
               {"mean"},
               {"most"},
               {"work of the PEs, least to most", Table::Align::left}});
  bool any = false;
  for (const LayerResult& layer : result.layers) {
    if (!layer.actions.eie) continue;
    any = true;
    const arch::EieCounts& counts = *layer.actions.eie;
    const EieFigures figures = eie_figures(counts, pes);
    table.row({layer.name, grouped(counts.codebook_lookups), percent(figures.padding),
               grouped(counts.broadcasts), grouped(std::llround(figures.theoretical_cycles)),
               grouped(figures.walk_cycles), percent(figures.load_balance), percent(figures.queue_full),
               layer.weights_resident ? grouped(layer.weights_resident->cycles) : "do not fit",
               grouped(layer.cycles.total)});
    if (counts.work.empty()) continue;
    const auto [least, most] = std::minmax_element(counts.work.begin(), counts.work.end());
    loads.row({layer.name, grouped(*least), grouped(total(counts.work) / pes), grouped(*most),
               load_picture(counts.work)});
  }
  if (!any) return "";
  return table.text() +
         "(theoretical: entries / PEs; walk: first broadcast to last issue of all passes; resident: all "
         "cycles with the\n"
         "weights in the matrix SRAMs already; cold: with loading them)\n\n" +
         loads.text();
}

namespace {

/// Energy of the paper's modules, pJ: activation queue, pointer read, matrix read, arithmetic, activation
/// read and write.
using Modules = std::array<double, 5>;

void add_modules(const arch::Energy& energy, Modules& modules) {
  using workload::Operand;
  for (const arch::Energy::Part& part : energy.parts) {
    const double activations = part.by_operand[Operand::inputs] + part.by_operand[Operand::outputs];
    if (part.name == "queues") modules[0] += part.total;
    if (part.name == "pointers") modules[1] += part.total;
    if (part.name == "array") modules[3] += part.total;
    if (part.name == "registers") {  // of weights: the codebook
      modules[3] += part.by_operand[Operand::weights];
      modules[4] += activations;
    }
  }
}

}  // namespace

std::string power_table(const RunResult& result) {
  constexpr std::array<const char*, 5> kNames = {"activation queue", "pointer read", "matrix read",
                                                 "arithmetic", "activation read/write"};
  constexpr Modules kPaper = {0.112, 1.807, 4.955, 1.162, 1.122};  // mW
  const std::string& sram = result.accelerator.memory.back().name;
  Modules picojoules{};
  std::int64_t cycles = 0;
  for (const LayerResult& layer : result.layers) {
    if (!layer.actions.eie) continue;
    const auto& resident = layer.weights_resident;
    const arch::Energy& energy = resident ? resident->energy : layer.energy;
    cycles += resident ? resident->cycles : layer.cycles.total;
    add_modules(energy, picojoules);
    for (const arch::Energy::Part& part : energy.parts) {
      if (part.name != sram) continue;
      picojoules[2] += part.by_operand[workload::Operand::weights];
      picojoules[4] += part.total - part.by_operand[workload::Operand::weights];
    }
  }
  if (cycles == 0) return "";
  const double seconds = static_cast<double>(cycles) / result.accelerator.clock_hz;
  const double to_milliwatts = 1e-9 / (seconds * static_cast<double>(result.accelerator.array.rows));
  Table table({{"power of a PE", Table::Align::left}, {"mW"}, {"EIE paper"}});
  double sum = 0, paper = 0;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    table.row(
        {kNames[i], fmt::format("{:.3f}", picojoules[i] * to_milliwatts), fmt::format("{:.3f}", kPaper[i])});
    sum += picojoules[i] * to_milliwatts;
    paper += kPaper[i];
  }
  table.rule();
  table.row({"total", fmt::format("{:.3f}", sum), fmt::format("{:.3f}", paper)});
  return table.text();
}

nlohmann::ordered_json eie_json(const arch::EieCounts& counts, std::int64_t pes) {
  const EieFigures figures = eie_figures(counts, pes);
  return {{"broadcasts", counts.broadcasts},
          {"queue_pushes", counts.queue_pushes},
          {"queue_pops", counts.queue_pops},
          {"pointer_reads", counts.pointer_reads},
          {"matrix_reads", counts.matrix_reads},
          {"codebook_lookups", counts.codebook_lookups},
          {"padding_entries", counts.padding_entries},
          {"queue_full_cycles", counts.queue_full_cycles},
          {"starved_cycles", counts.starved_cycles},
          {"theoretical_cycles", figures.theoretical_cycles},
          {"walk_cycles", figures.walk_cycles},
          {"load_balance", figures.load_balance},
          {"work", counts.work}};
}

}  // namespace heddle::app
