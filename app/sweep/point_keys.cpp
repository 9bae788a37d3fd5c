// Keys of points: what their outcomes depend on, and nothing else.
#include <fstream>
#include <iterator>

#include "app/edited_files.h"
#include "app/sweep/evaluate.h"
#include "app/version.h"
#include "arch/accelerator.h"
#include "support/error.h"
#include "support/sha256.h"
#include "support/yaml.h"

namespace heddle::sweep {
namespace {

constexpr std::size_t kDigits = 16;
constexpr int kFormat = 1;  ///< of the keys; another number makes all older points absent

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw InputError(file.string(), "cannot be read: no such file, or no permission");
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

std::string PointKeys::content(const std::filesystem::path& file) {
  const auto found = known_.find(file.string());
  if (found != known_.end()) return found->second;
  return known_[file.string()] = sha256(bytes_of(file));
}

std::string PointKeys::content(app::ConfigKind kind, const std::string& name, const std::string& prefix,
                               const std::vector<yaml::Edit>& edits) {
  std::string id = prefix + "|" + name;
  for (const yaml::Edit& edit : app::edits_of(prefix, edits)) id += "|" + edit.key + "=" + edit.value;
  const auto found = known_.find(id);
  if (found != known_.end()) return found->second;
  const std::filesystem::path file = library_.find(kind, name);
  const std::string extension = file.extension().string();
  if (extension == ".onnx" || extension == ".csv") return known_[id] = content(file);
  return known_[id] = sha256(app::edited_document(file, prefix, edits).canonical());
}

std::string PointKeys::key(const app::RunOptions& options) {
  using app::ConfigKind;
  Json parts = {kFormat,
                app::kVersion,
                options.fidelity,
                options.mapper.search,
                options.mapper.objective,
                options.mapper.evaluations,
                options.mapper.gap,
                options.mapper.keep_on_chip,
                options.layers};
  if (options.fidelity != app::kAnalytical || app::draws(options.mapper)) parts.push_back(options.seed);
  parts.push_back(content(ConfigKind::network, options.network, "network", options.edits));
  const auto file = library_.find(ConfigKind::accelerator, options.arch);
  const yaml::Document document = app::edited_document(file, "arch", options.edits);
  const std::filesystem::path energy =
      app::energy_table_of(document.scalar("energy").value_or(arch::Accelerator{}.energy), file, library_);
  parts.push_back(sha256(document.canonical()));
  parts.push_back(content(ConfigKind::energy, energy.string(), "energy", options.edits));
  const bool eie = document.scalar("array.unit") == "eie";
  if (const auto recipe = app::recipe_document(options.recipe, eie, options.edits, library_))
    parts.push_back({"recipe", sha256(recipe->canonical())});
  if (const auto constraints = app::constraints_document(options.mapper.constraints, options.edits, library_))
    parts.push_back({"constraints", sha256(constraints->canonical())});
  if (options.mapping)
    parts.push_back({"mapping", content(library_.find(ConfigKind::mapping, options.mapping->string()))});
  for (const auto& [name, tensors] : {std::pair{"input", &options.input},
                                      {"labels", &options.labels},
                                      {"calibration", &options.calibration}}) {
    if (*tensors) parts.push_back({name, content(**tensors)});
  }
  return sha256(parts.dump(-1, ' ', false, Json::error_handler_t::replace)).substr(0, kDigits);
}

}  // namespace heddle::sweep
