// Errors of the user's input: files, command line, numbers. main() turns them into exit status 2.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace heddle {

/// One thing wrong in an input. Line and column count from 1; 0 means that there is none.
struct Problem {
  std::string file;
  int line = 0;
  int column = 0;
  std::string key_path;  ///< e.g. "array.bits.weights"; may be empty
  std::string message;   ///< what is wrong, what was expected

  /// "file:line:column: key.path: message", without the parts that are absent.
  std::string text() const;
};

/// Bad input of any kind. Everything found wrong in one file is reported at once.
class InputError : public std::runtime_error {
 public:
  explicit InputError(std::vector<Problem> problems);
  explicit InputError(Problem problem);
  InputError(std::string file, std::string message);

  const std::vector<Problem>& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
};

/// " (did you mean "bits"?)" when one of `known` is close to `word`; empty otherwise.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& known);

}  // namespace heddle
