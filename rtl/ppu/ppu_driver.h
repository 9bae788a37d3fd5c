// `ppu` in RTL: the arithmetic of the post-processing unit's lanes. A drain's beats go through its stages one
// after another.
#pragma once

#include <memory>

#include "rtl/device.h"
#include "rtl/lockstep.h"
#include "sim/post_processing_unit.h"

namespace heddle::rtl {

class PpuDriver : public sim::Lanes {
 public:
  /// `lockstep`: codes are compared with the definition's; null: they are not.
  PpuDriver(std::unique_ptr<Model> model, const arch::ArrayUnit& array, Lockstep* lockstep,
            std::optional<std::mt19937_64>& gaps);

  void begin_layer(const sim::LayerProgram& program) override;
  void requantize(std::vector<std::int64_t>& sums, const std::vector<std::int64_t>& channels) override;
  Device& device() { return device_; }
  std::int64_t saturated() const { return device_.total(saturated_); }

 private:
  static constexpr Cycle kPatience = 1'000'000;

  Device device_;
  Stream& sums_;
  Lockstep* const lockstep_;
  const std::size_t results_;
  const int sum_bits_;
  std::optional<std::mt19937_64>& gaps_;
  const sim::LayerProgram* program_ = nullptr;
  std::size_t requantized_, saturated_;    ///< numbers of events
  std::int64_t clamped_ = 0, passed_ = 0;  ///< what they must be, of the layer so far
  Cycle now_ = 0;                          ///< of its own clock, which stands still between drains
};

}  // namespace heddle::rtl
