// Where heddle keeps what it can make again.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace heddle {

/// $XDG_CACHE_HOME/heddle/`name`, where that is not set or relative (XDG Base Directory Specification)
/// ~/.cache/heddle/`name`. Nothing without a home.
std::optional<std::filesystem::path> cache_folder(const std::string& name);

}  // namespace heddle
