// What must be true of every run, whatever it simulates.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace heddle::end_to_end {

/// Runs `heddle run ARGUMENTS --json r.json --csv r.csv --trace t.json` in the folder and checks, with Catch:
/// status 0, no message, every layer equal to the reference, layers whose cycles are computing plus stalls
/// and whose energies are the sum of their parts, totals that are the layers' sums, one CSV row a layer with
/// the JSON's numbers, and a trace whose events lie within their layer's cycles. Returns the JSON.
nlohmann::json checked_run(const std::filesystem::path& folder, const std::vector<std::string>& arguments);

/// The entry of a layer; throws std::out_of_range if it did not run.
const nlohmann::json& layer_of(const nlohmann::json& run, const std::string& name);

}  // namespace heddle::end_to_end
