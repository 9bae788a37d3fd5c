#include "app/sweep/nsga2.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace heddle::sweep {
namespace {

constexpr int kTries = 200;          ///< for a child that is new and allowed, before one is drawn evenly
constexpr double kCrossovers = 0.9;  ///< share of children that have two parents
constexpr double kCrossoverIndex =
    15;  ///< the larger, the closer to the parents: the paper's 20 is for larger budgets
constexpr double kMutationIndex = 20;

/// One of the two values that simulated binary crossover makes of two genes (Deb, Agrawal 1995).
double crossed(double a, double b, double u, bool first) {
  const double beta = u <= 0.5 ? std::pow(2 * u, 1 / (kCrossoverIndex + 1))
                               : std::pow(1 / (2 * (1 - u)), 1 / (kCrossoverIndex + 1));
  return 0.5 * (first ? (1 + beta) * a + (1 - beta) * b : (1 - beta) * a + (1 + beta) * b);
}

double mutated(double gene, double u) {
  const double step = u < 0.5 ? std::pow(2 * u, 1 / (kMutationIndex + 1)) - 1
                              : 1 - std::pow(2 * (1 - u), 1 / (kMutationIndex + 1));
  return gene + step;
}

struct Standing {
  std::vector<std::size_t> rank;
  std::vector<double> room;
};

/// Feasible individuals by rank and room; the others come after all of them.
Standing standing_of(const std::vector<Individual>& individuals) {
  std::vector<std::size_t> feasible;
  std::vector<Values> values;
  for (std::size_t i = 0; i < individuals.size(); ++i) {
    if (!individuals[i].feasible) continue;
    feasible.push_back(i);
    values.push_back(individuals[i].values);
  }
  const std::vector<std::size_t> level = ranks(values);
  const std::size_t worst = values.size();  // no rank is that large
  Standing result{std::vector<std::size_t>(individuals.size(), worst),
                  std::vector<double>(individuals.size(), 0)};
  for (std::size_t r = 0; r < worst; ++r) {
    std::vector<std::size_t> members;
    std::vector<Values> of_members;
    for (std::size_t i = 0; i < feasible.size(); ++i) {
      if (level[i] != r) continue;
      members.push_back(feasible[i]);
      of_members.push_back(values[i]);
    }
    if (members.empty()) break;
    const std::vector<double> room = crowding_distances(of_members);
    for (std::size_t i = 0; i < members.size(); ++i) {
      result.rank[members[i]] = r;
      result.room[members[i]] = room[i];
    }
  }
  return result;
}

}  // namespace

Nsga2::Nsga2(std::size_t genes, std::size_t population, std::uint64_t seed)
    : genes_(genes), size_(population), random_(seed) {}

Genome Nsga2::drawn() {
  Genome genome(genes_);
  for (double& gene : genome) gene = random_.uniform();
  return genome;
}

const Individual& Nsga2::tournament() {
  const auto a = static_cast<std::size_t>(random_.below(population_.size()));
  const auto b = static_cast<std::size_t>(random_.below(population_.size()));
  if (rank_[a] != rank_[b]) return population_[rank_[a] < rank_[b] ? a : b];
  return population_[room_[b] > room_[a] ? b : a];
}

Genome Nsga2::child() {
  const Genome& mother = tournament().genome;
  const Genome& father = tournament().genome;
  Genome genome = mother;
  const bool crosses = random_.uniform() < kCrossovers;
  for (std::size_t i = 0; i < genes_; ++i) {
    if (crosses && random_.uniform() < 0.5) {
      const double u = random_.uniform();
      genome[i] = crossed(mother[i], father[i], u, random_.uniform() < 0.5);
    }
    if (random_.uniform() < 1.0 / static_cast<double>(genes_))
      genome[i] = mutated(genome[i], random_.uniform());
    genome[i] = std::clamp(genome[i], 0.0, std::nextafter(1.0, 0.0));
  }
  return genome;
}

std::vector<Genome> Nsga2::next(std::size_t most, const Take& take) {
  std::vector<Genome> generation;
  const std::size_t wanted = std::min(most, size_);
  while (generation.size() < wanted) {
    Genome genome;
    bool taken = false;
    for (int attempt = 0; attempt < 2 * kTries && !taken; ++attempt) {
      genome = population_.empty() || attempt >= kTries ? drawn() : child();
      taken = take(genome);
    }
    if (!taken) break;
    generation.push_back(std::move(genome));
  }
  return generation;
}

void Nsga2::select(const std::vector<Individual>& children) {
  std::vector<Individual> all = std::move(population_);
  all.insert(all.end(), children.begin(), children.end());
  const Standing standing = standing_of(all);
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (standing.rank[a] != standing.rank[b]) return standing.rank[a] < standing.rank[b];
    return standing.room[a] > standing.room[b];
  });
  order.resize(std::min(order.size(), size_));
  population_.clear();
  rank_.clear();
  room_.clear();
  for (const std::size_t i : order) {
    population_.push_back(all[i]);
    rank_.push_back(standing.rank[i]);
    room_.push_back(standing.room[i]);
  }
}

}  // namespace heddle::sweep
