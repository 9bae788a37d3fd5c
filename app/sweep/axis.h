// The axes of a design space: what each may set, and how a point of the space is written as choices.
#pragma once

#include <string>
#include <vector>

#include "app/sweep/expression.h"
#include "support/yaml.h"

namespace heddle::sweep {

/// One value of an axis: what it sets, and how it is shown.
struct Choice {
  Scalar label;                      ///< a number, where the axis has numbers
  std::vector<yaml::Edit> settings;  ///< keys of the sweep file ("arch", "arch.array.rows"), in order
};

/// Choices in their order. Those of an axis of `items` are all orders of them, or all choices of `chosen` of
/// them, in lexicographic order of their positions.
struct Axis {
  std::string name;
  std::vector<std::string> keys;  ///< that it sets
  std::vector<Choice> choices;
  std::vector<std::string> items;  ///< empty: the choices are simply listed
  std::size_t chosen = 0;          ///< of the items; all of them: their order counts
};

/// A point: for each axis, the position of its choice.
using Point = std::vector<std::size_t>;

/// All orders of `items`, or all choices of `chosen` of them (ascending positions), as positions of the
/// items.
std::vector<std::vector<std::size_t>> arrangements(std::size_t items, std::size_t chosen);

/// How a search writes the choice of an axis down: one number from 0 to 1 for a list, whose choices share
/// that range evenly; for items one number each, their importance, by which they are sorted, or the most
/// important ones chosen (Lin, Yang, Han, "NAAS: Neural Accelerator Architecture Search", DAC 2021).
std::size_t genes_of(const Axis& axis);
/// The position of the choice that `genes` (genes_of(axis) numbers) stand for.
std::size_t decode(const Axis& axis, const double* genes);

}  // namespace heddle::sweep
