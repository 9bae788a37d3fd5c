#include "app/sweep/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "app/sweep/evaluate.h"
#include "app/sweep/frame.h"
#include "app/sweep/settings.h"
#include "support/error.h"

namespace heddle::sweep {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

Json outcome_of(const std::string& request, const app::ConfigLibrary& library, bool& simulated) {
  try {
    const Json json = Json::parse(request);
    std::vector<yaml::Edit> settings;
    for (const Json& setting : json.at("settings")) settings.push_back({setting.at(0), setting.at(1)});
    const app::RunOptions options = run_options(settings, json.at("folder").get<std::string>());
    simulated = options.fidelity != app::kAnalytical;
    return evaluate(options, library);
  } catch (const InputError& error) {
    return {{"state", "failed"}, {"message", error.what()}};
  }
}

/// How a process ended, as a clause: "was killed by signal 9 (Killed)".
std::string ending(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  return fmt::format("ended with status {}", WEXITSTATUS(status));
}

}  // namespace

std::string request_of(const std::vector<yaml::Edit>& settings, const std::filesystem::path& folder) {
  Json list = Json::array();
  for (const yaml::Edit& setting : settings) list.push_back({setting.key, setting.value});
  return Json{{"folder", folder.string()}, {"settings", std::move(list)}}.dump();
}

void serve(const app::ConfigLibrary& library) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a sweep that is killed leaves nobody behind
  std::signal(SIGINT, SIG_IGN);      // Ctrl-C is for the sweep, which then closes the socket
  bool simulated = false;
  while (!simulated) {
    const auto request = receive_frame(STDIN_FILENO);
    if (!request) return;
    const Json outcome = outcome_of(*request, library, simulated);
    if (!send_frame(STDIN_FILENO, outcome.dump(-1, ' ', false, Json::error_handler_t::replace))) return;
  }
}

/// One process and the job it has; started when it gets its first, and again after it has ended.
class WorkerTeam::Worker {
 public:
  Worker() = default;
  ~Worker() { end(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool busy() const { return busy_; }
  int socket() const { return socket_; }

  void give(Job job) {
    job_ = std::move(job);
    busy_ = true;
    if (socket_ >= 0 && send_frame(socket_, job_.request)) return;
    end();
    start();
    send_frame(socket_, job_.request);  // if that fails, answer() will find the end of the process
  }

  /// Waits for the answer to the job.
  Answer answer() {
    busy_ = false;
    if (auto outcome = receive_frame(socket_)) {
      if (job_.simulated) end();
      return {job_.key, std::move(*outcome), ""};
    }
    return {job_.key, "", "its worker " + ending(end())};
  }

 private:
  void start() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      fail("cannot make a socket for a worker");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    char program[] = "/proc/self/exe", name[] = "heddle", command[] = "worker";
    char* arguments[] = {name, command, nullptr};
    const int error = posix_spawn(&process_, program, &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    socket_ = ends[0];
    if (error != 0) {
      errno = error;
      fail("cannot start a worker");
    }
  }

  /// Closes the socket, which ends the process once it is idle, and waits. A busy one is killed.
  int end() {
    if (socket_ < 0) return 0;
    if (busy_) ::kill(process_, SIGKILL);
    ::close(socket_);
    socket_ = -1;
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }

  pid_t process_ = -1;
  int socket_ = -1;
  bool busy_ = false;
  Job job_;
};

WorkerTeam::WorkerTeam(std::size_t workers) {
  for (std::size_t i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>());
}

WorkerTeam::~WorkerTeam() = default;

std::size_t WorkerTeam::size() const { return workers_.size(); }

std::size_t WorkerTeam::idle() const {
  std::size_t count = 0;
  for (const auto& worker : workers_) count += worker->busy() ? 0 : 1;
  return count;
}

void WorkerTeam::give(Job job) {
  for (const auto& worker : workers_) {
    if (!worker->busy()) return worker->give(std::move(job));
  }
}

std::vector<Answer> WorkerTeam::collect(std::chrono::milliseconds longest) {
  std::vector<pollfd> sockets;
  std::vector<Worker*> busy;
  for (const auto& worker : workers_) {
    if (!worker->busy()) continue;
    busy.push_back(worker.get());
    sockets.push_back({worker->socket(), POLLIN, 0});
  }
  std::vector<Answer> answers;
  if (::poll(sockets.data(), sockets.size(), static_cast<int>(longest.count())) <= 0) return answers;
  for (std::size_t i = 0; i < busy.size(); ++i) {
    if (sockets[i].revents != 0) answers.push_back(busy[i]->answer());
  }
  return answers;
}

}  // namespace heddle::sweep
