// How often a classifier is right.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace heddle::app {

/// Share of images whose greatest score is that of their label, in [0, 1]. `scores`: one row of classes an
/// image; of equal scores the first counts.
template <class Score>
double accuracy_of(const std::vector<Score>& scores, const std::vector<std::int64_t>& labels) {
  const std::size_t classes = scores.size() / labels.size();
  std::size_t right = 0;
  for (std::size_t image = 0; image < labels.size(); ++image) {
    const auto first = scores.begin() + static_cast<std::ptrdiff_t>(image * classes);
    right += std::max_element(first, first + static_cast<std::ptrdiff_t>(classes)) - first == labels[image];
  }
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

}  // namespace heddle::app
