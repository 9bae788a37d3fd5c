#include "mapper/search/genetic.h"

#include <algorithm>

#include "mapper/search/islands.h"

namespace heddle::mapper {
namespace {

constexpr std::size_t kPopulation = 64;
constexpr int kTournament = 3;
constexpr int kPatience = 4000;  ///< children that nobody gave way to until a new population is drawn

struct Individual {
  Point point;
  double value;
};

/// Index of the best (or the worst) of a few that are drawn.
std::size_t tournament(const std::vector<Individual>& population, Moves& moves, bool best) {
  std::size_t winner = moves.below(population.size());
  for (int i = 1; i < kTournament; ++i) {
    const std::size_t other = moves.below(population.size());
    const bool better = population[other].value < population[winner].value;
    if (better == best) winner = other;
  }
  return winner;
}

/// Steady state: a child takes the place of the loser of a tournament if it is better, so that the loser's
/// value is what it has to beat.
void breed(Island& island) {
  std::vector<Individual> population;
  const auto fill = [&] {
    while (population.size() < kPopulation && !island.spent()) {
      if (const auto start = island.legal_point()) population.push_back({start->first, start->second});
    }
  };
  fill();
  if (population.empty()) return;
  Moves& moves = island.moves();
  int without = 0;
  while (!island.spent()) {
    if (++without > kPatience) {  // nothing new comes of these: keep the best one
      std::swap(population.front(), *std::min_element(population.begin(), population.end(),
                                                      [](const Individual& a, const Individual& b) {
                                                        return a.value < b.value;
                                                      }));
      population.resize(1);
      fill();
      without = 0;
    }
    const Individual& mother = population[tournament(population, moves, true)];
    const Individual& father = population[tournament(population, moves, true)];
    Point child = moves.below(4) == 0 ? mother.point : moves.cross(mother.point, father.point);
    if (moves.below(4) != 0) moves.change(child);
    Individual& loser = population[tournament(population, moves, false)];
    const auto value = island.look_at(child, loser.value);
    if (!value) continue;
    // No twins: they would crowd out the rest.
    const bool twin = std::any_of(population.begin(), population.end(),
                                  [&](const Individual& each) { return each.value == *value; });
    if (twin) continue;
    loser = {child, *value};
    without = 0;
  }
}

}  // namespace

Found search_genetic(const Mapspace& space, const arch::EnergyTable& table, const SearchOptions& options) {
  return search_islands(space, table, options, breed);
}

}  // namespace heddle::mapper
