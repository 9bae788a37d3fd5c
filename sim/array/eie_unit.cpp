#include "sim/array/eie_unit.h"

#include <algorithm>

#include "arch/eie_storage.h"
#include "arch/window.h"
#include "sim/port_watcher.h"

namespace heddle::sim {

using workload::Dim;
using workload::Operand;

EieUnit::EieUnit(sc_core::sc_module_name name, const arch::ArrayUnit& array, const Socket& socket)
    : ArrayUnit(name, kTraits, array.ports, socket),
      array_(array),
      detection_cycles_(std::max<Cycle>(1, arch::detection_levels(array.rows))) {}

void EieUnit::begin_layer() {
  run_.actions.eie.emplace().work.assign(static_cast<std::size_t>(array_.rows), 0);
  holds_ = false;
}

void EieUnit::run_steps(const Pass& pass) {
  LoadBits load;
  if (!holds_source(pass)) {
    const TileSize size = run_.moved(Operand::inputs, pass.tile);
    load.inputs = size.bits;
    run_.read(pass.level[Operand::inputs], Operand::inputs, size);
    arch::Traffic& registers = run_.actions.registers[Operand::inputs];
    registers.write_elements += size.elements;
    registers.write_bits += size.bits;
    load_source(pass);
    held_ = pass.tile;
    holds_ = true;
  }
  const LoadTime time = time_of(pass, load);
  loading(time);
  if (run_.watcher && time.inputs > 0) {
    run_.watcher->set(PortWatcher::Level::inputs_ready, true, here());
    run_.watcher->set(PortWatcher::Level::inputs_ready, false, here() + time.inputs);
  }
  const Cycle loaded = here() + time.cycles;
  account(time.cause, loaded);
  const Cycle restored = pass.opens ? open_bank(pass) : 0;
  const Cycle begin = std::max({last_issue() + 1, loaded, restored});
  if (run_.watcher) run_.watcher->event(PortWatcher::Event::start, begin, 1, 0);
  const Cycle last = walk(pass, begin);
  if (run_.watcher) run_.watcher->event(PortWatcher::Event::last, last, 1, 0);
  issued(last - begin + 1, last);
}

void gather_source(const View<const std::int16_t>& inputs, const workload::MacShape& shape, const Tile& pass,
                   std::vector<std::int16_t>& source) {
  const auto& extent = pass.extent;
  const std::int64_t row =
      pass.start[Dim::P] * shape.stride_h + pass.start[Dim::R] * shape.dilation_h - shape.pad_top;
  const std::int64_t column =
      pass.start[Dim::Q] * shape.stride_w + pass.start[Dim::S] * shape.dilation_w - shape.pad_left;
  source.resize(static_cast<std::size_t>(extent[Dim::C] * extent[Dim::R] * extent[Dim::S]));
  auto to = source.begin();
  for (std::int64_t c = 0; c < extent[Dim::C]; ++c) {
    for (std::int64_t r = 0; r < extent[Dim::R]; ++r) {
      const std::int64_t h = row + r * shape.dilation_h;
      const bool inside = h >= 0 && h < shape.input_h;
      const std::int64_t offset = (pass.start[Dim::N] - inputs.box.start[0]) * inputs.stride[0] +
                                  (pass.start[Dim::G] - inputs.box.start[1]) * inputs.stride[1] +
                                  (pass.start[Dim::C] + c - inputs.box.start[2]) * inputs.stride[2] +
                                  (h - inputs.box.start[3]) * inputs.stride[3] -
                                  inputs.box.start[4] * inputs.stride[4];
      for (std::int64_t s = 0; s < extent[Dim::S]; ++s) {
        const std::int64_t w = column + s * shape.dilation_w;
        *to++ = inside && w >= 0 && w < shape.input_w ? inputs.data[offset + w * inputs.stride[4]]
                                                      : std::int16_t{0};
      }
    }
  }
}

}  // namespace heddle::sim
