// What `heddle sweep` does: read the file, take its points, work them out, compare them, refine the front,
// report.
#pragma once

#include <string>

#include "app/command_line.h"
#include "app/locate.h"
#include "app/progress.h"

namespace heddle::sweep {

/// Leaves sweep.db, results.csv and results.json in the folder of the results; returns the tables for people.
/// Goes on where an earlier call in the same folder stopped. Throws InputError, and Interrupted (engine.h)
/// when it is told to stop. Under MPI every rank calls this; ranks other than the first return an empty text.
std::string sweep(const app::SweepOptions& options, const app::ConfigLibrary& library,
                  app::Progress& progress);

}  // namespace heddle::sweep
