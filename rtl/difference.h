// The first thing in which a unit in RTL and the machine's definition do not agree.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace heddle::rtl {

struct Difference {
  std::string layer;
  std::int64_t pass = -1;   ///< number in the layer; -1: none
  std::string tile;         ///< what the pass covers: "M 0-7, C 0-15"
  std::int64_t cycle = -1;  ///< of the layer
  std::string pe;           ///< "row 3, column 2"; empty: not of one PE
  std::string signal;
  std::string expected, got;
  std::string waves;  ///< the file that shows it; empty: none

  std::string text() const;
};

/// Thrown where the difference is found. (The kernel turns it into a report of its own: whoever runs the
/// machines asks the lockstep for the difference.)
class Mismatch : public std::runtime_error {
 public:
  explicit Mismatch(Difference difference)
      : std::runtime_error(difference.text()), difference_(std::move(difference)) {}
  const Difference& difference() const { return difference_; }

 private:
  Difference difference_;
};

}  // namespace heddle::rtl
