// A process that works points out, one after the other: `heddle worker`, which a sweep starts for itself. A
// point that brings it down takes nothing else along.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/locate.h"
#include "app/sweep/team.h"
#include "support/yaml.h"

namespace heddle::sweep {

/// What a worker is told: the settings of a point, and the folder where their paths begin.
std::string request_of(const std::vector<yaml::Edit>& settings, const std::filesystem::path& folder);

/// The worker's side: answers requests that come in on standard input, a socket, until it is closed. Ends
/// after a simulated point: a process elaborates one machine.
void serve(const app::ConfigLibrary& library);

/// The sweep's side.
class WorkerTeam : public Team {
 public:
  explicit WorkerTeam(std::size_t workers);
  ~WorkerTeam() override;

  std::size_t size() const override;
  std::size_t idle() const override;
  void give(Job job) override;
  std::vector<Answer> collect(std::chrono::milliseconds longest) override;

 private:
  class Worker;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace heddle::sweep
