// A picture of a network in Graphviz' language: layers with their operation, shape, multiply-accumulates,
// parameters.
#pragma once

#include <string>

#include "workload/network.h"

namespace heddle::workload {

/// Text for `dot`: one box a layer, one ellipse a network input or output, edges labelled with the shape that
/// flows.
std::string to_dot(const Network& network);

}  // namespace heddle::workload
