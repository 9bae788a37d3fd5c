// Does the pass model of the eie unit expect what random matrices do under the cycle rules of docs/eie.md?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>

#include "mapper/model/eie_pass.h"

namespace {

using heddle::mapper::EiePass;
using heddle::mapper::EiePassModel;
using heddle::mapper::EieShape;

constexpr double kTolerance = 0.05;  // of expected cycles and counts for sparse data

/// One slice, encoded weight by weight.
struct Encoded {
  int entries = 0, padding = 0;
};

Encoded encode(int rows, double density, int index_bits, std::mt19937_64& random) {
  std::bernoulli_distribution kept(density);
  Encoded slice;
  int zeros = 0;
  for (int row = 0; row < rows; ++row) {
    if (!kept(random)) {
      ++zeros;
      continue;
    }
    for (; zeros >= 1 << index_bits; zeros -= 1 << index_bits) ++slice.entries, ++slice.padding;
    ++slice.entries;
    zeros = 0;
  }
  return slice;
}

/// A supply of random slices' cycles.
class Slices {
 public:
  Slices(int rows, double density, std::mt19937_64& random) : cycles_(1 << 17) {
    for (int& c : cycles_) c = std::max(1, encode(rows, density, 4, random).entries);
  }
  int draw(std::mt19937_64& random) const { return cycles_[random() >> 47]; }

 private:
  std::vector<int> cycles_;
};

struct Simulated {
  double cycles = 0, queue_full = 0, starved = 0;
};

/// The recurrence as docs/eie.md writes it; values after each of the numbers of broadcasts `at`, added up.
void simulate(int pes, int tall, const Slices& high, const Slices& low, int depth, const std::vector<int>& at,
              std::mt19937_64& random, std::vector<Simulated>& sums) {
  std::vector<std::int64_t> finish(static_cast<std::size_t>(pes), 0), slowest;
  std::int64_t broadcast = -1, work = 0, end = 0;
  std::size_t next = 0;
  for (int j = 0; next < at.size(); ++j) {
    ++broadcast;
    if (j >= depth) broadcast = std::max(broadcast, slowest[static_cast<std::size_t>(j - depth)]);
    std::int64_t latest = 0;
    for (int p = 0; p < pes; ++p) {
      const std::int64_t start = std::max(broadcast, finish[static_cast<std::size_t>(p)]);
      const int cycles = (p < tall ? high : low).draw(random);
      finish[static_cast<std::size_t>(p)] = start + cycles;
      latest = std::max(latest, start);
      end = std::max(end, start + cycles);
      work += cycles;
    }
    slowest.push_back(latest);
    if (j + 1 == at[next]) {
      sums[next].cycles += static_cast<double>(end);
      sums[next].queue_full += static_cast<double>(broadcast - j);
      sums[next].starved += static_cast<double>(pes * end - work);
      ++next;
    }
  }
}

/// Mean over random matrices.
std::vector<Simulated> simulate(const EieShape& shape, int rows, const Slices& high, const Slices& low,
                                const std::vector<int>& at, std::int64_t slices, std::mt19937_64& random) {
  const int pes = shape.pes, tall = rows % pes;
  const int runs =
      static_cast<int>(std::clamp<std::int64_t>(slices / (std::int64_t{pes} * at.back()), 2, 4000));
  std::vector<Simulated> sums(at.size());
  for (int run = 0; run < runs; ++run) simulate(pes, tall, high, low, shape.queue_depth, at, random, sums);
  for (Simulated& sum : sums) {
    sum.cycles /= runs;
    sum.queue_full /= runs;
    sum.starved /= runs;
  }
  return sums;
}

/// Largest relative errors, and where.
struct Worst {
  double error = 0;
  std::string where;

  void take(double expected, double found, const std::string& at) {
    const double e = std::abs(expected / found - 1);
    if (e > error) {
      error = e;
      where = at + ": expected " + std::to_string(expected) + ", found " + std::to_string(found);
    }
  }
};

TEST_CASE("eie pass - are the expected entries and words of a slice those of encoded random columns") {
  std::mt19937_64 random(11);
  for (const int index_bits : {2, 4, 8}) {
    for (const double density : {0.0, 0.02, 0.09, 0.5, 1.0}) {
      for (const int rows : {1, 2, 5, 37, 64}) {
        for (const int per_word : {1, 3, 8}) {
          const EieShape shape{
              .pes = 1, .queue_depth = 8, .index_bits = index_bits, .entries_per_word = per_word};
          EiePassModel model(shape);
          const auto& column = model.column(rows, density);
          // The column's slices of one PE, one after the other in its SRAM.
          const int columns = 40000;
          const int few = 6;  // columns of a short block
          double entries = 0, squares = 0, padding = 0, words = 0, few_words = 0, empty = 0, work = 0;
          std::int64_t first = 0, few_first = 0;
          for (int j = 0; j < columns; ++j) {
            const Encoded slice = encode(rows, density, index_bits, random);
            entries += slice.entries;
            squares += slice.entries * slice.entries;
            padding += slice.padding;
            empty += slice.entries == 0;
            work += std::max(1, slice.entries);
            const std::int64_t end = first + slice.entries;
            if (end > first) words += static_cast<double>((end - 1) / per_word - first / per_word + 1);
            first = end;
            if (j % few == 0) few_first = 0;
            const std::int64_t few_end = few_first + slice.entries;
            if (few_end > few_first)
              few_words += static_cast<double>((few_end - 1) / per_word - few_first / per_word + 1);
            few_first = few_end;
          }
          const double mean = entries / columns;
          // Six standard errors of the mean number of entries; no other value varies more than it, words by
          // one.
          const double margin = 6 * std::sqrt((squares / columns - mean * mean + 1) / columns);
          INFO("index bits " << index_bits << ", density " << density << ", rows " << rows << ", " << per_word
                             << " entries a word");
          CHECK(column.entries == Approx(mean).margin(margin));
          CHECK(column.padding == Approx(padding / columns).margin(margin));
          CHECK(column.work == Approx(work / columns).margin(margin));
          CHECK(column.empty_slices == Approx(empty / columns).margin(margin));
          CHECK(model.words(rows, density, columns) == Approx(words / columns).margin(margin));
          CHECK(model.words(rows, density, few) == Approx(few_words / columns).margin(margin));
        }
      }
    }
  }
}

TEST_CASE("eie pass - are expected cycles within five per cent of the recurrence on random matrices") {
  const int pes = GENERATE(1, 4, 16, 64, 256);
  const std::uint64_t seed = 20160618;
  INFO("seed " << seed << ", " << pes << " PEs");
  std::mt19937_64 random(seed);
  Worst cycles, queue_full, starved;
  for (const double density : {0.02, 0.04, 0.09, 0.25, 0.5, 1.0}) {
    for (const double rows_per_pe : {1.0, 9.0, 37.5, 64.0}) {
      const int rows = static_cast<int>(rows_per_pe * pes);
      const Slices high(rows / pes + 1, density, random), low(rows / pes, density, random);
      for (const int depth : {1, 2, 4, 8, 16, 64, 256}) {
        const EieShape shape{.pes = pes, .queue_depth = depth};
        EiePassModel model(shape);
        for (const std::vector<int>& at :
             {std::vector<int>{1}, std::vector<int>{20}, std::vector<int>{300, 1400, 4000}}) {
          const auto found = simulate(shape, rows, high, low, at, 1 << 20, random);
          for (std::size_t i = 0; i < at.size(); ++i) {
            if (at[i] > 64 * pes) continue;
            const EiePass expected = model.pass(rows, density, at[i]);
            const std::string where = "depth " + std::to_string(depth) + ", density " +
                                      std::to_string(density) + ", rows " + std::to_string(rows) +
                                      ", broadcasts " + std::to_string(at[i]);
            cycles.take(expected.cycles, found[i].cycles, where);
            // Shares of a pass: a fraction of it, so their errors are measured against it.
            queue_full.take(expected.queue_full + found[i].cycles, found[i].queue_full + found[i].cycles,
                            where);
            starved.take(expected.starved / pes + found[i].cycles, found[i].starved / pes + found[i].cycles,
                         where);
            CHECK(expected.work + expected.starved == Approx(expected.cycles * pes));
          }
        }
      }
    }
  }
  INFO("cycles " << cycles.where);
  INFO("queue full " << queue_full.where);
  INFO("starved " << starved.where);
  CHECK(cycles.error < kTolerance);
  CHECK(queue_full.error < kTolerance);
  CHECK(starved.error < kTolerance);
}

}  // namespace
