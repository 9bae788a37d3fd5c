// The units in RTL that a run asks for: heddle's own, or a user's in the place of one.
#pragma once

#include <functional>
#include <memory>

#include "app/command_line.h"
#include "app/progress.h"
#include "arch/accelerator.h"
#include "rtl/library.h"

namespace heddle::app {

/// Makers of a fresh model of each unit.
struct RtlUnits {
  std::function<std::unique_ptr<rtl::Model>()> array, ppu;
};

/// Finds or builds them. Throws InputError for an array that there is no RTL of, and RTL that does not build.
RtlUnits make_rtl_units(const arch::Accelerator& accelerator, const RtlChoice& choice, Progress& progress);

}  // namespace heddle::app
