// Finds configuration files: by path, or by name in configs/ of the source tree or of an installation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace heddle::app {

enum class ConfigKind : std::uint8_t {
  accelerator,
  energy,
  network,
  compression,
  mapping,
  constraints,
  sweep
};

/// One or more configs/ folders, searched in order.
class ConfigLibrary {
 public:
  explicit ConfigLibrary(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}

  /// The folders that belong to the running program: configs/ in the folders above it (a build tree), then
  /// ../share/heddle/configs (an installation). May be empty.
  static ConfigLibrary of_this_program();

  /// `name` is a path when it has a "/" or an extension (.yaml, .yml, .onnx, .csv), otherwise the name of a
  /// file in the kind's folder; a path that does not exist is looked up there too ("digits.onnx"). Relative
  /// paths begin at `relative_to` when that is given (a file that names another). Throws InputError listing
  /// the names that there are.
  std::filesystem::path find(ConfigKind kind, const std::string& name,
                             const std::filesystem::path& relative_to = {}) const;
  /// Names of the kind, sorted.
  std::vector<std::string> names(ConfigKind kind) const;
  const std::vector<std::filesystem::path>& folders() const { return folders_; }

 private:
  std::vector<std::filesystem::path> folders_;
};

}  // namespace heddle::app
