#include "app/sweep/axis.h"

#include <algorithm>
#include <numeric>

namespace heddle::sweep {

std::vector<std::vector<std::size_t>> arrangements(std::size_t items, std::size_t chosen) {
  std::vector<std::vector<std::size_t>> all;
  if (chosen == items) {
    std::vector<std::size_t> order(items);
    std::iota(order.begin(), order.end(), std::size_t{0});
    do all.push_back(order);
    while (std::next_permutation(order.begin(), order.end()));
    return all;
  }
  std::vector<bool> taken(items, false);
  std::fill_n(taken.begin(), chosen, true);
  do {
    std::vector<std::size_t>& subset = all.emplace_back();
    for (std::size_t i = 0; i < items; ++i) {
      if (taken[i]) subset.push_back(i);
    }
  } while (std::prev_permutation(taken.begin(), taken.end()));
  return all;
}

std::size_t genes_of(const Axis& axis) { return axis.items.empty() ? 1 : axis.items.size(); }

std::size_t decode(const Axis& axis, const double* genes) {
  if (axis.items.empty()) {
    const auto choices = static_cast<double>(axis.choices.size());
    return std::min(static_cast<std::size_t>(genes[0] * choices), axis.choices.size() - 1);
  }
  std::vector<std::size_t> order(axis.items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return genes[a] > genes[b]; });
  if (axis.chosen < axis.items.size()) {
    order.resize(axis.chosen);
    std::sort(order.begin(), order.end());
  }
  const auto all = arrangements(axis.items.size(), axis.chosen);
  return static_cast<std::size_t>(std::find(all.begin(), all.end(), order) - all.begin());
}

}  // namespace heddle::sweep
