#include "arch/tile_traffic.h"

#include <algorithm>
#include <numeric>

namespace heddle::arch {

using workload::Dim;
using workload::Operand;

PortRate::PortRate(const MemoryLevel& level)
    : unit_bits(8 * (level.kind == MemoryLevel::Kind::dram ? level.burst_bytes : level.word_bytes)),
      bandwidth(level.bandwidth),
      latency(level.latency_cycles) {}

WindowAxis::WindowAxis(std::int64_t stride, std::int64_t dilation, std::int64_t pad, std::int64_t limit)
    : stride_(stride), dilation_(dilation), pad_(pad), limit_(limit) {}

std::int64_t WindowAxis::distinct(std::int64_t start, std::int64_t outputs, std::int64_t taps,
                                  std::int64_t every) const {
  const std::int64_t step = stride_ * every;
  const std::int64_t common = std::gcd(step, dilation_);
  // Outputs and taps (i, j) and (i + apart, j - shift) meet, nothing else does.
  const std::int64_t apart = dilation_ / common, shift = step / common;
  const std::int64_t span = (outputs - 1) * step + (taps - 1) * dilation_ + 1;
  if (start >= 0 && start + span <= limit_) {
    return outputs * taps -
           std::max<std::int64_t>(0, outputs - apart) * std::max<std::int64_t>(0, taps - shift);
  }
  if (dilation_ == 1 && step <= taps) {  // no holes
    return std::max<std::int64_t>(0, std::min(start + span, limit_) - std::max<std::int64_t>(start, 0));
  }
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < outputs; ++i) {
    // Of the pairs that meet, the one with the last output counts.
    const std::int64_t own = i + apart < outputs ? std::min(taps, shift) : taps;
    const std::int64_t at = start + i * step;
    const std::int64_t low = at >= 0 ? 0 : divided_up(-at, dilation_);
    const std::int64_t high = at >= limit_ ? 0 : std::min(own, (limit_ - 1 - at) / dilation_ + 1);
    count += std::max<std::int64_t>(0, high - low);
  }
  return count;
}

std::int64_t WindowAxis::pairs(std::int64_t start, std::int64_t outputs, std::int64_t taps) const {
  if (inside(start, outputs, taps)) return outputs * taps;
  std::int64_t count = 0;
  for (std::int64_t j = 0; j < taps; ++j) {
    const std::int64_t at = start + j * dilation_;
    const std::int64_t low = at >= 0 ? 0 : divided_up(-at, stride_);
    const std::int64_t high = at >= limit_ ? 0 : std::min(outputs, (limit_ - 1 - at) / stride_ + 1);
    count += std::max<std::int64_t>(0, high - low);
  }
  return count;
}

TileTraffic::TileTraffic(const LayerProblem& problem, const Accelerator& accelerator)
    : size_(problem.shape.size),
      sparsity_(problem.sparsity),
      weight_bits_(problem.weight_bits + (problem.sparsity ? index_bits(*problem.sparsity) : 0)),
      input_bits_(problem.input_bits),
      output_bits_(problem.output_bits),
      accumulator_bits_(accelerator.array.bits.accumulators),
      rows_(problem.shape.stride_h, problem.shape.dilation_h, problem.shape.pad_top, problem.shape.input_h),
      columns_(problem.shape.stride_w, problem.shape.dilation_w, problem.shape.pad_left,
               problem.shape.input_w) {
  if (accelerator.array.eie && problem.shared) eie_.emplace(problem, accelerator.array);
}

void TileTraffic::start(const arch::LayerMapping& mapping) {
  if (eie_) eie_->start(mapping);
}

std::int64_t TileTraffic::moved_bits(Operand operand, const TileRange& tile, bool final_outputs) const {
  if (operand == Operand::weights && eie_) return eie_->size_of(tile.extent).bits;
  return elements(operand, tile) * bits(operand, final_outputs);
}

std::int64_t TileTraffic::elements(Operand operand, const TileRange& tile) const {
  const auto& e = tile.extent;
  switch (operand) {
    case Operand::weights:
      return e[Dim::G] * e[Dim::M] * e[Dim::R] * e[Dim::S] * kept_channels(e[Dim::C]);
    case Operand::inputs:
      return e[Dim::N] * e[Dim::G] * e[Dim::C] *
             rows_.distinct(rows_.first(tile.start[Dim::P], tile.start[Dim::R]), e[Dim::P], e[Dim::R]) *
             columns_.distinct(columns_.first(tile.start[Dim::Q], tile.start[Dim::S]), e[Dim::Q], e[Dim::S]);
    case Operand::outputs:
      return e[Dim::N] * e[Dim::G] * e[Dim::M] * e[Dim::P] * e[Dim::Q];
  }
  return 0;
}

int TileTraffic::bits(Operand operand, bool final_outputs) const {
  switch (operand) {
    case Operand::weights:
      return weight_bits_;
    case Operand::inputs:
      return input_bits_;
    case Operand::outputs:
      return final_outputs ? output_bits_ : accumulator_bits_;
  }
  return 0;
}

bool TileTraffic::is_first_visit(const TileRange& tile) const {
  return tile.start[Dim::C] == 0 && tile.start[Dim::R] == 0 && tile.start[Dim::S] == 0;
}

bool TileTraffic::is_last_visit(const TileRange& tile) const {
  return tile.end(Dim::C) == size_[Dim::C] && tile.end(Dim::R) == size_[Dim::R] &&
         tile.end(Dim::S) == size_[Dim::S];
}

}  // namespace heddle::arch
