// Settings: what a sweep file says of a run, key by key, and the options of `heddle run` that they make.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "app/locate.h"

namespace heddle::sweep {

/// Keys of a run ("network", "arch", "recipe", "fidelity", "objective", ...), without those of its files.
const std::vector<std::string>& run_keys();

/// Why a key sets nothing: neither one of run_keys() nor one inside a file ("arch.array.rows"); empty: it
/// does.
std::string wrong_key(const std::string& key);

/// The options that settings make, later ones before earlier ones. Files are looked up in `folder` first,
/// then as on the command line. Throws InputError for a value that its key does not take.
app::RunOptions run_options(const std::vector<yaml::Edit>& settings, const std::filesystem::path& folder);

}  // namespace heddle::sweep
