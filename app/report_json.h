// The JSON of a run: names and units in docs/results.md. The same result gives the same bytes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "app/run_result.h"

namespace heddle::app {

nlohmann::ordered_json to_json(const RunResult& result);
nlohmann::ordered_json to_json(const LayerResult& layer, const arch::Accelerator& accelerator);
/// {"levels": [{"level": "dram", "temporal": ["M 8"], "keep": [...]}, ..., {"level": "array", "spatial":
/// {...}},
/// {"level": "registers", "temporal": [...]}]}, as a mapping file says it.
nlohmann::ordered_json to_json(const arch::LayerMapping& mapping, const arch::Accelerator& accelerator);
/// The keys of an accelerator file; sizes in bytes, the clock in Hz.
nlohmann::ordered_json to_json(const arch::Accelerator& accelerator);

/// Indented by two, one newline at the end. Names that are no UTF-8 get replacement characters.
std::string report_json(const RunResult& result);

}  // namespace heddle::app
