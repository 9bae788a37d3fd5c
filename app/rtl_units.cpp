#include "app/rtl_units.h"

#include "rtl/configuration.h"

namespace heddle::app {

RtlUnits make_rtl_units(const arch::Accelerator& accelerator, const RtlChoice& choice, Progress& progress) {
  rtl::Configuration array = rtl::array_configuration(accelerator), ppu = rtl::ppu_configuration(accelerator);
  rtl::Configuration& own = choice.unit == kPpuUnit ? ppu : array;
  if (!choice.sources.empty()) {
    own.sources = choice.sources;
    own.top = choice.top;
  }
  own.coverage = choice.coverage;
  const auto maker = [&progress](const rtl::Configuration& configuration) {
    return [&progress, configuration] {
      return rtl::Library::of_this_program().make(
          configuration, [&](const std::string& name) { progress.update("building " + name, 0); });
    };
  };
  return {maker(array), maker(ppu)};
}

}  // namespace heddle::app
