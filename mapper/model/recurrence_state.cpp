// The state of the recurrence as words relative to the last issue, and back.
#include <algorithm>

#include "mapper/model/recurrence.h"

namespace heddle::mapper {

namespace {

constexpr std::int64_t kNeverWord = -1000;  ///< no time is as far back as that, see relative()

/// A time as it matters from cycle `now` on: one before `now + least` is as good as that.
std::int64_t relative(Cycle time, Cycle now, Cycle least) {
  return time >= kNever ? kNeverWord : std::max(time - now, least);
}
Cycle absolute(std::int64_t word, Cycle now) { return word == kNeverWord ? kNever : now + word; }

/// What movers 0 to `innermost` have to do.
void write_leaving(const Leaving& leaving, int innermost, std::vector<std::int64_t>& words) {
  const std::uint32_t mask = innermost < 0 ? 0 : (std::uint32_t{2} << innermost) - 1;
  words.push_back((leaving.movers & mask) | std::int64_t{leaving.evicts & mask} << 8);
  for (int i = 0; i <= innermost; ++i) {
    if ((leaving.evicts >> i & 1) != 0) words.push_back(leaving.occupancy[static_cast<std::size_t>(i)]);
  }
}

const std::int64_t* read_leaving(Leaving& leaving, int innermost, const std::int64_t* words) {
  leaving.movers = static_cast<std::uint32_t>(*words & 0xFF);
  leaving.evicts = static_cast<std::uint32_t>(*words++ >> 8);
  for (int i = 0; i <= innermost; ++i) {
    if ((leaving.evicts >> i & 1) != 0) leaving.occupancy[static_cast<std::size_t>(i)] = *words++;
  }
  return words;
}

}  // namespace

void Counters::add(const Counters& other, std::int64_t times) {
  passes += other.passes * times;
  steps += other.steps * times;
  fraction += other.fraction * times;
  for (std::size_t i = 0; i < stalls.size(); ++i) stalls[i] += other.stalls[i] * times;
  for (std::size_t i = 0; i < busy.size(); ++i) busy[i] += other.busy[i] * times;
}

Counters Counters::operator-(const Counters& other) const {
  Counters difference = *this;
  difference.add(other, -1);
  return difference;
}

void Recurrence::skip(Cycle cycles, const Counters& counters, std::int64_t times) {
  now_ += cycles * times;
  accounted_ = now_ + 1;
  counters_.add(counters, times);
}

Cycle Recurrence::next_delivery(std::size_t mover) const {
  return relative(mover_[mover].delivered[1], now_, -1);
}

void Recurrence::write_boundary(const Boundary& boundary, std::vector<std::int64_t>& words) {
  words.push_back(static_cast<std::int64_t>(boundary.ended) | std::int64_t{boundary.closes} << 8 |
                  std::int64_t{boundary.has_job} << 9 | static_cast<std::int64_t>(boundary.needed) << 10);
  words.push_back(boundary.drain);
  write_leaving(boundary.leaving, kMaxMovers - 1, words);
}

void Recurrence::write_fetch(const Fetch& fetch, std::vector<std::int64_t>& words) {
  words.push_back(std::int64_t{fetch.exists} | std::int64_t{fetch.opens_outputs} << 1 |
                  std::int64_t{fetch.leaves_parent} << 2);
  words.insert(words.end(), fetch.occupancy.begin(), fetch.occupancy.end());
}

void Recurrence::write_common(std::vector<std::int64_t>& words) const {
  // A job that is submitted now starts when the array's stages are through, at the earliest.
  words.push_back(relative(unit_free_, now_, array_stages_));
  words.push_back(relative(bank_free_[static_cast<std::size_t>(1 - bank_)], now_, 0));
  if (!unit_has_own_side_) {
    words.push_back(static_cast<std::int64_t>(job_count_) | std::int64_t{unit_waits_} << 8);
    for (std::size_t i = 0; i < job_count_; ++i) {
      const Job& job = jobs_[(first_job_ + i) % jobs_.size()];
      words.push_back(relative(job.ready, now_, 0));
      words.push_back(job.duration);
      words.push_back(std::int64_t{job.drains} | std::int64_t{job.bank ^ bank_} << 1);
      write_leaving(job.leaving, output_level_ - 1, words);
    }
  }
  const auto write_request = [&](const Request& request) {
    words.push_back(request.rank | static_cast<std::int64_t>(request.asker) << 8 |
                    std::int64_t{request.operand} << 16);
    words.push_back(request.occupancy);
    words.push_back(relative(request.made, now_, 0));
  };
  for (std::size_t i = 0; i < levels_; ++i) {
    const Port& port = port_[i];
    if (port.exclusive) continue;
    words.push_back(static_cast<std::int64_t>(port.waiting) | std::int64_t{port.busy} << 8);
    if (port.busy) {
      words.push_back(port.end - now_);
      write_request(port.current);
    } else {
      words.push_back(relative(port.available, now_, 1));
    }
    for (std::size_t r = 0; r < port.waiting; ++r) write_request(port.queue[r]);
  }
}

const std::int64_t* Recurrence::read_common(const std::int64_t* words) {
  unit_free_ = absolute(*words++, now_);
  bank_free_[static_cast<std::size_t>(1 - bank_)] = absolute(*words++, now_);
  if (!unit_has_own_side_) {
    job_count_ = static_cast<std::size_t>(*words & 0xFF);
    unit_waits_ = *words++ >> 8 != 0;
    first_job_ = 0;
    for (std::size_t i = 0; i < job_count_; ++i) {
      Job& job = jobs_[i];
      job.ready = absolute(*words++, now_);
      job.duration = *words++;
      job.drains = (*words & 1) != 0;
      job.bank = static_cast<int>(*words++ >> 1) ^ bank_;
      words = read_leaving(job.leaving, output_level_ - 1, words);
    }
  }
  const auto read_request = [&](Request& request) {
    request.rank = static_cast<int>(*words & 0xFF);
    request.asker = static_cast<Asker>(*words >> 8 & 0xFF);
    request.operand = static_cast<int>(*words++ >> 16);
    request.held = false;  // the array has given back what it held
    request.occupancy = *words++;
    request.made = absolute(*words++, now_);
  };
  for (std::size_t i = 0; i < levels_; ++i) {
    Port& port = port_[i];
    if (port.exclusive) continue;
    port.waiting = static_cast<std::size_t>(*words & 0xFF);
    port.busy = *words++ >> 8 != 0;
    port.held = false;
    if (port.busy) {
      port.end = now_ + *words++;
      read_request(port.current);
    } else {
      port.available = absolute(*words++, now_);
    }
    for (std::size_t r = 0; r < port.waiting; ++r) read_request(port.queue[r]);
  }
  return words;
}

void Recurrence::write_mover(std::size_t i, std::vector<std::int64_t>& words) const {
  const Mover& mover = mover_[i];
  words.push_back(mover.next | std::int64_t{mover.open_outputs} << 8 | std::int64_t{mover.outstanding} << 16 |
                  static_cast<std::int64_t>(mover.waiting) << 24 | std::int64_t{mover.unretired} << 32 |
                  std::int64_t{mover.writing} << 33);
  // It has done all that it could up to now: it acts in the next cycle at the earliest, its requests are
  // served in the one after that.
  words.push_back(relative(mover.free_at, now_, 1));
  words.push_back(relative(mover.delivered[0], now_, -1));
  words.push_back(relative(mover.delivered[1], now_, -1));
  if (mover.outstanding > 0) words.push_back(relative(mover.arrival, now_, 1));
  for (std::size_t r = 0; r < mover.waiting; ++r) {
    const Retirement& retirement = mover.retirements[(mover.first + r) % mover.retirements.size()];
    words.push_back(relative(retirement.visible, now_, 1));
    write_leaving(retirement.leaving, static_cast<int>(i), words);
  }
  for (std::size_t level = 0; level < levels_; ++level) {
    const Port& port = port_[level];
    if (port.exclusive && port.user == i) words.push_back(relative(port.available, now_, 2));
  }
}

const std::int64_t* Recurrence::read_mover(std::size_t i, const std::int64_t* words) {
  Mover& mover = mover_[i];
  mover.next = static_cast<int>(*words & 0xFF);
  mover.open_outputs = static_cast<int>(*words >> 8 & 0xFF);
  mover.outstanding = static_cast<int>(*words >> 16 & 0xFF);
  mover.waiting = static_cast<std::size_t>(*words >> 24 & 0xFF);
  mover.unretired = (*words >> 32 & 1) != 0;
  mover.writing = (*words++ >> 33 & 1) != 0;
  mover.first = 0;
  mover.known = false;
  mover.free_at = absolute(*words++, now_);
  mover.delivered[0] = absolute(*words++, now_);
  mover.delivered[1] = absolute(*words++, now_);
  if (mover.outstanding > 0) mover.arrival = absolute(*words++, now_);
  for (std::size_t r = 0; r < mover.waiting; ++r) {
    mover.retirements[r].visible = absolute(*words++, now_);
    words = read_leaving(mover.retirements[r].leaving, static_cast<int>(i), words);
  }
  for (std::size_t level = 0; level < levels_; ++level) {
    Port& port = port_[level];
    if (port.exclusive && port.user == i) port.available = absolute(*words++, now_);
  }
  return words;
}

}  // namespace heddle::mapper
