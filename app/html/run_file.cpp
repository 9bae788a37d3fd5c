#include "app/html/run_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "app/html/run_page.h"
#include "support/error.h"

namespace heddle::html {
namespace {

using Json = nlohmann::ordered_json;

/// Of objects and lists in each other; results have about seven.
constexpr int kDeepest = 64;

Json json_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) throw InputError(path.string(), "cannot be read; expected the JSON file of a heddle run");
  const auto not_too_deep = [&path](int depth, Json::parse_event_t, Json&) {
    if (depth > kDeepest) throw InputError(path.string(), "is nested too deep to be the results of heddle");
    return true;
  };
  try {
    return Json::parse(text, not_too_deep);
  } catch (const Json::parse_error& error) {
    const std::string read = text.substr(0, error.byte > 0 ? error.byte - 1 : 0);
    const auto line = 1 + std::count(read.begin(), read.end(), '\n');
    throw InputError(Problem{path.string(), static_cast<int>(line), 0, "",
                             "this is no whole JSON; expected the JSON file of a heddle run"});
  }
}

}  // namespace

Json run_file_data(const std::filesystem::path& results) {
  std::error_code ignored;
  if (!std::filesystem::exists(results, ignored)) {
    throw InputError(results.string(),
                     "there is no such file; expected the JSON file of a heddle run, or a sweep's folder");
  }
  try {
    return run_page_data(json_file(results));
  } catch (const InputError& error) {
    std::vector<Problem> problems = error.problems();
    for (Problem& problem : problems) problem.file = results.string();
    throw InputError(std::move(problems));
  }
}

}  // namespace heddle::html
