#include "app/edited_files.h"

#include <fmt/format.h>

#include "support/error.h"

namespace heddle::app {
namespace {

constexpr const char* kPlainRecipe = "int8";
constexpr const char* kEieRecipe = "eie";

void apply_edits(const std::vector<yaml::Edit>& edits, yaml::Document& document) {
  for (const yaml::Edit& edit : edits) document.edit(edit);
}

}  // namespace

std::vector<yaml::Edit> edits_of(const std::string& file, const std::vector<yaml::Edit>& edits) {
  std::vector<yaml::Edit> inside;
  for (const yaml::Edit& edit : edits) {
    if (edit.key.starts_with(file + ".")) inside.push_back({edit.key.substr(file.size() + 1), edit.value});
  }
  return inside;
}

yaml::Document edited_document(const std::filesystem::path& path, const std::string& file,
                               const std::vector<yaml::Edit>& edits) {
  yaml::Document document = yaml::Document::load(path);
  apply_edits(edits_of(file, edits), document);
  return document;
}

std::filesystem::path energy_table_of(const std::string& name, const std::filesystem::path& accelerator_file,
                                      const ConfigLibrary& library) {
  return library.find(ConfigKind::energy, name, accelerator_file.parent_path());
}

std::optional<yaml::Document> recipe_document(const std::optional<std::string>& name, bool eie,
                                              const std::vector<yaml::Edit>& edits,
                                              const ConfigLibrary& library) {
  if (!name && edits_of("recipe", edits).empty()) return std::nullopt;
  const std::string file = name.value_or(eie ? kEieRecipe : kPlainRecipe);
  return edited_document(library.find(ConfigKind::compression, file), "recipe", edits);
}

std::optional<yaml::Document> constraints_document(const std::optional<std::filesystem::path>& name,
                                                   const std::vector<yaml::Edit>& edits,
                                                   const ConfigLibrary& library) {
  const std::vector<yaml::Edit> inside = edits_of("constraints", edits);
  if (!name && inside.empty()) return std::nullopt;
  yaml::Document document = name ? yaml::Document::load(library.find(ConfigKind::constraints, name->string()))
                                 : yaml::Document::parse("{name: constraints, levels: []}", "constraints");
  for (const yaml::Edit& edit : inside) {
    constexpr std::string_view kLevels = "levels.";
    if (edit.key.starts_with(kLevels)) {
      const std::string level =
          edit.key.substr(kLevels.size(), edit.key.find('.', kLevels.size()) - kLevels.size());
      document.add_element("levels", "level", level);
    }
    document.edit(edit);
  }
  return document;
}

}  // namespace heddle::app
