// What is worth having when there is more than one objective: dominance, fronts, hypervolume. All values are
// to be made small.
#pragma once

#include <cstddef>
#include <vector>

namespace heddle::sweep {

/// One value for each objective; all points of a comparison have equally many.
using Values = std::vector<double>;

/// Nowhere worse and somewhere better.
bool dominates(const Values& a, const Values& b);

/// Positions of the points that no other dominates, ascending; of equal points, all.
std::vector<std::size_t> front(const std::vector<Values>& points);

/// Rank of each point: 0 for the front, 1 for the front of the rest, and so on (Deb, Pratap, Agarwal,
/// Meyarivan, "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE TEC 2002).
std::vector<std::size_t> ranks(const std::vector<Values>& points);

/// How much room there is around each point of one rank, in the objectives' own ranges; infinite at their
/// ends.
std::vector<double> crowding_distances(const std::vector<Values>& points);

/// Volume of what `points` dominate within `reference`, the corner where every objective is worst; points
/// outside it add nothing. Exact, by slicing (While, Hingston, Barone, Huband, "A Faster Algorithm for
/// Calculating Hypervolume", IEEE TEC 2006).
double hypervolume(std::vector<Values> points, const Values& reference);

}  // namespace heddle::sweep
