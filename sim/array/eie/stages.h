// What the parts of the eie array hand to each other, one for each PE and cycle. docs/eie.md.
#pragma once

#include <cstdint>

#include "workload/encode/csc.h"

namespace heddle::sim::eie {

using workload::CscMatrix;

/// Of activations, codebook values and sums.
inline constexpr int kBits = 16;

/// A broadcast: an input of the pass that is not zero.
struct Activation {
  std::int32_t column = 0;  ///< of the block
  std::int16_t value = 0;
};

/// What a PE walks: its entries of one column.
struct Slice {
  const CscMatrix::Pe* pe = nullptr;  ///< its part of the block
  std::uint32_t next = 0, end = 0;    ///< addresses of the entry to issue and behind the last one
  bool begun = false;                 ///< an entry has been issued
  std::int16_t activation = 0;

  std::uint32_t left() const { return end - next; }
};

/// An address of the matrix SRAM.
struct Issue {
  const CscMatrix::Pe* pe = nullptr;  ///< null: none in this cycle
  std::uint32_t address = 0;
  bool first = false;  ///< of its slice
  std::int16_t activation = 0;
};

/// An entry as read from the matrix SRAM.
struct Entry {
  bool valid = false;
  bool first = false;
  std::uint8_t code = 0, zeros = 0;
  std::int16_t activation = 0;
};

/// After the codebook look-up. Padding ends here.
struct Term {
  bool valid = false;
  std::uint32_t row = 0;  ///< among the PE's rows
  std::int16_t weight = 0, activation = 0;
};

/// After the multiplier.
struct Product {
  bool valid = false;
  std::uint32_t row = 0;
  std::int32_t product = 0;
  std::int16_t sum = 0;  ///< as read from the destination registers
};

/// After shift and add; is being written.
struct Sum {
  bool valid = false;
  std::uint32_t row = 0;
  std::int16_t sum = 0;
};

}  // namespace heddle::sim::eie
