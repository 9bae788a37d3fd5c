// What `heddle run` does, from files to result: load, map, compress, simulate (or analyze), check, price.
#pragma once

#include "app/command_line.h"
#include "app/locate.h"
#include "app/progress.h"
#include "app/run_result.h"

namespace heddle::app {

/// Runs the selected layers of a network on the machine, or works them out from their loop nests (fidelity
/// analytical). Throws InputError for anything wrong in the options
/// or the files they name. A difference between machine and reference is no error: it stands in the layer's
/// check. A layer that cannot run ends the run: the result then holds the layers before it and says so
/// (RunResult::incomplete).
RunResult run(const RunOptions& options, const ConfigLibrary& library, Progress& progress);

}  // namespace heddle::app
