#include "app/html/run_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/html/checked_json.h"

namespace heddle::html {
namespace {

using Json = nlohmann::ordered_json;

/// The one point's key.
constexpr const char* kRun = "run";
constexpr const char* kTotalEnergy = "total";
constexpr const char* kBits[] = {"read_bits", "write_bits"};
constexpr const char* kTensors[] = {"weights", "inputs", "outputs"};
/// The fidelities whose command has another spelling.
constexpr const char* kRtlFidelity = "rtl";

/// Values of a run that are shown as they are: their place in the JSON's total, column and unit.
struct Column {
  const char* key;
  const char* name;
  const char* unit;
};
constexpr Column kColumns[] = {
    {"seconds", "latency", "s"},
    {"energy_pj", "energy", "pJ"},
    {"edp_pj_s", "edp", "pJ s"},
    {"cycles", "cycles", "cycles"},
    {"compute_cycles", "compute_cycles", "cycles"},
    {"stall_cycles", "stall_cycles", "cycles"},
    {"macs", "macs", "MACs"},
    {"effective_macs", "effective_macs", "MACs"},
    {"utilization", "utilization", "share"},
    {"inferences_per_second", "inferences_per_second", "1/s"},
    {"tops", "tops", "TOPS"},
    {"tops_per_watt", "tops_per_watt", "TOPS/W"},
};

/// A word of a command line or of YAML that needs no quotes.
bool is_plain(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '/' || c == ':';
  });
}

std::string shell_word(const std::string& text) {
  if (is_plain(text)) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

/// YAML on one line.
std::string flow(const Json& json) {
  if (json.is_string() && is_plain(json.get<std::string>())) return json.get<std::string>();
  if (!json.is_structured()) return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string items;
  for (const auto& [key, value] : json.items()) {
    if (!items.empty()) items += ", ";
    items += json.is_object() ? fmt::format("{}: {}", key, flow(value)) : flow(value);
  }
  return json.is_object() ? "{" + items + "}" : "[" + items + "]";
}

/// YAML with a line for each key, and for each object of a list.
std::string yaml(const Json& object) {
  std::string text;
  for (const auto& [key, value] : object.items()) {
    if (value.is_array() && !value.empty() && value.front().is_object()) {
      text += key + ":\n";
      for (const Json& item : value) text += "  - " + flow(item) + "\n";
    } else {
      text += fmt::format("{}: {}\n", key, flow(value));
    }
  }
  return text;
}

/// `heddle map` writes the same JSON, with certificates.
bool is_map(const Checked& run) {
  for (const Checked& layer : run.array("layers")) {
    if (layer.has("certificate")) return true;
  }
  return false;
}

/// The command that gives these results; files that were given by path appear as the results name them.
std::string command(const Checked& run) {
  const Checked configuration = run.object("configuration");
  const bool map = is_map(run);
  std::string line = fmt::format("heddle {} {} --arch {}", map ? "map" : "run",
                                 shell_word(run.text("network")), shell_word(run.text("accelerator")));
  if (const std::string recipe = configuration.text("recipe"); recipe != "default")
    line += " --recipe " + shell_word(recipe);
  const std::string fidelity = run.text("fidelity");
  if (fidelity == kRtlFidelity) {
    line += run.has("rtl") ? " --array both" : " --array rtl";
  } else if (!map) {
    line += " --fidelity " + shell_word(fidelity);
  }
  const Checked options = configuration.object("options");
  for (const auto& [name, value] : options.json().items()) {
    if (name == "keep_on_chip") {
      line += " --keep-on-chip";
    } else if (map || name != "evaluations") {  // a run's number of evaluations is no option of it
      line += fmt::format(" --{} {}", name, shell_word(options.text(name)));
    }
  }
  return line + fmt::format(" --seed {}", run.whole_number("seed"));
}

bool is_eie(const Checked& accelerator) { return accelerator.object("array").text("unit") == "eie"; }

/// Bytes that a memory's port moved for a layer, read and written, after encoding.
double bytes(const Checked& memory) {
  double bits = 0;
  for (const char* tensor : kTensors) {
    const Checked traffic = memory.object(tensor);
    for (const char* direction : kBits) bits += traffic.number(direction);
  }
  return bits / 8;
}

Json layer_data(const Checked& layer, const Json& memories) {
  Json data = {{"name", layer.text("name")},       {"op", layer.text("op")},
               {"macs", layer.number("macs")},     {"effective_macs", layer.number("effective_macs")},
               {"cycles", layer.number("cycles")}, {"compute_cycles", layer.number("compute_cycles")}};
  const Checked stalls = layer.object("stalls");
  Json& causes = data["stalls"] = Json::object();
  for (const auto& [cause, cycles] : stalls.json().items()) causes[cause] = stalls.number(cause);
  const Checked energy = layer.object("energy_pj");
  Json& parts = data["energy_pj"] = Json::object();
  for (const auto& [part, value] : energy.json().items()) {
    if (part != kTotalEnergy) parts[part] = energy.number(part);
  }
  // A layer that did not end has no traffic.
  const Checked actions = layer.object("actions");
  Json& traffic = data["bytes"] = Json::object();
  for (const Json& memory : memories) {
    const std::string name = memory.at("name");
    if (actions.has(name)) traffic[name] = bytes(actions.object(name));
  }
  data["bound_by"] = layer.text("bound_by");
  return data;
}

/// The peak that the layers' utilizations are shares of; without any such layer, 0.
double peak_macs_per_cycle(const std::vector<Checked>& layers, bool effective) {
  double peak = 0;
  for (const Checked& layer : layers) {
    const double macs = layer.number(effective ? "effective_macs" : "macs");
    const double share = layer.number("utilization") * layer.number("cycles");
    if (share > 0) peak = std::max(peak, std::round(macs / share));
  }
  return peak;
}

Json configuration_texts(const Checked& run) {
  const Checked configuration = run.object("configuration");
  const Checked table = configuration.object("energy_table");
  Json texts = {{"accelerator", yaml(configuration.object("accelerator").json())},
                {"recipe", configuration.text("recipe")},
                {"energy table", fmt::format("{}, version {}", table.text("name"), table.text("version"))},
                {"seed", fmt::format("{}", run.whole_number("seed"))},
                {"inputs", fmt::format("{}", run.whole_number("batch"))}};
  const Checked options = configuration.object("options");
  for (const auto& [name, value] : options.json().items()) texts[name] = options.text(name);
  return texts;
}

Json details(const Checked& run) {
  const Checked accelerator = run.object("configuration").object("accelerator");
  Json memories = Json::array();
  for (const Checked& memory : accelerator.array("memory")) {
    memories.push_back({{"name", memory.text("name")}, {"bytes_per_cycle", memory.number("bandwidth")}});
  }
  const std::vector<Checked> layers = run.array("layers");
  const bool effective = is_eie(accelerator);
  Json data = {{"accelerator", run.text("accelerator")},
               {"network", run.text("network")},
               {"clock_hz", accelerator.number("clock")},
               {"peak_macs_per_cycle", peak_macs_per_cycle(layers, effective)},
               {"peak_of", effective ? "effective_macs" : "macs"},
               {"configuration", configuration_texts(run)}};
  Json& rows = data["layers"] = Json::array();
  for (const Checked& layer : layers) rows.push_back(layer_data(layer, memories));
  data["memories"] = std::move(memories);
  return data;
}

/// Why a run is not what was asked for: where it ended, and what its checks found.
std::string warning(const Checked& run) {
  std::string text = run.has("incomplete") ? run.text("incomplete") + "\n" : "";
  for (const Checked& layer : run.array("layers")) {
    const Checked checks = layer.object("checks");
    for (const char* check : {"reference", "rtl"}) {
      const std::string found = checks.text(check);
      if (found != "equal" && found != "not run")
        text += fmt::format("{}: {}: {}\n", layer.text("name"), check, found);
    }
  }
  return text;
}

}  // namespace

Json run_page_data(const Json& run_json) {
  if (!run_json.is_object() || !run_json.contains("heddle") || !run_json.contains("layers")) {
    throw InputError(
        Problem{.file = {},
                .key_path = {},
                .message = "has no \"heddle\" and \"layers\"; expected the JSON file of a heddle run"});
  }
  Problems problems;
  const Checked run(run_json, "", problems);
  Json columns = {"key", "state", "front", "fidelity", "network", "accelerator"};
  Json point = {kRun, "done", true, run.text("fidelity"), run.text("network"), run.text("accelerator")};
  Json units = Json::object();
  const Checked total = run.object("total");
  for (const Column& column : kColumns) {
    columns.push_back(column.name);
    units[column.name] = column.unit;
    point.push_back(total.number(column.key));
  }
  Json messages = Json::object();
  if (const std::string text = warning(run); !text.empty()) messages[kRun] = text;

  Json data = {{"heddle", run.text("heddle")},
               {"kind", "run"},
               {"title", fmt::format("{} on {}", run.text("network"), run.text("accelerator"))},
               {"command", command(run)},
               {"axes", Json::array()},
               {"derived", Json::array()},
               {"objectives", Json::array()},
               {"budgets", Json::array()},
               {"units", std::move(units)},
               {"columns", std::move(columns)},
               {"points", Json::array({std::move(point)})},
               {"messages", std::move(messages)},
               {"details", {{kRun, details(run)}}},
               {"refined", Json::array()},
               {"search", Json::array()}};
  problems.report();
  return data;
}

}  // namespace heddle::html
