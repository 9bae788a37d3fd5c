// The PEs of the `eie` unit behind their queues: how much longer than its mean work a pass takes because PEs
// wait for broadcasts and broadcasts for the slowest queue. The recurrence of docs/eie.md run over a fixed
// sample of slices; docs/eie-model.md says how, and how exact it is. Times are in the sample's units.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace heddle::mapper {

/// Time that the slices of one PE take, in a fixed, shuffled order: the quantiles of their distribution. In
/// units of so many cycles that a slice takes at most kLongest; of one cycle for up to that many rows.
class WorkSample {
 public:
  static constexpr int kLongest = 8192;

  /// From slice_entries(). `unit`: cycles.
  WorkSample(const std::vector<double>& entries, int unit);

  static constexpr std::uint32_t kSize = 1 << 16;
  /// `count` (up to kMargin) in a row, from anywhere below kSize.
  const std::int16_t* from(std::uint32_t position) const { return work_.data() + position; }
  std::uint32_t sum(std::uint32_t position, std::uint32_t count) const {
    return sums_[position + count] - sums_[position];
  }

  static constexpr std::uint32_t kMargin = 8 * 1024;

  /// Of the distribution itself: its mean, and the probability of at most so much (at least 1).
  double mean() const { return mean_; }
  double within(std::size_t time) const { return time < within_.size() ? within_[time] : 1; }
  std::size_t longest() const { return within_.size() - 1; }

 private:
  double mean_ = 0;
  std::vector<double> within_;
  std::vector<std::int16_t> work_;
  std::vector<std::uint32_t> sums_;
};

/// PEs that have the same number of rows.
struct PeGroup {
  std::shared_ptr<const WorkSample> work;
  int pes = 0;
};

/// One array and one block, for any number of broadcasts; what was worked out for some is used for more. Not
/// to be shared by threads.
class QueueCurve {
 public:
  /// At most 1024 PEs in all. `depth`: entries of a queue. One that holds more work than 2^15 units of time
  /// is taken to hold that much: it is full as good as never.
  QueueCurve(std::vector<PeGroup> groups, int depth);
  ~QueueCurve();
  QueueCurve(const QueueCurve&) = delete;
  QueueCurve& operator=(const QueueCurve&) = delete;

  /// Expected cycles from the first broadcast to the end of the last slice, less the mean over PEs of their
  /// work. At least one broadcast; linear between whole numbers.
  double excess(double broadcasts);
  /// Expected time in which the next broadcast waits for a queue.
  double waiting(double broadcasts);

 private:
  class Sampler;
  void extend(double broadcasts);
  double first_excess() const;
  void start_level();
  void step(double& excess, double& waiting);

  std::vector<PeGroup> groups_;
  int depth_, pes_ = 0;
  std::vector<std::unique_ptr<Sampler>> samplers_;  ///< passes of the level in progress
  std::size_t level_ = 0;
  double excess_from_ = 0, waiting_from_ = 0;  ///< where the level began
  std::vector<double> excess_, waiting_;       ///< after j + 1 broadcasts
};

}  // namespace heddle::mapper
