// `eie_array` in RTL in the machine's socket. Tiles of weights are written to its memories when their first
// pass comes; the RTL says when detection starts and when the last entry is issued.
#pragma once

#include <map>

#include "rtl/array_driver.h"
#include "sim/array/eie_unit.h"

namespace heddle::rtl {

class EieDriver : public sim::EieUnit {
 public:
  EieDriver(sc_core::sc_module_name name, const arch::Accelerator& accelerator, const sim::Socket& socket,
            Device& device, Lockstep* lockstep, std::optional<std::mt19937_64>& gaps);

  std::vector<std::int64_t> sums(int /*bank*/) override { return driver_.sums(); }
  std::vector<std::int16_t> outputs() override;
  void drain(const sim::Pass& pass, sim::Cycle cycles) override {
    driver_.drain(*run_.program, pass, cycles);
  }
  bool drained() override { return driver_.drained(); }

 private:
  void begin_layer() override;
  void accept(const sim::Pass& pass) override;
  void load_source(const sim::Pass& pass) override;
  void loading(const LoadTime& time) override;
  sim::Cycle walk(const sim::Pass& pass, sim::Cycle begin) override;
  void restore(const sim::Pass& pass, int bank) override;
  void restoring(sim::Cycle cycles) override { driver_.restoring(cycles); }
  void fill(const sim::EieBlocks& tile, std::int64_t generation);
  void write(unsigned kind, std::size_t pe, std::int64_t address, std::uint64_t word);

  ArrayDriver driver_;
  Device& device_;
  Stream& inputs_;
  const std::int64_t word_bits_, half_words_, half_pointers_;  ///< where the second tile of two begins
  const bool double_buffered_;
  const Signal last_;
  std::map<std::string, std::size_t> events_;      ///< their numbers
  std::int64_t ended_ = 0;                         ///< passes of the layer
  bool several_tiles_ = false;                     ///< the memories hold two
  std::int64_t filled_ = -1;                       ///< generation of the tile written last
  std::vector<std::int64_t> pointers_of_;          ///< by block of that tile: number of its first one
  std::vector<std::vector<std::uint8_t>> source_;  ///< beats that are not on their way yet
};

}  // namespace heddle::rtl
