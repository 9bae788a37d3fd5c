// Reads JSON that somebody else may have written: every key is checked, and what is wrong is collected with
// its path, so that it can be reported at once.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/error.h"

namespace heddle::html {

/// The problems of one document. Reading goes on after a problem with an empty value.
class Problems {
 public:
  void add(const std::string& path, const std::string& message);
  /// Throws InputError with the first twenty, without a file name; nothing if there are none.
  void report() const;

 private:
  std::vector<Problem> list_;
};

/// One value with its path: "layers[3].energy_pj".
class Checked {
 public:
  using Json = nlohmann::ordered_json;

  Checked(const Json& json, std::string path, Problems& problems)
      : json_(&json), path_(std::move(path)), problems_(&problems) {}

  const Json& json() const { return *json_; }
  bool has(const std::string& key) const;

  /// Members of an object. A member that is missing or of another type is a problem; the result is then
  /// empty, 0 or "".
  Checked object(const std::string& key) const;
  std::vector<Checked> array(const std::string& key) const;
  std::string text(const std::string& key) const;
  double number(const std::string& key) const;              ///< finite, not negative
  std::int64_t whole_number(const std::string& key) const;  ///< from 0 to 2^63 - 1

 private:
  /// Null after a problem.
  const Json* member(const std::string& key, bool (*fits)(const Json&), const char* expected) const;
  std::string path_of(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

  const Json* json_;
  std::string path_;
  Problems* problems_;
};

}  // namespace heddle::html
