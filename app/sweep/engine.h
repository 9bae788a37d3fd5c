// Brings points into the database: what is there already stays, the rest is handed to a team, and every
// answer is on the disk before anybody hears of it.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/progress.h"
#include "app/sweep/store.h"
#include "app/sweep/team.h"
#include "support/yaml.h"

namespace heddle::sweep {

struct Task {
  std::string key;
  std::vector<yaml::Edit> settings;
  std::string fidelity;
};

/// The user, or the system, asked the sweep to end. What was finished is in the database.
class Interrupted : public std::runtime_error {
  using runtime_error::runtime_error;
};

class Engine {
 public:
  /// `folder`: where paths in settings begin.
  Engine(Store& store, Team& team, std::filesystem::path folder, app::Progress& progress);

  /// Of a point that is in the database: says how many are on the front now.
  using Observe = std::function<std::size_t(std::size_t task, const StoredPoint& point)>;
  /// On return all tasks are in the database. Points that were lost in an earlier session are tried again.
  /// `observe` hears of every task, in any order. Throws Interrupted.
  void complete(const std::vector<Task>& tasks, const Observe& observe);

  /// What was done since the beginning.
  const Session& work() const { return work_; }

 private:
  StoredPoint stored(const Task& task, const Answer& answer);

  Store& store_;
  Team& team_;
  std::filesystem::path folder_;
  app::Progress& progress_;
  Session work_;
};

/// From now on SIGINT and SIGTERM end Engine::complete() after the answers that have arrived.
void interrupt_on_signals();

}  // namespace heddle::sweep
