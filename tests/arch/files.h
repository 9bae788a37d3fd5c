// Helpers of the tests in this folder: text files that go away again, and a text with one thing changed.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "support/error.h"
#include "tests/scratch_folder.h"

namespace heddle {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) : path_(folder_.write("file.yaml", text)) {}
  const std::filesystem::path& path() const { return path_; }

 private:
  tests::ScratchFolder folder_;
  std::filesystem::path path_;
};

/// One mistake: the text to look for in a sound file, what stands there instead, and what the message must
/// say.
struct Mistake {
  const char* what;
  std::string find, replace;
  std::string line;  ///< "12" or empty
  std::string message;
};

inline std::string changed(std::string text, const Mistake& mistake) {
  const std::size_t at = text.find(mistake.find);
  REQUIRE(at != std::string::npos);
  return text.replace(at, mistake.find.size(), mistake.replace);
}

/// Runs `read` on the changed file: it must throw an InputError with the message, the file's name and the
/// line.
template <class Read>
void check_mistake(const std::string& sound, const Mistake& mistake, Read read) {
  INFO(mistake.what);
  const TemporaryFile file(changed(sound, mistake));
  std::string message;
  try {
    read(file.path());
  } catch (const InputError& error) {
    message = error.what();
  }
  INFO("message: " << message);
  CHECK_THAT(message, Catch::Contains(mistake.message));
  CHECK_THAT(message, Catch::StartsWith(file.path().string()));
  if (!mistake.line.empty()) CHECK_THAT(message, Catch::Contains(".yaml:" + mistake.line + ":"));
}

/// Of a reader that has another overload.
template <class Result>
void check_mistake(const std::string& sound, const Mistake& mistake,
                   Result (*read)(const std::filesystem::path&)) {
  check_mistake(sound, mistake, [read](const std::filesystem::path& file) { read(file); });
}

}  // namespace heddle
