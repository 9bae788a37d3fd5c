// Everything that is counted of a layer, by name: the columns of the CSV, and what a sweep adds up.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "app/run_result.h"

namespace heddle::app {

struct Figure {
  std::string name;  ///< as in docs/results.md, flattened: "dram_weights_read_bits"
  std::variant<std::int64_t, double> value;
  bool adds_up = true;  ///< the network's is the sum over its layers
};

/// In the order of the CSV's columns.
std::vector<Figure> layer_figures(const LayerResult& layer, const arch::Accelerator& accelerator);

}  // namespace heddle::app
