#include "app/report_json.h"

#include <fmt/format.h>

#include "app/report_eie.h"

namespace heddle::app {
namespace {

using Json = nlohmann::ordered_json;
using workload::kOperands;
using workload::PerOperand;

Json traffic(const PerOperand<arch::Traffic>& tensors) {
  Json json = Json::object();
  for (const workload::Operand operand : kOperands) {
    const arch::Traffic& t = tensors[operand];
    json[std::string(name(operand))] = {{"read_elements", t.read_elements},
                                        {"read_bits", t.read_bits},
                                        {"write_elements", t.write_elements},
                                        {"write_bits", t.write_bits}};
  }
  return json;
}

Json actions(const arch::ActionCounts& counts, const arch::Accelerator& accelerator) {
  Json json = Json::object();
  for (std::size_t level = 0; level < counts.memory.size() && level < accelerator.memory.size(); ++level) {
    Json& memory = json[accelerator.memory[level].name];
    memory = traffic(counts.memory[level]);
    if (accelerator.memory[level].kind == arch::MemoryLevel::Kind::dram)
      memory["bursts"] = counts.dram_bursts;
  }
  json["registers"] = traffic(counts.registers);
  json["array"] = {{"multiplies", counts.multiplies},
                   {"gated_multiplies", counts.gated_multiplies},
                   {"adds", counts.adds}};
  if (counts.eie) json["eie"] = eie_json(*counts.eie, accelerator.array.rows);
  json["ppu"] = {{"requantizations", counts.requantizations},
                 {"vector_operations", counts.vector_operations}};
  return json;
}

Json energy(const arch::Energy& energy) {
  Json json = {{"total", energy.total}};
  for (const auto& part : energy.parts) json[part.name] = part.total;
  return json;
}

/// Parts that know tensors: a memory level or the registers.
Json energy_by_tensor(const arch::Energy& energy) {
  Json json = Json::object();
  for (const auto& part : energy.parts) {
    double known = 0;
    for (const workload::Operand operand : kOperands) known += part.by_operand[operand];
    if (known == 0) continue;
    for (const workload::Operand operand : kOperands) {
      json[part.name][std::string(name(operand))] = part.by_operand[operand];
    }
  }
  return json;
}

Json stalls(const arch::CycleCounts& cycles) {
  Json json = Json::object();
  for (std::size_t cause = 0; cause < cycles.stalls.size(); ++cause) {
    json[std::string(arch::name(static_cast<arch::Stall>(cause)))] = cycles.stalls[cause];
  }
  return json;
}

Json loops(const std::vector<arch::Loop>& list) {
  Json json = Json::array();
  for (const arch::Loop& loop : list) json.push_back(fmt::format("{} {}", letter(loop.dim), loop.factor));
  return json;
}

/// Numbers of mappings exceed 64 bits: they are texts of all their digits.
Json certificate(const mapper::Certificate& c) {
  Json pruned = Json::object();
  for (const auto& [reason, mappings] : c.removed) pruned[reason] = mapper::to_string(mappings);
  return {{"proved", c.proved},
          {"lower_bound", c.lower_bound},
          {"best", c.best},
          {"space", mapper::to_string(c.space)},
          {"evaluated", static_cast<std::int64_t>(c.evaluated)},
          {"pruned", std::move(pruned)}};
}

Json total(const Totals& t) {
  return {{"macs", t.macs},
          {"effective_macs", t.effective_macs},
          {"cycles", t.cycles},
          {"compute_cycles", t.compute_cycles},
          {"stall_cycles", t.stall_cycles},
          {"utilization", t.utilization},
          {"seconds", t.seconds},
          {"inferences_per_second", t.inferences_per_second},
          {"energy_pj", t.energy_pj},
          {"edp_pj_s", t.edp_pj_s},
          {"tops", t.tops},
          {"tops_per_watt", t.tops_per_watt}};
}

Json accuracy(const Accuracy& a) {
  Json json = {{"images", a.images}};
  if (a.of_float) json["float"] = *a.of_float;
  if (a.of_integer) json["integer"] = *a.of_integer;
  return json;
}

Json stay_on_chip(const StayOnChip& stay) {
  const auto cost = [](const mapper::Cost& c) {
    return Json{{"energy_pj", c.energy_pj}, {"cycles", c.cycles}};
  };
  return {{"tensors", stay.tensors},
          {"bytes", stay.bytes},
          {"before", cost(stay.before)},
          {"after", cost(stay.after)}};
}

}  // namespace

namespace {

Json to_json(const arch::ArrayUnit& unit) {
  Json array = {{"unit", "dot"}, {"rows", unit.rows}, {"columns", unit.columns}, {"lanes", unit.lanes}};
  if (unit.sparsity) array["sparsity"] = fmt::format("{}:{}", unit.sparsity->n, unit.sparsity->m);
  array["scalable"] = unit.scalable;
  array["bits"] = {{"weights", unit.bits.weights},
                   {"activations", unit.bits.activations},
                   {"accumulators", unit.bits.accumulators}};
  if (unit.registers.shared_bytes) {
    array["registers"] = {{"shared", *unit.registers.shared_bytes}};
  } else {
    array["registers"] = {{"weights", unit.registers.weights},
                          {"inputs", unit.registers.inputs},
                          {"outputs", unit.registers.outputs}};
  }
  array["ports"] = {
      {"weights", unit.ports.weights}, {"inputs", unit.ports.inputs}, {"outputs", unit.ports.outputs}};
  return array;
}

Json to_json(const arch::EieUnit& eie, const arch::ArrayUnit& unit) {
  return {{"unit", "eie"},
          {"pes", unit.rows},
          {"queue", eie.queue},
          {"weights", {{"code", eie.code_bits}, {"index", eie.index_bits}}},
          {"registers", unit.registers.inputs},
          {"pointers", {{"bits", eie.pointer_bits}, {"size", eie.pointer_bytes}}},
          {"word", eie.word_bits},
          {"ports", {{"inputs", unit.ports.inputs}, {"outputs", unit.ports.outputs}}}};
}

}  // namespace

Json to_json(const arch::Accelerator& accelerator) {
  Json memory = Json::array();
  for (const arch::MemoryLevel& level : accelerator.memory) {
    Json json = {{"name", level.name}};
    if (level.kind == arch::MemoryLevel::Kind::dram) {
      json["kind"] = "dram";
      json["bandwidth"] = level.bandwidth;
      json["latency"] = level.latency_cycles;
      json["burst"] = level.burst_bytes;
    } else {
      json["kind"] = "sram";
      json["size"] = level.size_bytes;
      if (level.weight_bytes > 0) json["weight_size"] = level.weight_bytes;
      json["banks"] = level.banks;
      json["word"] = level.word_bytes;
      json["bandwidth"] = level.bandwidth;
      json["latency"] = level.latency_cycles;
      json["double_buffered"] = level.double_buffered;
    }
    memory.push_back(std::move(json));
  }
  return {{"name", accelerator.name},
          {"clock", accelerator.clock_hz},
          {"energy", accelerator.energy},
          {"array", accelerator.array.eie ? to_json(*accelerator.array.eie, accelerator.array)
                                          : to_json(accelerator.array)},
          {"vector", {{"lanes", accelerator.vector.lanes}}},
          {"memory", std::move(memory)}};
}

Json to_json(const arch::LayerMapping& mapping, const arch::Accelerator& accelerator) {
  Json json = Json::object();
  for (const workload::Operand operand : kOperands) {
    if (mapping.on_chip[operand]) json["on_chip"].push_back(std::string(name(operand)));
  }
  Json levels = Json::array();
  for (std::size_t i = 0; i < mapping.memory.size() && i < accelerator.memory.size(); ++i) {
    Json keep = Json::array();
    for (const workload::Operand operand : kOperands) {
      if (mapping.memory[i].keep[operand]) keep.push_back(std::string(name(operand)));
    }
    levels.push_back({{"level", accelerator.memory[i].name},
                      {"temporal", loops(mapping.memory[i].temporal)},
                      {"keep", std::move(keep)}});
  }
  levels.push_back({{"level", "array"},
                    {"spatial",
                     {{"rows", loops(mapping.rows)},
                      {"columns", loops(mapping.columns)},
                      {"lanes", loops(mapping.lanes)}}}});
  levels.push_back({{"level", "registers"}, {"temporal", loops(mapping.registers)}});
  json["levels"] = std::move(levels);
  return json;
}

Json to_json(const LayerResult& layer, const arch::Accelerator& accelerator) {
  Json json = {{"name", layer.name},
               {"op", layer.op},
               {"macs", layer.macs},
               {"effective_macs", layer.effective_macs},
               {"cycles", layer.cycles.total},
               {"compute_cycles", layer.cycles.compute},
               {"stall_cycles", stall_cycles(layer.cycles)},
               {"stalls", stalls(layer.cycles)}};
  Json& busy = json["port_busy_cycles"] = Json::object();
  for (std::size_t i = 0; i < layer.cycles.port_busy.size() && i < accelerator.memory.size(); ++i) {
    busy[accelerator.memory[i].name] = layer.cycles.port_busy[i];
  }
  if (layer.weights_resident) {
    const LayerResult::Resident& resident = *layer.weights_resident;
    json["weights_resident"] = {{"cycles", resident.cycles},
                                {"energy_pj", energy(resident.energy)},
                                {"energy_by_tensor_pj", energy_by_tensor(resident.energy)},
                                {"eie", eie_json(resident.counts, accelerator.array.rows)}};
  }
  json["utilization"] = layer.utilization;
  json["bound_by"] = layer.bound_by;
  json["energy_pj"] = energy(layer.energy);
  json["energy_by_tensor_pj"] = energy_by_tensor(layer.energy);
  json["actions"] = actions(layer.actions, accelerator);
  json["mapping"] = layer.mapping ? to_json(*layer.mapping, accelerator) : Json::object();
  if (layer.certificate) json["certificate"] = certificate(*layer.certificate);
  if (!layer.output_sha256.empty()) json["output_sha256"] = layer.output_sha256;
  json["checks"] = {{"reference", layer.check_reference}, {"rtl", layer.check_rtl}};
  return json;
}

Json to_json(const RunResult& result) {
  Json json = {
      {"heddle", result.version},    {"network", result.network}, {"accelerator", result.accelerator.name},
      {"fidelity", result.fidelity}, {"seed", result.seed},       {"batch", result.batch}};
  Json options = Json::object();
  for (const auto& [key, value] : result.options) options[key] = value;
  json["configuration"] = {
      {"accelerator", to_json(result.accelerator)},
      {"energy_table", {{"name", result.energy_table}, {"version", result.energy_table_version}}},
      {"recipe", result.recipe.empty() ? "default" : result.recipe},
      {"options", std::move(options)}};
  Json& layers = json["layers"] = Json::array();
  for (const LayerResult& layer : result.layers) layers.push_back(to_json(layer, result.accelerator));
  json["total"] = total(result.totals());
  if (result.stay_on_chip) json["stay_on_chip"] = stay_on_chip(*result.stay_on_chip);
  if (result.rtl) {
    json["rtl"] = {{"cycles", result.rtl->cycles},     {"clocked_cycles", result.rtl->clocked},
                   {"port_values", result.rtl->ports}, {"results", result.rtl->results},
                   {"outputs", result.rtl->outputs},   {"counts", result.rtl->events}};
  }
  if (!result.incomplete.empty()) json["incomplete"] = result.incomplete;
  if (result.accuracy.of_float || result.accuracy.of_integer) json["accuracy"] = accuracy(result.accuracy);
  return json;
}

std::string report_json(const RunResult& result) {
  return to_json(result).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace heddle::app
