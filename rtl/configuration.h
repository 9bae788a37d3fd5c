// Which RTL an accelerator's array and post-processing unit are: a socket of docs/socket.md, its parameters,
// and the sources that implement it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "arch/accelerator.h"
#include "arch/mapping.h"

namespace heddle::rtl {

struct Configuration {
  std::string unit;                                              ///< the socket: dot_array, eie_array or ppu
  std::vector<std::pair<std::string, std::int64_t>> parameters;  ///< in the order of docs/socket.md
  std::string top;                             ///< module; heddle's own has the socket's name
  std::vector<std::filesystem::path> sources;  ///< of a user's unit; empty: heddle's own
  bool coverage = false;

  /// Throws std::out_of_range for a name that there is none of.
  std::int64_t parameter(const std::string& name) const;
  /// "dot_array-8-8-8-1-1-0-8-8-32-16-64-64-8": unit and parameters.
  std::string name() const;
};

/// Throws InputError for an array that no RTL is written for.
Configuration array_configuration(const arch::Accelerator& accelerator);
Configuration ppu_configuration(const arch::Accelerator& accelerator);

/// Throws InputError for a mapping that the sequencer in RTL cannot run: `dot_array` has one temporal loop
/// for each dimension.
void check_mapping(const arch::LayerMapping& mapping, const arch::Accelerator& accelerator);

}  // namespace heddle::rtl
