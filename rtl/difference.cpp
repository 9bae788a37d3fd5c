#include "rtl/difference.h"

#include <fmt/format.h>

namespace heddle::rtl {

std::string Difference::text() const {
  std::string where = fmt::format("layer {}", layer);
  if (pass >= 0) where += fmt::format(", pass {}{}", pass, tile.empty() ? "" : " (" + tile + ")");
  if (cycle >= 0) where += fmt::format(", cycle {}", cycle);
  if (!pe.empty()) where += ", PE " + pe;
  return fmt::format("{}: {}: expected {}, got {}{}", where, signal, expected, got,
                     waves.empty() ? "" : "; waveform in " + waves);
}

}  // namespace heddle::rtl
