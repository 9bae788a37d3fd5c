// Does the search find fronts that are known, better than drawing does, and the same one every time?
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "app/sweep/axis.h"
#include "app/sweep/nsga2.h"

using namespace heddle;
using sweep::Genome;
using sweep::Individual;
using sweep::Values;

namespace {

/// ZDT1 (Zitzler, Deb, Thiele 2000): the front is where all genes but the first are 0.
Values zdt1(const Genome& genome) {
  double sum = 0;
  for (std::size_t i = 1; i < genome.size(); ++i) sum += genome[i];
  const double g = 1 + 9 * sum / static_cast<double>(genome.size() - 1);
  return {genome[0], g * (1 - std::sqrt(genome[0] / g))};
}

std::vector<Values> walk(bool searches, std::size_t evaluations, std::uint64_t seed) {
  sweep::Nsga2 population(10, 40, seed);
  std::vector<Values> seen;
  while (seen.size() < evaluations) {
    std::vector<Individual> children;
    for (const Genome& genome :
         population.next(evaluations - seen.size(), [](const Genome&) { return true; })) {
      children.push_back({genome, true, zdt1(genome)});
      seen.push_back(children.back().values);
    }
    if (searches) population.select(children);
  }
  return seen;
}

}  // namespace

TEST_CASE("the search covers more of a known front than as many random points") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    const Values reference{1.1, 8};
    const double best = 1.1 * 8 - 1.0 / 3 - 0.0;  // below the front f2 = 1 - sqrt(f1) lies 1/3
    const double found = sweep::hypervolume(walk(true, 2000, seed), reference);
    const double drawn = sweep::hypervolume(walk(false, 2000, seed), reference);
    CHECK(found > drawn);
    CHECK(found > 0.9 * best);
    CHECK(found <= best + 1e-9);
  }
}

TEST_CASE("the same seed walks the same way") { CHECK(walk(true, 400, 3) == walk(true, 400, 3)); }

TEST_CASE("genomes that are not taken are not handed out and the end of a space ends the search") {
  sweep::Nsga2 population(1, 8, 1);
  std::set<int> seen;
  const auto take = [&](const Genome& genome) { return seen.insert(static_cast<int>(genome[0] * 5)).second; };
  CHECK(population.next(100, take).size() == 5);
  CHECK(population.next(100, take).empty());
}

TEST_CASE("individuals without values lose against those that have some") {
  sweep::Nsga2 population(1, 2, 1);
  population.select({{{0.1}, false, {}}, {{0.2}, true, {5, 5}}, {{0.3}, true, {9, 9}}, {{0.4}, false, {}}});
  REQUIRE(population.population().size() == 2);
  CHECK(population.population()[0].genome == Genome{0.2});
  CHECK(population.population()[1].genome == Genome{0.3});
}

TEST_CASE("importances stand for every order and every choice of items") {
  sweep::Axis order;
  order.items = {"M", "C", "P"};
  order.chosen = 3;
  sweep::Axis subset = order;
  subset.chosen = 2;
  order.choices.resize(sweep::arrangements(3, 3).size());
  subset.choices.resize(sweep::arrangements(3, 2).size());
  REQUIRE(order.choices.size() == 6);
  REQUIRE(subset.choices.size() == 3);
  CHECK(sweep::genes_of(order) == 3);
  const auto decoded = [](const sweep::Axis& axis, std::vector<double> genes) {
    return sweep::decode(axis, genes.data());
  };
  const auto at = [](std::size_t chosen, std::size_t i) { return sweep::arrangements(3, chosen)[i]; };
  CHECK(at(3, decoded(order, {0.1, 0.9, 0.5})) == std::vector<std::size_t>{1, 2, 0});  // C, P, M
  CHECK(at(3, decoded(order, {0.5, 0.5, 0.5})) == std::vector<std::size_t>{0, 1, 2});
  CHECK(at(2, decoded(subset, {0.1, 0.9, 0.5})) == std::vector<std::size_t>{1, 2});  // C and P
  CHECK(at(2, decoded(subset, {0.9, 0.1, 0.5})) == std::vector<std::size_t>{0, 2});
}

TEST_CASE("a gene's range is shared evenly by the choices of a list") {
  sweep::Axis axis;
  axis.choices.resize(4);
  for (const auto& [gene, choice] :
       {std::pair{0.0, 0U}, {0.24, 0U}, {0.26, 1U}, {0.74, 2U}, {0.999999, 3U}, {1.0, 3U}})
    CHECK(sweep::decode(axis, &gene) == choice);
}
