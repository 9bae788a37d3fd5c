// What the database knows, as one JSON: docs/sweeps.md.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "app/report_csv.h"
#include "app/sweep/evaluate.h"
#include "app/sweep/results.h"
#include "app/version.h"
#include "support/error.h"

namespace heddle::sweep {
namespace {

using Ordered = nlohmann::ordered_json;

/// Points whose layers go along: the fronts', then others. Seventy layers are some 30 kB.
constexpr std::size_t kMostDetails = 120;

/// Results that every page shows, in this order; the others follow when they differ between points.
const std::vector<std::string> kMain = {"latency",
                                        "energy",
                                        "edp",
                                        "area",
                                        "power",
                                        "accuracy",
                                        "cycles",
                                        "utilization",
                                        "tops",
                                        "tops_per_watt",
                                        "inferences_per_second",
                                        "energy_pj"};

struct Row {
  Member member;
  StoredPoint point;
};

std::vector<Row> rows_of(Store& store) {
  std::vector<Row> rows;
  for (Member& member : store.members()) {
    auto point = store.point(member.key);
    if (point) rows.push_back({std::move(member), std::move(*point)});
  }
  return rows;
}

/// Main results, then cycles and energies by cause and part, then, if `all` are wanted, every counter.
std::vector<std::string> result_names(const std::vector<Row>& rows, bool all) {
  std::set<std::string> present;
  for (const Row& row : rows) {
    for (const auto& [name, value] : row.point.results.items()) present.insert(name);
  }
  std::vector<std::string> names;
  for (const std::string& name : kMain) {
    if (present.erase(name) > 0) names.push_back(name);
  }
  for (const std::string& name : present) {
    if (all || name.starts_with("stall_") || name.starts_with("energy_")) names.push_back(name);
  }
  return names;
}

std::string state_of(const Row& row) {
  if (row.point.state != "done") return "failed";
  return row.member.within_budget.value_or(true) ? "done" : "over budget";
}

Ordered configuration_of(const StoredPoint& point) {
  Ordered configuration = Ordered::object();
  for (const Json& setting : point.settings) configuration[setting.at(0).get<std::string>()] = setting.at(1);
  return configuration;
}

Ordered details_of(Store& store, const StoredPoint& point) {
  Ordered details = point.machine;
  details["accelerator"] = point.machine.value("name", "");
  details["configuration"] = configuration_of(point);
  details["layers"] = store.layers(point.key);
  return details;
}

Ordered refined_of(Store& store, const std::vector<std::string>& objectives) {
  Ordered list = Ordered::array();
  for (const Refined& each : store.refined()) {
    const auto analyzed = store.point(each.key), simulated = store.point(each.simulated);
    if (!analyzed || !simulated || analyzed->state != "done" || simulated->state != "done") continue;
    Ordered entry = {{"key", each.key}, {"fidelity", simulated->fidelity}};
    for (const std::string& name : objectives) {
      if (!analyzed->results.contains(name) || !simulated->results.contains(name)) continue;
      entry["analytical"][name] = analyzed->results.at(name);
      entry["simulated"][name] = simulated->results.at(name);
    }
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

nlohmann::ordered_json results_json(Store& store, bool all_results) {
  const std::vector<Row> rows = rows_of(store);
  const std::vector<std::string> results = result_names(rows, all_results);
  Ordered json = {{"heddle", store.text("heddle")},
                  {"kind", "sweep"},
                  {"title", store.text("name")},
                  {"command", store.text("command")},
                  {"source", store.text("file")}};
  Ordered axes = Ordered::array(), derived = axes, objectives = axes, budgets = axes;
  std::vector<std::string> columns = {"key", "state", "front", "fidelity", "workload", "origin"};
  std::vector<std::string> values, goals;
  for (const Column& column : store.columns()) {
    if (column.role == "axis") {
      axes.push_back({{"name", column.name},
                      {"keys", column.detail.at("keys")},
                      {"values", column.detail.at("values")}});
      values.push_back(column.name);
    } else if (column.role == "derived") {
      derived.push_back(column.name);
      values.push_back(column.name);
    } else if (column.role == "objective") {
      objectives.push_back(
          {{"name", column.name}, {"goal", column.detail.at("goal")}, {"unit", column.unit}});
      goals.push_back(column.name);
    } else {
      budgets.push_back(column.name);
    }
  }
  columns.insert(columns.end(), values.begin(), values.end());
  // Objectives that are arithmetic are columns, too.
  std::vector<std::string> shown = results;
  for (const std::string& goal : goals) {
    if (std::find(shown.begin(), shown.end(), goal) == shown.end() &&
        std::find(columns.begin(), columns.end(), goal) == columns.end())
      shown.insert(shown.begin(), goal);
  }
  columns.insert(columns.end(), shown.begin(), shown.end());
  Ordered units = Ordered::object();
  for (const std::string& name : shown) {
    if (const std::string unit = unit_of(name); !unit.empty()) units[name] = unit;
  }
  json["axes"] = std::move(axes);
  json["derived"] = std::move(derived);
  json["objectives"] = std::move(objectives);
  json["budgets"] = std::move(budgets);
  json["units"] = std::move(units);
  json["columns"] = columns;

  Ordered points = Ordered::array();
  Ordered messages = Ordered::object();
  std::vector<const Row*> detailed, others;
  for (const Row& row : rows) {
    Ordered cells = {row.member.key,     state_of(row),       row.member.front.value_or(false),
                     row.point.fidelity, row.member.workload, row.member.origin};
    for (const std::string& name : values) cells.push_back(Ordered(row.member.values.value(name, Json())));
    for (const std::string& name : shown) {
      const auto goal = row.member.objectives.find(name);
      if (goal != row.member.objectives.end()) {
        cells.push_back(Ordered(*goal));
      } else {
        cells.push_back(
            Ordered(row.point.results.is_null() ? Json() : row.point.results.value(name, Json())));
      }
    }
    points.push_back(std::move(cells));
    if (row.point.state != "done") {
      messages[row.member.key] = row.point.message;
    } else {
      (row.member.front.value_or(false) ? detailed : others).push_back(&row);
    }
  }
  detailed.insert(detailed.end(), others.begin(), others.end());
  json["points"] = std::move(points);
  json["messages"] = std::move(messages);
  Ordered details = Ordered::object();
  for (std::size_t i = 0; i < std::min(detailed.size(), kMostDetails); ++i)
    details[detailed[i]->member.key] = details_of(store, detailed[i]->point);
  json["details"] = std::move(details);
  json["refined"] = refined_of(store, goals);
  Ordered search = Ordered::array();
  for (const Volume& volume : store.volumes()) {
    search.push_back({{"method", volume.method},
                      {"workload", volume.workload},
                      {"evaluations", volume.evaluations},
                      {"hypervolume", volume.hypervolume}});
  }
  json["search"] = std::move(search);
  double seconds = 0;
  std::int64_t computed = 0, layers = 0, cached = 0;
  for (const Session& session : store.sessions()) {
    seconds += session.seconds;
    computed += session.computed;
    layers += session.layers;
    cached += session.cached;
  }
  json["engine"] = {{"points", rows.size()},
                    {"computed", computed},
                    {"seconds", seconds},
                    {"points_per_second", seconds > 0 ? static_cast<double>(computed) / seconds : 0},
                    {"layers_mapped", layers},
                    {"mappings_from_cache", cached}};
  return json;
}

nlohmann::ordered_json page_data(const std::filesystem::path& results) {
  const bool folder = std::filesystem::is_directory(results);
  const std::filesystem::path file = folder ? results / "sweep.db" : results;
  if (!std::filesystem::exists(file)) {
    throw InputError(results.string(), folder
                                           ? "holds no sweep.db; expected the folder of a sweep's results"
                                           : "there is no such file; expected a sweep's folder or database");
  }
  Store store = Store::read(file);
  return results_json(store, false);
}

std::string results_csv(Store& store) {
  const Ordered json = results_json(store, true);
  std::string text;
  const auto line = [&](const Ordered& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const Ordered& cell = cells[i];
      text += (i == 0 ? "" : ",");
      if (!cell.is_null()) text += app::csv_cell(cell.is_string() ? cell.get<std::string>() : cell.dump());
    }
    text += '\n';
  };
  line(json.at("columns"));
  for (const Ordered& row : json.at("points")) line(row);
  return text;
}

}  // namespace heddle::sweep
