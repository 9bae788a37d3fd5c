#include "app/html/checked_json.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace heddle::html {
namespace {

constexpr std::size_t kMostProblems = 20;

const Checked::Json& empty_object() {
  static const Checked::Json empty = Checked::Json::object();
  return empty;
}

bool is_quantity(const Checked::Json& json) {
  return json.is_number() && std::isfinite(json.get<double>()) && json.get<double>() >= 0;
}

bool is_count(const Checked::Json& json) {
  if (json.is_number_unsigned()) {
    return json.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  }
  return json.is_number_integer() && json.get<std::int64_t>() >= 0;
}

}  // namespace

void Problems::add(const std::string& path, const std::string& message) {
  Problem problem;
  problem.key_path = path;
  problem.message = message;
  list_.push_back(std::move(problem));
}

void Problems::report() const {
  if (list_.empty()) return;
  std::vector<Problem> shown(list_.begin(),
                             list_.begin() + static_cast<long>(std::min(list_.size(), kMostProblems)));
  if (list_.size() > kMostProblems) {
    Problem more;
    more.message = fmt::format("and {} more problems like these", list_.size() - kMostProblems);
    shown.push_back(std::move(more));
  }
  throw InputError(std::move(shown));
}

bool Checked::has(const std::string& key) const { return json_->is_object() && json_->contains(key); }

const Checked::Json* Checked::member(const std::string& key, bool (*fits)(const Json&),
                                     const char* expected) const {
  if (!has(key)) {
    problems_->add(path_of(key), fmt::format("is missing; expected {}", expected));
    return nullptr;
  }
  const Json& value = json_->at(key);
  if (fits(value)) return &value;
  problems_->add(path_of(key), fmt::format("is no {}", expected));
  return nullptr;
}

Checked Checked::object(const std::string& key) const {
  const Json* value = member(
      key, [](const Json& json) { return json.is_object(); }, "object");
  return {value != nullptr ? *value : empty_object(), path_of(key), *problems_};
}

std::vector<Checked> Checked::array(const std::string& key) const {
  const Json* value = member(
      key, [](const Json& json) { return json.is_array(); }, "list");
  std::vector<Checked> items;
  if (value == nullptr) return items;
  for (const Json& item : *value) {
    std::string path = fmt::format("{}[{}]", path_of(key), items.size());
    if (item.is_object()) {
      items.emplace_back(item, std::move(path), *problems_);
    } else {
      problems_->add(path, "is no object");
    }
  }
  return items;
}

std::string Checked::text(const std::string& key) const {
  const Json* value = member(
      key, [](const Json& json) { return json.is_string(); }, "text");
  return value != nullptr ? value->get<std::string>() : "";
}

double Checked::number(const std::string& key) const {
  const Json* value = member(key, is_quantity, "number from 0");
  return value != nullptr ? value->get<double>() : 0;
}

std::int64_t Checked::whole_number(const std::string& key) const {
  const Json* value = member(key, is_count, "whole number from 0");
  return value != nullptr ? value->get<std::int64_t>() : 0;
}

}  // namespace heddle::html
