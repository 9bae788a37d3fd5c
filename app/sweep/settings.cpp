#include "app/sweep/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>

#include "app/edited_files.h"
#include "app/sweep/expression.h"
#include "support/error.h"

namespace heddle::sweep {
namespace {

using app::RunOptions;

void fail(const std::string& key, const std::string& expected, const std::string& value) {
  throw InputError(Problem{"", 0, 0, key, fmt::format("expected {}, got \"{}\"", expected, value)});
}

std::string one_of(const std::string& key, const std::string& value,
                   const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), value) == choices.end())
    fail(key, fmt::format("{}", fmt::join(choices, ", ")), value);
  return value;
}

std::uint64_t whole(const std::string& key, const std::string& value) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size()) fail(key, "a whole number", value);
  return number;
}

/// 0.01, or "1 %".
double share(const std::string& key, const std::string& value) {
  const bool percent = value.ends_with("%");
  const Scalar scalar = scalar_of(percent ? value.substr(0, value.find_last_not_of(" %") + 1) : value);
  const auto* number = std::get_if<double>(&scalar);
  if (number == nullptr || *number < 0 || *number >= (percent ? 100 : 1))
    fail(key, "a share such as 0.01 or 1 %", value);
  return percent ? *number / 100 : *number;
}

/// A file that is there when one begins at the sweep's folder, else as it is given.
std::string located(const std::string& value, const std::filesystem::path& folder) {
  const std::filesystem::path given(value);
  std::error_code code;
  const bool path = given.has_parent_path() || given.has_extension();
  return path && std::filesystem::exists(folder / given, code) ? (folder / given).string() : value;
}

using Setter = std::function<void(RunOptions&, const std::string& key, const std::string& value,
                                  const std::filesystem::path& folder)>;

Setter file(void (*assign)(RunOptions&, std::string)) {
  return [assign](RunOptions& options, const std::string&, const std::string& value,
                  const std::filesystem::path& folder) { assign(options, located(value, folder)); };
}

Setter choice(std::vector<std::string> choices, void (*assign)(RunOptions&, std::string)) {
  return [choices = std::move(choices), assign](RunOptions& options, const std::string& key,
                                                const std::string& value, const std::filesystem::path&) {
    assign(options, one_of(key, value, choices));
  };
}

Setter number(void (*assign)(RunOptions&, std::uint64_t)) {
  return [assign](RunOptions& options, const std::string& key, const std::string& value,
                  const std::filesystem::path&) { assign(options, whole(key, value)); };
}

const std::map<std::string, Setter>& setters() {
  static const std::map<std::string, Setter> all = {
      {"network", file([](RunOptions& o, std::string v) { o.network = std::move(v); })},
      {"arch", file([](RunOptions& o, std::string v) { o.arch = std::move(v); })},
      {"recipe", file([](RunOptions& o, std::string v) { o.recipe = std::move(v); })},
      {"mapping", file([](RunOptions& o, std::string v) { o.mapping = std::move(v); })},
      {"constraints", file([](RunOptions& o, std::string v) { o.mapper.constraints = std::move(v); })},
      {"input", file([](RunOptions& o, std::string v) { o.input = std::move(v); })},
      {"labels", file([](RunOptions& o, std::string v) { o.labels = std::move(v); })},
      {"calibration", file([](RunOptions& o, std::string v) { o.calibration = std::move(v); })},
      {"layers", [](RunOptions& o, const auto&, const std::string& v, const auto&) { o.layers = v; }},
      {"fidelity", choice({app::kAnalytical, app::kFast, app::kClocked},
                          [](RunOptions& o, std::string v) { o.fidelity = std::move(v); })},
      {"objective", choice({"edp", "energy", "latency"},
                           [](RunOptions& o, std::string v) { o.mapper.objective = std::move(v); })},
      {"search", choice({"optimal", "random", "annealing", "genetic", app::kDefaultMapping},
                        [](RunOptions& o, std::string v) { o.mapper.search = std::move(v); })},
      {"evaluations", number([](RunOptions& o, std::uint64_t v) {
         o.mapper.evaluations = static_cast<std::int64_t>(std::min<std::uint64_t>(v, INT64_MAX));
       })},
      {"seed", number([](RunOptions& o, std::uint64_t v) { o.seed = v; })},
      {"gap", [](RunOptions& o, const std::string& key, const std::string& v,
                 const auto&) { o.mapper.gap = share(key, v); }},
      {"keep_on_chip",
       choice({"true", "false"}, [](RunOptions& o, std::string v) { o.mapper.keep_on_chip = v == "true"; })},
  };
  return all;
}

}  // namespace

const std::vector<std::string>& run_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> names;
    for (const auto& [name, setter] : setters()) names.push_back(name);
    return names;
  }();
  return keys;
}

std::string wrong_key(const std::string& key) {
  if (setters().contains(key)) return "";
  const std::size_t dot = key.find('.');
  if (dot != std::string::npos) {
    const std::string prefix = key.substr(0, dot);
    const bool known =
        std::find(std::begin(app::kEditable), std::end(app::kEditable), prefix) != std::end(app::kEditable);
    if (known && dot + 1 < key.size()) return "";
    return fmt::format("\"{}\" is in no file of a run; expected {} before the dot", prefix,
                       fmt::join(app::kEditable, ", "));
  }
  return fmt::format("unknown key{}; expected {}, or a key inside a file, such as arch.array.rows",
                     did_you_mean(key, run_keys()), fmt::join(run_keys(), ", "));
}

RunOptions run_options(const std::vector<yaml::Edit>& settings, const std::filesystem::path& folder) {
  RunOptions options;
  options.fidelity = app::kAnalytical;
  options.jobs = 1;
  options.quiet = true;
  std::map<std::string, std::string> of_run;  // "~" takes back what was said before
  for (const auto& [key, value] : settings) {
    if (setters().contains(key)) {
      of_run[key] = value;
    } else {
      options.edits.push_back({key, value});
    }
  }
  for (const auto& [key, value] : of_run) {
    if (value != "~") setters().at(key)(options, key, value, folder);
  }
  if (app::draws(options.mapper) && options.mapper.evaluations == 0)
    options.mapper.evaluations = app::kRunDraws;
  return options;
}

}  // namespace heddle::sweep
