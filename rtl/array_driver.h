// What the drivers of both arrays do alike: a pass is offered, sums come in, results go out. A driver stands
// in the place of the model's array in the machine's socket; when something happens is the RTL's decision.
#pragma once

#include <optional>
#include <random>

#include "rtl/device.h"
#include "rtl/lockstep.h"
#include "sim/array/array_unit.h"

namespace heddle::rtl {

class ArrayDriver {
 public:
  /// `lockstep`: finds differences; null: there is no model beside. `gaps`, when there are
  /// any: beats of one transfer come with gaps at random places; else what is late is late from the
  /// beginning.
  ArrayDriver(Device& device, Lockstep* lockstep, std::int64_t output_port, int sum_bits,
              std::optional<std::mt19937_64>& gaps);

  Device& device() { return device_; }
  std::mt19937_64* gaps() { return gaps_ ? &*gaps_ : nullptr; }
  /// Waits, a cycle at a time, until `condition`; for how long nothing happened before is no excuse for ever.
  template <class Condition>
  void wait_for(const Condition& condition, const char* what) {
    for (std::int64_t waited = 0; !condition(); ++waited) {
      if (waited == kPatience) hangs(what);
      sc_core::wait(sim::cycles(1));
    }
  }
  /// The pass's descriptor has been set: offers it, and waits until the unit would take it in this cycle.
  void offer_pass(const sim::Pass& pass);
  /// Partial sums in (n, g, m, p, q) order; they arrive within so many cycles from now.
  void restore(const sim::LayerProgram& program, const sim::Pass& pass,
               const std::vector<std::int64_t>& sums);
  void restoring(Cycle cycles);
  void drain(const sim::LayerProgram& program, const sim::Pass& pass, Cycle cycles);
  bool drained();
  /// What was drained, in (n, g, m, p, q) order.
  std::vector<std::int64_t> sums();
  /// A new layer begins. At its end: the RTL must have counted as many results as have left.
  void begin_layer() { results_ = 0; }
  void end_layer();

 private:
  static constexpr std::int64_t kPatience = 100'000;
  [[noreturn]] void differ(Difference difference) const;
  [[noreturn]] void hangs(const char* what);

  Device& device_;
  Lockstep* const lockstep_;
  const std::int64_t output_port_;
  const int sum_bits_;
  std::optional<std::mt19937_64>& gaps_;
  Stream &pass_, &sums_;
  const std::size_t requantized_;                    ///< number of the event
  std::int64_t results_ = 0;                         ///< of the layer, that have left
  std::vector<std::vector<std::uint8_t>> restored_;  ///< beats that are not on their way yet
  std::vector<std::size_t> order_;                   ///< of the results being drained
};

}  // namespace heddle::rtl
