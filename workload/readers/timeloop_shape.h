// The shape of a Timeloop problem: dimensions, coefficients, data spaces and their projections, as the file
// writes them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/yaml.h"

namespace heddle::workload {

/// `dimension * coefficient` in a sum that gives one coordinate of a data space; no coefficient stands for 1.
struct TimeloopTerm {
  std::string dimension;
  std::string coefficient;
};

struct TimeloopDataSpace {
  std::string name;
  std::vector<std::vector<TimeloopTerm>> coordinates;
  bool read_write = false;
  yaml::Value at;
};

struct TimeloopShape {
  std::vector<std::string> dimensions;
  std::map<std::string, std::int64_t> coefficients;  ///< with their default
  std::vector<TimeloopDataSpace> data_spaces;
};

/// Reads a shape with hyphens (Timeloop 0.3 and before) or underscores (0.4) in its keys. Notes problems.
TimeloopShape read_timeloop_shape(const yaml::Value& at);

/// A shape that Timeloop ships under this name ("cnn-layer", "gemm-ABZ", with hyphens or underscores).
std::optional<TimeloopShape> shipped_timeloop_shape(const std::string& name);

}  // namespace heddle::workload
