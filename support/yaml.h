// Reading YAML with marks: every getter notes what is wrong, with file, line and key path, and goes on, so
// that one run reports everything wrong in a file. Call Document::finish() before using what was read.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/error.h"

namespace heddle::yaml {

/// One node of a document, with its key path ("array.bits") for messages.
class Value {
 public:
  Value(YAML::Node node, std::string path, std::string file, std::shared_ptr<std::vector<Problem>> problems);

  bool is_map() const { return node_.IsDefined() && node_.IsMap(); }
  bool is_list() const { return node_.IsDefined() && node_.IsSequence(); }
  bool is_null() const { return node_.IsDefined() && node_.IsNull(); }
  bool is_scalar() const { return node_.IsDefined() && node_.IsScalar(); }
  const std::string& path() const { return path_; }

  /// Notes a problem at this node.
  void problem(const std::string& message) const;
  /// Problems noted so far in the whole document: tells whether what lies between two calls was read well.
  std::size_t problem_count() const { return problems_->size(); }
  /// Notes every key of this map that is not in `known`; a node that is no map, or a key given twice, as
  /// well.
  void only_keys(const std::vector<std::string>& known) const;

  bool has(const std::string& key) const;
  /// Child of a map; notes a problem if it is absent (the result is then undefined: has no type).
  Value required(const std::string& key) const;
  /// Child of a map, if present.
  std::optional<Value> optional(const std::string& key) const;
  /// Elements of a list; notes a problem if this is no list.
  std::vector<Value> elements() const;
  /// Keys of a map, in file order.
  std::vector<std::string> keys() const;

  /// Scalars. Each notes a problem and returns a harmless value when the node is of another type or out of
  /// range.
  std::string text() const;
  std::int64_t integer(std::int64_t least = INT64_MIN, std::int64_t most = INT64_MAX) const;
  double number(double least, double most) const;  ///< finite, within [least, most]
  bool boolean() const;
  std::string one_of(const std::vector<std::string>& choices) const;
  /// Whatever it is, as YAML on one line; "~" for nothing.
  std::string source() const;
  std::int64_t bytes() const;  ///< "512 KiB", "64 B", "1 MiB", or a plain number of bytes; positive
  double hertz() const;        ///< "800 MHz", "1 GHz", or a plain number; positive

 private:
  YAML::Node node_;
  std::string path_;
  std::string file_;
  std::shared_ptr<std::vector<Problem>> problems_;

  template <class T>
  T convert(const char* expected, T fallback) const;
};

/// A change to a file: what a key path names becomes a YAML text.
struct Edit {
  std::string key;  ///< "array.rows"; elements of lists by name, or by position from 0: "memory.buffer.size"
  std::string value;  ///< "16", "[M, C]"; "~" removes the key
  friend bool operator==(const Edit&, const Edit&) = default;
};

/// One YAML file. Throws InputError if it cannot be read or is no YAML.
class Document {
 public:
  static Document load(const std::filesystem::path& file);
  /// Every document of a file of several, separated by "---" (at least one, perhaps empty).
  static std::vector<Document> load_all(const std::filesystem::path& file);
  static Document parse(const std::string& text, const std::string& name);

  /// Changes the document; maps are made where the path needs them. Problems of what was changed name the key
  /// path, without a line. Throws InputError for a path that leads nowhere, or a value that is no YAML.
  void edit(const Edit& edit);
  /// Adds `{key: name}` to the list at a key of the root, unless one of its elements has that name.
  void add_element(const std::string& list, const std::string& key, const std::string& name);
  /// The scalar at a key path as it is written; nothing when there is none.
  std::optional<std::string> scalar(const std::string& key) const;
  /// The content, whatever the order of keys, the layout and the comments: equal text, equal content.
  std::string canonical() const;

  Value root() const;
  const std::string& file() const { return file_; }
  /// Throws one InputError with all problems noted so far, if there are any.
  void finish() const;

 private:
  Document(YAML::Node node, std::string file);

  YAML::Node node_;
  std::string file_;
  std::shared_ptr<std::vector<Problem>> problems_;
};

}  // namespace heddle::yaml
