// Functional coverage: which of the situations that an array can get into have been met.
#pragma once

#include <string>
#include <vector>

#include "arch/accelerator.h"
#include "rtl/device.h"
#include "sim/accelerator.h"

namespace heddle::verify {

class Coverage : public rtl::PortMonitor {
 public:
  /// The points of the accelerator's unit. Watches the device from now on.
  Coverage(const arch::Accelerator& accelerator, rtl::Device& device);

  struct Point {
    std::string name;
    std::int64_t met = 0;  ///< cycles, or layers
  };
  const std::vector<Point>& points() const { return points_; }

  /// A layer that was run: what its mapping and its counts tell.
  void add(const sim::LayerProgram& program, const sim::LayerOutcome& outcome, std::int64_t saturated);

  void sample(rtl::Cycle cycle, const rtl::Device& device) override;
  void rest(rtl::Cycle begin, rtl::Cycle end, const rtl::Device& device) override;

 private:
  void point(const std::string& name) { points_.push_back({name, 0}); }
  void meet(const std::string& name, bool met = true);
  void add_dot(const sim::LayerProgram& program);
  void add_eie(const sim::LayerProgram& program, const sim::LayerOutcome& outcome);

  /// A handshake that waits: the first signal is high, the second is not.
  struct Wait {
    std::size_t point;
    rtl::Signal high, low;
  };
  /// Two signals high in one cycle.
  struct Both {
    std::size_t point;
    rtl::Signal first, second;
  };

  const arch::Accelerator& accelerator_;
  std::vector<Point> points_;
  std::vector<Wait> waits_;
  std::vector<Both> pairs_;
  rtl::Signal issue_;
  bool issued_before_ = false;
};

}  // namespace heddle::verify
