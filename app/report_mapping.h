// What `heddle map` prints: a nest for each distinct layer with what it costs and how sure that is the least,
// and a table of all layers.
#pragma once

#include <string>

#include "app/map_network.h"

namespace heddle::app {

/// One distinct layer, about 25 lines: all names, the nest with its tiles, cycles, energy by level, the
/// certificate. `index`: of the first layer of its kind.
std::string mapped_layer(const MapResult& result, std::size_t index);
/// A row for each layer.
std::string mapping_table(const MapResult& result);
/// Sums, and how long it took.
std::string mapping_summary(const MapResult& result);
/// All of it.
std::string report_mapping(const MapResult& result);

/// Exact up to ten million, then "1.24e+15".
std::string count_text(mapper::Count count);

}  // namespace heddle::app
