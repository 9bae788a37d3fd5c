#include "app/locate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "support/error.h"

namespace heddle::app {
namespace {
namespace fs = std::filesystem;

struct Kind {
  const char* folder;
  const char* noun;
  std::vector<std::string> extensions;  ///< in order of preference
};

const Kind& about(ConfigKind kind) {
  static const Kind accelerator{"accelerators", "accelerator", {".yaml", ".yml"}};
  static const Kind energy{"energy", "energy table", {".yaml", ".yml"}};
  static const Kind network{"networks", "network", {".onnx", ".yaml", ".yml", ".csv"}};
  static const Kind compression{"compression", "recipe", {".yaml", ".yml"}};
  static const Kind mapping{"mappings", "mapping", {".yaml", ".yml"}};
  static const Kind constraints{"constraints", "constraint file", {".yaml", ".yml"}};
  static const Kind sweep{"sweeps", "sweep", {".yaml", ".yml"}};
  switch (kind) {
    case ConfigKind::accelerator:
      return accelerator;
    case ConfigKind::energy:
      return energy;
    case ConfigKind::network:
      return network;
    case ConfigKind::compression:
      return compression;
    case ConfigKind::constraints:
      return constraints;
    case ConfigKind::sweep:
      return sweep;
    case ConfigKind::mapping:
      break;
  }
  return mapping;
}

bool is_file(const fs::path& path) {
  std::error_code code;
  return fs::exists(path, code) && !fs::is_directory(path, code);
}

}  // namespace

ConfigLibrary ConfigLibrary::of_this_program() {
  std::vector<fs::path> folders;
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code);
  if (code) return ConfigLibrary({});
  const auto add = [&](const fs::path& folder) {
    if (fs::is_directory(folder / "accelerators", code)) folders.push_back(folder);
  };
  for (fs::path above = program.parent_path(); above != above.root_path(); above = above.parent_path()) {
    add(above / "configs");
  }
  add(program.parent_path().parent_path() / "share" / "heddle" / "configs");
  return ConfigLibrary(std::move(folders));
}

fs::path ConfigLibrary::find(ConfigKind kind, const std::string& name, const fs::path& relative_to) const {
  const Kind& what = about(kind);
  const fs::path given(name);
  const std::string extension = given.extension().string();
  const bool has_extension =
      std::find(what.extensions.begin(), what.extensions.end(), extension) != what.extensions.end();
  const bool has_folder = given.has_parent_path();
  if (!name.empty() && (has_extension || has_folder)) {
    const fs::path path = relative_to.empty() ? given : relative_to / given;  // an absolute path stays itself
    if (is_file(path)) return path;
    if (has_folder) {
      std::error_code code;
      throw InputError(
          path.string(),
          fs::is_directory(path, code)
              ? fmt::format("is a folder, expected the file of {} {}",
                            std::string_view("ae").find(what.noun[0]) != std::string_view::npos ? "an" : "a",
                            what.noun)
              : "no such file");
    }
  }
  if (!name.empty() && !has_folder) {
    for (const fs::path& folder : folders_) {
      if (has_extension && is_file(folder / what.folder / given)) return folder / what.folder / given;
      for (const std::string& candidate : what.extensions) {
        const fs::path path = folder / what.folder / (name + candidate);
        if (is_file(path)) return path;
      }
    }
  }
  const std::vector<std::string> known = names(kind);
  const std::string stem = has_extension ? given.stem().string() : name;
  throw InputError(
      name.empty() ? "\"\"" : name,
      known.empty()
          ? fmt::format("no such {}: it is no file, and no configs/{} was found", what.noun, what.folder)
          : fmt::format("no such {}{}: neither a file nor one of configs/{}: {}", what.noun,
                        did_you_mean(stem, known), what.folder, fmt::join(known, ", ")));
}

std::vector<std::string> ConfigLibrary::names(ConfigKind kind) const {
  const Kind& what = about(kind);
  std::set<std::string> found;
  for (const fs::path& folder : folders_) {
    std::error_code code;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder / what.folder, code)) {
      const std::string extension = entry.path().extension().string();
      if (std::find(what.extensions.begin(), what.extensions.end(), extension) != what.extensions.end() &&
          !entry.is_directory(code)) {
        found.insert(entry.path().stem().string());
      }
    }
  }
  return {found.begin(), found.end()};
}

}  // namespace heddle::app
