// One entry of a network file's `layers`: its keys read, its inputs not yet looked up. docs/networks.md is
// the format.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/yaml.h"
#include "workload/layer.h"

namespace heddle::workload {

/// Words that `from` understands besides names.
inline constexpr const char* kPrevious = "previous";
inline constexpr const char* kBlock = "block";

/// A name in the file, with its mark.
struct NameInFile {
  std::string name;
  yaml::Value at;
};

struct LayerEntry {
  yaml::Value at;
  Layer layer;                     ///< name, operation and attributes; no inputs
  std::vector<NameInFile> from;    ///< empty: the previous layer
  std::optional<NameInFile> tied;  ///< the layer whose weights these are
  bool flatten = false;            ///< a reshape to [n, rest], whose shape depends on the input
  bool sound = true;               ///< false once a problem of it has been noted; then it is not added
  bool looked_up =
      false;  ///< its names were looked up once: problems are noted in a repeat's first iteration only
};

/// Notes every problem of the entry and goes on.
LayerEntry read_layer_entry(const yaml::Value& at);

/// A name of a layer or a network: letters, digits and _ . / - only.
std::string read_name(const yaml::Value& at);
/// Notes a problem at `at` if `name` cannot be the name of a layer or an input.
void check_name(const yaml::Value& at, const std::string& name);

/// A list of extents, each at least 1; with `free`, one of them may be -1.
Shape read_shape(const yaml::Value& at, bool free = false);

}  // namespace heddle::workload
