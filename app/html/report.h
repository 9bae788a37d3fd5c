// `heddle report`: results become one HTML file.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace heddle::html {

/// The page's data of what is at `results`: the JSON file of a run, or a sweep's folder or .db file.
/// Throws InputError that names the file.
nlohmann::ordered_json report_data(const std::filesystem::path& results);

/// Writes the page of `results` to `html`, whole or not at all. Throws InputError.
void write_report(const std::filesystem::path& results, const std::filesystem::path& html);

}  // namespace heddle::html
