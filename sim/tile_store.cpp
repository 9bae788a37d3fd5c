#include "sim/tile_store.h"

#include <algorithm>

namespace heddle::sim {

using workload::Operand;

void TileStore::load_program(const LayerProgram& program) {
  whole_ = &program;
  clear(1);
  Tile whole;
  whole.extent = program.problem.shape.size;
  open_outputs(0, whole, program);
}

void TileStore::clear(int slots_per_tensor) {
  for (Operand operand : workload::kOperands) {
    auto& slots = slots_[operand];
    slots.resize(static_cast<std::size_t>(slots_per_tensor));
    for (Slot& slot : slots) slot.box = Box{};
  }
}

Slot& TileStore::slot(Operand operand, std::int64_t generation) {
  auto& slots = slots_[operand];
  return slots[static_cast<std::size_t>(generation) % slots.size()];
}

const Slot& TileStore::slot(Operand operand, std::int64_t generation) const {
  const auto& slots = slots_[operand];
  return slots[static_cast<std::size_t>(generation) % slots.size()];
}

View<const std::int16_t> TileStore::weights(std::int64_t generation) const {
  if (whole_ == nullptr) return slot(Operand::weights, generation).code_view();
  return {whole_->weights.codes.data(), whole_->weights.box, row_major(whole_->weights.box)};
}

View<const std::uint8_t> TileStore::weight_indices(std::int64_t generation) const {
  if (whole_ == nullptr) return slot(Operand::weights, generation).index_view();
  return {whole_->weights.indices.data(), whole_->weights.box, row_major(whole_->weights.box)};
}

const EieBlocks& TileStore::blocks(std::int64_t generation) const {
  return whole_ == nullptr ? slot(Operand::weights, generation).blocks : whole_->eie->weights;
}

View<const std::int16_t> TileStore::inputs(std::int64_t generation) const {
  return whole_ == nullptr ? slot(Operand::inputs, generation).code_view() : whole_->inputs;
}

View<std::int64_t> TileStore::outputs(std::int64_t generation) {
  return slot(Operand::outputs, generation).result_view();
}

void TileStore::fetch(Operand operand, std::int64_t generation, const Tile& tile, const LayerProgram& program,
                      const TileStore& from, std::int64_t from_generation) {
  Slot& target = slot(operand, generation);
  if (operand == Operand::weights && program.eie) {
    target.blocks = from.blocks(from_generation).within(tile);
    return;
  }
  target.box = box_of(operand, tile, program.problem);
  const auto count = static_cast<std::size_t>(target.box.elements());
  target.codes.resize(count);
  const View<std::int16_t> to{target.codes.data(), target.box, row_major(target.box)};
  if (operand == Operand::weights) {
    copy(from.weights(from_generation), to, target.box);
    if (program.problem.sparsity) {
      target.indices.resize(count);
      copy(from.weight_indices(from_generation),
           View<std::uint8_t>{target.indices.data(), target.box, row_major(target.box)}, target.box);
    }
    return;
  }
  const View<const std::int16_t> source = from.inputs(from_generation);
  if (!program.inputs.box.contains(target.box)) {
    std::fill(target.codes.begin(), target.codes.end(), static_cast<std::int16_t>(program.input_zero_point));
  }
  copy(source, to, intersection(program.inputs.box, target.box));
}

void TileStore::open_outputs(std::int64_t generation, const Tile& tile, const LayerProgram& program) {
  Slot& target = slot(Operand::outputs, generation);
  target.box = box_of(Operand::outputs, tile, program.problem);
  target.results.assign(static_cast<std::size_t>(target.box.elements()), 0);
}

void TileStore::fetch_outputs(std::int64_t generation, TileStore& from, std::int64_t from_generation) {
  const View<std::int64_t> to = outputs(generation);
  const View<std::int64_t> source = from.outputs(from_generation);
  copy(View<const std::int64_t>{source.data, source.box, source.stride}, to, to.box);
}

void TileStore::write_back_outputs(std::int64_t generation, TileStore& to, std::int64_t to_generation) {
  const View<std::int64_t> source = outputs(generation);
  copy(View<const std::int64_t>{source.data, source.box, source.stride}, to.outputs(to_generation),
       source.box);
}

}  // namespace heddle::sim
