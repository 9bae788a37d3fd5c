#include "support/cache_folder.h"

#include <cstdlib>

namespace heddle {

std::optional<std::filesystem::path> cache_folder(const std::string& name) {
  const auto absolute = [](const char* variable) -> std::filesystem::path {
    const char* value = std::getenv(variable);
    const std::filesystem::path path = value == nullptr ? "" : value;
    return path.is_absolute() ? path : "";
  };
  if (const auto cache = absolute("XDG_CACHE_HOME"); !cache.empty()) return cache / "heddle" / name;
  if (const auto home = absolute("HOME"); !home.empty()) return home / ".cache" / "heddle" / name;
  return std::nullopt;
}

}  // namespace heddle
