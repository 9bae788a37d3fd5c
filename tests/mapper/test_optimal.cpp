// Is what the branch and bound calls optimal the cheapest of all points, and does its account of the space
// add up? Plain enumeration of small spaces answers.
#include <fmt/format.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <map>

#include "mapper/search/annealing.h"
#include "mapper/search/evaluator.h"
#include "mapper/search/optimal.h"
#include "support/error.h"
#include "tests/mapper/random_layers.h"
#include "tests/mapper/small_case.h"
#include "tests/mapper/small_spaces.h"

namespace heddle::mapper {
namespace {

using workload::Dim;
using workload::kDims;
using workload::kOperands;
using workload::Operand;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The cheapest of all points by each objective; infinite when none is legal.
struct Cheapest {
  std::array<double, 3> value{kInfinity, kInfinity, kInfinity};
  Count points = 0, legal = 0, nests = 0;
};

Cheapest enumerate(const SmallSpace& small) {
  const Mapspace& space = *small.space;
  Evaluator evaluator(space.problem(), space.accelerator(), small.energy);
  std::map<std::string, Cost> known;  // points that are the same nest are evaluated once
  Cheapest cheapest;
  each_point(space, [&](const Point& point) {
    ++cheapest.points;
    if (!is_used_enough(space, point)) return;
    const arch::LayerMapping mapping = space.mapping(point);
    if (!arch::illegalities(mapping, space.problem(), space.accelerator()).empty()) return;
    ++cheapest.legal;
    std::string nest;
    const auto add = [&](const std::vector<arch::Loop>& loops) {
      for (const arch::Loop& loop : loops) {
        nest += letter(loop.dim);
        nest += static_cast<char>(loop.factor);
      }
      nest += '|';
    };
    for (const auto& level : mapping.memory) {
      add(level.temporal);
      for (Operand operand : kOperands) nest += level.keep[operand] ? '1' : '0';
    }
    add(mapping.registers);
    add(mapping.rows);
    add(mapping.columns);
    add(mapping.lanes);
    auto [found, fresh] = known.try_emplace(nest);
    if (!fresh) return;
    found->second = evaluator.cost(mapping);
    ++cheapest.nests;
    for (const Objective objective : {Objective::edp, Objective::energy, Objective::latency}) {
      double& least = cheapest.value[static_cast<std::size_t>(objective)];
      least = std::min(least, value(objective, found->second));
    }
  });
  return cheapest;
}

void check_search(const SmallSpace& small, const Cheapest& cheapest, Objective objective) {
  INFO("objective " << name(objective));
  const Mapspace& space = *small.space;
  SearchOptions options;
  options.objective = objective;
  const double least = cheapest.value[static_cast<std::size_t>(objective)];
  if (cheapest.legal == 0) {
    CHECK(!search_optimal(space, small.energy, options, kInfinity).better);
    return;
  }
  const Optimum optimum = search_optimal(space, small.energy, options, kInfinity);
  REQUIRE(optimum.better);
  const auto& found = *optimum.better;
  CHECK(value(objective, found.cost) == least);
  const arch::LayerMapping mapping = space.mapping(found.point);
  CHECK(arch::illegalities(mapping, space.problem(), space.accelerator()).empty());
  CHECK(is_used_enough(space, found.point));
  Evaluator evaluator(space.problem(), space.accelerator(), small.energy);
  const Cost again = evaluator.cost(mapping);
  CHECK(again.cycles == found.cost.cycles);
  CHECK(again.energy_pj == found.cost.energy_pj);

  const Certificate& certificate = optimum.certificate;
  CHECK(certificate.proved);
  CHECK(certificate.best == least);
  CHECK(certificate.lower_bound == least);
  CHECK(certificate.space == cheapest.points);
  Count accounted = certificate.evaluated;
  for (const auto& removed : certificate.removed) accounted += removed.mappings;
  CHECK(to_string(accounted) == to_string(cheapest.points));
}

struct Account {
  Count points = 0, legal = 0;
  int without_legal = 0;
};

/// All three objectives on so many spaces.
Account check_spaces(std::uint64_t seed, int spaces, bool constrained) {
  std::mt19937_64 random(seed);
  Account account;
  for (int i = 0; i < spaces; ++i) {
    SmallSpaceLimits limits;
    limits.most = i % 10 == 0 ? 20000 : 3000;
    limits.constrained = constrained;
    const auto small = random_small_space(random, limits);
    INFO("seed " << seed << ", space " << i << "\n" << small->text());
    const Cheapest cheapest = enumerate(*small);
    CHECK(to_string(cheapest.points) == to_string(small->space->size()));
    for (const Objective objective : {Objective::edp, Objective::energy, Objective::latency})
      check_search(*small, cheapest, objective);
    account.points += cheapest.points;
    account.legal += cheapest.legal;
    account.without_legal += cheapest.legal == 0 ? 1 : 0;
  }
  return account;
}

TEST_CASE("optimal search finds what plain enumeration finds and accounts for every point") {
  const std::uint64_t seed = GENERATE(11, 12, 13, 14);
  const Account account = check_spaces(seed, 125, false);
  CHECK(account.legal > 20000);
  CHECK(account.without_legal < 40);
}

TEST_CASE("optimal search finds what plain enumeration finds in constrained spaces") {
  const std::uint64_t seed = GENERATE(31, 32, 33, 34);
  const Account account = check_spaces(seed, 100, true);
  CHECK(account.legal > 5000);
  CHECK(account.without_legal < 40);
}

TEST_CASE("a gap bounds how far the answer may be from the least, on any number of threads") {
  const std::uint64_t seed = 51;
  std::mt19937_64 random(seed);
  Count less = 0, evaluated = 0;
  for (int i = 0; i < 40; ++i) {
    const auto small = random_small_space(random, {});
    INFO("seed " << seed << ", space " << i << "\n" << small->text());
    SearchOptions options;
    const Optimum exact = search_optimal(*small->space, small->energy, options, kInfinity);
    if (!exact.better) continue;
    options.gap = 0.1;
    const Optimum near = search_optimal(*small->space, small->energy, options, kInfinity);
    REQUIRE(near.better);
    CHECK(near.certificate.lower_bound <= exact.certificate.best);
    CHECK(near.certificate.lower_bound * 1.1 >= near.certificate.best * (1 - 1e-12));
    CHECK(near.certificate.best >= exact.certificate.best);
    CHECK(!near.certificate.proved);
    const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
    const Optimum alone = search_optimal(*small->space, small->energy, options, kInfinity);
    CHECK(alone.certificate.best == near.certificate.best);
    CHECK(alone.certificate.evaluated == near.certificate.evaluated);
    less += near.certificate.evaluated;
    evaluated += exact.certificate.evaluated;
  }
  CHECK(less < evaluated);
}

/// A machine as a sweep would have it.
arch::Accelerator random_machine(std::mt19937_64& random) {
  arch::Accelerator accelerator = SmallCase().accelerator;
  accelerator.name = "random";
  arch::ArrayUnit& array = accelerator.array;
  array.rows = pick(random, {4, 8, 12, 16, 32});
  array.columns = pick(random, {4, 8, 12, 16, 32});
  array.lanes = pick(random, {1, 4, 8, 16});
  if (array.lanes > 1 && random() % 2 == 0) array.sparsity = {2, 4};
  array.registers.outputs = pick(random, {1, 4, 16});
  if (random() % 3 == 0) array.registers.weights = pick(random, {2, 8});
  if (random() % 3 == 0) array.registers.inputs = pick(random, {2, 8});
  if (random() % 4 == 0) array.registers.shared_bytes = 512;
  array.ports = {pick(random, {16, 64, 256}), pick(random, {16, 64, 256}), pick(random, {4, 16})};
  arch::MemoryLevel& buffer = accelerator.memory.at(1);
  buffer.size_bytes = pick(random, {16, 64, 256, 1024}) * 1024;
  buffer.bandwidth = pick(random, {16, 64, 256});
  buffer.double_buffered = random() % 3 != 0;
  return accelerator;
}

TEST_CASE("no mapping that annealing draws is cheaper than what optimal search proves") {
  // Layers and machines of real sizes, whose spaces nobody can enumerate.
  const std::uint64_t seed = 41;
  std::mt19937_64 random(seed);
  const SmallCase small;
  int close = 0, proved = 0;
  for (int i = 0; i < 80; ++i) {
    const arch::Accelerator accelerator = random_machine(random);
    arch::LayerProblem problem = random_layer(random, accelerator.array);
    for (const Dim d : kDims) problem.shape.size[d] = std::min<std::int64_t>(problem.shape.size[d], 64);
    SearchOptions options;
    options.objective = std::array{Objective::edp, Objective::energy, Objective::latency}[random() % 3];
    INFO("seed " << seed << ", case " << i << ", objective " << name(options.objective));
    const Mapspace space(problem, accelerator, Constraints{});
    options.evaluations = 4000;
    const Found drawn = search_annealing(space, small.table, options);
    options.evaluations = 100000;
    const double beat = value(options.objective, drawn.cost);
    const Optimum optimum = search_optimal(space, small.table, options, std::nextafter(beat, kInfinity));
    CHECK(optimum.certificate.lower_bound <= beat);
    if (!optimum.certificate.proved) continue;
    CHECK(optimum.better);
    ++proved;
    close += optimum.certificate.best > 0.98 * beat ? 1 : 0;
  }
  CHECK(proved > 50);
  CHECK(close > 15);  // else annealing has tested nothing
}

/// All orders of the loops of each level, in all combinations; stops after `most`.
class Permutations {
 public:
  explicit Permutations(const arch::LayerMapping& mapping) : mapping_(mapping) {}

  Count number() const {
    Count product = factorial(mapping_.registers.size());
    for (const auto& level : mapping_.memory) product *= factorial(level.temporal.size());
    return product;
  }
  void each(const std::function<void(const arch::LayerMapping&)>& visit) { level(0, visit); }

 private:
  static Count factorial(std::size_t n) { return n < 2 ? 1 : n * factorial(n - 1); }

  void level(std::size_t index, const std::function<void(const arch::LayerMapping&)>& visit) {
    if (index > mapping_.memory.size()) {
      visit(mapping_);
      return;
    }
    auto& loops = index == mapping_.memory.size() ? mapping_.registers : mapping_.memory[index].temporal;
    const auto before = [](const arch::Loop& a, const arch::Loop& b) { return a.dim < b.dim; };
    std::sort(loops.begin(), loops.end(), before);
    do level(index + 1, visit);
    while (std::next_permutation(loops.begin(), loops.end(), before));
  }

  arch::LayerMapping mapping_;
};

/// Least energy of the point's factors and kept operands over everything that can stay. In a streaming array
/// reduction loops that are innermost in the innermost memory are part of the pass in the space: any of them.
double least_of_classes(const SmallSpace& small, const Point& factors, Evaluator& evaluator) {
  const Mapspace& space = *small.space;
  const int levels = space.levels();
  const bool streams = !arch::is_resident(small.accelerator.array, Operand::weights) &&
                       !arch::is_resident(small.accelerator.array, Operand::inputs);
  double least = kInfinity;
  Point point = factors;
  const std::function<void(int)> each_order = [&](int level) {
    if (level == levels) {
      const arch::LayerMapping mapping = space.mapping(point);
      if (arch::illegalities(mapping, space.problem(), space.accelerator()).empty())
        least = std::min(least, evaluator.energy(mapping));
      return;
    }
    for (const Operand operand : space.stationary(level)) {
      point.stationary[static_cast<std::size_t>(level)] = operand;
      each_order(level + 1);
    }
  };
  constexpr std::array<Dim, 3> reductions = {Dim::C, Dim::R, Dim::S};
  for (unsigned moved = 0; moved < (streams ? 8U : 1U); ++moved) {
    point = factors;
    for (std::size_t i = 0; i < reductions.size(); ++i) {
      if ((moved >> i & 1U) == 0) continue;
      Chain& chain = point.factor[reductions[i]];
      if (levels > 1) {
        const auto innermost = static_cast<std::size_t>(space.slot_of(levels - 1));
        chain[kRegisterSlot] *= chain[innermost];
        chain[innermost] = 1;
      } else {  // the DRAM's factor, which is what the chain leaves
        const std::int64_t axis = chain[kAxisSlot];
        chain[kRegisterSlot] = (small.problem.shape.size[reductions[i]] + axis - 1) / axis;
      }
    }
    for (const Operand operand : space.register_stationary()) {
      point.register_stationary = operand;
      each_order(0);
    }
  }
  return least;
}

TEST_CASE("no order of loops takes less energy than the best choice of what stays") {
  // With factors that divide: the orders of a space's points stand for all permutations.
  const std::uint64_t seed = 21;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  int compared = 0;
  Count permutations = 0;
  for (int i = 0; i < 300; ++i) {
    const auto small = random_small_space(random, {2, 2000000, false, Factors::perfect});
    const Mapspace& space = *small->space;
    Evaluator evaluator(space.problem(), space.accelerator(), small->energy);
    const Count skip = random() % std::max<std::uint64_t>(1, static_cast<std::uint64_t>(space.size() / 20));
    Count index = 0;
    std::vector<Point> chosen;  // some legal points
    each_point(space, [&](const Point& point) {
      if (chosen.size() == 4 || index++ % (skip + 1) != skip) return;
      if (arch::illegalities(space.mapping(point), space.problem(), space.accelerator()).empty())
        chosen.push_back(point);
    });
    for (const Point& point : chosen) {
      const arch::LayerMapping mapping = space.mapping(point);
      Permutations all(mapping);
      if (all.number() > 3000) continue;
      const double least = least_of_classes(*small, point, evaluator);
      double cheapest = kInfinity;
      arch::LayerMapping which;
      all.each([&](const arch::LayerMapping& permuted) {
        if (!arch::illegalities(permuted, space.problem(), space.accelerator()).empty()) return;
        const double energy = evaluator.energy(permuted);
        ++permutations;
        if (energy < cheapest) {
          cheapest = energy;
          which = permuted;
        }
      });
      INFO("space " << i << "\n"
                    << small->text() << "the point\n"
                    << arch::to_yaml({mapping}, small->accelerator) << "permuted\n"
                    << arch::to_yaml({which}, small->accelerator));
      CHECK(least <= cheapest * (1 + 1e-12));
      ++compared;
    }
  }
  CHECK(compared > 200);
  CHECK(permutations > 20000);
}

}  // namespace
}  // namespace heddle::mapper
