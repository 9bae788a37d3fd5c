#include "mapper/model/repetition.h"

#include <algorithm>

namespace heddle::mapper {

namespace {

constexpr std::size_t kMostRecords = std::size_t{1} << 16;

}  // namespace

RepetitionTable::RepetitionTable() : slots_(256) {}

void RepetitionTable::clear() {
  records_.clear();
  words_.clear();
  if (++era_ == 0) {
    std::fill(slots_.begin(), slots_.end(), Slot{});
    era_ = 1;
  }
}

int RepetitionTable::find(const std::int64_t* key, std::size_t size, std::uint64_t hash) const {
  for (std::size_t slot = hash & (slots_.size() - 1); slots_[slot].era == era_;
       slot = (slot + 1) & (slots_.size() - 1)) {
    const Repetition& record = records_[slots_[slot].record];
    if (record.hash == hash && record.key_size == size &&
        std::equal(key, key + size, words_.begin() + static_cast<std::ptrdiff_t>(record.key)))
      return static_cast<int>(slots_[slot].record);
  }
  return kNone;
}

int RepetitionTable::add(Repetition record, const std::int64_t* key, const Words& after) {
  if (records_.size() == kMostRecords) return kNone;
  record.key = words_.size();
  words_.insert(words_.end(), key, key + record.key_size);
  record.after = words_.size();
  record.after_size = after.size();
  words_.insert(words_.end(), after.begin(), after.end());
  records_.push_back(record);
  if (2 * records_.size() > slots_.size()) {
    slots_.assign(2 * slots_.size(), Slot{});
    for (std::uint32_t i = 0; i < records_.size(); ++i) insert(i);
  } else {
    insert(static_cast<std::uint32_t>(records_.size()) - 1);
  }
  return static_cast<int>(records_.size()) - 1;
}

void RepetitionTable::insert(std::uint32_t record) {
  std::size_t slot = records_[record].hash & (slots_.size() - 1);
  while (slots_[slot].era == era_) slot = (slot + 1) & (slots_.size() - 1);
  slots_[slot] = {era_, record};
}

}  // namespace heddle::mapper
