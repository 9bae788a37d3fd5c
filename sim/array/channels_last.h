// The inputs of a layer as bytes, channels last, with the padding that its windows reach made real: the
// layout that convolutions by oneDNN run from.
#pragma once

#include <cstdint>

#include "sim/layer_program.h"

namespace heddle::sim {

/// Rows and columns that the windows reach, padding included.
struct WindowSpan {
  std::int64_t rows = 1, columns = 1;
  explicit WindowSpan(const workload::MacShape& shape);
};

/// bytes[((n * rows + row) * columns + column) * G*C + g*C + c] = code + 128, the zero point's where there is
/// padding. Codes and zero point must be in [-128, 127].
void inputs_channels_last(const LayerProgram& program, std::uint8_t* bytes);

}  // namespace heddle::sim
