#include "app/report_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/layer_figures.h"

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
    for (const Figure& figure : layer_figures(layer, result.accelerator))
      std::visit([&](const auto value) { sheet.set(figure.name, value); }, figure.value);
    sheet.set("bound_by", layer.bound_by);
    sheet.set("output_sha256", layer.output_sha256);
    sheet.set("check_reference", layer.check_reference);
    sheet.set("check_rtl", layer.check_rtl);
  }
  return sheet.text();
}

}  // namespace heddle::app
