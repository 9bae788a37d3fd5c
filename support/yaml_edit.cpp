// Changing YAML documents, and comparing them by content.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include "support/yaml.h"

namespace heddle::yaml {
namespace {

/// By what elements of lists are called in heddle's files.
constexpr const char* kNames[] = {"name", "level", "layer"};

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  std::istringstream stream(path);
  for (std::string part; std::getline(stream, part, '.');) parts.push_back(part);
  return parts;
}

/// The same content that stands in no file: messages about it shall show no line.
YAML::Node without_marks(const YAML::Node& node) {
  if (node.IsScalar()) return YAML::Node(node.Scalar());
  YAML::Node copy(node.Type());
  if (node.IsMap()) {
    for (const auto& entry : node) copy[entry.first.Scalar()] = without_marks(entry.second);
  } else if (node.IsSequence()) {
    for (const auto& element : node) copy.push_back(without_marks(element));
  }
  return copy;
}

std::string name_of(const YAML::Node& element) {
  if (!element.IsMap()) return "";
  for (const char* key : kNames) {
    if (const YAML::Node name = element[key]; name.IsDefined() && name.IsScalar()) return name.Scalar();
  }
  return "";
}

/// The position of the element that `part` names or counts; throws a text that says why there is none.
std::size_t element_of(const YAML::Node& list, const std::string& part) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    names.push_back(name_of(list[i]));
    if (names.back() == part) return i;
  }
  std::size_t position = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), position);
  if (error == std::errc{} && end == part.data() + part.size() && position < list.size()) return position;
  throw fmt::format(
      "no element \"{}\"{}; expected {}a position below {}", part, did_you_mean(part, names),
      names.empty() || names.front().empty() ? "" : fmt::format("{} or ", fmt::join(names, ", ")),
      list.size());
}

/// Node handles are references: assigning to one would change what it refers to, so steps rebind.
YAML::Node child_of(const YAML::Node& node, const std::string& part, bool make) {
  if (node.IsSequence()) return node[element_of(node, part)];
  if (!node.IsMap()) throw fmt::format("\"{}\" is below a value that has no keys", part);
  YAML::Node child = node[part];
  if (child.IsDefined() && !child.IsNull()) return child;
  if (!make) throw fmt::format("the key \"{}\" is missing", part);
  YAML::Node parent = node;
  parent[part] = YAML::Node(YAML::NodeType::Map);
  return node[part];
}

void append(const YAML::Node& node, std::string& text) {
  if (node.IsMap()) {
    std::map<std::string, std::string> entries;
    for (const auto& entry : node) append(entry.second, entries[entry.first.Scalar()]);
    text += '{';
    for (const auto& [key, value] : entries) text += fmt::format("{}:{}={},", key.size(), key, value);
    text += '}';
  } else if (node.IsSequence()) {
    text += '[';
    for (const auto& element : node) append(element, text), text += ',';
    text += ']';
  } else if (node.IsScalar()) {
    text += fmt::format("{}:{}", node.Scalar().size(), node.Scalar());
  } else {
    text += '~';
  }
}

}  // namespace

void Document::edit(const Edit& edit) {
  const std::vector<std::string> parts = parts_of(edit.key);
  const auto fail = [&](const std::string& message) {
    throw InputError(Problem{file_, 0, 0, edit.key, message});
  };
  if (parts.empty() || std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); }))
    fail("expected a key path such as array.rows");
  const Document value = parse(edit.value, edit.key + " = " + edit.value);
  try {
    if (!node_.IsMap()) throw std::string("the file holds no map");
    YAML::Node node = node_;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) node.reset(child_of(node, parts[i], true));
    const bool removes = !value.node_.IsDefined() || value.node_.IsNull();
    if (node.IsSequence()) {
      const std::size_t position = element_of(node, parts.back());
      if (removes) {
        node.remove(position);
      } else {
        node[position] = without_marks(value.node_);
      }
    } else if (!node.IsMap()) {
      throw fmt::format("\"{}\" is below a value that has no keys", parts.back());
    } else if (removes) {
      node.remove(parts.back());
    } else {
      node[parts.back()] = without_marks(value.node_);
    }
  } catch (const std::string& reason) {
    fail(reason);
  }
}

void Document::add_element(const std::string& list, const std::string& key, const std::string& name) {
  YAML::Node elements = node_[list];
  for (const auto& element : elements) {
    if (name_of(element) == name) return;
  }
  YAML::Node added(YAML::NodeType::Map);
  added[key] = YAML::Node(name);
  elements.push_back(added);
}

std::optional<std::string> Document::scalar(const std::string& key) const {
  try {
    YAML::Node node = node_;
    for (const std::string& part : parts_of(key)) node.reset(child_of(node, part, false));
    if (node.IsScalar()) return node.Scalar();
  } catch (const std::string&) {
  }
  return std::nullopt;
}

std::string Document::canonical() const {
  std::string text;
  append(node_, text);
  return text;
}

}  // namespace heddle::yaml
