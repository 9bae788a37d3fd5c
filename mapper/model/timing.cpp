#include "mapper/model/timing.h"

#include <numeric>

#include "mapper/model/recurrence.h"

namespace heddle::mapper {

class TimingModel::Run {
 public:
  Run(const arch::LayerProblem& problem, const arch::Accelerator& accelerator)
      : shape_(problem.shape),
        levels_(accelerator.memory.size()),
        traffic_(problem, accelerator),
        costs_(accelerator, traffic_),
        machine_(problem, accelerator, traffic_) {}

  const arch::CycleCounts& run(const arch::LayerMapping& mapping, std::int64_t limit) {
    walk_.start(shape_, mapping);
    costs_.start(mapping);
    machine_.start(mapping, walk_, costs_);
    limit_ = limit;
    first_ = true;
    region(0);
    if (machine_.now() < limit) {
      machine_.finish(boundary_);
      result_.total = machine_.end();
    } else {
      result_.total = machine_.now() + 1;
    }
    const Counters& counters = machine_.counters();
    result_.compute = costs_.layer_steps();
    result_.stalls = counters.stalls;
    result_.stalls[static_cast<std::size_t>(arch::Stall::finish)] +=
        result_.total - std::accumulate(result_.stalls.begin(), result_.stalls.end(), result_.compute);
    result_.port_busy.assign(counters.busy.begin(),
                             counters.busy.begin() + static_cast<std::ptrdiff_t>(levels_));
    return result_;
  }

  TimingEffort effort() const { return {machine_.counters().passes, evaluated_}; }
  bool evaluate_all_ = false;

 private:
  void region(std::size_t depth) {
    if (depth == walk_.loops()) {
      pass();
      return;
    }
    walk_.set(depth, 0);
    for (std::int64_t i = 0; i < walk_.count(depth); ++i) {
      walk_.set(depth, i);
      region(depth + 1);
    }
  }
  void pass() {
    const PassCost& cost = costs_.of(walk_.pass());
    machine_.run_pass(walk_, cost, boundary_, first_);
    first_ = false;
    boundary_ = machine_.boundary(walk_, cost);
    machine_.leave(walk_, boundary_);
  }

  const workload::MacShape shape_;
  const std::size_t levels_;
  const TileTraffic traffic_;
  NestWalk walk_;
  PassCosts costs_;
  Recurrence machine_;
  Boundary boundary_;
  std::int64_t limit_ = 0;
  bool first_ = true;
  std::int64_t evaluated_ = 0;
  arch::CycleCounts result_;
};

TimingModel::TimingModel(const arch::LayerProblem& problem, const arch::Accelerator& accelerator)
    : run_(std::make_unique<Run>(problem, accelerator)) {}
TimingModel::~TimingModel() = default;

const arch::CycleCounts& TimingModel::run(const arch::LayerMapping& mapping, std::int64_t limit) {
  return run_->run(mapping, limit);
}
TimingEffort TimingModel::effort() const { return run_->effort(); }
void TimingModel::evaluate_all(bool all) { run_->evaluate_all_ = all; }

}  // namespace heddle::mapper
