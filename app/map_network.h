// What `heddle map` does: maps the layers of a network, and works out what each mapping costs and where.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "app/locate.h"
#include "app/progress.h"
#include "app/run_result.h"
#include "arch/legality.h"

namespace heddle::app {

struct MapResult {
  RunResult run;  ///< of the mapped layers, at fidelity analytical, with certificates

  /// What the run's layer of the same index was for the mapper.
  struct Layer {
    arch::LayerProblem problem;
    std::string solved_as;  ///< the first layer that is equal to it
    bool cached = false;    ///< an earlier run had solved it
  };
  std::vector<Layer> layers;
  int threads = 1;
  double seconds = 0;  ///< that mapping took
};

/// Maps the selected layers that have multiply-accumulates. Throws InputError for anything wrong in the
/// options or the files they name, and for all layers that cannot be mapped.
MapResult map_network(const MapOptions& options, const ConfigLibrary& library, Progress& progress);

/// The mappings as `heddle run --mapping` takes them.
std::string mapping_file(const MapResult& result);
/// Writes Timeloop's problem, architecture and mapping of each layer, into a folder named after the layer.
/// Throws InputError.
void write_timeloop(const MapResult& result, const std::filesystem::path& output);
/// Whether `output` asks for a folder: it ends in "/", or is one.
bool asks_for_folder(const std::filesystem::path& output);

}  // namespace heddle::app
