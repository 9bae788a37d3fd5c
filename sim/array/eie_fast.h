// The `eie` unit, fast: one event a pass, its cycles from the recurrence over all PEs, the layer's sums in
// bulk. Equal to the clocked form in outputs, cycles and every count.
#pragma once

#include <memory>
#include <vector>

#include "sim/array/eie_bulk.h"
#include "sim/array/eie_recurrence.h"
#include "sim/array/eie_unit.h"

namespace heddle::sim {

class EieFast : public EieUnit {
 public:
  EieFast(sc_core::sc_module_name name, const arch::ArrayUnit& array, const Socket& socket)
      : EieUnit(name, array, socket), recurrence_(array.rows, array.eie->queue) {}

  std::vector<std::int16_t> outputs() override;

 private:
  void begin_layer() override;
  void load_source(const Pass& pass) override;
  Cycle walk(const Pass& pass, Cycle begin) override;
  void count(const EieProfile& block, const EieRecurrence::Result& result);

  EieRecurrence recurrence_;
  std::shared_ptr<const EieBulk> bulk_;
  std::vector<std::int16_t> source_;
  std::vector<std::int32_t> columns_;  ///< of the source, those that are not zero
};

}  // namespace heddle::sim
