#include "mapper/model/eie_queue.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace heddle::mapper {

namespace {

constexpr int kLanes = 8;  // passes that run side by side
using Lanes [[gnu::vector_size(2 * kLanes)]] = std::int16_t;

Lanes load(const std::int16_t* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

Lanes larger(Lanes a, Lanes b) { return a > b ? a : b; }

/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers everywhere.
class Sequence {
 public:
  explicit Sequence(std::uint64_t seed) : state_(seed) {}
  std::uint32_t below(std::uint32_t bound) {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<std::uint32_t>((((z ^ (z >> 31)) >> 32) * bound) >> 32);
  }

 private:
  std::uint64_t state_;
};

std::vector<std::uint16_t> shuffled_ranks() {
  std::vector<std::uint16_t> ranks(WorkSample::kSize);
  for (std::uint32_t i = 0; i < WorkSample::kSize; ++i) ranks[i] = static_cast<std::uint16_t>(i);
  Sequence sequence(1);
  for (std::uint32_t i = WorkSample::kSize; i > 1; --i) std::swap(ranks[i - 1], ranks[sequence.below(i)]);
  return ranks;
}

}  // namespace

WorkSample::WorkSample(const std::vector<double>& entries, int unit)
    : work_(kSize + kMargin), sums_(work_.size() + 1) {
  const auto time_of = [&](std::size_t n) {
    const auto u = static_cast<std::size_t>(unit);
    return std::max<std::size_t>((n + u / 2) / u, 1);
  };
  static const std::vector<std::uint16_t> ranks = shuffled_ranks();
  std::vector<std::int16_t> quantiles(kSize);
  double below = 0;
  std::size_t next = 0;
  for (std::size_t n = 0; n < entries.size(); ++n) {
    below += entries[n];
    const auto end =
        n + 1 == entries.size()
            ? std::size_t{kSize}
            : static_cast<std::size_t>(std::clamp(std::round(below * kSize), 0.0, double{kSize}));
    for (; next < end; ++next) quantiles[next] = static_cast<std::int16_t>(time_of(n));
  }
  for (std::uint32_t i = 0; i < kSize; ++i) work_[i] = quantiles[ranks[i]];
  std::copy_n(work_.begin(), kMargin, work_.begin() + kSize);
  below = 0;
  for (std::size_t n = 0; n < entries.size(); ++n) {
    below += entries[n];
    const std::size_t time = time_of(n);
    mean_ += entries[n] * static_cast<double>(time);
    within_.resize(time + 1, 0.0);
    within_[time] = below;
  }
  for (std::size_t i = 0; i < work_.size(); ++i)
    sums_[i + 1] = sums_[i] + static_cast<std::uint32_t>(work_[i]);
}

/// kLanes independent passes, broadcast by broadcast. Times of a PE are kept as lags behind the broadcast: a
/// queue of D entries of at most 64 cycles holds a lag below 2^15.
class QueueCurve::Sampler {
 public:
  Sampler(const std::vector<PeGroup>& groups, int depth, std::uint64_t seed)
      : groups_(groups), sequence_(seed), latest_(static_cast<std::size_t>(depth) * kLanes) {
    for (const PeGroup& group : groups) pes_ += group.pes;
    lag_.resize(static_cast<std::size_t>(pes_) * kLanes);
  }

  /// The next broadcast. Adds to the sums over lanes: end of the last slice less the mean work of a PE, and
  /// cycles that broadcasts waited.
  void step(double& excess, double& waiting) {
    std::int32_t* latest = latest_.data() + slot_ * kLanes;  // start of the slowest PE, D broadcasts ago
    Lanes advance, most{}, end{};
    for (int i = 0; i < kLanes; ++i) {
      const std::int32_t at = broadcasts_ == 0 ? 0 : std::max(at_[i] + 1, latest[i]);
      advance[i] = static_cast<std::int16_t>(at - at_[i]);
      at_[i] = at;
    }
    std::int16_t* lag = lag_.data();
    for (const PeGroup& group : groups_) {
      const auto count = static_cast<std::uint32_t>(group.pes) * kLanes;
      const std::uint32_t position = sequence_.below(WorkSample::kSize);
      const std::int16_t* work = group.work->from(position);
      work_ += group.work->sum(position, count);
      for (std::uint32_t p = 0; p < count; p += kLanes, lag += kLanes) {
        const Lanes start = larger(load(lag) - advance, Lanes{});
        const Lanes finish = start + load(work + p);
        most = larger(most, start);
        end = larger(end, finish);
        std::memcpy(lag, &finish, sizeof finish);
      }
    }
    for (int i = 0; i < kLanes; ++i) {
      latest[i] = at_[i] + most[i];
      excess += at_[i] + end[i];
      waiting += at_[i];
    }
    excess -= static_cast<double>(work_) / pes_;
    waiting -= static_cast<double>(kLanes) * static_cast<double>(broadcasts_);
    ++broadcasts_;
    slot_ = (slot_ + 1) % (latest_.size() / kLanes);
  }

 private:
  const std::vector<PeGroup>& groups_;
  Sequence sequence_;
  int pes_ = 0;
  std::int64_t broadcasts_ = 0, work_ = 0;
  std::size_t slot_ = 0;
  std::int32_t at_[kLanes] = {};
  std::vector<std::int16_t> lag_;     ///< finish of the PE's last slice, behind the last broadcast
  std::vector<std::int32_t> latest_;  ///< ring of the last D broadcasts
};

namespace {

/// Few broadcasts vary the most, so they have the most samples: the curve's first part is a mean over many
/// passes, and it goes on with the increase over fewer.
struct Level {
  std::size_t broadcasts;  ///< up to so many
  int pe_samples;          ///< PEs x passes
};
constexpr Level kLevels[] = {{32, 32768}, {512, 4096}, {std::size_t{1} << 40, 1024}};
constexpr int kMostSamples = 2048;
constexpr std::size_t kMostBroadcasts = 16384;

double between(const std::vector<double>& curve, double broadcasts) {
  const double at = std::max(broadcasts - 1, 0.0);
  const auto below = static_cast<std::size_t>(at);
  if (below + 1 >= kMostBroadcasts) {
    const double slope = 2 * (curve.back() - curve[kMostBroadcasts / 2 - 1]) / kMostBroadcasts;
    return curve.back() + slope * (broadcasts - kMostBroadcasts);
  }
  if (below + 1 >= curve.size()) return curve.back();
  return curve[below] + (at - static_cast<double>(below)) * (curve[below + 1] - curve[below]);
}

}  // namespace

QueueCurve::QueueCurve(std::vector<PeGroup> groups, int depth) : groups_(std::move(groups)), depth_(depth) {
  for (const PeGroup& group : groups_) {
    pes_ += group.pes;
    // Lags have 15 bits: those of a full queue and the slice that is being walked.
    depth_ = std::min(depth_, static_cast<int>(32767 / group.work->longest()) - 1);
  }
}

double QueueCurve::first_excess() const {
  double most = 0, mean = 0, below = 0;
  std::size_t longest = 1;
  for (const PeGroup& group : groups_) longest = std::max(longest, group.work->longest());
  for (std::size_t n = 1; n <= longest; ++n) {
    double within = 1;  // probability that no PE takes more than n cycles
    for (const PeGroup& group : groups_) within *= std::pow(group.work->within(n), group.pes);
    most += static_cast<double>(n) * (within - below);
    below = within;
  }
  for (const PeGroup& group : groups_) mean += group.work->mean() * group.pes;
  return most - mean / pes_;
}

QueueCurve::~QueueCurve() = default;

void QueueCurve::start_level() {
  level_ = samplers_.empty() ? 0 : level_ + 1;
  const int passes = std::min(kLevels[level_].pe_samples / pes_, kMostSamples);
  samplers_.clear();
  for (int s = 0; s < std::max(1, passes / kLanes); ++s) {
    samplers_.push_back(std::make_unique<Sampler>(groups_, depth_, static_cast<std::uint64_t>(s) + 2));
  }
  if (excess_.empty()) {
    excess_.push_back(first_excess());
    waiting_.push_back(0);
    double excess = 0, waiting = 0;
    step(excess, waiting);
    return;
  }
  const double known_excess = excess_.back();
  const double known_waiting = waiting_.back();
  excess_from_ = waiting_from_ = 0;
  double excess = 0, waiting = 0;
  for (std::size_t j = 0; j < excess_.size(); ++j) step(excess, waiting);
  excess_from_ = known_excess - excess;
  waiting_from_ = known_waiting - waiting;
}

void QueueCurve::step(double& excess, double& waiting) {
  excess = waiting = 0;
  for (const auto& sampler : samplers_) sampler->step(excess, waiting);
  const double passes = static_cast<double>(samplers_.size()) * kLanes;
  excess = excess_from_ + excess / passes;
  waiting = waiting_from_ + waiting / passes;
}

void QueueCurve::extend(double broadcasts) {
  const std::size_t enough =
      std::min(static_cast<std::size_t>(std::max(std::ceil(broadcasts), 1.0)), kMostBroadcasts);
  while (excess_.size() < enough) {
    if (samplers_.empty() || excess_.size() == kLevels[level_].broadcasts) start_level();
    if (excess_.size() >= enough) break;
    double excess = 0, waiting = 0;
    step(excess, waiting);
    excess_.push_back(excess);
    waiting_.push_back(waiting);
  }
}

double QueueCurve::excess(double broadcasts) {
  extend(broadcasts);
  return between(excess_, broadcasts);
}

double QueueCurve::waiting(double broadcasts) {
  extend(broadcasts);
  return between(waiting_, broadcasts);
}

}  // namespace heddle::mapper
