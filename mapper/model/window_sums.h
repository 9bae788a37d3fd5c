// Input rows (or columns) that the tiles of a sliding window touch: sums over all positions of the tiles.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "arch/legality.h"

namespace heddle::mapper {

/// Values and how many tiles have them.
using Histogram = std::vector<std::pair<std::int64_t, std::int64_t>>;
/// All pairs of values, multiplied.
Histogram product(const Histogram& a, const Histogram& b);

/// What is counted of the positions that the outputs and taps of a tile touch; only those inside the input.
enum class WindowCount : std::uint8_t {
  distinct,   ///< distinct positions: what a memory holds
  pairs,      ///< pairs of output and tap: what streams to the columns, a vector each
  by_column,  ///< distinct ones of each column's outputs, added up: what resident operand registers hold
};

/// Positions of tiles: all but the last, or the last.
enum class Part : std::uint8_t { inner, last };

/// Tables for one layer; each is made when it is asked for first. Not to be shared by threads.
class WindowSums {
 public:
  explicit WindowSums(const workload::MacShape& shape) : shape_(shape) {}

  struct Table {
    Histogram values[2][2];  ///< by Part of the outputs and of the taps
    std::int64_t sum[2][2] = {};
  };
  /// For tiles of `outputs` x `taps` elements. `rows`: P and R, else Q and S. `across`: outputs that lie on
  /// the array's columns at once (by_column only).
  const Table& table(bool rows, WindowCount count, std::int64_t outputs, std::int64_t taps,
                     std::int64_t across = 1);

 private:
  using Key = std::tuple<bool, WindowCount, std::int64_t, std::int64_t, std::int64_t>;
  Table make(const Key& key) const;

  const workload::MacShape& shape_;
  std::map<Key, Table> tables_;
};

}  // namespace heddle::mapper
