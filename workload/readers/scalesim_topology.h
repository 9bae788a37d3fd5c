// Layers as SCALE-Sim lists them: a topology file, one convolution or matrix product a row, comma separated.
// docs/interoperation.md is what is read, and how.
#pragma once

#include <filesystem>
#include <string>

#include "workload/network.h"

namespace heddle::workload {

/// A network of layers that do not feed each other: each has its own input "NAME.input". Shapes only; weights
/// are synthetic. Throws InputError with everything that is wrong in the file.
Network read_scalesim_topology(const std::filesystem::path& file);

/// The same from a text; `file` is the name that messages give, its stem that of the network.
Network parse_scalesim_topology(const std::string& text, const std::string& file);

}  // namespace heddle::workload
