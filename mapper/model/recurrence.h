// The machine of sim/ as a recurrence in time: movers, ports, array, post-processing unit. It is carried on
// from pass to pass, by the events between them (a fetch, a write-back, a grant), never by cycles or steps.
// Everything that happens takes its cycle from the rules of docs/machine.md; docs/timing-model.md says how.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "arch/actions.h"
#include "arch/pass_cost.h"
#include "mapper/model/nest_walk.h"

namespace heddle::mapper {

using arch::LoadCost;
using arch::PassCost;
using arch::PassCosts;

constexpr Cycle kNever = std::numeric_limits<Cycle>::max() / 4;
constexpr int kMaxMovers = 7;  ///< one less than memory levels

/// What is left to do for an iteration of movers whose outputs may leave: bits by mover.
struct Leaving {
  std::uint32_t movers = 0;                   ///< for which it matters (the innermost first)
  std::uint32_t evicts = 0;                   ///< of these, those that write back
  std::array<Cycle, kMaxMovers> occupancy{};  ///< of the write-backs
};

/// What a mover asks for in its next iteration.
struct Fetch {
  bool exists = false;
  bool opens_outputs = false;        ///< another output tile than in the iteration before
  bool leaves_parent = false;        ///< belongs to the parent's next iteration, as seen from the array
  std::array<Cycle, 3> occupancy{};  ///< by operand; 0: nothing is asked for
};

/// The end of one pass and the beginning of the next, as the loops have it.
struct Boundary {
  std::uint32_t ended = 0;  ///< movers of whose iterations the pass was the last
  bool closes = false;      ///< the next pass works on other outputs (or there is none)
  bool has_job = false;     ///< the post-processing unit has something to do or to pass on
  bool last = false;        ///< no next pass
  unsigned needed = 3;      ///< operands that the next pass's first step loads: weights 1, inputs 2
  Cycle drain = 0;
  Leaving leaving;
};

/// What only adds up.
struct Counters {
  std::int64_t passes = 0, steps = 0, fraction = 0;
  std::array<Cycle, arch::kStallCount> stalls{};
  std::array<Cycle, kMaxMovers + 1> busy{};

  void add(const Counters& other, std::int64_t times);
  Counters operator-(const Counters& other) const;
};

class Recurrence {
 public:
  Recurrence(const arch::Accelerator& accelerator, const TileTraffic& traffic);

  /// Takes a mapping; `walk` stands at its first pass. Nothing has happened yet.
  void start(const arch::LayerMapping& mapping, const NestWalk& walk, const PassCosts& costs);

  /// What lies between the pass where `walk` is and the next one.
  Boundary boundary(const NestWalk& walk, const PassCost& cost) const;
  /// Must be called before `walk` leaves the pass: movers remember what they fetch next.
  void leave(const NestWalk& walk, const Boundary& boundary);
  /// Runs the pass where `walk` is, from the last issue of the one before to its own. `boundary` lies before
  /// it.
  void run_pass(const NestWalk& walk, const PassCost& cost, const Boundary& boundary, bool first);
  /// After the last pass: until nothing is left to do.
  void finish(const Boundary& boundary);

  /// The last issue so far; the last thing that happened.
  Cycle now() const { return now_; }
  Cycle end() const { return end_; }
  const Counters& counters() const { return counters_; }
  std::size_t movers() const { return movers_; }

  // The state at the last issue of a pass, before the boundary that follows, in words relative to now().
  // Times that can no longer make a difference are all alike.

  /// Array, post-processing unit, ports that several use.
  void write_common(std::vector<std::int64_t>& words) const;
  const std::int64_t* read_common(const std::int64_t* words);
  /// A mover, its queue and the ports that only it uses.
  void write_mover(std::size_t mover, std::vector<std::int64_t>& words) const;
  const std::int64_t* read_mover(std::size_t mover, const std::int64_t* words);
  static void write_boundary(const Boundary& boundary, std::vector<std::int64_t>& words);
  static void write_fetch(const Fetch& fetch, std::vector<std::int64_t>& words);
  /// What the mover fetches next; its iterations ahead of the array's.
  const Fetch& fetch(std::size_t mover) const { return mover_[mover].fetch; }
  int ahead(std::size_t mover) const { return mover_[mover].next; }
  /// What the mover fetches in the iteration after the array's.
  Fetch fetch_after(std::size_t mover, const NestWalk& walk) const;
  /// When the tiles of the mover's iteration after the array's arrived, relative to now().
  Cycle next_delivery(std::size_t mover) const;

  /// The cycle in which the mover next does something, if no one else does; kNever.
  Cycle next_action(std::size_t mover) const;
  /// Does it wait for a port that others use?
  bool waits_for_others(std::size_t mover) const {
    return mover_[mover].outstanding > 0 || mover_[mover].writing;
  }
  /// Works out what the mover fetches next, if that is the iteration after the array's.
  void plan(std::size_t mover, const NestWalk& walk);
  /// Counts what the mover does and what is passed on to it.
  std::uint64_t touches(std::size_t mover) const { return mover_[mover].touches; }
  void touch(std::size_t mover) { ++mover_[mover].touches; }
  /// Lets time pass and counters grow; read_...() then sets the state.
  void skip(Cycle cycles, const Counters& counters, std::int64_t times);

 private:
  struct Retirement {
    Cycle visible = 0;
    Leaving leaving;
  };
  /// Between `level` and `level` + 1. Iterations are counted from the array's current one.
  struct Mover {
    int next = 0;                      ///< to be fetched
    int open_outputs = 0;              ///< output tiles fetched and not yet written back
    bool unretired = false;            ///< single buffered: the iteration fetched last is in use
    Cycle free_at = 0;                 ///< kNever while it waits for shared ports
    Cycle left_at = -kNever;           ///< the array's last issue of the iteration before
    std::array<Cycle, 2> delivered{};  ///< when the tiles of the current and the next iteration arrived
    int outstanding = 0;               ///< requests at shared ports
    Cycle arrival = 0;                 ///< of what has arrived
    bool writing = false;              ///< waits for a write-back at a shared port
    std::array<Retirement, 8> retirements{};  ///< queue
    std::size_t first = 0, waiting = 0;
    Fetch fetch;  ///< of iteration `next`
    bool known = false;
    std::uint64_t touches = 0;

    Retirement& front() { return retirements[first]; }
    const Retirement& front() const { return retirements[first]; }
  };
  enum class Asker : std::uint8_t { mover, unit, array };
  struct Request {
    int rank = 0;  ///< the lowest goes first: movers by level, post-processing unit, array
    Asker asker = Asker::mover;
    int operand = 0;
    bool held = false;
    Cycle occupancy = 0, made = 0;
  };
  struct Port {
    PortRate rate;
    bool exclusive = false;  ///< a single mover uses it: grants follow from its requests at once
    std::size_t user = 0;    ///< that mover
    Cycle available = 0;     ///< earliest next grant
    bool busy = false, held = false;
    Cycle end = 0;
    Request current;
    std::array<Request, 3 * kMaxMovers + 2> queue{};
    std::size_t waiting = 0;
  };
  struct Job {
    Cycle ready = 0, duration = 0;
    bool drains = false;
    int bank = 0;
    Leaving leaving;
  };
  enum class Phase : std::uint8_t { tiles, bank_for_stream, stream, load, bank, restore, done };

  // Movers.
  Fetch fetch_of(std::size_t mover, const TileRange& tile, DimMask changed) const;
  Cycle may_fetch(std::size_t mover) const;
  void act(std::size_t mover, Cycle t);
  void start_fetch(std::size_t mover, Cycle t);
  void retire(std::size_t mover, Cycle t);
  void retired(std::size_t mover, Cycle t);
  void delivered(std::size_t mover, Cycle t);
  void pass_on(const Leaving& leaving, int mover, Cycle visible);
  // Ports.
  Cycle ask(std::size_t port, const Request& request);
  Cycle next_event(const Port& port) const;
  void serve(std::size_t port, Cycle t);
  void ended(std::size_t port, const Request& request, Cycle t);
  // Post-processing unit.
  void submit(const Boundary& boundary);
  void drain_next();
  void drained(Cycle t);
  // Array.
  void account(arch::Stall cause, Cycle until);
  bool advance_array(const PassCost& cost, unsigned needed, bool opens, bool resumes);
  void issue(const PassCost& cost, Cycle restored);

  void enter(const Boundary& boundary);
  bool step(Cycle limit);

  const TileTraffic& traffic_;
  const std::size_t levels_, movers_;
  const Cycle array_stages_;  ///< from a pass's last issue until its sums are complete
  const int banks_;           ///< of accumulators
  const Cycle least_load_;    ///< from the acceptance of a pass to its first step
  const int array_rank_;
  std::array<bool, kMaxMovers> double_buffered_{};

  // The mapping.
  workload::PerOperand<std::array<bool, kMaxMovers + 1>> keeps_;
  workload::PerOperand<std::array<int, kMaxMovers + 1>> keeper_;
  int weight_level_ = 0, input_level_ = 0, output_level_ = 0;
  bool weights_resident_ = false, inputs_resident_ = false;
  bool weights_at_home_ = false, inputs_at_home_ = false,
       outputs_at_home_ = false;    ///< on chip: the outermost mover leaves them alone
  bool unit_has_own_side_ = false;  ///< results go to the innermost buffer's write side
  std::array<int, 2> streamed_{};
  std::size_t streamed_count_ = 0;

  // The state.
  Cycle now_ = -1, end_ = 0;
  Counters counters_;
  std::array<Mover, kMaxMovers> mover_;
  std::array<Port, kMaxMovers + 1> port_;
  Cycle unit_free_ = 0;
  std::array<Job, 8> jobs_{};
  std::size_t first_job_ = 0, job_count_ = 0;
  bool unit_waits_ = false;
  std::array<Cycle, 2> bank_free_{};
  int bank_ = 0;
  // The pass in progress.
  Phase phase_ = Phase::done;
  Cycle array_time_ = 0, accounted_ = 0, loaded_ = 0, first_data_ = 0, answer_ = 0;
  std::size_t holding_ = 0;
};

}  // namespace heddle::mapper
