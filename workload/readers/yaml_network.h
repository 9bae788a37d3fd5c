// Networks written by hand: layers and shapes in YAML, parameters synthetic. docs/networks.md is the format.
#pragma once

#include <filesystem>
#include <string>

#include "support/yaml.h"
#include "workload/network.h"

namespace heddle::workload {

/// Throws InputError with everything that is wrong in the file.
Network read_yaml_network(const std::filesystem::path& file);
Network read_yaml_network(const yaml::Document& document);

/// The same from a text; `file` is the name that messages give.
Network parse_yaml_network(const std::string& text, const std::string& file);

}  // namespace heddle::workload
