// A sweep on many machines: under mpirun or srun, rank 0 owns the database and hands points out; every rank
// has workers.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "app/sweep/team.h"

namespace heddle::sweep {

/// MPI, from construction to destruction; only where the program was started by mpirun or srun.
class Ranks {
 public:
  /// Nothing when this is no MPI job, or one of a single rank.
  static std::unique_ptr<Ranks> of_this_job();
  ~Ranks();
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  bool owns_database() const { return rank_ == 0; }

  /// Other ranks: works points out with `team` until rank 0 has no more.
  void serve(Team& team);
  /// Rank 0: its own team and those of all other ranks as one. Must not outlive this or `own`.
  std::unique_ptr<Team> all(Team& own);
  /// Rank 0, once all is done or has failed: lets the others go.
  void dismiss();

 private:
  Ranks();
  int rank_ = 0;
  int count_ = 1;
};

}  // namespace heddle::sweep
