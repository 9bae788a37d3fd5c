// Energy tables: reading them, and reading between their rows.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "arch/energy.h"
#include "support/yaml.h"

namespace heddle::arch {
namespace {

constexpr double kMostPicojoules = 1e9;
constexpr double kLeastSquareMicrometres = 1e-9;  // rows are interpolated in logarithms
constexpr double kMostSquareMicrometres = 1e9;

double read_picojoules(const yaml::Value& map) { return map.required("pj").number(0, kMostPicojoules); }

void check_ascending(const yaml::Value& value, const std::vector<EnergyPoint>& points, const char* key) {
  if (value.is_list() && points.empty()) value.problem("expected at least one row");
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (points[i].key <= points[i - 1].key) {
      value.problem(fmt::format("row {}: expected ascending {}, got {} after {}", i + 1, key, points[i].key,
                                points[i - 1].key));
    }
  }
}

std::vector<EnergyPoint> read_widths(const yaml::Value& value) {
  std::vector<EnergyPoint> points;
  for (const yaml::Value& row : value.elements()) {
    row.only_keys({"bits", "pj"});
    points.push_back({static_cast<double>(row.required("bits").integer(1, 1024)), read_picojoules(row)});
  }
  check_ascending(value, points, "bits");
  return points;
}

std::vector<EnergyPoint> read_capacities(const yaml::Value& value) {
  std::vector<EnergyPoint> points;
  for (const yaml::Value& row : value.elements()) {
    row.only_keys({"size", "pj"});
    const EnergyPoint point{static_cast<double>(row.required("size").bytes()), read_picojoules(row)};
    if (point.picojoules <= 0)
      row.problem("expected an energy above 0: capacities between the rows are interpolated in logarithms");
    points.push_back(point);
  }
  check_ascending(value, points, "sizes");
  return points;
}

std::vector<AreaTable::Row> read_areas(const yaml::Value& value) {
  std::vector<AreaTable::Row> rows;
  for (const yaml::Value& row : value.elements()) {
    row.only_keys({"bits", "um2"});
    rows.push_back({static_cast<double>(row.required("bits").integer(1, 1024)),
                    row.required("um2").number(kLeastSquareMicrometres, kMostSquareMicrometres)});
    if (rows.size() > 1 && rows.back().bits <= rows[rows.size() - 2].bits)
      row.problem("expected ascending bits");
  }
  if (value.is_list() && rows.empty()) value.problem("expected at least one row");
  return rows;
}

AreaTable read_area(const yaml::Value& value) {
  AreaTable table;
  value.only_keys({"source", "int_add", "int_multiply", "register_bit", "sram_bit"});
  table.source = value.required("source").text();
  table.int_add = read_areas(value.required("int_add"));
  table.int_multiply = read_areas(value.required("int_multiply"));
  table.register_bit_um2 = value.required("register_bit").number(0, kMostSquareMicrometres);
  table.sram_bit_um2 = value.required("sram_bit").number(0, kMostSquareMicrometres);
  return table;
}

/// Linear between two rows, proportional to the width outside them.
double by_width(const std::vector<EnergyPoint>& points, double bits) {
  if (points.empty()) return 0;
  if (bits <= points.front().key) return points.front().picojoules * bits / points.front().key;
  if (bits >= points.back().key) return points.back().picojoules * bits / points.back().key;
  const auto above = std::upper_bound(points.begin(), points.end(), bits,
                                      [](double b, const EnergyPoint& p) { return b < p.key; });
  const auto below = above - 1;
  return std::lerp(below->picojoules, above->picojoules, (bits - below->key) / (above->key - below->key));
}

/// A straight line in logarithms between two rows, the square root of the capacity outside them.
double by_capacity(const std::vector<EnergyPoint>& points, double bytes) {
  if (points.empty()) return 0;
  const auto root_from = [&](const EnergyPoint& point) {
    return point.picojoules * std::sqrt(bytes / point.key);
  };
  if (bytes <= points.front().key) return root_from(points.front());
  if (bytes >= points.back().key) return root_from(points.back());
  const auto above = std::upper_bound(points.begin(), points.end(), bytes,
                                      [](double b, const EnergyPoint& p) { return b < p.key; });
  const auto below = above - 1;
  if (bytes == below->key) return below->picojoules;
  const double share = std::log(bytes / below->key) / std::log(above->key / below->key);
  return below->picojoules * std::pow(above->picojoules / below->picojoules, share);
}

}  // namespace

double EnergyTable::add(double bits) const { return by_width(int_add, bits); }

double EnergyTable::multiply(double weight_bits, double input_bits) const {
  return by_width(int_multiply, (weight_bits + input_bits) / 2);
}

double EnergyTable::register_access(double bits) const { return register_pj * bits / register_bits; }

double EnergyTable::sram_access(double bits, double capacity_bytes) const {
  return by_capacity(sram, capacity_bytes) * bits / sram_bits;
}

double EnergyTable::dram_access(double bits) const { return dram_pj * bits / dram_bits; }

EnergyTable read_energy_table(const std::filesystem::path& file) {
  return read_energy_table(yaml::Document::load(file));
}

EnergyTable read_energy_table(const yaml::Document& document) {
  const yaml::Value root = document.root();
  EnergyTable table;
  root.only_keys({"name", "version", "source", "notes", "int_add", "int_multiply", "register", "sram", "dram",
                  "cycle", "area"});
  if (!root.is_map()) document.finish();
  table.name = root.required("name").text();
  table.version = root.required("version").text();
  table.source = root.required("source").text();
  if (const auto notes = root.optional("notes")) {
    for (const yaml::Value& note : notes->elements()) table.notes.push_back(note.text());
  }
  table.int_add = read_widths(root.required("int_add"));
  table.int_multiply = read_widths(root.required("int_multiply"));

  const yaml::Value registers = root.required("register");
  registers.only_keys({"bits", "pj"});
  table.register_bits = static_cast<double>(registers.required("bits").integer(1, 1024));
  table.register_pj = read_picojoules(registers);

  const yaml::Value sram = root.required("sram");
  sram.only_keys({"bits", "rows"});
  table.sram_bits = static_cast<double>(sram.required("bits").integer(1, 4096));
  table.sram = read_capacities(sram.required("rows"));

  const yaml::Value dram = root.required("dram");
  dram.only_keys({"bits", "pj"});
  table.dram_bits = static_cast<double>(dram.required("bits").integer(1, 4096));
  table.dram_pj = read_picojoules(dram);

  if (const auto cycle = root.optional("cycle")) {
    cycle->only_keys({"pj"});
    table.cycle_pj = read_picojoules(*cycle);
  }
  if (const auto area = root.optional("area")) table.area = read_area(*area);
  document.finish();
  return table;
}

}  // namespace heddle::arch
