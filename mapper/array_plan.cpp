#include "mapper/array_plan.h"

#include <algorithm>
#include <map>

#include "mapper/factors.h"

namespace heddle::mapper {
namespace {

using workload::Dim;
using workload::kDims;
using workload::Operand;
using workload::PerDim;

constexpr std::size_t kRowChoices = 6;
constexpr std::size_t kColumnChoices = 4;
constexpr std::size_t kLaneChoices = 3;
constexpr std::size_t kFactorChoices = 6;

using Factors = PerDim<std::int64_t>;

/// The unit in the layer's widths.
struct Array {
  const arch::LayerProblem& problem;
  const arch::ArrayUnit& unit;
  bool sparse;
  std::int64_t lanes;
  std::int64_t weight_bits;  ///< of a stored weight, its index included
  double bandwidth;          ///< bytes per cycle of the innermost memory

  Array(const arch::LayerProblem& of, const arch::Accelerator& accelerator)
      : problem(of),
        unit(accelerator.array),
        sparse(arch::runs_sparse(accelerator.array, of)),
        lanes(arch::effective_lanes(accelerator.array, of.weight_bits, of.input_bits)),
        weight_bits(of.weight_bits + (sparse ? arch::index_bits(*of.sparsity) : 0)),
        bandwidth(static_cast<double>(accelerator.memory.back().bandwidth)) {}

  std::int64_t size(Dim dim) const { return problem.shape.size[dim]; }
  std::int64_t kept(std::int64_t channels) const {
    return sparse ? arch::kept_channels(channels, problem.sparsity) : channels;
  }
  std::int64_t weight_bytes(const Factors& spatial) const {
    return ceil_div(spatial[Dim::M] * kept(spatial[Dim::C]) * spatial[Dim::R] * spatial[Dim::S] * weight_bits,
                    8);
  }
  std::int64_t input_bytes(const Factors& spatial) const {
    return ceil_div(spatial[Dim::N] * spatial[Dim::P] * spatial[Dim::Q] * spatial[Dim::C] * spatial[Dim::R] *
                        spatial[Dim::S] * problem.input_bits,
                    8);
  }

  /// Do these register factors fit? `outputs`: N G M P Q only count as accumulators (a streaming unit).
  bool fits(const Factors& f) const {
    const arch::Registers& registers = unit.registers;
    const std::int64_t outputs = f[Dim::N] * f[Dim::G] * f[Dim::M] * f[Dim::P] * f[Dim::Q];
    const std::int64_t reduction = f[Dim::C] * f[Dim::R] * f[Dim::S];
    const std::int64_t weights = f[Dim::G] * f[Dim::M] * reduction;
    const std::int64_t inputs = f[Dim::N] * f[Dim::G] * f[Dim::P] * f[Dim::Q] * reduction;
    if (registers.shared_bytes) {
      const std::int64_t positions = sparse ? lanes / problem.sparsity->n * problem.sparsity->m : lanes;
      return weights * lanes * weight_bits + inputs * positions * problem.input_bits +
                 outputs * unit.bits.accumulators <=
             *registers.shared_bytes * 8;
    }
    return outputs <= registers.outputs && (registers.weights == 1 || weights <= registers.weights) &&
           (registers.inputs == 1 || inputs <= registers.inputs);
  }
};

bool resident(const arch::Registers& registers, Operand operand) {
  return registers.shared_bytes || (operand == Operand::weights ? registers.weights : registers.inputs) > 1;
}

/// Cycles and bytes of the whole layer, from the loads that each step of a pass needs
/// (docs/default-mapping.md).
void estimate(ArrayPlan& plan, const Array& array) {
  const arch::Ports& ports = array.unit.ports;
  const auto load_cycles = [&](std::int64_t weight_bytes, std::int64_t input_bytes) {
    const auto by_memory = static_cast<double>(weight_bytes + input_bytes) / array.bandwidth;
    return std::max(by_memory, static_cast<double>(std::max(ceil_div(weight_bytes, ports.weights),
                                                            ceil_div(input_bytes, ports.inputs))));
  };
  const std::int64_t weight_bytes = array.weight_bytes(plan.spatial);
  const std::int64_t input_bytes = array.input_bytes(plan.spatial);
  const bool weights_resident = resident(array.unit.registers, Operand::weights);
  const bool inputs_resident = resident(array.unit.registers, Operand::inputs);

  // A step differs from the one before in the loop that advances and in all inside it, which start again.
  double cycles = 0, bytes = 0, steps = 1;
  bool new_weights = false, new_inputs = false;
  const auto order = register_order(plan.inputs_stay);
  std::array<double, workload::kDimCount> advances{};  // times that loop i advances in a pass
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto factor = static_cast<double>(plan.registers[order[i]]);
    advances[i] = (factor - 1) * steps;
    steps *= factor;
  }
  for (std::size_t i = order.size(); i-- > 0;) {
    if (plan.registers[order[i]] == 1) continue;
    new_weights = new_weights || workload::depends_on(Operand::weights, order[i]);
    new_inputs = new_inputs || workload::depends_on(Operand::inputs, order[i]);
    const std::int64_t w = new_weights && !weights_resident ? weight_bytes : 0;
    const std::int64_t x = new_inputs && !inputs_resident ? input_bytes : 0;
    cycles += advances[i] * std::max(1.0, load_cycles(w, x));
    bytes += advances[i] * static_cast<double>(w + x);
  }
  cycles +=
      std::max(1.0, load_cycles(weights_resident ? 0 : weight_bytes, inputs_resident ? 0 : input_bytes));
  bytes += static_cast<double>((weights_resident ? 0 : weight_bytes) + (inputs_resident ? 0 : input_bytes));

  double passes = 1, all_steps = 1;
  bool reduction_outside = false;
  for (Dim dim : kDims) {
    const std::int64_t needed = ceil_div(array.size(dim), plan.spatial[dim]);
    const std::int64_t outside = ceil_div(needed, plan.registers[dim]);
    passes *= static_cast<double>(outside);
    all_steps *= static_cast<double>(needed);
    reduction_outside = reduction_outside || (workload::is_reduction(dim) && outside > 1);
  }
  const double full_passes = all_steps / steps;  // short last passes run only the steps that they have
  plan.cycles = full_passes * cycles;
  bytes *= full_passes;

  // Resident operands are loaded before a pass, unless they stay from the pass before.
  const Factors& f = plan.registers;
  const std::int64_t reduction = f[Dim::C] * f[Dim::R] * f[Dim::S];
  const std::int64_t w = weights_resident ? weight_bytes * f[Dim::G] * f[Dim::M] * reduction : 0;
  const std::int64_t x =
      inputs_resident ? input_bytes * f[Dim::G] * f[Dim::N] * f[Dim::P] * f[Dim::Q] * reduction : 0;
  const std::int64_t loaded_w = reduction_outside || plan.inputs_stay ? w : 0;
  const std::int64_t loaded_x = reduction_outside || !plan.inputs_stay ? x : 0;
  plan.cycles += passes * load_cycles(loaded_w, loaded_x);
  bytes += passes * static_cast<double>(loaded_w + loaded_x);

  const auto drained =
      static_cast<double>(array.problem.shape.output_count()) / static_cast<double>(ports.outputs);
  plan.cycles = std::max(plan.cycles, drained);
  plan.cost = plan.cycles + 0.1 * bytes / array.bandwidth;
}

/// Keeps the first `most` after sorting by the number of steps, fewer first; then by the given preference.
template <class Better>
void keep_best(std::vector<Factors>& choices, std::size_t most, Better better) {
  std::stable_sort(choices.begin(), choices.end(), better);
  if (choices.size() > most) choices.resize(most);
}

std::vector<Factors> lane_choices(const Array& array) {
  std::vector<Factors> choices;
  for (std::int64_t s = 1; s <= std::min(array.size(Dim::S), array.lanes); ++s) {
    for (std::int64_t r = 1; r * s <= array.lanes && r <= array.size(Dim::R); ++r) {
      Factors f(1);
      f[Dim::R] = r;
      f[Dim::S] = s;
      std::int64_t room = array.lanes / (r * s);  // stored weights of one kernel position
      if (array.kept(array.size(Dim::C)) <= room) {
        f[Dim::C] = array.size(Dim::C);
      } else if (array.sparse) {
        room = room / array.problem.sparsity->n * array.problem.sparsity->m;
        if (room == 0) continue;
        f[Dim::C] = room;
      } else {
        f[Dim::C] = room;
      }
      choices.push_back(f);
    }
  }
  const auto steps = [&](const Factors& f) {
    return ceil_div(array.size(Dim::C), f[Dim::C]) * ceil_div(array.size(Dim::R), f[Dim::R]) *
           ceil_div(array.size(Dim::S), f[Dim::S]);
  };
  keep_best(choices, kLaneChoices, [&](const Factors& a, const Factors& b) {
    return steps(a) != steps(b) ? steps(a) < steps(b) : a[Dim::C] > b[Dim::C];
  });
  return choices;
}

std::vector<Factors> column_choices(const Array& array) {
  std::vector<Factors> choices;
  const std::int64_t columns = array.unit.columns;
  for (std::int64_t q : even_factors(array.size(Dim::Q), columns, 32)) {
    for (std::int64_t p : even_factors(array.size(Dim::P), columns / q, 32)) {
      for (std::int64_t n : even_factors(array.size(Dim::N), columns / (q * p), 8)) {
        Factors f(1);
        f[Dim::Q] = q;
        f[Dim::P] = p;
        f[Dim::N] = n;
        choices.push_back(f);
      }
    }
  }
  const auto steps = [&](const Factors& f) {
    return ceil_div(array.size(Dim::Q), f[Dim::Q]) * ceil_div(array.size(Dim::P), f[Dim::P]) *
           ceil_div(array.size(Dim::N), f[Dim::N]);
  };
  keep_best(choices, kColumnChoices, [&](const Factors& a, const Factors& b) {
    return steps(a) != steps(b) ? steps(a) < steps(b) : a[Dim::Q] > b[Dim::Q];
  });
  return choices;
}

/// Full rows, evenly split rows, and the row counts whose weights just fill the weight port for 1, 2, 3
/// cycles.
std::vector<std::int64_t> row_choices(const Array& array, const Factors& lanes) {
  const std::int64_t most = std::min(array.size(Dim::M), array.unit.rows);
  std::vector<std::int64_t> rows = {most, ceil_div(array.size(Dim::M), ceil_div(array.size(Dim::M), most))};
  const std::int64_t bits = array.kept(lanes[Dim::C]) * lanes[Dim::R] * lanes[Dim::S] * array.weight_bits;
  for (std::int64_t cycles = 1; cycles <= 3; ++cycles) {
    const std::int64_t filling = cycles * array.unit.ports.weights * 8 / bits;
    if (filling >= 1 && filling < most) rows.push_back(filling);
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  if (rows.size() > kRowChoices) rows.erase(rows.begin(), rows.end() - kRowChoices);
  return rows;
}

std::vector<Factors> spatial_choices(const Array& array) {
  std::vector<Factors> choices;
  const std::vector<Factors> columns = column_choices(array);
  for (const Factors& lanes : lane_choices(array)) {
    for (std::int64_t rows : row_choices(array, lanes)) {
      for (const Factors& column : columns) {
        Factors f = lanes;
        f[Dim::M] = rows;
        for (Dim dim : {Dim::N, Dim::P, Dim::Q}) f[dim] = column[dim];
        choices.push_back(f);
      }
    }
  }
  return choices;
}

double step_count(const Array& array, const Factors& spatial) {
  double steps = 1;
  for (Dim dim : kDims) steps *= static_cast<double>(ceil_div(array.size(dim), spatial[dim]));
  return steps;
}

/// The cheapest plans found so far, one for each choice of rows and accumulators.
class Shortlist {
 public:
  void offer(const ArrayPlan& plan) {
    const auto key =
        std::tuple(plan.extent(Dim::M), plan.extent(Dim::P) * plan.extent(Dim::Q) * plan.extent(Dim::N));
    const auto [place, inserted] = plans_.try_emplace(key, plan);
    if (!inserted && plan.cost < place->second.cost) place->second = plan;
    best_ = std::min(best_, plan.cost);
  }
  double best() const { return best_; }
  std::vector<ArrayPlan> sorted(std::size_t most) const {
    std::vector<ArrayPlan> plans;
    for (const auto& [key, plan] : plans_) plans.push_back(plan);
    std::stable_sort(plans.begin(), plans.end(),
                     [](const ArrayPlan& a, const ArrayPlan& b) { return a.cost < b.cost; });
    if (plans.size() > most) plans.resize(most);
    return plans;
  }

 private:
  std::map<std::tuple<std::int64_t, std::int64_t>, ArrayPlan> plans_;
  double best_ = 1e300;
};

void try_accumulators(ArrayPlan plan, const Array& array, Shortlist& shortlist) {
  const auto choices = [&](Dim dim, std::int64_t limit) {
    return even_factors(ceil_div(array.size(dim), plan.spatial[dim]), limit, kFactorChoices);
  };
  const std::int64_t most = array.unit.registers.shared_bytes
                                ? *array.unit.registers.shared_bytes * 8 / array.unit.bits.accumulators
                                : array.unit.registers.outputs;
  Factors& f = plan.registers;
  for (std::int64_t m : choices(Dim::M, most)) {
    for (std::int64_t q : choices(Dim::Q, most / m)) {
      for (std::int64_t p : choices(Dim::P, most / (m * q))) {
        for (std::int64_t n : choices(Dim::N, most / (m * q * p))) {
          f[Dim::M] = m;
          f[Dim::Q] = q;
          f[Dim::P] = p;
          f[Dim::N] = n;
          f[Dim::G] = streams(array.unit) ? choices(Dim::G, most / (m * q * p * n)).back() : 1;
          if (!array.fits(f)) continue;
          for (bool inputs_stay : {true, false}) {
            plan.inputs_stay = inputs_stay;
            estimate(plan, array);
            shortlist.offer(plan);
          }
        }
      }
    }
  }
}

void try_reductions(ArrayPlan plan, const Array& array, Shortlist& shortlist) {
  const auto needed = [&](Dim dim) { return ceil_div(array.size(dim), plan.spatial[dim]); };
  Factors& f = plan.registers;
  if (streams(array.unit)) {
    for (Dim dim : {Dim::C, Dim::R, Dim::S}) f[dim] = needed(dim);
    try_accumulators(plan, array, shortlist);
    return;
  }
  for (std::int64_t s : even_factors(needed(Dim::S), needed(Dim::S), 2)) {
    for (std::int64_t r : even_factors(needed(Dim::R), needed(Dim::R), 2)) {
      for (std::int64_t c : even_factors(needed(Dim::C), needed(Dim::C), 2 * kFactorChoices)) {
        f[Dim::S] = s;
        f[Dim::R] = r;
        f[Dim::C] = c;
        if (array.fits(f)) try_accumulators(plan, array, shortlist);
      }
    }
  }
}

}  // namespace

bool streams(const arch::ArrayUnit& unit) {
  return !resident(unit.registers, Operand::weights) && !resident(unit.registers, Operand::inputs);
}

std::array<Dim, workload::kDimCount> register_order(bool inputs_stay) {
  if (inputs_stay) return {Dim::G, Dim::C, Dim::R, Dim::S, Dim::N, Dim::P, Dim::Q, Dim::M};
  return {Dim::G, Dim::C, Dim::R, Dim::S, Dim::M, Dim::N, Dim::P, Dim::Q};
}

std::vector<ArrayPlan> array_plans(const arch::LayerProblem& problem, const arch::Accelerator& accelerator,
                                   std::size_t most) {
  const Array array(problem, accelerator);
  std::vector<Factors> spatial = spatial_choices(array);
  std::stable_sort(spatial.begin(), spatial.end(), [&](const Factors& a, const Factors& b) {
    return step_count(array, a) < step_count(array, b);
  });
  Shortlist shortlist;
  for (const Factors& factors : spatial) {
    if (step_count(array, factors) > shortlist.best()) break;  // a step takes a cycle at least
    ArrayPlan plan;
    plan.spatial = factors;
    try_reductions(plan, array, shortlist);
  }
  return shortlist.sorted(most);
}

ArrayPlan smallest_plan(const arch::LayerProblem& problem, const arch::Accelerator& accelerator) {
  const Array array(problem, accelerator);
  ArrayPlan plan;
  if (array.sparse) plan.spatial[Dim::C] = std::min<std::int64_t>(array.size(Dim::C), problem.sparsity->m);
  estimate(plan, array);
  plan.cost = plan.cycles;
  return plan;
}

}  // namespace heddle::mapper
