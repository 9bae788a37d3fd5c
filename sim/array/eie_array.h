// The `eie` unit, clocked: the parts of the paper's figure 4, each with its registers, on one clock.
// docs/eie.md has the rules and a timing diagram.
#pragma once

#include <vector>

#include "sim/array/eie/activation_queues.h"
#include "sim/array/eie/arithmetic.h"
#include "sim/array/eie/clock.h"
#include "sim/array/eie/leading_non_zero.h"
#include "sim/array/eie/matrix_read.h"
#include "sim/array/eie/pointer_read.h"
#include "sim/array/eie_unit.h"

namespace heddle::sim {

class EieArray : public EieUnit {
 public:
  EieArray(sc_core::sc_module_name name, const arch::ArrayUnit& array, const Socket& socket);

  std::vector<std::int64_t> sums(int bank) override;

 private:
  void begin_layer() override;
  void load_source(const Pass& pass) override;
  Cycle walk(const Pass& pass, Cycle begin) override;
  void clear_bank(int /*bank*/) override { arithmetic_.clear_destination(); }
  void restore(const Pass& pass, int bank) override;
  void watch();

  eie::Clock clock_;
  eie::LeadingNonZero detection_;
  eie::ActivationQueues queues_;
  eie::PointerRead pointers_;
  eie::MatrixRead matrix_;
  eie::Arithmetic arithmetic_;
  std::vector<std::int16_t> source_;  ///< registers, by column
  std::int64_t outputs_ = 0;          ///< of the pass in the destination registers
  bool walking_ = false;
  Cycle first_broadcast_ = 0;
  sc_core::sc_event walked_;
};

}  // namespace heddle::sim
