// One HTML file that shows results and opens without a network: data, style and scripts are all in it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace heddle::html {

/// The page of `data`, whose keys docs/report.md describes ("kind": "run" or "sweep"). No text in the data
/// can end the element that holds it. Texts that are not UTF-8 are repaired, never refused.
std::string page(const nlohmann::ordered_json& data);

}  // namespace heddle::html
