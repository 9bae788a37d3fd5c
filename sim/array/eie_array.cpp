#include "sim/array/eie_array.h"

namespace heddle::sim {

using workload::Dim;
using workload::Operand;

EieArray::EieArray(sc_core::sc_module_name name, const arch::ArrayUnit& array, const Socket& socket)
    : EieUnit(name, array, socket),
      clock_("clock", [this] { return walking_ || arithmetic_.busy(); }),
      detection_("leading_non_zero", static_cast<std::size_t>(array.rows), clock_),
      queues_("activation_queues", static_cast<std::size_t>(array.rows),
              static_cast<std::size_t>(array.eie->queue), clock_, detection_, run_.actions),
      pointers_("pointer_read", static_cast<std::size_t>(array.rows), clock_, detection_, queues_,
                run_.actions),
      matrix_("matrix_read", static_cast<std::size_t>(array.rows), *array.eie, clock_, pointers_,
              run_.actions),
      arithmetic_("arithmetic", static_cast<std::size_t>(array.rows),
                  static_cast<std::size_t>(array.registers.outputs), clock_, matrix_, run_.actions) {
  detection_.connect(queues_);
  queues_.connect(pointers_);
  SC_HAS_PROCESS(EieArray);
  SC_METHOD(watch);
  dont_initialize();
  sensitive << clock_.edge();
}

void EieArray::begin_layer() {
  EieUnit::begin_layer();
  arithmetic_.start_layer(run_.program->eie->codebook, run_.program->eie->sum);
}

void EieArray::load_source(const Pass& pass) {
  gather_source(run_.store(pass.level[Operand::inputs]).inputs(pass.generation[Operand::inputs]),
                run_.program->problem.shape, pass.tile, source_);
}

Cycle EieArray::walk(const Pass& pass, Cycle begin) {
  wait_until(begin);
  outputs_ = pass.tile.extent[Dim::M];
  first_broadcast_ = begin + detection_cycles();
  pointers_.select(
      run_.store(pass.level[Operand::weights]).blocks(pass.generation[Operand::weights]).at(pass.tile));
  detection_.begin(source_, first_broadcast_);
  walking_ = true;
  clock_.start();
  wait(walked_);
  return now();
}

/// The cycle in which the last entry of the pass is issued ends the walk.
void EieArray::watch() {
  if (!walking_ || clock_.cycle() < first_broadcast_) return;
  if (!detection_.exhausted() || !queues_.empty() || !pointers_.is_last_cycle()) return;
  walking_ = false;
  walked_.notify(sc_core::SC_ZERO_TIME);
}

void EieArray::restore(const Pass& pass, int /*bank*/) {
  std::size_t output = 0;
  for (const std::int64_t sum : partial_sums(run_, pass))
    arithmetic_.destination(output++) = static_cast<std::int16_t>(sum);
}

std::vector<std::int64_t> EieArray::sums(int /*bank*/) {
  std::vector<std::int64_t> result;
  for (std::int64_t m = 0; m < outputs_; ++m)
    result.push_back(arithmetic_.destination(static_cast<std::size_t>(m)));
  return result;
}

}  // namespace heddle::sim
