// NSGA-II (Deb, Pratap, Agarwal, Meyarivan, IEEE TEC 2002): a population that moves towards the front of all
// objectives and spreads along it. Evaluates nothing: it hands out genomes and is told what they are worth.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "app/sweep/pareto.h"
#include "workload/random.h"

namespace heddle::sweep {

/// Numbers from 0 to 1.
using Genome = std::vector<double>;

struct Individual {
  Genome genome;
  bool feasible =
      true;       ///< has values, and keeps to the budgets; one that does is better than one that does not
  Values values;  ///< of feasible ones
};

class Nsga2 {
 public:
  Nsga2(std::size_t genes, std::size_t population, std::uint64_t seed);

  /// Whether a genome stands for a point of the space that has not been handed out. A genome that is taken
  /// counts as handed out.
  using Take = std::function<bool(const Genome&)>;
  /// The next generation: drawn evenly at first, then children of the population, by binary tournaments,
  /// simulated binary crossover and polynomial mutation. At most `most`; fewer when the space seems to have
  /// no more.
  std::vector<Genome> next(std::size_t most, const Take& take);
  /// Keeps the best of the population and these.
  void select(const std::vector<Individual>& children);

  const std::vector<Individual>& population() const { return population_; }

 private:
  Genome drawn();
  Genome child();
  const Individual& tournament();

  std::size_t genes_;
  std::size_t size_;
  workload::RandomStream random_;
  std::vector<Individual> population_;
  std::vector<std::size_t> rank_;  ///< of the population
  std::vector<double> room_;       ///< crowding distances
};

}  // namespace heddle::sweep
