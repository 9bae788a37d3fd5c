#include "app/report_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/command_line.h"
#include "app/report_eie.h"
#include "app/table.h"

namespace heddle::app {
namespace {

using Align = Table::Align;

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

/// Stall causes that cost a cycle in some layer.
std::vector<std::size_t> causes(const RunResult& result) {
  std::vector<std::size_t> present;
  for (std::size_t cause = 0; cause < arch::kStallCount; ++cause) {
    if (std::any_of(result.layers.begin(), result.layers.end(),
                    [&](const LayerResult& layer) { return layer.cycles.stalls[cause] > 0; })) {
      present.push_back(cause);
    }
  }
  return present;
}

/// Parts of the energy that cost something in some layer, in the first layer's order.
std::vector<std::string> parts(const RunResult& result) {
  std::vector<std::string> names;
  for (const LayerResult& layer : result.layers) {
    for (const auto& part : layer.energy.parts) {
      if (part.total == 0) continue;
      if (std::find(names.begin(), names.end(), part.name) == names.end()) names.push_back(part.name);
    }
  }
  return names;
}

double part_pj(const arch::Energy& energy, const std::string& name) {
  double sum = 0;
  for (const auto& part : energy.parts) sum += part.name == name ? part.total : 0.0;
  return sum;
}

std::string check(const LayerResult& layer) {
  if (is_difference(layer.check_reference) || is_difference(layer.check_rtl)) return "DIFFERS";
  return layer.check_reference == "equal" || layer.check_rtl == "equal" ? "equal" : "not run";
}

/// Who made the mappings.
std::string mappings(const RunResult& result) {
  std::string text;
  for (const auto& [key, value] : result.options) {
    if (key == "mapping" || key == "search") text += ", mappings " + value;
    if (key == "objective") text += " for " + value;
  }
  return text;
}

std::string picojoules(double pj) { return scaled(pj * 1e-12, "J"); }

}  // namespace

std::string cycle_table(const RunResult& result) {
  const std::vector<std::size_t> present = causes(result);
  std::vector<Table::Column> columns = {
      {"layer", Align::left}, {"op", Align::left}, {"MACs"}, {"cycles"}, {"util"}};
  for (const std::size_t cause : present)
    columns.push_back({std::string(arch::name(static_cast<arch::Stall>(cause)))});
  columns.push_back({"bound by", Align::left});
  columns.push_back({"reference", Align::left});

  Table table(std::move(columns));
  std::array<std::int64_t, arch::kStallCount> stalls{};
  for (const LayerResult& layer : result.layers) {
    std::vector<std::string> cells = {layer.name, layer.op, layer.macs > 0 ? grouped(layer.macs) : "",
                                      grouped(layer.cycles.total),
                                      layer.macs > 0 ? percent(layer.utilization) : ""};
    for (const std::size_t cause : present) {
      cells.push_back(percent(share(layer.cycles.stalls[cause], layer.cycles.total)));
      stalls[cause] += layer.cycles.stalls[cause];
    }
    cells.push_back(layer.bound_by);
    cells.push_back(check(layer));
    table.row(std::move(cells));
  }
  const Totals total = result.totals();
  table.rule();
  std::vector<std::string> cells = {"total", "", grouped(total.macs), grouped(total.cycles),
                                    percent(total.utilization)};
  for (const std::size_t cause : present) cells.push_back(percent(share(stalls[cause], total.cycles)));
  cells.insert(cells.end(), {"", result.passed() ? "" : "DIFFERS"});
  table.row(std::move(cells));
  return table.text();
}

std::string energy_table(const RunResult& result) {
  const std::vector<std::string> names = parts(result);
  std::vector<Table::Column> columns = {{"layer", Align::left}, {"energy"}};
  for (const std::string& name : names) columns.push_back({name});
  Table table(std::move(columns));
  std::vector<double> sums(names.size(), 0.0);
  for (const LayerResult& layer : result.layers) {
    std::vector<std::string> cells = {layer.name, picojoules(layer.energy.total)};
    for (std::size_t p = 0; p < names.size(); ++p) {
      const double pj = part_pj(layer.energy, names[p]);
      sums[p] += pj;
      cells.push_back(picojoules(pj));
    }
    table.row(std::move(cells));
  }
  table.rule();
  std::vector<std::string> cells = {"total", picojoules(result.totals().energy_pj)};
  for (const double sum : sums) cells.push_back(picojoules(sum));
  table.row(std::move(cells));
  return table.text();
}

std::string stay_text(const StayOnChip& stay) {
  const auto change = [](double before, double after) {
    return fmt::format("{:+.1f} %", before > 0 ? 100 * (after / before - 1) : 0.0);
  };
  return fmt::format("{} tensor{}, {:.1f} KiB; energy {}, cycles {}", stay.tensors.size(),
                     stay.tensors.size() == 1 ? "" : "s", static_cast<double>(stay.bytes) / 1024,
                     change(stay.before.energy_pj, stay.after.energy_pj),
                     change(static_cast<double>(stay.before.cycles), static_cast<double>(stay.after.cycles)));
}

std::string summary(const RunResult& result) {
  const Totals total = result.totals();
  const auto batch = static_cast<double>(result.batch);
  std::string text;
  const auto line = [&](const std::string& title, const std::string& value) {
    text += fmt::format("{:<20}{}\n", title, value);
  };
  line("time", fmt::format("{:.3f} ms for {} input{} at {}", total.seconds * 1e3, grouped(result.batch),
                           result.batch == 1 ? "" : "s", scaled(result.accelerator.clock_hz, "Hz")));
  line("throughput", fmt::format("{:.1f} inferences/s", total.inferences_per_second));
  line("energy", fmt::format("{:.4g} mJ per inference", total.energy_pj * 1e-9 / batch));
  line("effective TOPS", fmt::format("{:.3f}", total.tops));
  line("effective TOPS/W", fmt::format("{:.3f}", total.tops_per_watt));
  line("multiplies", fmt::format("{} {} for {} MACs ({})", grouped(total.effective_macs),
                                 result.fidelity == kAnalytical ? "expected" : "performed",
                                 grouped(total.macs), percent(share(total.effective_macs, total.macs))));
  const Accuracy& accuracy = result.accuracy;
  if (accuracy.of_float) {
    line("accuracy, float",
         fmt::format("{:.2f} % of {} inputs", 100 * *accuracy.of_float, grouped(accuracy.images)));
  }
  if (accuracy.of_integer) {
    line("accuracy, machine",
         fmt::format("{:.2f} % of {} inputs", 100 * *accuracy.of_integer, grouped(accuracy.images)));
  }
  if (result.stay_on_chip) line("stay on chip", stay_text(*result.stay_on_chip));
  if (result.rtl) {
    line(
        "model and RTL agree",
        fmt::format("{} cycles ({} clocked), {} port values, {} results, {} outputs, {} counts",
                    grouped(result.rtl->cycles), grouped(result.rtl->clocked), grouped(result.rtl->ports),
                    grouped(result.rtl->results), grouped(result.rtl->outputs), grouped(result.rtl->events)));
  }
  line("configuration",
       fmt::format("{} on {}, fidelity {}, energy table {} {}, recipe {}{}, seed {}, heddle {}",
                   result.network, result.accelerator.name, result.fidelity, result.energy_table,
                   result.energy_table_version, result.recipe.empty() ? "default" : result.recipe,
                   mappings(result), result.seed, result.version));
  return text;
}

std::string report_table(const RunResult& result) {
  std::string text = cycle_table(result) + "\n" + energy_table(result) + "\n";
  if (const std::string eie = eie_table(result); !eie.empty())
    text += eie + "\n" + power_table(result) + "\n";
  text += summary(result);
  for (const LayerResult& layer : result.layers) {
    if (is_difference(layer.check_reference))
      text += fmt::format("{}: reference: {}\n", layer.name, layer.check_reference);
    if (is_difference(layer.check_rtl)) text += fmt::format("{}: rtl: {}\n", layer.name, layer.check_rtl);
  }
  return text;
}

}  // namespace heddle::app
