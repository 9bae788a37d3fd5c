// The JSON file of `heddle run`, as the page shows it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace heddle::html {

/// The page's data of the run whose results are in that file. Throws InputError that names the file.
nlohmann::ordered_json run_file_data(const std::filesystem::path& results);

}  // namespace heddle::html
