#include "mapper/search/moves.h"

#include <algorithm>
#include <cmath>

namespace heddle::mapper {

using workload::depends_on;
using workload::Dim;
using workload::kDims;
using workload::kOperands;
using workload::Operand;

namespace {

constexpr int kDraws = 20000;  ///< of axes and registers until some fit

/// A prime factor of n > 1, each prime power's prime with the weight of its exponent.
std::int64_t prime_factor(std::int64_t n, std::uint64_t which) {
  std::array<std::int64_t, 64> primes{};
  std::size_t number = 0;
  for (std::int64_t p = 2; p * p <= n; ++p) {
    for (; n % p == 0; n /= p) primes[number++] = p;
  }
  if (n > 1) primes[number++] = n;
  return primes[which % number];
}

constexpr unsigned all_dims = (1U << kDims.size()) - 1;

bool is_in(unsigned set, Dim d) { return (set >> static_cast<unsigned>(d) & 1U) != 0; }

}  // namespace

Moves::Moves(const Mapspace& space, std::uint64_t seed) : space_(space), random_(seed) {
  const arch::LayerProblem& problem = space.problem();
  for (Dim d : kDims) {
    if (space.chains(d, kAxisSlot, problem.shape.size[d]) > 1) open_.push_back(d);
  }
  if (space.register_stationary().size() > 1) open_orders_.push_back(-1);
  for (int level = 0; level < space.levels(); ++level) {
    if (space.stationary(level).size() > 1) open_orders_.push_back(level);
    if (space.keep(level).size() > 1) open_keeps_.push_back(level);
  }
  lanes_ = arch::effective_lanes(space.accelerator().array, problem.weight_bits, problem.input_bits);
  positions_ = problem.sparsity ? lanes_ / problem.sparsity->n * problem.sparsity->m : lanes_;
  weight_bits_ = problem.weight_bits + (problem.sparsity ? arch::index_bits(*problem.sparsity) : 0);
}

Count Moves::below_count(Count bound) {
  constexpr Count kWord = std::numeric_limits<std::uint64_t>::max();
  if (bound <= kWord) return random_.below(static_cast<std::uint64_t>(bound));
  // Whole multiples of the bound below 2^128 only, so that every remainder is as likely.
  const Count most = ~Count{0} - ~Count{0} % bound;
  for (;;) {
    const Count high = random_.next();
    const Count drawn = high << 64U | random_.next();
    if (drawn < most) return drawn % bound;
  }
}

std::int64_t Moves::draw_factor(Dim d, int slot, std::int64_t count) {
  const auto& factors = space_.factors(d, slot, count);
  Count drawn = below_count(space_.chains(d, slot, count));
  for (const std::int64_t factor : factors) {
    const Count chains = space_.chains(d, slot + 1, space_.left(count, factor));
    if (drawn < chains) return factor;
    drawn -= chains;
  }
  return factors.back();  // not reached: the chains of all factors add up
}

void Moves::draw_chain(Point& point, Dim d) {
  Chain& chain = point.factor[d];
  chain.fill(1);
  std::int64_t count = space_.problem().shape.size[d];
  for (int slot = 0; slot < space_.slots(); ++slot) {
    const std::int64_t factor = draw_factor(d, slot, count);
    chain[static_cast<std::size_t>(slot)] = factor;
    count = space_.left(count, factor);
  }
}

/// Draws axes and registers of one dimension after the other and gives up at the first that does not fit:
/// what is accepted is as likely as any other that would be.
bool Moves::draw_array(Point& point) {
  unsigned chosen = 0;
  for (Dim d : {Dim::M, Dim::Q, Dim::P, Dim::N, Dim::C, Dim::R, Dim::S, Dim::G}) {
    Chain& chain = point.factor[d];
    chain.fill(1);
    const std::int64_t size = space_.problem().shape.size[d];
    chain[kAxisSlot] = draw_factor(d, kAxisSlot, size);
    chain[kRegisterSlot] = draw_factor(d, kRegisterSlot, space_.left(size, chain[kAxisSlot]));
    chosen |= 1U << static_cast<unsigned>(d);
    if (!fits_axes(point, chosen) || !fits_registers(point, chosen)) return false;
  }
  return true;
}

void Moves::draw_rest(Point& point) {
  for (Dim d : kDims) {
    Chain& chain = point.factor[d];
    std::int64_t count =
        space_.left(space_.left(space_.problem().shape.size[d], chain[kAxisSlot]), chain[kRegisterSlot]);
    for (int slot = kRegisterSlot + 1; slot < space_.slots(); ++slot) {
      chain[static_cast<std::size_t>(slot)] = draw_factor(d, slot, count);
      count = space_.left(count, chain[static_cast<std::size_t>(slot)]);
    }
  }
  point.register_stationary = space_.register_stationary()[below(space_.register_stationary().size())];
  for (int level = 0; level < space_.levels(); ++level) {
    const auto index = static_cast<std::size_t>(level);
    point.stationary[index] = space_.stationary(level)[below(space_.stationary(level).size())];
    point.keep[index] = space_.keep(level)[below(space_.keep(level).size())];
  }
}

Point Moves::draw() {
  Point point;
  bool fits = false;
  for (int i = 0; i < kDraws && !fits; ++i) fits = draw_array(point);
  if (!fits) {
    for (Dim d : kDims) draw_chain(point, d);
    draw_rest(point);
    while (!fits_array(point) && shrink(point)) {
    }
    return point;
  }
  draw_rest(point);
  return point;
}

std::int64_t Moves::rest(const Point& point, Dim d) const {
  std::int64_t count = space_.problem().shape.size[d];
  for (int slot = 0; slot < space_.slots(); ++slot)
    count = space_.left(count, point.factor[d][static_cast<std::size_t>(slot)]);
  return count;
}

Chain Moves::nearest(Dim d, const Chain& wanted) const {
  Chain chain;
  chain.fill(1);
  std::int64_t count = space_.problem().shape.size[d];
  for (int slot = 0; slot < space_.slots(); ++slot) {
    const double want =
        std::log(static_cast<double>(std::max<std::int64_t>(1, wanted[static_cast<std::size_t>(slot)])));
    std::int64_t best = 1;
    double least = -1;
    for (const std::int64_t factor : space_.factors(d, slot, count)) {
      if (space_.chains(d, slot + 1, space_.left(count, factor)) == 0) continue;
      const double distance = std::abs(std::log(static_cast<double>(factor)) - want);
      if (least < 0 || distance < least) {
        least = distance;
        best = factor;
      }
    }
    chain[static_cast<std::size_t>(slot)] = best;
    count = space_.left(count, best);
  }
  return chain;
}

/// Moves a prime factor of one slot (the DRAM's included) of a dimension to another.
void Moves::shift_factor(Point& point) {
  const Dim d = open_[below(open_.size())];
  Chain wanted = point.factor[d];
  std::array<std::int64_t, kMostSlots + 1> factor{};
  std::copy(wanted.begin(), wanted.end(), factor.begin());
  const int slots = space_.slots();
  factor[static_cast<std::size_t>(slots)] = rest(point, d);
  std::array<int, kMostSlots + 1> from{};
  std::size_t number = 0;
  for (int slot = 0; slot <= slots; ++slot) {
    if (factor[static_cast<std::size_t>(slot)] > 1) from[number++] = slot;
  }
  if (number == 0) return;
  const auto source = static_cast<std::size_t>(from[below(number)]);
  auto target = static_cast<std::size_t>(below(static_cast<std::uint64_t>(slots)));
  if (target >= source) ++target;  // any other
  const std::int64_t prime = prime_factor(factor[source], random_.next());
  factor[source] /= prime;
  factor[target] *= prime;
  std::copy(factor.begin(), factor.begin() + kMostSlots, wanted.begin());
  for (std::size_t slot = static_cast<std::size_t>(slots); slot < wanted.size(); ++slot) wanted[slot] = 1;
  point.factor[d] = nearest(d, wanted);
}

/// The next larger or smaller factor of a slot; the DRAM takes up the difference.
void Moves::step_factor(Point& point) {
  const Dim d = open_[below(open_.size())];
  const auto slot = static_cast<std::size_t>(below(static_cast<std::uint64_t>(space_.slots())));
  std::int64_t count = space_.problem().shape.size[d];
  for (std::size_t i = 0; i < slot; ++i) count = space_.left(count, point.factor[d][i]);
  const auto& factors = space_.factors(d, static_cast<int>(slot), count);
  const auto at = std::lower_bound(factors.begin(), factors.end(), point.factor[d][slot]);
  Chain wanted = point.factor[d];
  const bool up = below(2) == 0;
  if (up && at != factors.end() && at + 1 != factors.end()) {
    wanted[slot] = *(at + 1);
  } else if (!up && at != factors.begin()) {
    wanted[slot] = *(at - 1);
  }
  point.factor[d] = nearest(d, wanted);
}

void Moves::change_order(Point& point) {
  const int level = open_orders_[below(open_orders_.size())];
  const auto& choices = level < 0 ? space_.register_stationary() : space_.stationary(level);
  Operand& stays = level < 0 ? point.register_stationary : point.stationary[static_cast<std::size_t>(level)];
  const Operand before = stays;
  while (stays == before) stays = choices[below(choices.size())];
}

void Moves::change_keep(Point& point) {
  const int level = open_keeps_[below(open_keeps_.size())];
  auto& keep = point.keep[static_cast<std::size_t>(level)];
  const auto& choices = space_.keep(level);
  // One operand if that is a choice, else any set.
  auto wanted = keep;
  const Operand operand = kOperands[below(kOperands.size())];
  wanted[operand] = !wanted[operand];
  keep = std::find(choices.begin(), choices.end(), wanted) != choices.end() ? wanted
                                                                            : choices[below(choices.size())];
}

void Moves::change(Point& point) {
  do {
    const std::uint64_t kind = below(20);
    if (kind < 4 && !open_orders_.empty()) {
      change_order(point);
    } else if (kind < 6 && !open_keeps_.empty()) {
      change_keep(point);
    } else if (open_.empty()) {
      continue;
    } else if (kind == 6) {
      draw_chain(point, open_[below(open_.size())]);
    } else if (kind < 11) {
      step_factor(point);
    } else {
      shift_factor(point);
    }
  } while (below(3) == 0);
}

Point Moves::cross(const Point& a, const Point& b) {
  Point child = a;
  if (below(2) == 0) {  // by dimension
    for (Dim d : kDims) {
      if (below(2) == 0) child.factor[d] = b.factor[d];
    }
  } else {  // by level: the inner slots of one, the outer ones of the other
    const auto cut = static_cast<std::size_t>(1 + below(static_cast<std::uint64_t>(space_.slots())));
    for (Dim d : kDims) {
      Chain wanted = a.factor[d];
      for (std::size_t slot = cut; slot < wanted.size(); ++slot) wanted[slot] = b.factor[d][slot];
      child.factor[d] = nearest(d, wanted);
    }
  }
  if (below(2) == 0) child.register_stationary = b.register_stationary;
  for (std::size_t level = 0; level < static_cast<std::size_t>(space_.levels()); ++level) {
    if (below(2) == 0) child.stationary[level] = b.stationary[level];
    if (below(2) == 0) child.keep[level] = b.keep[level];
  }
  return child;
}

bool Moves::shrink(Point& point) {
  const bool array_fits = fits_array(point);
  // Memory levels first, then registers, then axes; only the latter two when they do not fit the array.
  struct Candidate {
    Dim d;
    std::size_t slot;
  };
  const auto candidates = [&](std::size_t from, std::size_t to) {
    std::vector<Candidate> result;
    for (Dim d : open_) {
      for (std::size_t slot = from; slot < to; ++slot) {
        if (point.factor[d][slot] > 1) result.push_back({d, slot});
      }
    }
    return result;
  };
  const auto slots = static_cast<std::size_t>(space_.slots());
  std::vector<std::vector<Candidate>> groups;
  if (array_fits) groups.push_back(candidates(kRegisterSlot + 1, slots));
  groups.push_back(candidates(kRegisterSlot, kRegisterSlot + 1));
  groups.push_back(candidates(kAxisSlot, kAxisSlot + 1));
  for (std::vector<Candidate>& group : groups) {
    while (!group.empty()) {
      const std::size_t which = below(group.size());
      const auto [d, slot] = group[which];
      group.erase(group.begin() + static_cast<std::ptrdiff_t>(which));
      Chain wanted = point.factor[d];
      // The next smaller factor of the slot that leaves a chain; the slots outside keep theirs if they can.
      std::int64_t count = space_.problem().shape.size[d];
      for (std::size_t i = 0; i < slot; ++i) count = space_.left(count, wanted[i]);
      const auto& factors = space_.factors(d, static_cast<int>(slot), count);
      auto at = std::lower_bound(factors.begin(), factors.end(), wanted[slot]);
      while (at != factors.begin()) {
        --at;
        if (space_.chains(d, static_cast<int>(slot) + 1, space_.left(count, *at)) == 0) continue;
        wanted[slot] = *at;
        // What the slot gives up must not come back in a slot outside.
        const Chain smaller = nearest(d, wanted);
        bool grows = false;
        for (std::size_t i = slot + 1; i < slots; ++i) grows = grows || smaller[i] > point.factor[d][i];
        if (grows) continue;
        point.factor[d] = smaller;
        return true;
      }
    }
  }
  // Nothing is left to make smaller but the width of unfinished outputs, and the operands that are kept.
  for (int level = 0; level < space_.levels(); ++level) {
    const auto& choices = space_.stationary(level);
    Operand& stays = point.stationary[static_cast<std::size_t>(level)];
    if (stays == Operand::outputs ||
        std::find(choices.begin(), choices.end(), Operand::outputs) == choices.end())
      continue;
    stays = Operand::outputs;
    return true;
  }
  const auto kept = [](const workload::PerOperand<bool>& keep) {
    return std::count_if(kOperands.begin(), kOperands.end(), [&](Operand operand) { return keep[operand]; });
  };
  for (int level : open_keeps_) {
    auto& keep = point.keep[static_cast<std::size_t>(level)];
    const auto& choices = space_.keep(level);
    const auto fewest = *std::min_element(choices.begin(), choices.end(),
                                          [&](const auto& a, const auto& b) { return kept(a) < kept(b); });
    if (kept(fewest) == kept(keep)) continue;
    keep = fewest;
    return true;
  }
  return false;
}

bool Moves::fits_array(const Point& point) const {
  return fits_axes(point, all_dims) && fits_registers(point, all_dims);
}

/// Those of the chosen dimensions; the others at their smallest.
bool Moves::fits_axes(const Point& point, unsigned chosen) const {
  const arch::LayerProblem& problem = space_.problem();
  const arch::ArrayUnit& unit = space_.accelerator().array;
  std::int64_t rows = 1, columns = 1, lanes = 1;
  for (Dim d : kDims) {
    if (!is_in(chosen, d)) continue;
    const std::int64_t factor = point.factor[d][kAxisSlot];
    if (workload::is_reduction(d)) {
      lanes *= d == Dim::C ? arch::kept_channels(factor, problem.sparsity) : factor;
    } else if (d == Dim::M) {
      rows *= factor;
    } else {
      columns *= factor;
    }
    if (rows > unit.rows || columns > unit.columns || lanes > lanes_) return false;
  }
  if (!problem.sparsity || !is_in(chosen, Dim::C)) return true;
  const std::int64_t channels = point.factor[Dim::C][kAxisSlot];
  return channels % problem.sparsity->m == 0 || channels >= problem.shape.size[Dim::C];
}

bool Moves::fits_registers(const Point& point, unsigned chosen) const {
  workload::PerOperand<double> vectors;
  for (Operand operand : kOperands) {
    vectors[operand] = 1;
    for (Dim d : kDims) {
      if (is_in(chosen, d) && depends_on(operand, d))
        vectors[operand] *= static_cast<double>(point.factor[d][kRegisterSlot]);
    }
  }
  const arch::LayerProblem& problem = space_.problem();
  const arch::ArrayUnit& unit = space_.accelerator().array;
  const arch::Registers& registers = unit.registers;
  if (!registers.shared_bytes) {
    return vectors[Operand::outputs] <= static_cast<double>(registers.outputs) &&
           (registers.weights == 1 || vectors[Operand::weights] <= static_cast<double>(registers.weights)) &&
           (registers.inputs == 1 || vectors[Operand::inputs] <= static_cast<double>(registers.inputs));
  }
  const double bits = vectors[Operand::weights] * static_cast<double>(lanes_ * weight_bits_) +
                      vectors[Operand::inputs] * static_cast<double>(positions_ * problem.input_bits) +
                      vectors[Operand::outputs] * unit.bits.accumulators;
  return bits <= static_cast<double>(*registers.shared_bytes) * 8;
}

}  // namespace heddle::mapper
