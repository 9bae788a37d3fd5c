// What a sweep leaves for people and for other programs: tables, CSV, JSON, and the data of its page.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "app/sweep/campaign.h"
#include "app/sweep/refine.h"
#include "app/sweep/store.h"

namespace heddle::sweep {

/// The fronts, how the refined points compare, and what the session did.
std::string results_table(const SweepFile& file, const Campaign& campaign, const RefinementResult& refinement,
                          const std::vector<Volume>& volumes, const Session& session);

/// One row for each point, as the database's view `results` has them. RFC 4180.
std::string results_csv(Store& store);

/// results.json, in the form of the page's data (app/html/page.h): columns, points, fronts, layers of the
/// points on them. `all_results`: every counter; else what people look at.
nlohmann::ordered_json results_json(Store& store, bool all_results);

/// The page's data from the folder of a sweep's results, or its database. Throws InputError.
nlohmann::ordered_json page_data(const std::filesystem::path& results);

}  // namespace heddle::sweep
