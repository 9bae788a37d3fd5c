#include "app/sweep/sweep_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "app/sweep/settings.h"
#include "support/read_text.h"
#include "support/yaml.h"

namespace heddle::sweep {
namespace {

constexpr std::size_t kMostChoices = 10'000;
constexpr std::int64_t kMostPoints = 100'000'000;
constexpr std::size_t kMostItems = 7;  ///< 5040 orders

/// What a setting is written as: keys of a run take plain texts, keys of files any YAML.
std::string setting_text(const std::string& key, const yaml::Value& value) {
  return key.find('.') == std::string::npos && value.is_scalar() ? value.text() : value.source();
}

void check_key(const yaml::Value& place, const std::string& key) {
  if (const std::string wrong = wrong_key(key); !wrong.empty()) place.problem(wrong);
}

std::vector<yaml::Edit> read_settings(const yaml::Value& map) {
  std::vector<yaml::Edit> settings;
  if (!map.is_map()) map.problem("expected a map from keys of a run to values, such as {arch: nm-16x16}");
  for (const std::string& key : map.keys()) {
    const yaml::Value value = map.required(key);
    check_key(value, key);
    settings.push_back({key, setting_text(key, value)});
  }
  return settings;
}

class AxisReader {
 public:
  AxisReader(std::string name, const yaml::Value& value) : value_(value) { axis_.name = std::move(name); }

  Axis read() {
    if (value_.is_list()) {  // rows of the shortest form: `network: [resnet50, alexnet]`
      axis_.keys = {axis_.name};
      check_key(value_, axis_.name);
      read_list(value_.elements());
    } else if (value_.has("together")) {
      value_.only_keys({"together"});
      read_together(value_.required("together"));
    } else {
      read_keys();
      read_choices();
    }
    if (axis_.choices.empty()) {
      value_.problem("has no values");
      axis_.choices.emplace_back();
    }
    if (axis_.choices.size() > kMostChoices)
      value_.problem(fmt::format("has {} values, expected at most {}", axis_.choices.size(), kMostChoices));
    return std::move(axis_);
  }

 private:
  void read_keys() {
    const yaml::Value key = value_.required("key");
    if (key.is_list()) {
      for (const yaml::Value& each : key.elements()) axis_.keys.push_back(each.text());
    } else {
      axis_.keys.push_back(key.text());
    }
    for (const std::string& each : axis_.keys) check_key(key, each);
  }

  void read_choices() {
    static const std::vector<std::string> forms = {"values", "range", "powers_of_two", "order", "choose"};
    value_.only_keys({"key", "values", "range", "powers_of_two", "order", "choose", "of"});
    const auto given =
        std::count_if(forms.begin(), forms.end(), [&](const auto& form) { return value_.has(form); });
    if (given != 1) {
      value_.problem("expected exactly one of values, range, powers_of_two, order, choose");
      return;
    }
    if (const auto values = value_.optional("values")) return read_list(values->elements());
    if (const auto range = value_.optional("range")) return read_range(*range);
    if (const auto powers = value_.optional("powers_of_two")) return read_powers(*powers);
    if (const auto order = value_.optional("order")) return read_items(*order, std::nullopt);
    read_items(value_.required("of"), value_.required("choose"));
  }

  void add(Scalar label, const std::string& text) {
    Choice& choice = axis_.choices.emplace_back();
    choice.label = std::move(label);
    for (const std::string& key : axis_.keys) choice.settings.push_back({key, text});
  }

  void add(std::int64_t number) { add(static_cast<double>(number), fmt::format("{}", number)); }

  void read_list(const std::vector<yaml::Value>& values) {
    std::set<std::string> seen;
    for (const yaml::Value& value : values) {
      const std::string key = axis_.keys.empty() ? "" : axis_.keys.front();
      const std::string text = setting_text(key, value);
      if (!seen.insert(text).second) value.problem(fmt::format("{} is given twice", text));
      const Scalar scalar =
          value.is_scalar() ? scalar_of(value.text()) : Scalar(value.is_null() ? "none" : text);
      // Sizes keep their units where people read them.
      const bool plain = value.is_scalar() && text_of(scalar) == value.text();
      add(plain || !value.is_scalar() ? scalar : Scalar(value.text()), text);
    }
  }

  void read_range(const yaml::Value& value) {
    const std::vector<yaml::Value> ends = value.elements();
    if (ends.size() != 2 && ends.size() != 3) {
      value.problem("expected [first, last] or [first, last, step]");
      return;
    }
    const std::int64_t first = ends[0].integer(), last = ends[1].integer(first);
    const std::int64_t step = ends.size() == 3 ? ends[2].integer(1) : 1;
    for (std::int64_t number = first; number <= last && axis_.choices.size() <= kMostChoices; number += step)
      add(number);
  }

  void read_powers(const yaml::Value& value) {
    const std::vector<yaml::Value> ends = value.elements();
    if (ends.size() != 2) {
      value.problem("expected [first, last]");
      return;
    }
    const std::int64_t first = ends[0].integer(1, std::int64_t{1} << 40);
    const std::int64_t last = ends[1].integer(first, std::int64_t{1} << 40);
    for (std::int64_t power = 1; power <= last; power *= 2) {
      if (power >= first) add(power);
    }
  }

  void read_items(const yaml::Value& list, const std::optional<yaml::Value>& chosen) {
    for (const yaml::Value& item : list.elements()) axis_.items.push_back(item.text());
    if (axis_.items.size() < 2 || axis_.items.size() > kMostItems) {
      list.problem(fmt::format("has {} items, expected 2 to {}", axis_.items.size(), kMostItems));
      return;
    }
    const auto items = static_cast<std::int64_t>(axis_.items.size());
    axis_.chosen = static_cast<std::size_t>(chosen ? chosen->integer(1, items - 1) : items);
    for (const auto& arrangement : arrangements(axis_.items.size(), axis_.chosen)) {
      std::string text;
      for (const std::size_t i : arrangement) text += (text.empty() ? "" : ", ") + axis_.items[i];
      add(text, "[" + text + "]");
    }
  }

  void read_together(const yaml::Value& together) {
    if (!together.is_map()) together.problem("expected a map from the name of each choice to what it sets");
    std::set<std::string> keys;
    for (const std::string& label : together.keys()) {
      Choice& choice = axis_.choices.emplace_back();
      const Scalar scalar = scalar_of(label);
      choice.label = text_of(scalar) == label ? scalar : Scalar(label);
      choice.settings = read_settings(together.required(label));
      for (const yaml::Edit& setting : choice.settings) keys.insert(setting.key);
    }
    axis_.keys = {keys.begin(), keys.end()};
  }

  const yaml::Value& value_;
  Axis axis_;
};

/// Notes an expression that cannot be read.
std::string checked(const yaml::Value& place, const std::string& text) {
  try {
    const Expression expression(text);
  } catch (const std::invalid_argument& error) {
    place.problem(fmt::format("\"{}\": {}", text, error.what()));
  }
  return text;
}

std::vector<std::string> read_expressions(const yaml::Value& value) {
  std::vector<std::string> texts;
  if (!value.is_list()) return {checked(value, value.text())};
  for (const yaml::Value& each : value.elements()) texts.push_back(checked(each, each.text()));
  return texts;
}

std::vector<std::pair<std::string, std::string>> read_named(const yaml::Value& map) {
  std::vector<std::pair<std::string, std::string>> named;
  if (!map.is_map()) map.problem("expected a map from names to expressions");
  for (const std::string& name : map.keys()) {
    const yaml::Value value = map.required(name);
    named.emplace_back(name, checked(value, value.text()));
  }
  return named;
}

Sample read_sample(const yaml::Value& value) {
  Sample sample;
  value.only_keys({"method", "points", "seed"});
  const std::string method = value.required("method").one_of({"full", "random", "latin_hypercube"});
  sample.method = method == "random"            ? Sampling::random
                  : method == "latin_hypercube" ? Sampling::latin_hypercube
                                                : Sampling::full;
  if (const auto seed = value.optional("seed")) sample.seed = static_cast<std::uint64_t>(seed->integer(0));
  if (sample.method != Sampling::full) {
    sample.points = static_cast<std::size_t>(value.required("points").integer(1, kMostPoints));
  } else if (const auto points = value.optional("points")) {
    points->problem("all points of the space are taken; expected method: random or latin_hypercube");
  }
  return sample;
}

Sample read_search(const yaml::Value& value) {
  Sample sample;
  sample.method = Sampling::nsga2;
  value.only_keys({"method", "population", "points", "seed", "compare"});
  value.required("method").one_of({"nsga2"});
  sample.points = static_cast<std::size_t>(value.required("points").integer(1, kMostPoints));
  if (const auto population = value.optional("population"))
    sample.population = static_cast<std::size_t>(population->integer(4, 100'000));
  if (const auto seed = value.optional("seed")) sample.seed = static_cast<std::uint64_t>(seed->integer(0));
  if (const auto compare = value.optional("compare"))
    sample.compares_to_random = compare->one_of({"random", "none"}) == "random";
  return sample;
}

std::vector<Objective> read_objectives(const yaml::Value& value) {
  std::vector<Objective> objectives;
  value.only_keys({"minimize", "maximize"});
  for (const bool maximize : {false, true}) {
    const auto list = value.optional(maximize ? "maximize" : "minimize");
    if (!list) continue;
    for (const std::string& text : read_expressions(*list)) objectives.push_back({text, maximize});
  }
  if (objectives.empty() && value.is_map())
    value.problem("expected at least one objective, such as minimize: [latency, energy]");
  return objectives;
}

/// "5 %" or 0.05.
double read_share(const yaml::Value& value) {
  const std::string text = value.text();
  if (text.ends_with("%")) {
    const Scalar percent = scalar_of(text.substr(0, text.find_last_not_of(" %") + 1));
    if (const auto* number = std::get_if<double>(&percent);
        number != nullptr && *number >= 0 && *number < 100)
      return *number / 100;
  }
  return value.number(0, 0.99);
}

Refinement read_refinement(const yaml::Value& value) {
  Refinement refine;
  if (value.is_scalar()) {
    value.one_of({"front"});
    return refine;
  }
  value.only_keys({"points", "fidelity", "within", "most"});
  if (const auto points = value.optional("points")) points->one_of({"front"});
  if (const auto fidelity = value.optional("fidelity"))
    refine.fidelity = fidelity->one_of({app::kFast, app::kClocked});
  if (const auto within = value.optional("within")) refine.within = read_share(*within);
  if (const auto most = value.optional("most")) refine.most = static_cast<std::size_t>(most->integer(1));
  return refine;
}

SweepFile read(const yaml::Document& document) {
  SweepFile sweep;
  const yaml::Value root = document.root();
  root.only_keys({"name", "base", "axes", "set", "derived", "where", "sample", "search", "objectives",
                  "budgets", "refine"});
  if (!root.is_map()) document.finish();
  sweep.name = std::filesystem::path(document.file()).stem().string();
  if (const auto name = root.optional("name")) sweep.name = name->text();
  if (const auto base = root.optional("base")) sweep.base = read_settings(*base);
  std::set<std::string> names;
  const yaml::Value axes = root.required("axes");
  if (!axes.is_map()) axes.problem("expected a map from the name of each axis to what it sets");
  for (const std::string& name : axes.keys()) {
    const yaml::Value axis = axes.required(name);
    if (!names.insert(name).second) axis.problem("given twice");
    sweep.axes.push_back(AxisReader(name, axis).read());
  }
  if (const auto computed = root.optional("set")) {
    sweep.computed = read_named(*computed);
    for (const auto& [key, text] : sweep.computed) check_key(*computed, key);
  }
  if (const auto derived = root.optional("derived")) {
    sweep.derived = read_named(*derived);
    for (const auto& [name, text] : sweep.derived) {
      if (!names.insert(name).second) derived->required(name).problem("an axis has that name already");
    }
  }
  if (const auto where = root.optional("where")) sweep.where = read_expressions(*where);
  const auto sample = root.optional("sample"), search = root.optional("search");
  if (sample && search) search->problem("points are sampled already; expected either sample or search");
  if (sample) sweep.sample = read_sample(*sample);
  if (search) sweep.sample = read_search(*search);
  if (const auto objectives = root.optional("objectives")) {
    sweep.objectives = read_objectives(*objectives);
  } else {
    sweep.objectives = {{"latency", false}, {"energy", false}};
  }
  if (const auto budgets = root.optional("budgets")) sweep.budgets = read_expressions(*budgets);
  if (const auto refine = root.optional("refine")) sweep.refine = read_refinement(*refine);
  document.finish();
  return sweep;
}

}  // namespace

SweepFile read_sweep_file(const std::filesystem::path& file) {
  const std::string text = read_text(file, "a sweep file");
  SweepFile sweep = parse_sweep_file(text, file.string());
  sweep.folder = std::filesystem::absolute(file).parent_path();
  return sweep;
}

SweepFile parse_sweep_file(const std::string& text, const std::string& name) {
  SweepFile sweep = read(yaml::Document::parse(text, name));
  sweep.text = text;
  return sweep;
}

}  // namespace heddle::sweep
