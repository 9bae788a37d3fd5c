// What a unit in RTL and the machine's definition were found to agree in.
#pragma once

#include <cstdint>

namespace heddle::rtl {

/// What was compared, and found equal.
struct Agreement {
  std::int64_t cycles = 0;   ///< of the machine's time, in which the array's ports were compared
  std::int64_t clocked = 0;  ///< of these, cycles in which the RTL was clocked: it is not while at rest
  std::int64_t ports = 0;    ///< values of ports
  std::int64_t results = 0;  ///< sums at the result port
  std::int64_t outputs = 0;  ///< codes of layers
  std::int64_t events = 0;   ///< counted by both

  Agreement& operator+=(const Agreement& other) {
    cycles += other.cycles;
    clocked += other.clocked;
    ports += other.ports;
    results += other.results;
    outputs += other.outputs;
    events += other.events;
    return *this;
  }
};

}  // namespace heddle::rtl
