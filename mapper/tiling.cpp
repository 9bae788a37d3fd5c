#include "mapper/tiling.h"

#include <algorithm>

#include "mapper/factors.h"

namespace heddle::mapper {
namespace {

using workload::Dim;
using workload::kDims;
using workload::Operand;
using workload::PerDim;

constexpr std::size_t kFactorChoices = 8;
/// What one more iteration is taken to cost in requests, rounding to words and hand-overs; keeps tiles from
/// becoming tiny.
constexpr double kIterationCycles = 16;

struct Search {
  const arch::LayerProblem& problem;
  const arch::ArrayUnit& unit;
  const TilingRequest& request;
  PerDim<std::vector<std::int64_t>> choices;
  std::optional<Tiling> best;
  double weight_total = 0, output_total = 0;

  PerDim<std::int64_t> extent(const PerDim<std::int64_t>& factor) const {
    PerDim<std::int64_t> result;
    for (Dim dim : kDims) result[dim] = std::min(request.unit[dim] * factor[dim], problem.shape.size[dim]);
    return result;
  }

  double bits(Operand operand, const PerDim<std::int64_t>& tile, bool partial) const {
    return static_cast<double>(arch::tile_bits(operand, problem, unit, tile, partial));
  }

  /// Prices a tile under both loop orders outside. False when it does not fit.
  bool offer(const PerDim<std::int64_t>& factor) {
    const PerDim<std::int64_t> tile = extent(factor);
    PerDim<double> trips;
    double whole_inputs = 1;  // tiles of inputs, short last ones counted as their share
    for (Dim dim : kDims) {
      trips[dim] = static_cast<double>(ceil_div(problem.shape.size[dim], tile[dim]));
      if (workload::depends_on(Operand::inputs, dim)) {
        whole_inputs *= static_cast<double>(problem.shape.size[dim]) / static_cast<double>(tile[dim]);
      }
    }
    const double outputs_trips = trips[Dim::N] * trips[Dim::P] * trips[Dim::Q];
    const double reduction_trips = trips[Dim::C] * trips[Dim::R] * trips[Dim::S];
    bool output_loops = false;
    for (Dim dim : {Dim::N, Dim::G, Dim::M, Dim::P, Dim::Q})
      output_loops = output_loops || tile[dim] > request.unit[dim];
    // Reduction loops are innermost at every level, so only those of a level further out lie outside this
    // level's output loops.
    const bool partial = reduction_trips > 1 && output_loops;
    if (partial && !request.partial_inside) return false;

    const double weights = bits(Operand::weights, tile, false);
    const double inputs = bits(Operand::inputs, tile, false);
    const double outputs = bits(Operand::outputs, tile, partial);
    if (weights + inputs + outputs > static_cast<double>(request.capacity_bits)) return false;

    const double inputs_total = inputs * whole_inputs;
    double iterations = trips[Dim::G] * trips[Dim::M] * outputs_trips * reduction_trips;
    for (bool inputs_stay : {true, false}) {
      const double input_loads = !inputs_stay ? (outputs_trips * reduction_trips > 1 ? trips[Dim::M] : 1)
                                              : (reduction_trips > 1 ? trips[Dim::M] : 1);
      const double weight_loads = inputs_stay ? (trips[Dim::M] * reduction_trips > 1 ? outputs_trips : 1)
                                              : (reduction_trips > 1 ? outputs_trips : 1);
      const double traffic = weight_total * weight_loads + inputs_total * input_loads + output_total;
      const double busy = traffic / 8 / request.outer_bandwidth;
      // Unfinished outputs leave for this level and come back, once for every part of the reduction but the
      // first.
      const double sums = partial
                              ? static_cast<double>(problem.shape.output_count()) * (reduction_trips - 1) *
                                    2 * unit.bits.accumulators / 8 / request.bandwidth
                              : 0;
      const double array = request.array_cycles + sums;
      const double edges = (weights + inputs + outputs) / 8 / request.outer_bandwidth + request.latency;
      const double waiting = iterations * request.latency;
      Tiling tiling{factor, inputs_stay, partial, 0};
      tiling.cost =
          request.overlapped ? std::max({array, busy, waiting}) + edges : array + busy + waiting + edges;
      tiling.cost += (busy + sums) / 2 + iterations * kIterationCycles;
      if (!best || tiling.cost < best->cost) best = tiling;
    }
    return true;
  }

  /// Tries every combination of factors from dimension `index` on; a tile that is too large stays so with
  /// larger factors.
  void descend(std::size_t index, PerDim<std::int64_t>& factor) {
    static constexpr std::array<Dim, workload::kDimCount> kOrder = {Dim::G, Dim::R, Dim::S, Dim::C,
                                                                    Dim::M, Dim::N, Dim::Q, Dim::P};
    const Dim dim = kOrder[index];
    for (std::int64_t choice : choices[dim]) {
      factor[dim] = choice;
      if (index + 1 == kOrder.size()) {
        if (!offer(factor)) break;
        continue;
      }
      // Kernel rows and columns are split only when a tile holds the fewest channels.
      if (dim == Dim::C && choice > 1 && (split(factor, Dim::R) || split(factor, Dim::S))) break;
      if (too_large(factor)) break;
      descend(index + 1, factor);
    }
    factor[dim] = 1;
  }

  bool split(const PerDim<std::int64_t>& factor, Dim dim) const {
    return request.unit[dim] * factor[dim] < problem.shape.size[dim];
  }

  /// With the factors chosen so far and 1 for the others, the least that the tile can take.
  bool too_large(const PerDim<std::int64_t>& factor) const {
    const PerDim<std::int64_t> tile = extent(factor);
    double total = 0;
    for (Operand operand : workload::kOperands) total += bits(operand, tile, false);
    return total > static_cast<double>(request.capacity_bits);
  }
};

}  // namespace

std::optional<Tiling> best_tiling(const arch::LayerProblem& problem, const arch::ArrayUnit& unit,
                                  const TilingRequest& request) {
  Search search{problem, unit, request, {}, std::nullopt, 0, 0};
  for (Dim dim : kDims) {
    const std::int64_t units = request.fixed[dim] ? 1 : ceil_div(problem.shape.size[dim], request.unit[dim]);
    search.choices[dim] = even_factors(units, units, dim == Dim::R || dim == Dim::S ? 2 : kFactorChoices);
  }
  search.weight_total = search.bits(Operand::weights, problem.shape.size, false);
  search.output_total = search.bits(Operand::outputs, problem.shape.size, false);
  PerDim<std::int64_t> factor(1);
  search.descend(0, factor);
  return search.best;
}

}  // namespace heddle::mapper
