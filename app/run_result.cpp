#include "app/run_result.h"

#include <algorithm>
#include <numeric>

#include "arch/legality.h"

namespace heddle::app {

Totals RunResult::totals() const {
  Totals total;
  double work = 0, capacity = 0;  // MACs that the array did, and could have done, during its own layers
  for (const LayerResult& layer : layers) {
    total.macs += layer.macs;
    total.effective_macs += layer.effective_macs;
    total.cycles += layer.cycles.total;
    total.compute_cycles += layer.cycles.compute;
    total.stall_cycles += stall_cycles(layer.cycles);
    total.energy_pj += layer.energy.total;
    const std::int64_t used = accelerator.array.eie ? layer.effective_macs : layer.macs;
    if (layer.utilization > 0) {
      capacity += static_cast<double>(used) / layer.utilization;
      work += static_cast<double>(used);
    }
  }
  if (capacity > 0) total.utilization = work / capacity;
  total.seconds = static_cast<double>(total.cycles) / accelerator.clock_hz;
  total.edp_pj_s = total.energy_pj * total.seconds;
  const double operations = 2.0 * static_cast<double>(total.macs);
  if (total.seconds > 0) {
    total.inferences_per_second = static_cast<double>(batch) / total.seconds;
    total.tops = operations / total.seconds / 1e12;
  }
  if (total.energy_pj > 0) total.tops_per_watt = operations / total.energy_pj;
  return total;
}

bool RunResult::passed() const {
  return std::none_of(layers.begin(), layers.end(), [](const LayerResult& layer) {
    return is_difference(layer.check_reference) || is_difference(layer.check_rtl);
  });
}

std::int64_t peak_macs_per_cycle(const arch::Accelerator& accelerator, int weight_bits, int input_bits) {
  const arch::ArrayUnit& unit = accelerator.array;
  const std::int64_t multipliers =
      unit.rows * unit.columns * arch::effective_lanes(unit, weight_bits, input_bits);
  return unit.sparsity ? multipliers * unit.sparsity->m / unit.sparsity->n : multipliers;
}

double utilization(std::int64_t macs, std::int64_t cycles, std::int64_t peak_macs_per_cycle) {
  if (cycles <= 0 || peak_macs_per_cycle <= 0) return 0;
  return static_cast<double>(macs) / (static_cast<double>(cycles) * static_cast<double>(peak_macs_per_cycle));
}

std::string bound_by(const arch::CycleCounts& cycles, const arch::Accelerator& accelerator) {
  const auto largest = std::max_element(cycles.stalls.begin(), cycles.stalls.end());
  if (*largest <= cycles.compute) return "compute";
  const auto cause = static_cast<arch::Stall>(largest - cycles.stalls.begin());
  std::string text(arch::name(cause));
  const bool of_memory =
      cause == arch::Stall::memory || cause == arch::Stall::bandwidth || cause == arch::Stall::partial_sums;
  if (of_memory && !cycles.port_busy.empty() && cycles.port_busy.size() == accelerator.memory.size()) {
    const auto busiest = std::max_element(cycles.port_busy.begin(), cycles.port_busy.end());
    if (*busiest > 0) {
      text += ": " + accelerator.memory[static_cast<std::size_t>(busiest - cycles.port_busy.begin())].name;
    }
  }
  return text;
}

std::int64_t stall_cycles(const arch::CycleCounts& cycles) {
  return std::accumulate(cycles.stalls.begin(), cycles.stalls.end(), std::int64_t{0});
}

bool is_difference(const std::string& check) { return check != "equal" && check != "not run"; }

}  // namespace heddle::app
