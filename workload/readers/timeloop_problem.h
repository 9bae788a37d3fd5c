// A layer as a Timeloop problem file gives it: a convolution or a matrix product, recognised by the
// projections of its data spaces. docs/interoperation.md is what is read, and how.
#pragma once

#include <filesystem>
#include <string>

#include "support/yaml.h"
#include "workload/network.h"

namespace heddle::workload {

/// Whether a YAML file holds a Timeloop problem (a top-level `problem`) and not a network.
bool is_timeloop_problem(const yaml::Document& document);

/// A network of the one layer, called like the file. Other top-level keys (architecture, mapper, ...) are not
/// read. Throws InputError for what is wrong, or is neither a convolution nor a matrix product.
Network read_timeloop_problem(const yaml::Document& document);
Network parse_timeloop_problem(const std::string& text, const std::string& file);

}  // namespace heddle::workload
