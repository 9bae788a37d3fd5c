// Reads `--layers`: which layers of a network to run.
#pragma once

#include <string>
#include <vector>

namespace heddle::app {

/// `selection` is a list of names, positions and ranges of positions: "conv1,3,5-7". Positions count from 1
/// in the order of `names`. A layer that is called "3" or "5-7" is found by that name first. Empty: all of
/// them. Returns indices into `names`, ascending, each once. Throws InputError with everything that names no
/// layer.
std::vector<int> select_layers(const std::string& selection, const std::vector<std::string>& names);

}  // namespace heddle::app
