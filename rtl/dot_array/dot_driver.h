// `dot_array` in RTL in the machine's socket: the operand registers' beats, steps that issue when the RTL
// says so. What the surroundings count (loads, traffic) is counted where the model counts it; what the array
// does comes from the RTL's events.
#pragma once

#include "rtl/array_driver.h"
#include "sim/array/dot_array.h"

namespace heddle::rtl {

class DotDriver : public sim::DotArray {
 public:
  DotDriver(sc_core::sc_module_name name, const arch::ArrayUnit& unit, const sim::Socket& socket,
            Device& device, Lockstep* lockstep, std::optional<std::mt19937_64>& gaps);

  std::vector<std::int64_t> sums(int bank) override;
  std::vector<std::int16_t> outputs() override;
  void drain(const sim::Pass& pass, sim::Cycle cycles) override;
  bool drained() override { return driver_.drained(); }

 private:
  void begin_layer() override;
  void accept(const sim::Pass& pass) override;
  void loading(std::size_t step, const LoadBits& load, const LoadTime& time) override;
  void issue(std::size_t step) override;
  void clear_bank(int bank) override;
  void restore(const sim::Pass& pass, int bank) override;
  void restoring(sim::Cycle cycles) override { driver_.restoring(cycles); }
  std::vector<std::vector<std::uint8_t>> weight_beats(const sim::Tile& step) const;
  std::vector<std::vector<std::uint8_t>> input_beats(const sim::Tile& step) const;

  const arch::ArrayUnit unit_;
  ArrayDriver driver_;
  Device& device_;
  Stream &weights_, &inputs_;
  Signal issue_;
  std::size_t issues_, multiplies_, gated_, reads_, writes_;  ///< numbers of events
  std::int64_t issued_ = 0;                                   ///< steps of the layer so far
};

}  // namespace heddle::rtl
