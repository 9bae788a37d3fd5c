#include "mapper/search/eie.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "arch/eie_storage.h"
#include "mapper/search/evaluator.h"
#include "support/error.h"

namespace heddle::mapper {

using workload::Dim;
using workload::Operand;

namespace {

/// A legal mapping, by its place in the space.
struct Candidate {
  std::uint32_t weights = 0, positions = 0, order = 0;
  double energy = 0;  ///< without the cycles' share
  double bound = 0;   ///< on its value
};

class EieSearch {
 public:
  EieSearch(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
            const arch::EnergyTable& table, const SearchOptions& options,
            const workload::PerOperand<bool>& on_chip)
      : problem_(problem),
        accelerator_(accelerator),
        table_(table),
        options_(options),
        space_(problem, accelerator, on_chip),
        counts_(problem_, accelerator_),
        passes_(problem_, accelerator_),
        census_(problem_),
        timing_(problem_, accelerator_),
        cycle_pj_(Prices(accelerator, table, problem).cycle) {
    counts_.energy_only();
  }

  MappedLayer run() {
    const auto begin = std::chrono::steady_clock::now();
    const auto seconds = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    collect();
    std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
      return std::tie(a.bound, a.weights, a.positions, a.order) <
             std::tie(b.bound, b.weights, b.positions, b.order);
    });
    Certificate certificate;
    certificate.proved = true;
    double best = std::numeric_limits<double>::infinity();
    const Candidate* chosen = nullptr;
    Cost cost;
    std::size_t next = 0;
    for (; next < candidates_.size() && candidates_[next].bound < best; ++next) {
      const bool out_of_budget =
          (options_.seconds > 0 && seconds() > options_.seconds) ||
          (options_.evaluations > 0 && next >= static_cast<std::size_t>(options_.evaluations));
      if (chosen != nullptr && out_of_budget) {
        certificate.proved = false;
        break;
      }
      const Candidate& candidate = candidates_[next];
      const Cost exact = cost_of(candidate);
      const double exact_value = value(options_.objective, exact);
      if (exact_value >= best) continue;
      best = exact_value;
      chosen = &candidate;
      cost = exact;
    }
    if (chosen == nullptr) {
      default_eie_mapping(problem_, accelerator_);  // says why
      throw InputError(accelerator_.name,
                       "no mapping of layer " + problem_.name +
                           " with the tensors that are to stay on chip fits the accelerator");
    }
    certificate.best = best;
    certificate.lower_bound = certificate.proved ? best : std::min(best, candidates_[next].bound);
    certificate.space = space_size_;
    certificate.evaluated = next;
    certificate.removed = {{"repeated", repeated_}, {"capacity", illegal_}};
    certificate.removed.push_back(
        {certificate.proved ? "cycle bound" : "not looked at", candidates_.size() - next});
    certificate.seconds = seconds();
    return {mapping(*chosen), cost, std::move(certificate)};
  }

 private:
  arch::LayerMapping mapping(const Candidate& candidate) const {
    return space_.mapping(space_.weight_tiles()[candidate.weights],
                          space_.position_tiles()[candidate.positions],
                          EieMapspace::orders()[candidate.order]);
  }

  /// Does one tile of these weights fit the SRAMs for pointers and entries? (Legality decides on the rest.)
  bool weights_fit(const EieMapspace::Extent& tile) const {
    const arch::LayerMapping loops =
        space_.mapping(tile, space_.position_tiles().front(), EieMapspace::orders()[0]);
    const arch::BlockCensus blocks = arch::blocks_of(loops, problem_.shape, 1);
    const arch::EieUnit& unit = *accelerator_.array.eie;
    return blocks.pointers() <= unit.pointer_bytes * 8 / unit.pointer_bits &&
           arch::entries_of_fullest(blocks, accelerator_.array, problem_.shared->pe_density) <=
               static_cast<double>(arch::entry_capacity(accelerator_));
  }

  void collect() {
    const std::size_t weight_tiles = space_.weight_tiles().size(), positions = space_.position_tiles().size(),
                      orders = EieMapspace::orders().size();
    space_size_ = Count{weight_tiles} * positions * orders;
    for (std::size_t w = 0; w < weight_tiles; ++w) {
      const EieMapspace::Extent pass = space_.pass_of(space_.weight_tiles()[w]);
      if (!weights_fit(space_.weight_tiles()[w])) {  // in no order, beside no positions
        illegal_ += Count{positions} * orders;
        continue;
      }
      compute_ = passes_.compute(census_, pass);
      for (std::size_t p = 0; p < positions; ++p) {
        for (std::size_t o = 0; o < orders; ++o) {
          Candidate candidate{static_cast<std::uint32_t>(w), static_cast<std::uint32_t>(p),
                              static_cast<std::uint32_t>(o)};
          const arch::LayerMapping loops = mapping(candidate);
          if (space_.repeats(loops, EieMapspace::orders()[o])) {
            ++repeated_;
            continue;
          }
          if (!arch::illegalities(loops, problem_, accelerator_).empty()) {
            ++illegal_;
            continue;
          }
          bound(loops, pass, candidate);
          candidates_.push_back(candidate);
        }
      }
    }
  }

  /// Energy exactly, and what its cycles and so its value cannot go below.
  void bound(const arch::LayerMapping& loops, const EieMapspace::Extent& pass, Candidate& candidate) {
    const arch::ActionCounts counts = counts_.run(loops);
    candidate.energy =
        arch::price(counts, 0, accelerator_, table_, problem_.weight_bits, problem_.input_bits).total;
    const auto& outputs = counts.registers[Operand::outputs];
    const double drained = static_cast<double>(outputs.read_elements - counts.multiplies);
    const double restored = static_cast<double>(outputs.write_elements - counts.multiplies);
    const double port = static_cast<double>(accelerator_.array.ports.outputs);
    const double pass_rows = static_cast<double>(std::min(pass[Dim::M], problem_.shape.size[Dim::M]));
    // Each pass computes; all but the last that close are followed by the stages and the drain.
    const double closes = drained / pass_rows;
    const double array = std::min(compute_.expected, static_cast<double>(compute_.rounded)) +
                         std::max(0.0, closes - 1) * kStagesLess + std::max(0.0, drained - pass_rows) / port +
                         restored / port;
    const arch::MemoryLevel& dram = accelerator_.memory[0];
    const double transfers =
        static_cast<double>(counts.dram_bursts * dram.burst_bytes) / static_cast<double>(dram.bandwidth);
    const auto cycles = static_cast<std::int64_t>(std::floor(std::max(array, transfers)));
    const double energy = candidate.energy + cycle_pj_ * static_cast<double>(cycles);
    candidate.bound = value(options_.objective, {energy, cycles});
  }

  Cost cost_of(const Candidate& candidate) {
    const std::int64_t cycles = timing_.run(mapping(candidate)).total;
    return {candidate.energy + cycle_pj_ * static_cast<double>(cycles), cycles};
  }

  /// Stages after the last issue that no other pass's compute cycles overlap.
  static constexpr double kStagesLess = 4;

  arch::LayerProblem problem_;
  const arch::Accelerator& accelerator_;
  const arch::EnergyTable& table_;
  const SearchOptions& options_;
  EieMapspace space_;
  CountModel counts_;
  EieCountModel passes_;
  TileCensus census_;
  TimingModel timing_;
  const double cycle_pj_;
  EieCountModel::Compute compute_;
  std::vector<Candidate> candidates_;
  Count space_size_ = 0, illegal_ = 0, repeated_ = 0;
};

}  // namespace

MappedLayer search_eie(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                       const arch::EnergyTable& table, const SearchOptions& options,
                       const workload::PerOperand<bool>& on_chip) {
  if (!problem.shared) default_eie_mapping(problem, accelerator);  // throws: says what is missing
  return EieSearch(problem, accelerator, table, options, on_chip).run();
}

}  // namespace heddle::mapper
