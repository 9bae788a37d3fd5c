// The tables that `heddle run` prints.
#pragma once

#include <string>

#include "app/run_result.h"

namespace heddle::app {

/// Where the cycles went: layer, op, MACs, cycles, utilization, share of stalled cycles by cause (causes that
/// occur), what bounds the layer, and its check.
std::string cycle_table(const RunResult& result);
/// Where the energy went: a column for each part (array, registers, memories, ppu, cycles), a row for each
/// layer.
std::string energy_table(const RunResult& result);
/// Milliseconds at the clock, inferences per second, energy per inference, TOPS, TOPS/W, accuracy, seed and
/// configuration.
std::string summary(const RunResult& result);
/// "22 tensors, 3,500 KiB; energy -20.1 %, cycles -3.0 %": what --keep-on-chip changes.
std::string stay_text(const StayOnChip& stay);
/// All of it, with the first difference of every layer that has one.
std::string report_table(const RunResult& result);

}  // namespace heddle::app
