// How a simulated machine lives through a layer.
#pragma once

#include <cstdint>

namespace heddle::sim {

enum class Fidelity : std::uint8_t {
  fast,     ///< one event per pass at the array; outputs in bulk, no tile is copied
  clocked,  ///< every step in its cycle, on tiles that really moved: the definition of the machine
};

}  // namespace heddle::sim
