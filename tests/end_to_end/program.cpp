#include "tests/end_to_end/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "tests/scratch_folder.h"

namespace heddle::end_to_end {
namespace {

constexpr int kNotStarted = 127;

/// In the child: files instead of the terminal, limits, then the program. Never returns.
[[noreturn]] void become(const char* program, const std::filesystem::path& folder,
                         const std::filesystem::path& out, const std::filesystem::path& err,
                         char* const* arguments, unsigned seconds, const Environment& environment) {
  const int in = open("/dev/null", O_RDONLY);
  const int to_out = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int to_err = open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (in < 0 || to_out < 0 || to_err < 0 || chdir(folder.c_str()) != 0) _exit(kNotStarted);
  dup2(in, STDIN_FILENO);
  dup2(to_out, STDOUT_FILENO);
  dup2(to_err, STDERR_FILENO);
#ifndef __SANITIZE_ADDRESS__
  const rlimit memory{std::uint64_t{4} << 30, std::uint64_t{4} << 30};
  setrlimit(RLIMIT_AS, &memory);
#endif
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  for (const auto& [name, value] : environment) {
    if (value) {
      setenv(name.c_str(), value->c_str(), 1);
    } else {
      unsetenv(name.c_str());
    }
  }
  alarm(seconds);
  execv(program, arguments);
  _exit(kNotStarted);
}

Outcome run_program(const char* program, const std::filesystem::path& folder,
                    const std::vector<std::string>& arguments, unsigned seconds,
                    const Environment& environment) {
  static const tests::ScratchFolder cache;  // the user's own stays as it is
  Environment all = environment;
  all.try_emplace("XDG_CACHE_HOME", cache.path().string());
  const tests::ScratchFolder said;
  const std::filesystem::path out = said / "out", err = said / "err";
  std::vector<std::string> copies = {program};
  copies.insert(copies.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& copy : copies) pointers.push_back(copy.data());
  pointers.push_back(nullptr);

  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no child process");
  if (child == 0) become(program, folder, out, err, pointers.data(), seconds, all);
  int state = 0;
  if (waitpid(child, &state, 0) != child) throw std::runtime_error("the child process is lost");

  Outcome outcome;
  if (WIFSIGNALED(state)) outcome.signal = WTERMSIG(state);
  if (WIFEXITED(state)) outcome.status = WEXITSTATUS(state);
  if (outcome.status == kNotStarted) throw std::runtime_error(fmt::format("cannot start {}", program));
  outcome.out = tests::contents(out);
  outcome.err = tests::contents(err);
  return outcome;
}

}  // namespace

Outcome run_heddle(const std::filesystem::path& folder, const std::vector<std::string>& arguments,
                   unsigned seconds, const Environment& environment) {
  return run_program(HEDDLE_PROGRAM, folder, arguments, seconds, environment);
}

Outcome run_shell(const std::filesystem::path& folder, const std::string& script, unsigned seconds,
                  const Environment& environment) {
  Environment all = environment;
  all["HEDDLE"] = HEDDLE_PROGRAM;
  return run_program("/bin/bash", folder, {"-c", script}, seconds, all);
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

std::string transcript(const std::vector<std::string>& arguments, const Outcome& outcome) {
  return fmt::format("heddle {}\nexit status {}, signal {}\n--- standard output\n{}\n--- standard error\n{}",
                     fmt::join(arguments, " "), outcome.status, outcome.signal, outcome.out, outcome.err);
}

nlohmann::json json_file(const std::filesystem::path& file) {
  return nlohmann::json::parse(tests::contents(file));
}

}  // namespace heddle::end_to_end
