#include "mapper/model/timing.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "mapper/model/recurrence.h"
#include "mapper/model/repetition.h"

namespace heddle::mapper {

using workload::Dim;

namespace {

constexpr std::int64_t kInside = std::numeric_limits<std::int64_t>::min();

constexpr std::uint32_t movers_up_to(std::size_t end) { return (std::uint32_t{1} << end) - 1; }

}  // namespace

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
    result_.compute = stopped_ ? machine_.counters().steps : steps_;
    const Counters& counters = machine_.counters();
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
  /// Steps that are left take a cycle each; the last result leaves the accumulators after three stages, takes
  /// a cycle, and is in memory after four more.
  Cycle earliest_end() const { return machine_.now() + (steps_ - machine_.counters().steps) + 8; }
  void check_limit() { stopped_ = stopped_ || earliest_end() > limit_; }

  /// Runs everything inside the current iterations of loops 0 .. depth - 1.
  void region(std::size_t depth);
  /// The same by a record, if there is one; else makes one. Returns its index.
  int remembered_region(std::size_t depth);
  void pass();
  void leave_region(const PassCost& last_pass);
  void apply(const Repetition& record, std::size_t depth, std::int64_t times);
  std::int64_t alike_after(std::size_t loop, const Repetition& record);

  /// What a region depends on as far as its tile goes.
  struct Kind {
    workload::PerDim<std::int64_t> extent;
    std::int64_t visits = 0;           ///< by reduction dimension: is it the first part, the last?
    std::int64_t row = 0, column = 0;  ///< of the input; kInside where its edges do not matter
    friend bool operator==(const Kind&, const Kind&) = default;
  };
  Kind kind_of(const TileRange& tile) const;
  void write_kind(const TileRange& tile);
  // `outside` movers are those whose tiles contain the region.
  std::size_t outside(std::size_t depth) const;
  void write_key(std::size_t depth, std::size_t loop, std::size_t outer);
  void write_outside(std::size_t outer);
  Cycle next_outside(std::size_t outer);

  const workload::MacShape shape_;
  const std::size_t levels_;
  const TileTraffic traffic_;
  NestWalk walk_;
  PassCosts costs_;
  Recurrence machine_;
  RepetitionTable table_;
  Boundary boundary_;
  std::int64_t limit_ = 0, steps_ = 0;
  bool first_ = true, stopped_ = false;
  std::int64_t evaluated_ = 0;
  Words key_, after_, stack_;
  arch::CycleCounts result_;
};

void TimingModel::Run::region(std::size_t depth) {
  if (depth == walk_.loops()) {
    pass();
    return;
  }
  walk_.set(depth, 0);
  const std::int64_t count = walk_.count(depth);
  int before = RepetitionTable::kNone;
  for (std::int64_t i = 0; i < count && !stopped_; ++i) {
    walk_.set(depth, i);
    const int record = remembered_region(depth + 1);
    if (record != RepetitionTable::kNone && record == before && !stopped_) {
      // It has led from one state to the same one: so will it as long as the iterations are alike.
      const std::int64_t times = alike_after(depth, table_[record]);
      if (times > 0) {
        i += times;
        walk_.set(depth, i);
        apply(table_[record], depth + 1, times);
      }
    }
    before = record;
  }
}

int TimingModel::Run::remembered_region(std::size_t depth) {
  const int loop = walk_.next_loop(depth);
  if (first_ || evaluate_all_ || loop < 0) {
    region(depth);
    return RepetitionTable::kNone;
  }
  const std::size_t outer = outside(depth);
  key_.clear();
  write_key(depth, static_cast<std::size_t>(loop), outer);
  const std::size_t apart_size = key_.size();
  std::uint64_t apart_hash = 0;
  const bool may_be_apart = outer > 0 && (boundary_.ended & movers_up_to(outer)) == 0 && [&] {
    for (std::size_t i = 0; i < outer; ++i) {
      if (machine_.waits_for_others(i)) return false;
    }
    return true;
  }();
  Cycle undisturbed = 0;
  if (may_be_apart) {
    undisturbed = next_outside(outer);
    apart_hash = RepetitionTable::hash(key_.data(), apart_size);
    const int known = table_.find(key_.data(), apart_size, apart_hash);
    if (known != RepetitionTable::kNone && machine_.now() + table_[known].cycles < undisturbed) {
      apply(table_[known], depth, 1);
      return known;
    }
  }
  write_outside(outer);
  const std::uint64_t hash = RepetitionTable::hash(key_.data(), key_.size());
  const int known = table_.find(key_.data(), key_.size(), hash);
  if (known != RepetitionTable::kNone) {
    apply(table_[known], depth, 1);
    return known;
  }

  const std::size_t base = stack_.size(), size = key_.size();
  stack_.insert(stack_.end(), key_.begin(), key_.end());
  const Cycle begin = machine_.now();
  const Counters counters = machine_.counters();
  std::array<std::uint64_t, kMaxMovers> touches{};
  for (std::size_t i = 0; i < machine_.movers(); ++i) touches[i] = machine_.touches(i);
  region(depth);
  if (stopped_) return RepetitionTable::kNone;

  Repetition record;
  for (std::size_t i = 0; i < machine_.movers(); ++i)
    record.touched |= std::uint32_t{machine_.touches(i) != touches[i]} << i;
  record.apart = may_be_apart && machine_.now() < undisturbed && (record.touched & movers_up_to(outer)) == 0;
  record.key_size = record.apart ? apart_size : size;
  record.hash = record.apart ? apart_hash : hash;
  record.cycles = machine_.now() - begin;
  record.counters = machine_.counters() - counters;
  record.last_pass = &costs_.of(walk_.pass());
  after_.clear();
  machine_.write_common(after_);
  for (std::size_t i = record.apart ? outer : 0; i < machine_.movers(); ++i) machine_.write_mover(i, after_);
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
  check_limit();
}

void TimingModel::Run::apply(const Repetition& record, std::size_t depth, std::int64_t times) {
  walk_.to_last(depth);
  machine_.skip(record.cycles, record.counters, times);
  const std::int64_t* words = machine_.read_common(table_.after(record));
  for (std::size_t i = record.apart ? outside(depth) : 0; i < machine_.movers(); ++i)
    words = machine_.read_mover(i, words);
  for (std::size_t i = 0; i < machine_.movers(); ++i) {
    if ((record.touched >> i & 1) != 0) machine_.touch(i);
  }
  leave_region(*record.last_pass);
}

/// How many further iterations of the loop are like the current one, which left the state that it found: the
/// region is of the same kind, and so is the one after it.
std::int64_t TimingModel::Run::alike_after(std::size_t loop, const Repetition& record) {
  const std::int64_t index = walk_.index(loop), last = walk_.count(loop) - 1;
  if (index + 2 > last) return 0;
  const Dim dim = walk_.loop(loop).dim;
  const std::int64_t size = walk_.loop(loop).size;
  const TileRange& tile = walk_.tile(loop + 1);
  // Iterations up to the last one differ only in where they begin: for the reduction the first is another
  // case, for the window each that reaches beyond the input.
  TileRange at_end = walk_.tile(loop);
  at_end.start[dim] += last * size;
  at_end.extent[dim] = std::min(size, at_end.extent[dim] - last * size);
  const Kind kind = kind_of(tile);
  std::int64_t alike = kind_of(at_end) == kind ? last : last - 1;
  const auto within = [&](const WindowAxis& axis, Dim output, Dim tap, bool inside) {
    if (dim != output && dim != tap) return;
    const std::int64_t step = size * (dim == output ? axis.stride() : axis.dilation());
    const std::int64_t room = axis.room_above(axis.first(tile.start[output], tile.start[tap]),
                                              tile.extent[output], tile.extent[tap]);
    alike = inside ? std::min(alike, index + room / step) : index;
  };
  within(traffic_.rows(), Dim::P, Dim::R, kind.row == kInside);
  within(traffic_.columns(), Dim::Q, Dim::S, kind.column == kInside);
  if (index == 0 && workload::is_reduction(dim)) alike = index;
  std::int64_t times = alike - 1 - index;
  if (record.apart) {
    const Cycle undisturbed = next_outside(outside(loop + 1));
    if (undisturbed < kNever) times = std::min(times, (undisturbed - 1 - machine_.now()) / record.cycles);
  }
  return std::max<std::int64_t>(0, times);
}

std::size_t TimingModel::Run::outside(std::size_t depth) const {
  std::size_t movers = 0;
  while (movers < machine_.movers() && walk_.depth_of(static_cast<int>(movers)) <= depth) ++movers;
  return movers;
}

TimingModel::Run::Kind TimingModel::Run::kind_of(const TileRange& tile) const {
  const auto& e = tile.extent;
  Kind kind{e, 0, traffic_.rows().first(tile.start[Dim::P], tile.start[Dim::R]),
            traffic_.columns().first(tile.start[Dim::Q], tile.start[Dim::S])};
  for (Dim d : {Dim::C, Dim::R, Dim::S}) {
    kind.visits = kind.visits << 2 | std::int64_t{tile.start[d] == 0} << 1 |
                  std::int64_t{tile.end(d) == shape_.size[d]};
  }
  if (traffic_.rows().inside(kind.row, e[Dim::P], e[Dim::R])) kind.row = kInside;
  if (traffic_.columns().inside(kind.column, e[Dim::Q], e[Dim::S])) kind.column = kInside;
  return kind;
}

void TimingModel::Run::write_kind(const TileRange& tile) {
  const Kind kind = kind_of(tile);
  for (Dim d : workload::kDims) {
    if (walk_.is_ragged(d)) key_.push_back(kind.extent[d]);
  }
  key_.push_back(kind.visits);
  key_.push_back(kind.row);
  key_.push_back(kind.column);
}

/// Everything but the movers outside: the boundary before the region, its tile and what lies ahead of it,
/// array, post-processing unit, shared ports, the movers that run inside.
void TimingModel::Run::write_key(std::size_t depth, std::size_t loop, std::size_t outer) {
  key_.push_back(static_cast<std::int64_t>(depth));
  Recurrence::write_boundary(boundary_, key_);
  write_kind(walk_.tile(depth));
  key_.push_back(walk_.loop(loop).level | std::int64_t{walk_.changes(loop, depth)} << 8);
  write_kind(walk_.next_tile(loop, depth));
  machine_.write_common(key_);
  for (std::size_t i = outer; i < machine_.movers(); ++i) {
    machine_.write_mover(i, key_);
    if (machine_.ahead(i) == 1) Recurrence::write_fetch(machine_.fetch(i), key_);
  }
  // Inside, a mover or the array may come to need what the innermost mover outside fetches next.
  if (outer > 0 && loop < walk_.depth_of(static_cast<int>(outer) - 1))
    key_.push_back(machine_.next_delivery(outer - 1));
}

void TimingModel::Run::write_outside(std::size_t outer) {
  for (std::size_t i = 0; i < outer; ++i) {
    machine_.write_mover(i, key_);
    const bool ended = (boundary_.ended >> i & 1) != 0;
    if (ended && machine_.ahead(i) == 1) Recurrence::write_fetch(machine_.fetch(i), key_);
    if (ended || machine_.ahead(i) == 1) Recurrence::write_fetch(machine_.fetch_after(i, walk_), key_);
  }
}

/// The cycle in which a mover outside next does something of its own.
Cycle TimingModel::Run::next_outside(std::size_t outer) {
  Cycle next = kNever;
  for (std::size_t i = 0; i < outer; ++i) {
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
