// Starts the program `heddle` as a user does, and keeps all that it said.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace heddle::end_to_end {

struct Outcome {
  int status = -1;  ///< exit status; -1 if a signal ended the program
  int signal = 0;   ///< the signal that ended it, SIGALRM when it ran out of time; 0 if it exited by itself
  std::string out;  ///< standard output
  std::string err;  ///< standard error
};

/// Environment variables: a value, or nothing for one that is not to be set.
using Environment = std::map<std::string, std::optional<std::string>>;

/// Runs `heddle ARGUMENTS` in a folder, with an empty standard input, at most `seconds` of wall time and
/// (without sanitizers) 4 GiB of address space. Its cache is in a folder of this process, unless
/// `environment` says otherwise. Throws std::runtime_error if it cannot be started.
Outcome run_heddle(const std::filesystem::path& folder, const std::vector<std::string>& arguments,
                   unsigned seconds = 120, const Environment& environment = {});

/// The same for a bash script, to which `$HEDDLE` is the program.
Outcome run_shell(const std::filesystem::path& folder, const std::string& script, unsigned seconds = 120,
                  const Environment& environment = {});

/// The words of a command line without quotes.
std::vector<std::string> words(const std::string& line);

/// Standard output and error of a failed run, for a test's message.
std::string transcript(const std::vector<std::string>& arguments, const Outcome& outcome);

/// A JSON file; throws if it is none.
nlohmann::json json_file(const std::filesystem::path& file);

}  // namespace heddle::end_to_end
