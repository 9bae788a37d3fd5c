#include "app/sweep/evaluate.h"

#include <fmt/format.h>

#include <map>
#include <new>

#include "app/edited_files.h"
#include "app/integer_run.h"
#include "app/layer_figures.h"
#include "app/pipeline.h"
#include "arch/area.h"
#include "support/error.h"

namespace heddle::sweep {
namespace {

Json nonzero(const arch::CycleCounts& cycles) {
  Json json = Json::object();
  for (std::size_t cause = 0; cause < cycles.stalls.size(); ++cause) {
    if (cycles.stalls[cause] > 0)
      json[std::string(arch::name(static_cast<arch::Stall>(cause)))] = cycles.stalls[cause];
  }
  return json;
}

/// Bytes read and written at each memory.
Json traffic(const app::LayerResult& layer, const arch::Accelerator& accelerator) {
  Json json = Json::object();
  for (std::size_t i = 0; i < layer.actions.memory.size() && i < accelerator.memory.size(); ++i) {
    std::int64_t bits = 0;
    for (const workload::Operand operand : workload::kOperands)
      bits += layer.actions.memory[i][operand].read_bits + layer.actions.memory[i][operand].write_bits;
    json[accelerator.memory[i].name] = (bits + 7) / 8;
  }
  return json;
}

Json layers_of(const app::RunResult& run) {
  Json layers = Json::array();
  for (const app::LayerResult& layer : run.layers) {
    Json energy = Json::object();
    for (const auto& part : layer.energy.parts) {
      if (part.total > 0) energy[part.name] = part.total;
    }
    layers.push_back({{"name", layer.name},
                      {"op", layer.op},
                      {"macs", layer.macs},
                      {"effective_macs", layer.effective_macs},
                      {"cycles", layer.cycles.total},
                      {"compute_cycles", layer.cycles.compute},
                      {"stalls", nonzero(layer.cycles)},
                      {"energy_pj", std::move(energy)},
                      {"bytes", traffic(layer, run.accelerator)},
                      {"bound_by", layer.bound_by}});
  }
  return layers;
}

Json machine_of(const app::RunResult& run) {
  Json memories = Json::array();
  for (const arch::MemoryLevel& level : run.accelerator.memory)
    memories.push_back({{"name", level.name}, {"bytes_per_cycle", level.bandwidth}});
  return {{"name", run.accelerator.name},
          {"network", run.network},
          {"clock_hz", run.accelerator.clock_hz},
          {"peak_macs_per_cycle", app::peak_macs_per_cycle(run.accelerator)},
          {"peak_of", run.accelerator.array.eie ? "effective_macs" : "macs"},
          {"memories", std::move(memories)}};
}

/// Square millimetres; 0: the table has no areas.
double area_of(const app::RunOptions& options, const app::ConfigLibrary& library, const app::RunResult& run) {
  const auto file = library.find(app::ConfigKind::accelerator, options.arch);
  const arch::EnergyTable table = arch::read_energy_table(app::edited_document(
      app::energy_table_of(run.accelerator.energy, file, library), "energy", options.edits));
  return table.area ? arch::area(run.accelerator, table).total : 0;
}

/// `eie`: whether the array is the eie unit, which has an arithmetic of its own. Nothing else of the machine
/// matters.
app::Accuracy accuracy_of(const app::RunOptions& options, const app::ConfigLibrary& library, bool eie) {
  // All points with the same network, recipe and data compute the same; a worker sees many of them.
  static std::map<std::string, app::Accuracy> known;
  Json key = {options.network,
              options.recipe.value_or(""),
              options.input->string(),
              options.labels->string(),
              options.calibration.value_or("").string(),
              options.seed,
              eie};
  for (const yaml::Edit& edit : options.edits) {
    if (edit.key.starts_with("network.") || edit.key.starts_with("recipe."))
      key.push_back({edit.key, edit.value});
  }
  const auto found = known.find(key.dump());
  if (found != known.end()) return found->second;
  const app::Accuracy accuracy =
      app::reference_accuracy(options, library);  // may throw: then nothing is known
  return known[key.dump()] = accuracy;
}

Json failed(const std::string& message) { return {{"state", "failed"}, {"message", message}}; }

}  // namespace

Json results_of(const app::RunResult& run, double area_mm2) {
  Json results = Json::object();
  for (const app::LayerResult& layer : run.layers) {
    for (const app::Figure& figure : app::layer_figures(layer, run.accelerator)) {
      if (!figure.adds_up) continue;
      Json& sum = results[figure.name];
      if (const auto* count = std::get_if<std::int64_t>(&figure.value)) {
        sum = (sum.is_null() ? 0 : sum.get<std::int64_t>()) + *count;
      } else {
        sum = (sum.is_null() ? 0.0 : sum.get<double>()) + std::get<double>(figure.value);
      }
    }
  }
  const app::Totals totals = run.totals();
  constexpr double kJoulesPerPicojoule = 1e-12;
  results["batch"] = run.batch;
  results["latency"] = totals.seconds;
  results["energy"] = totals.energy_pj;
  results["edp"] = totals.edp_pj_s;
  results["power"] = totals.seconds > 0 ? totals.energy_pj * kJoulesPerPicojoule / totals.seconds : 0;
  results["utilization"] = totals.utilization;
  results["inferences_per_second"] = totals.inferences_per_second;
  results["tops"] = totals.tops;
  results["tops_per_watt"] = totals.tops_per_watt;
  if (area_mm2 > 0) results["area"] = area_mm2;
  if (run.accuracy.of_integer) results["accuracy"] = *run.accuracy.of_integer;
  if (run.accuracy.of_float) results["accuracy_float"] = *run.accuracy.of_float;
  return results;
}

std::string unit_of(const std::string& result) {
  static const std::map<std::string, std::string> units = {{"latency", "s"},
                                                           {"energy", "pJ"},
                                                           {"edp", "pJ s"},
                                                           {"power", "W"},
                                                           {"area", "mm2"},
                                                           {"batch", "inputs"},
                                                           {"macs", "MACs"},
                                                           {"effective_macs", "MACs"},
                                                           {"cycles", "cycles"},
                                                           {"tops", "TOPS"},
                                                           {"tops_per_watt", "TOPS/W"},
                                                           {"inferences_per_second", "1/s"}};
  if (const auto found = units.find(result); found != units.end()) return found->second;
  for (const auto& [ending, unit] :
       {std::pair{"_pj", "pJ"}, {"_cycles", "cycles"}, {"_bits", "bits"}, {"_elements", "elements"}}) {
    if (result.ends_with(ending)) return unit;
  }
  return "";
}

Json evaluate(const app::RunOptions& options, const app::ConfigLibrary& library) {
  try {
    app::Progress quiet(true);
    app::RunResult run = app::run(options, library, quiet);
    if (!run.incomplete.empty()) return failed(run.incomplete);
    for (const app::LayerResult& layer : run.layers) {
      if (app::is_difference(layer.check_reference))
        return failed(
            fmt::format("layer {} differs from its reference: {}", layer.name, layer.check_reference));
    }
    if (options.labels && options.fidelity == app::kAnalytical) {
      if (!options.input) return failed("labels: need the key \"input\", the inputs that they label");
      run.accuracy = accuracy_of(options, library, run.accelerator.array.eie.has_value());
    }
    return {{"state", "done"},
            {"results", results_of(run, area_of(options, library, run))},
            {"machine", machine_of(run)},
            {"layers", layers_of(run)},
            {"mapper", {{"layers", run.mapped.layers}, {"cached", run.mapped.cached}}}};
  } catch (const InputError& error) {
    return failed(error.what());
  } catch (const std::bad_alloc&) {
    return failed("out of memory");
  } catch (const std::exception& error) {
    return failed(fmt::format("internal error: {}", error.what()));
  }
}

}  // namespace heddle::sweep
