// Who works points out: processes on this machine, or ranks on others.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace heddle::sweep {

/// A point to be worked out; `request`: of app/sweep/worker.h.
struct Job {
  std::string key;
  std::string request;
  bool simulated = false;  ///< it elaborates a machine
};

struct Answer {
  std::string key;
  std::string outcome;  ///< the JSON of evaluate(); empty: there is none
  std::string loss;     ///< then, what became of who worked on it
};

class Team {
 public:
  virtual ~Team() = default;

  /// Jobs that can be worked on at the same time.
  virtual std::size_t size() const = 0;
  /// Jobs that can be given now.
  virtual std::size_t idle() const = 0;
  /// Only when somebody is idle.
  virtual void give(Job job) = 0;
  /// What has been answered since; waits for the first answer, but not longer than that.
  virtual std::vector<Answer> collect(std::chrono::milliseconds longest) = 0;
};

}  // namespace heddle::sweep
