#include "mapper/model/timing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "arch/dot_pass_cost.h"
#include "mapper/model/eie_pass_cost.h"
#include "mapper/model/recurrence.h"
#include "mapper/model/repetition.h"

namespace heddle::mapper {

namespace {

constexpr std::int64_t kFractions = 1 << 20;  ///< of PassCost::fraction

std::unique_ptr<PassCosts> make_pass_costs(const arch::LayerProblem& problem,
                                           const arch::Accelerator& accelerator, const TileTraffic& traffic) {
  if (accelerator.array.eie) return std::make_unique<EiePassCosts>(problem, accelerator, traffic);
  return std::make_unique<arch::DotPassCosts>(accelerator, traffic);
}

constexpr std::uint32_t movers_up_to(std::size_t end) { return (std::uint32_t{1} << end) - 1; }

}  // namespace

class TimingModel::Run {
 public:
  Run(const arch::LayerProblem& problem, const arch::Accelerator& accelerator)
      : shape_(problem.shape),
        levels_(accelerator.memory.size()),
        eie_(accelerator.array.eie.has_value()),
        traffic_(problem, accelerator),
        pass_costs_(make_pass_costs(problem, accelerator, traffic_)),
        costs_(*pass_costs_),
        machine_(accelerator, traffic_) {}

  const arch::CycleCounts& run(const arch::LayerMapping& mapping, std::int64_t limit) {
    walk_.start(shape_, mapping);
    traffic_.start(mapping);
    costs_.start(mapping);
    machine_.start(mapping, walk_, costs_);
    key_.start();
    table_.clear();
    stack_.clear();
    limit_ = limit;
    steps_ = costs_.layer_steps();
    evaluated_ = 0;
    first_ = true;
    stopped_ = false;
    region(0);
    if (!stopped_) machine_.finish(boundary_);
    result_.total = stopped_ ? earliest_end() : machine_.end();
    const Counters& counters = machine_.counters();
    result_.compute = stopped_ || eie_ ? counters.steps : steps_;
    result_.stalls = counters.stalls;
    if (eie_) add_fractions();
    result_.stalls[static_cast<std::size_t>(arch::Stall::finish)] +=
        result_.total - std::accumulate(result_.stalls.begin(), result_.stalls.end(), result_.compute);
    result_.port_busy.assign(counters.busy.begin(),
                             counters.busy.begin() + static_cast<std::ptrdiff_t>(levels_));
    return result_;
  }

  TimingEffort effort() const { return {machine_.counters().passes, evaluated_}; }
  bool evaluate_all_ = false;

 private:
  /// Passes of the eie unit last an expected number of cycles, and here the nearest whole one. What that
  /// leaves out is added up, for the part of the time in which the array does not wait for memories.
  void add_fractions() {
    const Counters& counters = machine_.counters();
    const auto waits = static_cast<double>(counters.stalls[static_cast<std::size_t>(arch::Stall::memory)]);
    const auto works = static_cast<double>(counters.steps);
    const auto more = static_cast<double>(counters.fraction) / static_cast<double>(kFractions);
    const Cycle cycles = std::llround(more * (works > 0 ? works / (works + waits) : 0));
    result_.total += cycles;
    result_.compute += cycles;
  }

  /// Steps that are left take a cycle each; the last result leaves the accumulators after three stages, takes
  /// a cycle, and is in memory after four more.
  Cycle earliest_end() const {
    const Counters& counters = machine_.counters();
    const Cycle less = counters.fraction < 0 ? divided_up(-counters.fraction, kFractions) : 0;
    return machine_.now() + std::max<Cycle>(0, steps_ - counters.steps) - less + 8;
  }
  void check_limit() { stopped_ = stopped_ || earliest_end() > limit_; }

  /// Runs everything inside the current iterations of loops 0 .. depth - 1.
  void region(std::size_t depth);
  /// The same by a record, if there is one; else makes one. Returns its index.
  int remembered_region(std::size_t depth);
  void pass();
  void leave_region(const PassCost& last_pass);
  void apply(const Repetition& record, std::size_t depth, std::int64_t times);
  void restore(const std::int64_t* state, std::size_t outer, bool apart);

  /// Movers whose tiles contain the region at `depth`: 0 to this, exclusive.
  std::size_t outside(std::size_t depth) const;
  /// They take part in nothing before this cycle; 0 if that cannot be said.
  Cycle undisturbed(std::size_t outer);

  const workload::MacShape shape_;
  const std::size_t levels_;
  const bool eie_;
  TileTraffic traffic_;
  NestWalk walk_;
  const std::unique_ptr<PassCosts> pass_costs_;
  PassCosts& costs_;
  Recurrence machine_;
  RegionKey key_{traffic_, walk_, machine_};
  RepetitionTable table_;
  Boundary boundary_;
  std::int64_t limit_ = 0, steps_ = 0;
  bool first_ = true, stopped_ = false;
  std::int64_t evaluated_ = 0;
  Words after_, stack_;
  arch::CycleCounts result_;
};

void TimingModel::Run::region(std::size_t depth) {
  if (depth == walk_.loops()) {
    pass();
    return;
  }
  walk_.set(depth, 0);
  const std::int64_t count = walk_.count(depth);
  if (count == 1) {
    region(depth + 1);
    return;
  }
  int before = RepetitionTable::kNone;
  for (std::int64_t i = 0; i < count && !stopped_; ++i) {
    walk_.set(depth, i);
    const int index = remembered_region(depth + 1);
    if (index != RepetitionTable::kNone && index == before && !stopped_) {
      // It has led from one state to the same one: so will it as long as the iterations are alike.
      const Repetition& record = table_[index];
      std::int64_t times = key_.alike_after(depth);
      if (times > 0 && record.apart)
        times = std::min(times, (undisturbed(outside(depth + 1)) - 1 - machine_.now()) / record.cycles);
      if (times > 0) {
        i += times;
        walk_.set(depth, i);
        apply(record, depth + 1, times);
      }
    }
    before = index;
  }
}

int TimingModel::Run::remembered_region(std::size_t depth) {
  const int loop = walk_.next_loop(depth);
  if (first_ || evaluate_all_ || loop < 0) {
    region(depth);
    return RepetitionTable::kNone;
  }
  const std::size_t outer = outside(depth);
  key_.write(depth, static_cast<std::size_t>(loop), outer, boundary_);
  const Cycle quiet_until = undisturbed(outer);
  if (quiet_until > 0) {
    const int known = table_.find(key_.words().data(), key_.apart_size(), key_.apart_hash());
    if (known != RepetitionTable::kNone && machine_.now() + table_[known].cycles < quiet_until) {
      apply(table_[known], depth, 1);
      return known;
    }
  }
  key_.add_outside(outer, boundary_);
  const int known = table_.find(key_.words().data(), key_.words().size(), key_.hash());
  if (known != RepetitionTable::kNone) {
    apply(table_[known], depth, 1);
    return known;
  }

  const std::size_t base = stack_.size(), size = key_.words().size(), apart_size = key_.apart_size();
  const std::uint64_t hash = key_.hash(), apart_hash = key_.apart_hash();
  stack_.insert(stack_.end(), key_.words().begin(), key_.words().end());
  const Cycle begin = machine_.now();
  const Counters counters = machine_.counters();
  std::array<std::uint64_t, kMaxMovers> touches{};
  for (std::size_t i = 0; i < machine_.movers(); ++i) touches[i] = machine_.touches(i);
  region(depth);
  if (stopped_) return RepetitionTable::kNone;

  Repetition record;
  for (std::size_t i = 0; i < machine_.movers(); ++i)
    record.touched |= std::uint32_t{machine_.touches(i) != touches[i]} << i;
  record.apart = machine_.now() < quiet_until && (record.touched & movers_up_to(outer)) == 0;
  record.key_size = record.apart ? apart_size : size;
  record.hash = record.apart ? apart_hash : hash;
  record.cycles = machine_.now() - begin;
  record.counters = machine_.counters() - counters;
  record.last_pass = &costs_.of(walk_.pass());
  after_.clear();
  machine_.write_common(after_);
  for (std::size_t i = outer; i < machine_.movers(); ++i) machine_.write_mover(i, after_);
  for (std::size_t i = 0; !record.apart && i < outer; ++i) machine_.write_mover(i, after_);
  const int index = table_.add(record, stack_.data() + base, after_);
  stack_.resize(base);
  return index;
}

void TimingModel::Run::pass() {
  const PassCost& cost = costs_.of(walk_.pass());
  machine_.run_pass(walk_, cost, boundary_, first_);
  first_ = false;
  ++evaluated_;
  leave_region(cost);
}

/// The last pass of a region has been issued; the walk stands there.
void TimingModel::Run::leave_region(const PassCost& last_pass) {
  boundary_ = machine_.boundary(walk_, last_pass);
  machine_.leave(walk_, boundary_);
  key_.changed();
  check_limit();
}

void TimingModel::Run::apply(const Repetition& record, std::size_t depth, std::int64_t times) {
  walk_.to_last(depth);
  machine_.skip(record.cycles, record.counters, times);
  restore(table_.after(record), outside(depth), record.apart);
  for (std::size_t i = 0; i < machine_.movers(); ++i) {
    if ((record.touched >> i & 1) != 0) machine_.touch(i);
  }
  leave_region(*record.last_pass);
}

/// Sets the state to words that are relative to now.
void TimingModel::Run::restore(const std::int64_t* state, std::size_t outer, bool apart) {
  state = machine_.read_common(state);
  for (std::size_t i = outer; i < machine_.movers(); ++i) state = machine_.read_mover(i, state);
  for (std::size_t i = 0; !apart && i < outer; ++i) state = machine_.read_mover(i, state);
}

std::size_t TimingModel::Run::outside(std::size_t depth) const {
  std::size_t movers = 0;
  while (movers < machine_.movers() && walk_.depth_of(static_cast<int>(movers)) <= depth) ++movers;
  return movers;
}

Cycle TimingModel::Run::undisturbed(std::size_t outer) {
  if (outer == 0 || (boundary_.ended & movers_up_to(outer)) != 0) return 0;
  Cycle next = kNever;
  for (std::size_t i = 0; i < outer; ++i) {
    if (machine_.waits_for_others(i)) return 0;
    machine_.plan(i, walk_);
    next = std::min(next, machine_.next_action(i));
  }
  return next;
}

TimingModel::TimingModel(const arch::LayerProblem& problem, const arch::Accelerator& accelerator)
    : run_(std::make_unique<Run>(problem, accelerator)) {}
TimingModel::~TimingModel() = default;

const arch::CycleCounts& TimingModel::run(const arch::LayerMapping& mapping, std::int64_t limit) {
  return run_->run(mapping, limit);
}
TimingEffort TimingModel::effort() const { return run_->effort(); }
void TimingModel::evaluate_all(bool all) { run_->evaluate_all_ = all; }

}  // namespace heddle::mapper
