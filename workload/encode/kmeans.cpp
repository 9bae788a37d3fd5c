#include "workload/encode/kmeans.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "workload/random.h"

namespace heddle::workload {
namespace {

constexpr int kMostIterations = 1000;  // far beyond what a layer takes; a bound all the same

/// Ascending. Three passes over 11 bits each of keys that order like the floats.
std::vector<float> sorted(std::vector<float> values) {
  constexpr int digit_bits = 11;
  constexpr std::uint32_t mask = (1U << digit_bits) - 1;
  const auto key = [](float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return (bits >> 31U) != 0 ? ~bits : bits | 0x80000000U;
  };
  std::vector<float> other(values.size());
  for (int shift = 0; shift < 32; shift += digit_bits) {
    std::array<std::size_t, mask + 1> place{};
    for (const float value : values) ++place[(key(value) >> shift) & mask];
    std::size_t sum = 0;
    for (std::size_t& count : place) sum += std::exchange(count, sum);
    for (const float value : values) other[place[(key(value) >> shift) & mask]++] = value;
    values.swap(other);
  }
  return values;
}

/// Sorted weights with the sums of their ranges: one prefix sum for every 64 weights.
class SortedWeights {
 public:
  explicit SortedWeights(const std::vector<float>& weights) {
    std::vector<float> left;
    left.reserve(static_cast<std::size_t>(
        std::count_if(weights.begin(), weights.end(), [](float weight) { return weight != 0; })));
    for (const float weight : weights) {
      if (!std::isfinite(weight))
        throw std::invalid_argument(fmt::format("a weight of {}, expected finite weights", weight));
      if (weight != 0) left.push_back(weight);
    }
    values_ = sorted(std::move(left));
    double sum = 0;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (i % kBlock == 0) prefix_.push_back(sum);
      sum += values_[i];
    }
  }

  std::size_t size() const { return values_.size(); }
  float operator[](std::size_t index) const { return values_[index]; }
  /// The first weight above the bound.
  std::size_t above(double bound) const {
    return static_cast<std::size_t>(std::upper_bound(values_.begin(), values_.end(), bound) -
                                    values_.begin());
  }
  double mean(std::size_t begin, std::size_t end) const {
    // A short range by itself: its mean then owes nothing to the rounding of large sums.
    double sum = 0;
    if (end - begin <= 2 * kBlock) {
      for (std::size_t i = begin; i < end; ++i) sum += values_[i];
    } else {
      sum = sum_below(end) - sum_below(begin);
    }
    return std::clamp<double>(sum / static_cast<double>(end - begin), values_[begin], values_[end - 1]);
  }
  /// Distinct weights, or the first `most` + 1 of them.
  std::vector<float> distinct(std::size_t most) const {
    std::vector<float> result;
    for (auto next = values_.begin(); next != values_.end() && result.size() <= most;) {
      result.push_back(*next);
      next = std::upper_bound(next, values_.end(), *next);
    }
    return result;
  }

 private:
  static constexpr std::size_t kBlock = 64;

  double sum_below(std::size_t end) const {
    if (end == 0) return 0;
    const std::size_t block = (end - 1) / kBlock;
    double sum = prefix_[block];
    for (std::size_t i = block * kBlock; i < end; ++i) sum += values_[i];
    return sum;
  }

  std::vector<float> values_;
  std::vector<double> prefix_;
};

/// Ascending starting values; some may be equal.
std::vector<double> initial_values(const SortedWeights& weights, std::size_t count,
                                   const Clustering& clustering) {
  std::vector<double> values;
  const std::size_t n = weights.size();
  switch (clustering.initialization) {
    case Initialization::linear: {
      const double low = weights[0], step = (weights[n - 1] - low) / static_cast<double>(count - 1);
      for (std::size_t i = 0; i < count; ++i) values.push_back(low + step * static_cast<double>(i));
      break;
    }
    case Initialization::density:
      for (std::size_t i = 0; i < count; ++i) values.push_back(weights[(2 * i + 1) * n / (2 * count)]);
      break;
    case Initialization::random: {
      RandomStream random(clustering.seed);
      for (std::size_t i = 0; i < count; ++i) values.push_back(weights[random.below(n)]);
      std::sort(values.begin(), values.end());
      break;
    }
  }
  return values;
}

/// Clusters of the sorted weights: that of value c is [bound c, bound c + 1).
class Lloyd {
 public:
  Lloyd(const SortedWeights& weights, std::vector<double> values)
      : weights_(weights), values_(std::move(values)) {
    assign();
  }

  /// Moves every value to its cluster's mean and forms the clusters again. Whether one changed.
  bool step() {
    fill_empty();
    for (std::size_t c = 0; c < values_.size(); ++c) {
      if (bounds_[c] < bounds_[c + 1]) values_[c] = weights_.mean(bounds_[c], bounds_[c + 1]);
    }
    const std::vector<std::size_t> before = bounds_;
    assign();
    return bounds_ != before;
  }

  /// Of clusters that have weights.
  std::vector<float> values() const {
    std::vector<float> result;
    for (std::size_t c = 0; c < values_.size(); ++c) {
      if (bounds_[c] == bounds_[c + 1]) continue;
      const auto value = static_cast<float>(values_[c]);
      result.push_back(value != 0 ? value : nearest_to_zero(bounds_[c], bounds_[c + 1]));
    }
    return result;
  }

 private:
  void assign() {
    bounds_.assign(1, 0);
    for (std::size_t c = 0; c + 1 < values_.size(); ++c)
      bounds_.push_back(weights_.above((values_[c] + values_[c + 1]) / 2));
    bounds_.push_back(weights_.size());
  }

  /// One empty cluster after the other. Each makes the sum of squares smaller, so this ends; the limit is for
  /// weights so close that their distances are lost in rounding.
  void fill_empty() {
    for (std::size_t tries = 0; tries < 4 * values_.size(); ++tries) {
      std::size_t empty = 0;
      while (empty < values_.size() && bounds_[empty] < bounds_[empty + 1]) ++empty;
      if (empty == values_.size()) return;
      double distance = 0, furthest = 0;
      const auto look = [&](std::size_t index, std::size_t c) {
        if (std::abs(weights_[index] - values_[c]) <= distance) return;
        distance = std::abs(weights_[index] - values_[c]);
        furthest = weights_[index];
      };
      for (std::size_t c = 0; c < values_.size(); ++c) {
        if (bounds_[c] == bounds_[c + 1]) continue;
        look(bounds_[c], c);
        look(bounds_[c + 1] - 1, c);
      }
      if (distance == 0) return;
      values_[empty] = furthest;
      std::sort(values_.begin(), values_.end());
      assign();
    }
  }

  float nearest_to_zero(std::size_t begin, std::size_t end) const {
    const std::size_t positive = std::clamp(weights_.above(0), begin, end);
    if (positive == end) return weights_[end - 1];
    if (positive == begin) return weights_[begin];
    return -weights_[positive - 1] < weights_[positive] ? weights_[positive - 1] : weights_[positive];
  }

  const SortedWeights& weights_;
  std::vector<double> values_;
  std::vector<std::size_t> bounds_;
};

}  // namespace

std::string_view name(Initialization initialization) {
  switch (initialization) {
    case Initialization::linear:
      return "linear";
    case Initialization::density:
      return "density";
    case Initialization::random:
      return "random";
  }
  return "";
}

std::size_t SharedValues::nearest(float weight) const {
  const auto above = std::upper_bound(values.begin(), values.end(), weight);
  const auto index = static_cast<std::size_t>(above - values.begin());
  if (index == 0) return 0;
  if (index == values.size()) return index - 1;
  const double to_upper = static_cast<double>(values[index]) - weight;
  const double to_lower = static_cast<double>(weight) - values[index - 1];
  return to_upper < to_lower ? index : index - 1;
}

SharedValues share_values(const std::vector<float>& weights, const Clustering& clustering) {
  if (clustering.bits < 2 || clustering.bits > 8)
    throw std::invalid_argument(fmt::format("clusters of {} bits, expected 2 to 8", clustering.bits));
  const std::size_t count = (std::size_t{1} << clustering.bits) - 1;
  const SortedWeights sorted_weights(weights);
  SharedValues result;
  result.values = sorted_weights.distinct(count);
  result.exact = result.values.size() <= count;
  if (result.exact) return result;
  Lloyd lloyd(sorted_weights, initial_values(sorted_weights, count, clustering));
  do ++result.iterations;
  while (lloyd.step() && result.iterations < kMostIterations);
  result.values = lloyd.values();
  return result;
}

}  // namespace heddle::workload
