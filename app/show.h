// What `heddle show` prints: a network, an accelerator, a mapping or an energy table, in words and figures.
#pragma once

#include <string>

#include "app/command_line.h"
#include "app/locate.h"

namespace heddle::app {

/// Throws InputError for files that cannot be read. Writes the graph of a network when asked to.
std::string show(const ShowOptions& options, const ConfigLibrary& library);

}  // namespace heddle::app
