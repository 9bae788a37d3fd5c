#include "support/yaml.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdlib>
#include <set>

#include "support/read_text.h"

namespace heddle::yaml {
namespace {

std::string kind_of(const YAML::Node& node) {
  if (!node.IsDefined() || node.IsNull()) return "nothing";
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  return fmt::format("\"{}\"", node.Scalar());
}

/// Splits "512 KiB" into 512 and "KiB"; nothing when it does not start with a finite number.
std::optional<std::pair<double, std::string>> quantity(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !std::isfinite(number)) return std::nullopt;
  std::string unit = end;
  unit.erase(0, unit.find_first_not_of(' ') == std::string::npos ? unit.size() : unit.find_first_not_of(' '));
  return std::pair{number, unit};
}

}  // namespace

Value::Value(YAML::Node node, std::string path, std::string file,
             std::shared_ptr<std::vector<Problem>> problems)
    : node_(std::move(node)),
      path_(std::move(path)),
      file_(std::move(file)),
      problems_(std::move(problems)) {}

void Value::problem(const std::string& message) const {
  const YAML::Mark mark = node_.IsDefined() ? node_.Mark() : YAML::Mark::null_mark();
  problems_->push_back(
      {file_, mark.is_null() ? 0 : mark.line + 1, mark.is_null() ? 0 : mark.column + 1, path_, message});
}

void Value::only_keys(const std::vector<std::string>& known) const {
  if (!node_.IsDefined()) return;
  if (!node_.IsMap()) {
    problem(fmt::format("expected a map with the keys {}, got {}", fmt::join(known, ", "), kind_of(node_)));
    return;
  }
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : kind_of(entry.first);
    const Value child(entry.first, path_.empty() ? key : path_ + "." + key, file_, problems_);
    if (!seen.insert(key).second) child.problem("given twice");
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      child.problem(
          fmt::format("unknown key{}; known here: {}", did_you_mean(key, known), fmt::join(known, ", ")));
    }
  }
}

bool Value::has(const std::string& key) const { return is_map() && node_[key].IsDefined(); }

Value Value::required(const std::string& key) const {
  const std::string child_path = path_.empty() ? key : path_ + "." + key;
  if (has(key)) return {node_[key], child_path, file_, problems_};
  if (node_.IsDefined())
    problem(is_map() ? fmt::format("the key \"{}\" is missing", key)
                     : fmt::format("expected a map with the key \"{}\", got {}", key, kind_of(node_)));
  return {YAML::Node(YAML::NodeType::Undefined), child_path, file_, problems_};
}

std::optional<Value> Value::optional(const std::string& key) const {
  if (!has(key)) return std::nullopt;
  return Value{node_[key], path_.empty() ? key : path_ + "." + key, file_, problems_};
}

std::vector<Value> Value::elements() const {
  std::vector<Value> result;
  if (!node_.IsDefined()) return result;
  if (!node_.IsSequence()) {
    problem(fmt::format("expected a list, got {}", kind_of(node_)));
    return result;
  }
  for (std::size_t i = 0; i < node_.size(); ++i) {
    result.emplace_back(node_[i], fmt::format("{}[{}]", path_, i), file_, problems_);
  }
  return result;
}

std::vector<std::string> Value::keys() const {
  std::vector<std::string> result;
  if (!is_map()) return result;
  for (const auto& entry : node_) {
    if (entry.first.IsScalar()) result.push_back(entry.first.Scalar());
  }
  return result;
}

template <class T>
T Value::convert(const char* expected, T fallback) const {
  if (!node_.IsDefined()) return fallback;  // its absence has been noted
  T result{};
  if (node_.IsScalar() && YAML::convert<T>::decode(node_, result)) return result;
  problem(fmt::format("expected {}, got {}", expected, kind_of(node_)));
  return fallback;
}

std::string Value::text() const { return convert<std::string>("a text", ""); }

std::int64_t Value::integer(std::int64_t least, std::int64_t most) const {
  const std::int64_t fallback = std::max<std::int64_t>(least, std::min<std::int64_t>(1, most));
  const std::int64_t value = convert<std::int64_t>("an integer", fallback);
  if (value >= least && value <= most) return value;
  if (most == INT64_MAX) {
    problem(fmt::format("expected an integer of at least {}, got {}", least, value));
  } else {
    problem(fmt::format("expected an integer from {} to {}, got {}", least, most, value));
  }
  return fallback;
}

double Value::number(double least, double most) const {
  const double value = convert<double>("a number", least);
  if (std::isfinite(value) && value >= least && value <= most) return value;
  problem(fmt::format("expected a number from {} to {}, got {}", least, most, value));
  return least;
}

bool Value::boolean() const { return convert<bool>("true or false", false); }

std::string Value::one_of(const std::vector<std::string>& choices) const {
  const std::string value = text();
  if (!node_.IsDefined() || std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  if (node_.IsScalar()) {
    problem(fmt::format("unknown value \"{}\"{}; expected one of {}", value, did_you_mean(value, choices),
                        fmt::join(choices, ", ")));
  }
  return choices.front();
}

std::string Value::source() const {
  if (!node_.IsDefined() || node_.IsNull()) return "~";
  YAML::Emitter emitter;
  emitter.SetSeqFormat(YAML::Flow);
  emitter.SetMapFormat(YAML::Flow);
  emitter << node_;
  return emitter.c_str();
}

std::int64_t Value::bytes() const {
  const std::string value = convert<std::string>("a size such as 512 KiB", "1");
  const auto parts = quantity(value);
  if (parts) {
    static const std::vector<std::pair<std::string, double>> units = {
        {"", 1},     {"B", 1},    {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0},
        {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}};
    for (const auto& [unit, factor] : units) {
      const double bytes = parts->first * factor;
      if (parts->second == unit && bytes >= 1 && bytes < 9e15 && bytes == std::floor(bytes)) {
        return static_cast<std::int64_t>(bytes);
      }
    }
  }
  if (is_scalar())
    problem(fmt::format("expected a positive size such as 64 B, 512 KiB or 1 MiB, got \"{}\"", value));
  return 1;
}

double Value::hertz() const {
  const std::string value = convert<std::string>("a frequency such as 800 MHz", "1");
  const auto parts = quantity(value);
  if (parts) {
    static const std::vector<std::pair<std::string, double>> units = {
        {"", 1}, {"Hz", 1}, {"kHz", 1e3}, {"MHz", 1e6}, {"GHz", 1e9}};
    for (const auto& [unit, factor] : units) {
      if (parts->second == unit && parts->first > 0 && parts->first * factor <= 1e12)
        return parts->first * factor;
    }
  }
  if (is_scalar()) problem(fmt::format("expected a positive frequency such as 800 MHz, got \"{}\"", value));
  return 1;
}

Document::Document(YAML::Node node, std::string file)
    : node_(std::move(node)), file_(std::move(file)), problems_(std::make_shared<std::vector<Problem>>()) {}

namespace {

constexpr int kMostDepth = 200;
constexpr std::int64_t kMostValues = 10'000'000;

/// Aliases may make a node contain itself, or a few lines stand for billions of values: neither can be read.
void limit(const YAML::Node& node, const std::string& file, int depth, std::int64_t& budget) {
  if (depth > kMostDepth || --budget < 0) {
    const YAML::Mark mark = node.Mark();
    throw InputError(Problem{file, mark.line + 1, mark.column + 1, "",
                             depth > kMostDepth ? "is nested too deeply, or is an alias that contains itself"
                                                : "stands for more than ten million values"});
  }
  if (!node.IsMap() && !node.IsSequence()) return;
  for (const auto& child : node) {
    if (node.IsMap()) {
      limit(child.first, file, depth + 1, budget);
      limit(child.second, file, depth + 1, budget);
    } else {
      limit(child, file, depth + 1, budget);
    }
  }
}

std::vector<YAML::Node> nodes_of(const std::string& text, const std::string& name) {
  try {
    std::vector<YAML::Node> nodes = YAML::LoadAll(text);
    if (nodes.empty()) nodes.emplace_back();
    std::int64_t budget = kMostValues;
    for (const YAML::Node& node : nodes) limit(node, name, 0, budget);
    return nodes;
  } catch (const YAML::ParserException& error) {
    throw InputError(
        Problem{name, error.mark.line + 1, error.mark.column + 1, "", "is not valid YAML: " + error.msg});
  } catch (const YAML::Exception& error) {
    throw InputError(name, std::string("is not valid YAML: ") + error.what());
  }
}

}  // namespace

Document Document::load(const std::filesystem::path& file) {
  return parse(read_text(file, "a YAML file"), file.string());
}

std::vector<Document> Document::load_all(const std::filesystem::path& file) {
  std::vector<Document> documents;
  for (YAML::Node& node : nodes_of(read_text(file, "a YAML file"), file.string()))
    documents.push_back({std::move(node), file.string()});
  return documents;
}

Document Document::parse(const std::string& text, const std::string& name) {
  std::vector<YAML::Node> nodes = nodes_of(text, name);
  if (nodes.size() > 1) {
    throw InputError(name,
                     fmt::format("holds {} YAML documents (separated by ---), expected one", nodes.size()));
  }
  return {std::move(nodes.front()), name};
}

Value Document::root() const { return {node_, "", file_, problems_}; }

void Document::finish() const {
  if (!problems_->empty()) throw InputError(*problems_);
}

}  // namespace heddle::yaml
