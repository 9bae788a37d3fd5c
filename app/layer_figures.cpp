#include "app/layer_figures.h"

#include "app/report_eie.h"

namespace heddle::app {
namespace {

struct Figures {
  std::vector<Figure> list;
  void set(const std::string& name, std::int64_t value) { list.push_back({name, value}); }
  void set(const std::string& name, double value, bool adds_up = true) {
    list.push_back({name, value, adds_up});
  }
};

void set_traffic(Figures& figures, const std::string& storage,
                 const workload::PerOperand<arch::Traffic>& tensors) {
  for (const workload::Operand operand : workload::kOperands) {
    const arch::Traffic& t = tensors[operand];
    const std::string prefix = storage + "_" + std::string(name(operand)) + "_";
    figures.set(prefix + "read_elements", t.read_elements);
    figures.set(prefix + "read_bits", t.read_bits);
    figures.set(prefix + "write_elements", t.write_elements);
    figures.set(prefix + "write_bits", t.write_bits);
  }
}

void set_eie(Figures& figures, const arch::EieCounts& counts, std::int64_t pes) {
  figures.set("eie_broadcasts", counts.broadcasts);
  figures.set("eie_queue_pushes", counts.queue_pushes);
  figures.set("eie_queue_pops", counts.queue_pops);
  figures.set("eie_pointer_reads", counts.pointer_reads);
  figures.set("eie_matrix_reads", counts.matrix_reads);
  figures.set("eie_codebook_lookups", counts.codebook_lookups);
  figures.set("eie_padding_entries", counts.padding_entries);
  figures.set("eie_queue_full_cycles", counts.queue_full_cycles);
  figures.set("eie_starved_cycles", counts.starved_cycles);
  const EieFigures f = eie_figures(counts, pes);
  figures.set("eie_theoretical_cycles", f.theoretical_cycles);
  figures.set("eie_walk_cycles", f.walk_cycles);
  figures.set("eie_load_balance", f.load_balance, false);
}

}  // namespace

std::vector<Figure> layer_figures(const LayerResult& layer, const arch::Accelerator& accelerator) {
  Figures figures;
  figures.set("macs", layer.macs);
  figures.set("effective_macs", layer.effective_macs);
  figures.set("cycles", layer.cycles.total);
  figures.set("compute_cycles", layer.cycles.compute);
  figures.set("stall_cycles", stall_cycles(layer.cycles));
  for (std::size_t cause = 0; cause < layer.cycles.stalls.size(); ++cause) {
    figures.set("stall_" + std::string(arch::name(static_cast<arch::Stall>(cause))) + "_cycles",
                layer.cycles.stalls[cause]);
  }
  figures.set("utilization", layer.utilization, false);
  figures.set("energy_pj", layer.energy.total);
  for (const auto& part : layer.energy.parts) figures.set("energy_" + part.name + "_pj", part.total);
  for (std::size_t i = 0; i < layer.actions.memory.size() && i < accelerator.memory.size(); ++i) {
    set_traffic(figures, accelerator.memory[i].name, layer.actions.memory[i]);
  }
  set_traffic(figures, "registers", layer.actions.registers);
  figures.set("multiplies", layer.actions.multiplies);
  figures.set("gated_multiplies", layer.actions.gated_multiplies);
  figures.set("adds", layer.actions.adds);
  figures.set("requantizations", layer.actions.requantizations);
  figures.set("vector_operations", layer.actions.vector_operations);
  figures.set("dram_bursts", layer.actions.dram_bursts);
  if (layer.actions.eie) set_eie(figures, *layer.actions.eie, accelerator.array.rows);
  if (layer.weights_resident) {
    figures.set("weights_resident_cycles", layer.weights_resident->cycles);
    figures.set("weights_resident_energy_pj", layer.weights_resident->energy.total);
  }
  return std::move(figures.list);
}

}  // namespace heddle::app
