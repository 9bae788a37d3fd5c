// Results are written whole or not at all: to a temporary file beside the target, which is renamed when it is
// complete.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace heddle {

/// A file under construction. Without commit() the destructor removes what was written and the old file
/// stays. A target that exists and is no regular file (a pipe, /dev/stdout) is written directly. All members
/// throw InputError, naming the target, when the system refuses.
class OutputFile {
 public:
  explicit OutputFile(const std::filesystem::path& target);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  std::ostream& stream() { return stream_; }
  /// Closes and renames. Nothing may be written afterwards.
  void commit();

 private:
  [[noreturn]] void fail(int error) const;

  std::filesystem::path target_;
  std::filesystem::path temporary_;  ///< empty: written directly, or committed
  std::ofstream stream_;
};

/// Writes a whole text. Throws InputError.
void write_file(const std::filesystem::path& target, const std::string& text);

}  // namespace heddle
