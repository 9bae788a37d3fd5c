// What an iteration of a loop does to the machine, remembered by everything that it depends on, so that an
// equal iteration need not be run again. docs/timing-model.md says what that is, and why it is enough.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/pass_cost.h"
#include "mapper/model/region_key.h"

namespace heddle::mapper {

struct Repetition {
  std::size_t key = 0, key_size = 0;      ///< in the table's words
  std::size_t after = 0, after_size = 0;  ///< the state that it leaves behind
  std::uint64_t hash = 0;
  bool apart = false;         ///< independent of the movers outside, whose state it neither needs nor changes
  std::uint32_t touched = 0;  ///< movers that did something or were told something
  Cycle cycles = 0;
  Counters counters;
  const PassCost* last_pass = nullptr;
};

class RepetitionTable {
 public:
  static constexpr int kNone = -1;

  RepetitionTable();
  void clear();
  /// Index of the record with this key, or kNone.
  int find(const std::int64_t* key, std::size_t size, std::uint64_t hash) const;
  /// Adds a record; kNone when the table is full.
  int add(Repetition record, const std::int64_t* key, const Words& after);
  const Repetition& operator[](int index) const { return records_[static_cast<std::size_t>(index)]; }
  const std::int64_t* after(const Repetition& record) const { return words_.data() + record.after; }

 private:
  struct Slot {
    std::uint32_t era = 0, record = 0;
  };
  void insert(std::uint32_t record);

  std::vector<Repetition> records_;
  Words words_;
  std::vector<Slot> slots_;
  std::uint32_t era_ = 1;
};

}  // namespace heddle::mapper
