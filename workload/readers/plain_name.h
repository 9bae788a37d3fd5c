// Names that other tools allow and network files do not.
#pragma once

#include <string>

namespace heddle::workload {

/// The text with everything that a name may not hold (see check_name in yaml_layer.h) turned into `_`;
/// "layer" if nothing is left.
std::string plain_name(const std::string& text);

}  // namespace heddle::workload
