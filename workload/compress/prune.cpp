#include "workload/compress/prune.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace heddle::workload {
namespace {

/// Calls f(output channel, offset of the group's first weight, weights in the group, distance between them)
/// for each group of m channels.
template <class F>
void for_each_group(const Shape& shape, const StructuredSparsity& sparsity, const F& f) {
  if (shape.size() != 4 && shape.size() != 2) {
    throw std::invalid_argument(
        fmt::format("n:m of weights of shape {}, expected [M, C, R, S] or [M, C]", to_string(shape)));
  }
  if (sparsity.n < 1 || sparsity.n > sparsity.m) {
    throw std::invalid_argument(fmt::format("{}:{} sparsity, expected 1 <= n <= m", sparsity.n, sparsity.m));
  }
  const std::int64_t channels = shape[1], window = shape.size() == 4 ? shape[2] * shape[3] : 1;
  for (std::int64_t m = 0; m < shape[0]; ++m) {
    for (std::int64_t c = 0; c < channels; c += sparsity.m) {
      const std::int64_t size = std::min<std::int64_t>(sparsity.m, channels - c);
      for (std::int64_t k = 0; k < window; ++k) f(m, (m * channels + c) * window + k, size, window);
    }
  }
}

template <class T>
std::optional<std::int64_t> violation(const Shape& shape, const std::vector<T>& values,
                                      const StructuredSparsity& sparsity) {
  std::optional<std::int64_t> found;
  for_each_group(shape, sparsity,
                 [&](std::int64_t m, std::int64_t first, std::int64_t size, std::int64_t step) {
                   int kept = 0;
                   for (std::int64_t i = 0; i < size; ++i)
                     kept += values.at(static_cast<std::size_t>(first + i * step)) != 0 ? 1 : 0;
                   if (kept > sparsity.n && !found) found = m;
                 });
  return found;
}

}  // namespace

void prune_to_density(FloatTensor& weights, double density) {
  if (!(density >= 0 && density <= 1)) {
    throw std::invalid_argument(fmt::format("a density of {}, expected 0 to 1", density));
  }
  std::vector<float>& w = weights.values;
  const auto keep = static_cast<std::size_t>(std::llround(density * static_cast<double>(w.size())));
  if (keep >= w.size()) return;
  std::vector<float> magnitudes(w.size());
  std::transform(w.begin(), w.end(), magnitudes.begin(), [](float value) { return std::abs(value); });
  const auto threshold = magnitudes.begin() + static_cast<std::ptrdiff_t>(keep);
  // Afterwards `*threshold` is the greatest magnitude of which not all may stay.
  std::nth_element(magnitudes.begin(), threshold, magnitudes.end(), std::greater<>());
  const float limit = *threshold;
  const auto above = std::count_if(magnitudes.begin(), threshold, [&](float value) { return value > limit; });
  auto ties = static_cast<std::ptrdiff_t>(keep) - above;
  for (float& value : w) {
    if (std::abs(value) > limit) continue;
    if (std::abs(value) == limit && ties-- > 0) continue;
    value = 0;
  }
}

void prune_structured(FloatTensor& weights, const StructuredSparsity& sparsity) {
  std::vector<std::int64_t> order;
  for_each_group(weights.shape, sparsity,
                 [&](std::int64_t, std::int64_t first, std::int64_t size, std::int64_t step) {
                   order.resize(static_cast<std::size_t>(size));
                   std::iota(order.begin(), order.end(), std::int64_t{0});
                   const auto value = [&](std::int64_t i) -> float& {
                     return weights.values.at(static_cast<std::size_t>(first + i * step));
                   };
                   std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
                     return std::abs(value(a)) > std::abs(value(b));
                   });
                   for (std::size_t i = static_cast<std::size_t>(sparsity.n); i < order.size(); ++i)
                     value(order[i]) = 0;
                 });
}

std::optional<std::int64_t> first_violation(const IntTensor& weights, const StructuredSparsity& sparsity) {
  return violation(weights.shape, weights.codes, sparsity);
}
std::optional<std::int64_t> first_violation(const FloatTensor& weights, const StructuredSparsity& sparsity) {
  return violation(weights.shape, weights.values, sparsity);
}

}  // namespace heddle::workload
