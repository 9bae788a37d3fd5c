// Reads and writes NumPy's .npy files: images, labels and calibration inputs.
#pragma once

#include <filesystem>

#include "workload/tensor.h"

namespace heddle::workload {

/// The array of a .npy file (format versions 1 to 3) of float32, float64, int8, uint8, int16, int32 or int64,
/// little-endian and in C order, as floats. Float64 is rounded; an integer that float32 cannot hold exactly
/// is an error. Values need not be finite. Throws InputError: no such file, not .npy, another type or order,
/// truncated, too long, an empty or absurd shape.
FloatTensor read_npy(const std::filesystem::path& path);

/// Writes float32 in C order, format version 1. The file appears complete or not at all. Throws InputError if
/// it cannot be written.
void write_npy(const std::filesystem::path& path, const FloatTensor& tensor);

}  // namespace heddle::workload
