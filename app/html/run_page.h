// What the page shows of one `heddle run` (or `heddle map`): the results' JSON, checked and rearranged.
#pragma once

#include <nlohmann/json.hpp>

namespace heddle::html {

/// The page's data of one run: one point with its totals (latency in s, energy in pJ, EDP in pJ s) and the
/// details of its layers (cycles, pJ, bytes). The command is the one that the results echo.
/// Throws InputError, without a file name, that lists the keys that are missing or are not what `heddle run`
/// writes.
nlohmann::ordered_json run_page_data(const nlohmann::ordered_json& run);

}  // namespace heddle::html
