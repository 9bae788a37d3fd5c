// `heddle verify`: an array in RTL against the clocked machine, on random layers or on a network's.
#pragma once

#include <string>

#include "app/command_line.h"
#include "app/locate.h"
#include "app/progress.h"

namespace heddle::app {

struct VerifyReport {
  std::string text;      ///< tables and the closing line
  bool matched = false;  ///< no difference was found
};

/// Runs the cases, or the network. A difference is made as small as it will go; the report then says how to
/// see it again. Throws InputError for what cannot be read or built, and where nothing was compared.
VerifyReport verify(const VerifyOptions& options, const ConfigLibrary& library, Progress& progress);

}  // namespace heddle::app
