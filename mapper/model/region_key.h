// What running a region of the loop nest (the passes inside one iteration of a loop) depends on, as words.
// Equal words: the machine does the same. docs/timing-model.md has the argument.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "mapper/model/nest_walk.h"
#include "mapper/model/recurrence.h"

namespace heddle::mapper {

using Words = std::vector<std::int64_t>;

/// What a region depends on as far as its tile goes.
struct RegionKind {
  workload::PerDim<std::int64_t> extent;
  std::int64_t visits = 0;           ///< by reduction dimension: is it the first part, the last?
  std::int64_t row = 0, column = 0;  ///< where it lies in the input; the same everywhere inside its edges
  friend bool operator==(const RegionKind&, const RegionKind&) = default;
};

class RegionKey {
 public:
  RegionKey(const TileTraffic& traffic, const NestWalk& walk, const Recurrence& machine)
      : traffic_(traffic), walk_(walk), machine_(machine) {}

  /// Takes the mapping that the walk has taken.
  void start();
  /// The machine's state has changed.
  void changed() { ++era_; }

  /// The key of the region at `depth` where the walk is; `loop` of NestWalk::next_loop(depth) follows it and
  /// `boundary` precedes it. Without what movers 0 .. outer - 1 do, whose tiles contain the region.
  void write(std::size_t depth, std::size_t loop, std::size_t outer, const Boundary& boundary);
  /// Adds the movers outside.
  void add_outside(std::size_t outer, const Boundary& boundary);

  const Words& words() const { return words_; }
  std::uint64_t hash() const { return hash_; }
  /// Of the key before add_outside().
  std::size_t apart_size() const { return apart_size_; }
  std::uint64_t apart_hash() const { return apart_hash_; }
  /// How many further iterations of the loop are like the current one: the region is of the same kind, and so
  /// is the one after it.
  std::int64_t alike_after(std::size_t loop) const;

 private:
  struct Part {
    Words words;
    std::uint64_t hash = 0;
    std::uint64_t era = 0;
    std::size_t outer = 0;
  };
  RegionKind kind_of(const TileRange& tile) const;
  std::int64_t* write_kind(const TileRange& tile, std::int64_t* to) const;

  const TileTraffic& traffic_;
  const NestWalk& walk_;
  const Recurrence& machine_;
  std::uint64_t era_ = 1;
  Words words_;
  std::size_t apart_size_ = 0;
  std::uint64_t hash_ = 0, apart_hash_ = 0;
  Part inside_, outside_;
  // What can vary between regions.
  std::array<workload::Dim, workload::kDimCount> ragged_{};
  std::size_t ragged_count_ = 0;
  bool visits_ = false, rows_ = false, columns_ = false;
};

}  // namespace heddle::mapper
