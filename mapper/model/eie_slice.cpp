#include "mapper/model/eie_slice.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "workload/encode/csc.h"

namespace heddle::mapper {

namespace {

/// Up to so many rows the distribution is exact.
constexpr int kExactRows = 256;

/// The sum over many gaps is nearly normal: the mean of so many rows, the variance in proportion to those of
/// kExactRows.
std::vector<double> many_entries(int rows, double density, int index_bits) {
  const std::vector<double> some = slice_entries(kExactRows, density, index_bits);
  double mean = 0, square = 0;
  for (std::size_t n = 0; n < some.size(); ++n) {
    mean += some[n] * static_cast<double>(n);
    square += some[n] * static_cast<double>(n * n);
  }
  const double scale = static_cast<double>(rows) / kExactRows;
  const double deviation = std::sqrt(std::max(0.0, square - mean * mean) * scale);
  const double expected = rows * density + workload::expected_padding(rows, density, index_bits);
  std::vector<double> result(static_cast<std::size_t>(rows) + 1, 0.0);
  if (deviation < 1e-9) {
    result[static_cast<std::size_t>(std::llround(expected))] = 1;
    return result;
  }
  const auto below = [&](double n) { return 0.5 * std::erfc((expected - n) / (deviation * std::sqrt(2.0))); };
  double before = 0;
  for (std::size_t n = 0; n < result.size(); ++n) {
    const double up_to = n + 1 == result.size() ? 1 : below(static_cast<double>(n) + 0.5);
    result[n] = up_to - before;
    before = up_to;
  }
  return result;
}

}  // namespace

std::vector<double> slice_entries(int rows, double density, int index_bits) {
  if (rows > kExactRows) return many_entries(rows, density, index_bits);
  const int reach = 1 << index_bits;  // zeros that a padding entry stands for
  // of[k][n]: n entries in the k rows that follow a weight (or the top of the column).
  std::vector<std::vector<double>> of(static_cast<std::size_t>(rows) + 1);
  for (int k = 0; k <= rows; ++k) {
    std::vector<double>& now = of[static_cast<std::size_t>(k)];
    now.assign(static_cast<std::size_t>(k) + 1, 0.0);
    double gap = 1;  // probability of that many zeros
    for (int zeros = 0; zeros < k; ++zeros) {
      const std::vector<double>& rest = of[static_cast<std::size_t>(k - 1 - zeros)];
      const auto used = static_cast<std::size_t>(1 + zeros / reach);
      for (std::size_t n = 0; n < rest.size(); ++n) now[n + used] += gap * density * rest[n];
      gap *= 1 - density;
    }
    now[0] += gap;  // zeros at the end are not stored
  }
  return of.back();
}

SliceMeans slice_means(const std::vector<double>& entries, double density) {
  SliceMeans means;
  means.empty = entries[0];
  for (std::size_t n = 0; n < entries.size(); ++n) {
    means.entries += entries[n] * static_cast<double>(n);
    means.work += entries[n] * static_cast<double>(std::max<std::size_t>(n, 1));
  }
  means.padding = std::max(0.0, means.entries - density * static_cast<double>(entries.size() - 1));
  return means;
}

double slice_words(const std::vector<double>& entries, int entries_per_word, int columns) {
  const auto per_word = static_cast<std::size_t>(entries_per_word);
  std::vector<double> step(per_word), words(per_word);  // by where in a word a slice ends, and begins
  for (std::size_t n = 0; n < entries.size(); ++n) {
    step[n % per_word] += entries[n];
    for (std::size_t begin = 0; n > 0 && begin < per_word; ++begin)
      words[begin] += entries[n] * static_cast<double>((begin + n - 1) / per_word + 1);
  }
  std::vector<double> at(per_word, 0.0), next(per_word);
  at[0] = 1;
  double sum = 0;
  for (int column = 0; column < columns; ++column) {
    double now = 0;
    for (std::size_t begin = 0; begin < per_word; ++begin) now += at[begin] * words[begin];
    sum += now;
    std::fill(next.begin(), next.end(), 0.0);
    for (std::size_t begin = 0; begin < per_word; ++begin) {
      for (std::size_t n = 0; n < per_word; ++n) next[(begin + n) % per_word] += at[begin] * step[n];
    }
    double change = 0;
    for (std::size_t begin = 0; begin < per_word; ++begin) change += std::abs(next[begin] - at[begin]);
    if (change < 1e-9) return (sum + now * (columns - column - 1)) / columns;  // it stays so
    std::swap(at, next);
  }
  return sum / columns;
}

}  // namespace heddle::mapper
