#include "app/select_layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>
#include <set>

#include "support/error.h"

namespace heddle::app {
namespace {

std::optional<int> position(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
  return value;
}

/// Adds what one item of the list names; returns what is wrong with it, or nothing.
std::string select(const std::string& item, const std::vector<std::string>& names, std::set<int>& chosen) {
  if (item.empty())
    return "an empty name between two commas; expected names or positions such as conv1,conv2 or 1-5";
  const auto named = std::find(names.begin(), names.end(), item);
  if (named != names.end()) {
    chosen.insert(static_cast<int>(named - names.begin()));
    return "";
  }
  const std::size_t dash = item.find('-');
  const std::optional<int> first = position(std::string_view(item).substr(0, dash));
  const std::optional<int> last =
      dash == std::string::npos ? first : position(std::string_view(item).substr(dash + 1));
  if (!first || !last) return fmt::format("no layer is called \"{}\"{}", item, did_you_mean(item, names));
  const int count = static_cast<int>(names.size());
  if (*first < 1 || *last > count) return fmt::format("\"{}\" is outside the layers 1 to {}", item, count);
  if (*first > *last) return fmt::format("\"{}\" runs backwards; expected \"{}-{}\"", item, *last, *first);
  for (int p = *first; p <= *last; ++p) chosen.insert(p - 1);
  return "";
}

}  // namespace

std::vector<int> select_layers(const std::string& selection, const std::vector<std::string>& names) {
  if (selection.empty()) {
    std::vector<int> all(names.size());
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  std::set<int> chosen;
  std::vector<Problem> problems;
  for (std::size_t begin = 0; begin <= selection.size();) {
    const std::size_t end = std::min(selection.find(',', begin), selection.size());
    const std::string wrong = select(selection.substr(begin, end - begin), names, chosen);
    if (!wrong.empty()) problems.push_back({"--layers", 0, 0, "", wrong});
    begin = end + 1;
  }
  if (!problems.empty()) throw InputError(std::move(problems));
  return {chosen.begin(), chosen.end()};
}

}  // namespace heddle::app
