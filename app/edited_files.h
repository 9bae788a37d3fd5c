// The files of a run, with the changes that its options make to them (--set).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/locate.h"
#include "support/yaml.h"

namespace heddle::app {

/// What stands before the first dot of an edit's key and says which file it changes.
inline constexpr const char* kEditable[] = {"arch", "network", "recipe", "constraints", "energy"};

/// The edits of one file, with the keys inside it: "arch.array.rows" is "array.rows" of "arch".
std::vector<yaml::Edit> edits_of(const std::string& file, const std::vector<yaml::Edit>& edits);

/// A file after the edits to it. Throws InputError.
yaml::Document edited_document(const std::filesystem::path& path, const std::string& file,
                               const std::vector<yaml::Edit>& edits);

/// Where the accelerator's energy table is, which an edit may have changed.
std::filesystem::path energy_table_of(const std::string& name, const std::filesystem::path& accelerator_file,
                                      const ConfigLibrary& library);

/// The recipe: `name`; where there are only edits to it, 8 bits and nothing pruned (eie: the unit's fixed
/// point) and what they change. Nothing without either. Throws InputError.
std::optional<yaml::Document> recipe_document(const std::optional<std::string>& name, bool eie,
                                              const std::vector<yaml::Edit>& edits,
                                              const ConfigLibrary& library);

/// The constraints of mappings; where there are only edits to them, nothing and what they fix. A level that
/// has no entry gets one: "constraints.levels.innermost.order". Throws InputError.
std::optional<yaml::Document> constraints_document(const std::optional<std::filesystem::path>& name,
                                                   const std::vector<yaml::Edit>& edits,
                                                   const ConfigLibrary& library);

}  // namespace heddle::app
