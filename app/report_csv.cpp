#include "app/report_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/report_eie.h"

namespace heddle::app {
namespace {

/// Keeps columns in the order of their first mention; rows may mention them in any order.
class Sheet {
 public:
  void begin_row() { rows_.emplace_back(); }
  void set(const std::string& column, std::string text) {
    const auto [entry, is_new] = index_.try_emplace(column, columns_.size());
    if (is_new) columns_.push_back(column);
    rows_.back()[entry->second] = std::move(text);
  }
  void set(const std::string& column, std::int64_t number) { set(column, fmt::format("{}", number)); }
  void set(const std::string& column, double number) { set(column, fmt::format("{}", number)); }

  std::string text() const {
    std::string result;
    for (std::size_t c = 0; c < columns_.size(); ++c) result += (c == 0 ? "" : ",") + csv_cell(columns_[c]);
    result += '\n';
    for (const auto& row : rows_) {
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        if (c > 0) result += ',';
        const auto cell = row.find(c);
        if (cell != row.end()) result += csv_cell(cell->second);
      }
      result += '\n';
    }
    return result;
  }

 private:
  std::vector<std::string> columns_;
  std::map<std::string, std::size_t> index_;
  std::vector<std::map<std::size_t, std::string>> rows_;
};

void set_traffic(Sheet& sheet, const std::string& storage,
                 const workload::PerOperand<arch::Traffic>& tensors) {
  for (const workload::Operand operand : workload::kOperands) {
    const arch::Traffic& t = tensors[operand];
    const std::string prefix = storage + "_" + std::string(name(operand)) + "_";
    sheet.set(prefix + "read_elements", t.read_elements);
    sheet.set(prefix + "read_bits", t.read_bits);
    sheet.set(prefix + "write_elements", t.write_elements);
    sheet.set(prefix + "write_bits", t.write_bits);
  }
}

void set_eie(Sheet& sheet, const arch::EieCounts& counts, std::int64_t pes) {
  sheet.set("eie_broadcasts", counts.broadcasts);
  sheet.set("eie_queue_pushes", counts.queue_pushes);
  sheet.set("eie_queue_pops", counts.queue_pops);
  sheet.set("eie_pointer_reads", counts.pointer_reads);
  sheet.set("eie_matrix_reads", counts.matrix_reads);
  sheet.set("eie_codebook_lookups", counts.codebook_lookups);
  sheet.set("eie_padding_entries", counts.padding_entries);
  sheet.set("eie_queue_full_cycles", counts.queue_full_cycles);
  sheet.set("eie_starved_cycles", counts.starved_cycles);
  const EieFigures figures = eie_figures(counts, pes);
  sheet.set("eie_theoretical_cycles", figures.theoretical_cycles);
  sheet.set("eie_walk_cycles", figures.walk_cycles);
  sheet.set("eie_load_balance", figures.load_balance);
}

}  // namespace

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string report_csv(const RunResult& result) {
  Sheet sheet;
  for (const LayerResult& layer : result.layers) {
    sheet.begin_row();
    sheet.set("heddle", result.version);
    sheet.set("network", result.network);
    sheet.set("accelerator", result.accelerator.name);
    sheet.set("energy_table", result.energy_table + " " + result.energy_table_version);
    sheet.set("recipe", result.recipe.empty() ? "default" : result.recipe);
    sheet.set("fidelity", result.fidelity);
    sheet.set("seed", fmt::format("{}", result.seed));
    sheet.set("batch", result.batch);
    sheet.set("layer", layer.name);
    sheet.set("op", layer.op);
    sheet.set("macs", layer.macs);
    sheet.set("effective_macs", layer.effective_macs);
    sheet.set("cycles", layer.cycles.total);
    sheet.set("compute_cycles", layer.cycles.compute);
    sheet.set("stall_cycles", stall_cycles(layer.cycles));
    for (std::size_t cause = 0; cause < layer.cycles.stalls.size(); ++cause) {
      sheet.set("stall_" + std::string(arch::name(static_cast<arch::Stall>(cause))) + "_cycles",
                layer.cycles.stalls[cause]);
    }
    sheet.set("utilization", layer.utilization);
    sheet.set("bound_by", layer.bound_by);
    sheet.set("energy_pj", layer.energy.total);
    for (const auto& part : layer.energy.parts) sheet.set("energy_" + part.name + "_pj", part.total);
    for (std::size_t i = 0; i < layer.actions.memory.size() && i < result.accelerator.memory.size(); ++i) {
      set_traffic(sheet, result.accelerator.memory[i].name, layer.actions.memory[i]);
    }
    set_traffic(sheet, "registers", layer.actions.registers);
    sheet.set("multiplies", layer.actions.multiplies);
    sheet.set("gated_multiplies", layer.actions.gated_multiplies);
    sheet.set("adds", layer.actions.adds);
    sheet.set("requantizations", layer.actions.requantizations);
    sheet.set("vector_operations", layer.actions.vector_operations);
    sheet.set("dram_bursts", layer.actions.dram_bursts);
    if (layer.actions.eie) set_eie(sheet, *layer.actions.eie, result.accelerator.array.rows);
    if (layer.weights_resident) {
      sheet.set("weights_resident_cycles", layer.weights_resident->cycles);
      sheet.set("weights_resident_energy_pj", layer.weights_resident->energy.total);
    }
    sheet.set("output_sha256", layer.output_sha256);
    sheet.set("check_reference", layer.check_reference);
    sheet.set("check_rtl", layer.check_rtl);
  }
  return sheet.text();
}

}  // namespace heddle::app
