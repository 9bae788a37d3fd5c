// Whole text files, as the readers take them.
#pragma once

#include <filesystem>
#include <string>

namespace heddle {

/// The bytes of a file. `kind` says what was expected ("a YAML file"). Throws InputError for a folder, a file
/// that cannot be read, or one of more than 64 MiB.
std::string read_text(const std::filesystem::path& file, const std::string& kind);

}  // namespace heddle
