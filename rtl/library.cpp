#include "rtl/library.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "support/cache_folder.h"
#include "support/error.h"
#include "support/read_text.h"
#include "support/sha256.h"

extern char** environ;

namespace heddle::rtl {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> verilog_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string extension = entry.path().extension();
    if (extension == ".sv" || extension == ".svh" || extension == ".inc") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// The sources that a file list names, as Verilator reads it: one to a word, relative to the list; what
/// begins with - or + is an option.
std::vector<fs::path> listed_in(const fs::path& list) {
  std::vector<fs::path> files;
  std::istringstream lines(read_text(list, "a file list of SystemVerilog sources"));
  std::string line;
  while (std::getline(lines, line)) {
    line = line.substr(0, line.find("//"));
    std::istringstream words(line);
    std::string word;
    while (words >> word) {
      if (word[0] != '-' && word[0] != '+') files.push_back(list.parent_path() / word);
    }
  }
  return files;
}

/// Runs a program, its messages into a file. Its exit status; 127 if it cannot be started.
int run(const std::vector<std::string>& arguments, const fs::path& messages) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, messages.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0644);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int failed = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return 127;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/// The first lines that say what is wrong.
std::string errors_of(const std::string& messages) {
  std::istringstream lines(messages);
  std::string line, result;
  int kept = 0;
  while (std::getline(lines, line) && kept < 12) {
    // What the compiler says of a port that the module does not have.
    const std::string member = "has no member named ‘";
    if (const std::size_t at = line.find(member); at != std::string::npos) {
      const std::size_t begin = at + member.size();
      line = "the module has no port " + line.substr(begin, line.find("’", begin) - begin) +
             ", see docs/socket.md";
      if (result.find(line) != std::string::npos) continue;
      result += "\n  " + line;
      ++kept;
      continue;
    }
    if (line.find("rror") == std::string::npos || line.find("no matching function") != std::string::npos)
      continue;
    result += "\n  " + line;
    ++kept;
  }
  return result.empty() ? "\n  " + messages.substr(0, 500) : result;
}

}  // namespace

Library Library::of_this_program() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path beside = program.parent_path() / "rtl";
  for (fs::path folder = program.parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
    if (fs::exists(folder / "rtl" / "build_unit")) return {folder / "rtl", beside};
  }
  const fs::path installed = program.parent_path().parent_path() / "share" / "heddle" / "rtl";
  if (fs::exists(installed / "build_unit")) return {installed, beside};
  throw InputError(program.string(),
                   "found no RTL; expected the folder rtl above the program, or " + installed.string());
}

fs::path Library::find_or_build(const Configuration& configuration,
                                const std::function<void(const std::string&)>& building) const {
  const bool own = configuration.sources.empty();
  if (own) {
    const fs::path ahead = built_ / (configuration.name() + ".so");
    if (fs::exists(ahead)) return ahead;
  }

  // What the result depends on.
  std::vector<fs::path> sources = configuration.sources,
                        all = {sources_ / "build_unit", sources_ / "plugin" / "plugin.cpp",
                               sources_ / "model.h"};
  for (const fs::path& file : verilog_in(sources_ / "common")) all.push_back(file);
  for (const fs::path& file : verilog_in(sources_ / configuration.unit)) all.push_back(file);
  if (own) {
    for (const fs::path& file : all) {
      if (file.extension() == ".sv") sources.push_back(file);
    }
  } else {
    for (const fs::path& file : configuration.sources) {
      all.push_back(file);
      if (file.extension() != ".f") continue;
      for (const fs::path& listed : listed_in(file)) all.push_back(listed);
    }
    sources.push_back(sources_ / "common" / "sram.sv");
  }
  std::string fingerprint = configuration.name() + " " + configuration.top;
  for (const fs::path& file : all) fingerprint += sha256(read_text(file, "a source file"));

  const std::optional<fs::path> folder = cache_folder("rtl");
  if (!folder) throw InputError("rtl", "neither XDG_CACHE_HOME nor HOME names a folder to build RTL in");
  const fs::path library = *folder / (configuration.unit + "-" + sha256(fingerprint).substr(0, 32) + ".so");
  if (fs::exists(library)) return library;
  std::error_code error;
  fs::create_directories(*folder, error);

  if (building) building(configuration.name());
  std::vector<std::string> arguments = {(sources_ / "build_unit").string(),
                                        "--output",
                                        library.string(),
                                        "--unit",
                                        configuration.unit,
                                        "--top",
                                        configuration.top};
  for (const auto& [name, value] : configuration.parameters) {
    arguments.insert(arguments.end(), {"--parameter", fmt::format("{}={}", name, value)});
  }
  if (configuration.coverage) arguments.emplace_back("--coverage");
  if (!own) arguments.emplace_back("--lenient");
  for (const fs::path& file : sources) arguments.push_back(fs::absolute(file).string());
  const fs::path messages = library.string() + fmt::format(".{}.log", getpid());
  const int status = run(arguments, messages);
  const std::string said = fs::exists(messages) ? read_text(messages, "Verilator's messages") : "";
  fs::remove(messages, error);
  if (status != 0 || !fs::exists(library)) {
    throw InputError(own ? sources_ / configuration.unit : configuration.sources.front(),
                     fmt::format("{} could not be built as {}:{}", configuration.top, configuration.name(),
                                 status == 127 ? " rtl/build_unit did not start" : errors_of(said)));
  }
  return library;
}

std::unique_ptr<Model> Library::make(const Configuration& configuration,
                                     const std::function<void(const std::string&)>& building) const {
  const fs::path file = find_or_build(configuration, building);
  void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    throw InputError(file.string(), fmt::format("is no unit of this heddle: {}", dlerror()));
  const auto make = reinterpret_cast<MakeModel>(dlsym(handle, kMakeModel));
  if (make == nullptr) throw InputError(file.string(), fmt::format("has no {}", kMakeModel));
  return std::unique_ptr<Model>(make());
}

}  // namespace heddle::rtl
