#include "app/sweep/space.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "app/edited_files.h"
#include "app/sweep/settings.h"
#include "support/error.h"

namespace heddle::sweep {
namespace {

using app::ConfigKind;

/// Of a key inside a file: the file's kind.
std::optional<ConfigKind> kind_of(const std::string& prefix) {
  static const std::map<std::string, ConfigKind> kinds = {{"arch", ConfigKind::accelerator},
                                                          {"network", ConfigKind::network},
                                                          {"recipe", ConfigKind::compression},
                                                          {"constraints", ConfigKind::constraints},
                                                          {"energy", ConfigKind::energy}};
  const auto found = kinds.find(prefix);
  return found == kinds.end() ? std::nullopt : std::optional(found->second);
}

const yaml::Edit* last_of(const std::vector<yaml::Edit>& settings, const std::string& key) {
  const auto found = std::find_if(settings.rbegin(), settings.rend(),
                                  [&](const yaml::Edit& setting) { return setting.key == key; });
  return found == settings.rend() ? nullptr : &*found;
}

std::vector<std::pair<std::string, Expression>> parsed(
    const std::vector<std::pair<std::string, std::string>>& texts) {
  std::vector<std::pair<std::string, Expression>> expressions;
  for (const auto& [name, text] : texts) expressions.emplace_back(name, Expression(text));
  return expressions;
}

[[noreturn]] void fail(const SweepFile& file, const std::string& where, const std::string& text,
                       const std::exception& error) {
  throw InputError(Problem{file.name, 0, 0, where, fmt::format("\"{}\": {}", text, error.what())});
}

}  // namespace

Space::Space(const SweepFile& file, const app::ConfigLibrary& library)
    : file_(file), library_(library), computed_(parsed(file.computed)), derived_(parsed(file.derived)) {
  for (const std::string& text : file.where) where_.emplace_back(text);
  for (const Axis& axis : file.axes) {
    if (size_ > (std::uint64_t{1} << 62) / axis.choices.size())
      throw InputError(file.name, "the axes make more than 2^62 points; expected fewer values");
    size_ *= axis.choices.size();
  }
  check();
}

/// The first point shows whether names and keys are there at all.
void Space::check() const {
  const Point first(file_.axes.size(), 0);
  allowed(first);
  derived(first);
  const app::RunOptions options = run_options(settings(first), file_.folder);
  for (const auto& [key, given] : {std::pair{"network", &options.network}, {"arch", &options.arch}}) {
    if (given->empty())
      throw InputError(
          Problem{file_.name, 0, 0, "base", fmt::format("expected the key \"{}\", here or as an axis", key)});
  }
}

Point Space::at(std::uint64_t position) const {
  Point point(file_.axes.size());
  for (std::size_t i = file_.axes.size(); i-- > 0;) {
    const std::uint64_t choices = file_.axes[i].choices.size();
    point[i] = static_cast<std::size_t>(position % choices);
    position /= choices;
  }
  return point;
}

std::uint64_t Space::position(const Point& point) const {
  std::uint64_t position = 0;
  for (std::size_t i = 0; i < point.size(); ++i)
    position = position * file_.axes[i].choices.size() + point[i];
  return position;
}

std::size_t Space::genes() const {
  std::size_t genes = 0;
  for (const Axis& axis : file_.axes) genes += genes_of(axis);
  return genes;
}

Point Space::decode(const std::vector<double>& genome) const {
  Point point;
  std::size_t gene = 0;
  for (const Axis& axis : file_.axes) {
    point.push_back(sweep::decode(axis, genome.data() + gene));
    gene += genes_of(axis);
  }
  return point;
}

std::vector<yaml::Edit> Space::chosen(const Point& point) const {
  std::vector<yaml::Edit> settings = file_.base;
  for (std::size_t i = 0; i < point.size(); ++i) {
    const auto& choice = file_.axes[i].choices[point[i]].settings;
    settings.insert(settings.end(), choice.begin(), choice.end());
  }
  return settings;
}

std::vector<yaml::Edit> Space::settings(const Point& point) const {
  std::vector<yaml::Edit> settings = chosen(point);
  for (const auto& [key, expression] : computed_) {
    try {
      const Scalar value =
          expression.evaluate([&](const std::string& name) { return this->value(point, name); });
      settings.push_back({key, text_of(value)});
    } catch (const std::invalid_argument& error) {
      fail(file_, "set." + key, expression.text(), error);
    }
  }
  return settings;
}

const yaml::Document& Space::document(ConfigKind kind, const std::string& name) const {
  const std::filesystem::path path = library_.find(kind, name);
  auto found = documents_.find(path.string());
  if (found == documents_.end()) found = documents_.emplace(path.string(), yaml::Document::load(path)).first;
  return found->second;
}

std::optional<Scalar> Space::key_value(const std::vector<yaml::Edit>& settings,
                                       const std::string& key) const {
  if (const yaml::Edit* setting = last_of(settings, key)) return scalar_of(setting->value);
  const std::size_t dot = key.find('.');
  if (dot == std::string::npos) return std::nullopt;
  const std::string prefix = key.substr(0, dot);
  const auto kind = kind_of(prefix);
  if (!kind || prefix == "energy") return std::nullopt;
  const app::RunOptions options = run_options(settings, file_.folder);
  const std::string name = prefix == "arch"      ? options.arch
                           : prefix == "network" ? options.network
                           : prefix == "recipe"  ? options.recipe.value_or("")
                                                 : options.mapper.constraints.value_or("").string();
  if (name.empty() || name.ends_with(".onnx")) return std::nullopt;
  const auto text = document(*kind, name).scalar(key.substr(dot + 1));
  return text ? std::optional(scalar_of(*text)) : std::nullopt;
}

std::optional<Scalar> Space::value(const Point& point, const std::string& name) const {
  return value(point, name, derived_.size());
}

std::optional<Scalar> Space::value(const Point& point, const std::string& name, std::size_t derived) const {
  for (std::size_t i = 0; i < point.size(); ++i) {
    if (file_.axes[i].name != name) continue;
    const Scalar& label = file_.axes[i].choices[point[i]].label;
    const auto* text = std::get_if<std::string>(&label);
    return text == nullptr ? label : scalar_of(*text);
  }
  for (std::size_t i = 0; i < derived; ++i) {
    if (derived_[i].first == name) return this->derived(point, i);
  }
  return key_value(chosen(point), name);
}

double Space::derived(const Point& point, std::size_t index) const {
  const auto& [name, expression] = derived_[index];
  try {
    return expression.number([&](const std::string& n) { return value(point, n, index); });
  } catch (const std::invalid_argument& error) {
    fail(file_, "derived." + name, expression.text(), error);
  }
}

bool Space::allowed(const Point& point) const {
  for (const Expression& condition : where_) {
    try {
      if (!condition.truth([&](const std::string& name) { return value(point, name); })) return false;
    } catch (const std::invalid_argument& error) {
      fail(file_, "where", condition.text(), error);
    }
  }
  return true;
}

std::vector<double> Space::derived(const Point& point) const {
  std::vector<double> values;
  for (std::size_t i = 0; i < derived_.size(); ++i) values.push_back(derived(point, i));
  return values;
}

std::string Space::workload(const Point& point) const {
  const std::vector<yaml::Edit> settings = chosen(point);
  std::string text;
  for (const yaml::Edit& setting : settings) {
    const bool of_work =
        setting.key == "network" || setting.key == "layers" || setting.key.starts_with("network.");
    if (of_work && last_of(settings, setting.key) == &setting)
      text += (text.empty() ? "" : ", ") +
              (setting.key == "network" ? setting.value : setting.key + " " + setting.value);
  }
  return text;
}

}  // namespace heddle::sweep
