#include "arch/dot_pass_cost.h"

#include <algorithm>
#include <limits>

namespace heddle::arch {

using workload::Dim;
using workload::kDims;
using workload::Operand;

namespace {

constexpr std::int64_t kInside = std::numeric_limits<std::int64_t>::min();

std::vector<PortRate> rates(const Accelerator& accelerator) {
  return {accelerator.memory.begin(), accelerator.memory.end()};
}

}  // namespace

void LoadCounts::add(const LoadCounts& load) {
  weights += load.weights;
  inputs += load.inputs;
  weight_copies += load.weight_copies;
  input_copies += load.input_copies;
  dram_bursts += load.dram_bursts;
}

DotPassCosts::DotPassCosts(const Accelerator& accelerator, const TileTraffic& traffic)
    : unit_(accelerator.array),
      traffic_(traffic),
      ports_(rates(accelerator)),
      weights_resident_(unit_.registers.shared_bytes || unit_.registers.weights > 1),
      inputs_resident_(unit_.registers.shared_bytes || unit_.registers.inputs > 1),
      slots_(64, 0) {}

void DotPassCosts::start(const LayerMapping& mapping) {
  axes_ = spatial_extent(mapping);
  loops_.clear();
  workload::PerDim<std::int64_t> covered = axes_;
  for (auto loop = mapping.registers.rbegin(); loop != mapping.registers.rend(); ++loop) {
    const std::int64_t size = covered[loop->dim], whole = traffic_.size()[loop->dim];
    if (loop->factor > 1 && size < whole) loops_.push_back({loop->dim, size});
    covered[loop->dim] = size >= whole ? size : size * std::min(loop->factor, divided_up(whole, size));
  }
  std::reverse(loops_.begin(), loops_.end());
  const auto keeper = [&](Operand operand) {
    std::size_t level = mapping.memory.size() - 1;
    while (level > 0 && !mapping.memory[level].keep[operand]) --level;
    return level;
  };
  weight_level_ = keeper(Operand::weights);
  input_level_ = keeper(Operand::inputs);
  output_level_ = keeper(Operand::outputs);
  keys_.clear();
  used_ = last_ = 0;
  std::fill(slots_.begin(), slots_.end(), 0);
}

std::int64_t DotPassCosts::layer_steps() const {
  std::int64_t steps = 1;
  for (Dim d : kDims) steps *= divided_up(traffic_.size()[d], axes_[d]);
  return steps;
}

DotPassCosts::Key DotPassCosts::key_of(const TileRange& tile) const {
  // Where the window reaches beyond the input it matters where it lies.
  const auto& e = tile.extent;
  Key key{e, traffic_.rows().first(tile.start[Dim::P], tile.start[Dim::R]),
          traffic_.columns().first(tile.start[Dim::Q], tile.start[Dim::S])};
  if (traffic_.rows().inside(key.row, e[Dim::P], e[Dim::R])) key.row = kInside;
  if (traffic_.columns().inside(key.column, e[Dim::Q], e[Dim::S])) key.column = kInside;
  return key;
}

/// Index of the key in keys_, added if it was not there.
std::size_t DotPassCosts::find(const Key& key, bool& known) {
  std::uint64_t hash = 0;
  const auto mix = [&](std::int64_t word) {
    hash = (hash ^ static_cast<std::uint64_t>(word)) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
  };
  for (Dim d : kDims) mix(key.extent[d]);
  mix(key.row);
  mix(key.column);
  if (2 * (used_ + 1) > slots_.size()) grow();
  std::size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    if (keys_[slots_[slot] - 1] == key) {
      known = true;
      return slots_[slot] - 1;
    }
  }
  known = false;
  keys_.push_back(key);
  slots_[slot] = static_cast<std::uint32_t>(keys_.size());
  return used_++;
}

void DotPassCosts::grow() {
  const std::vector<Key> keys = std::move(keys_);
  keys_.clear();
  keys_.reserve(keys.capacity());
  slots_.assign(2 * slots_.size(), 0);
  used_ = 0;
  bool known = false;
  for (const Key& key : keys) find(key, known);
}

const PassCost& DotPassCosts::of(const TileRange& tile) {
  const Key key = key_of(tile);
  if (used_ > 0 && keys_[last_] == key) return costs_[last_];
  bool known = false;
  last_ = find(key, known);
  if (!known) {
    if (costs_.size() < used_) costs_.emplace_back();
    costs_[last_] = compute(tile);
  }
  return costs_[last_];
}

/// Cycles that a load takes: each operand at its array port, and what comes from one memory at that memory's
/// bandwidth.
LoadCost DotPassCosts::time_of(std::int64_t weight_bits, std::int64_t input_bits) const {
  const Cycle weights = divided_up(divided_up(weight_bits, 8), unit_.ports.weights);
  const Cycle inputs = divided_up(divided_up(input_bits, 8), unit_.ports.inputs);
  LoadCost load;
  load.cycles = std::max(weights, inputs);
  load.cause = weights >= inputs ? Stall::weight_port : Stall::input_port;
  const auto serve = [&](const PortRate& port, std::int64_t units, Cycle& busy) {
    busy = port.cycles_for_units(units);
    if (busy > load.cycles) {
      load.cycles = busy;
      load.cause = Stall::bandwidth;
    }
  };
  const PortRate &weight_port = ports_[weight_level_], &input_port = ports_[input_level_];
  const std::int64_t weight_units = weight_port.units_for(weight_bits);
  const std::int64_t input_units = input_port.units_for(input_bits);
  if (weight_level_ == 0) load.counts.dram_bursts += weight_units;
  if (input_level_ == 0) load.counts.dram_bursts += input_units;
  if (weight_level_ == input_level_) {
    serve(weight_port, weight_units + input_units, load.weight_busy);
  } else {
    serve(weight_port, weight_units, load.weight_busy);
    serve(input_port, input_units, load.input_busy);
  }
  return load;
}

/// Elements of the pass's input tile that all columns hold together: each column the distinct ones of its own
/// outputs.
std::int64_t DotPassCosts::resident_inputs(const TileRange& tile) const {
  const auto& e = tile.extent;
  const auto held = [&](const WindowAxis& axis, Dim output, Dim tap) {
    std::int64_t count = 0;
    for (std::int64_t x = 0; x < std::min(axes_[output], e[output]); ++x) {
      const std::int64_t steps = divided_up(e[output] - x, axes_[output]);
      count +=
          axis.distinct(axis.first(tile.start[output] + x, tile.start[tap]), steps, e[tap], axes_[output]);
    }
    return count;
  };
  return e[Dim::N] * e[Dim::G] * e[Dim::C] * held(traffic_.rows(), Dim::P, Dim::R) *
         held(traffic_.columns(), Dim::Q, Dim::S);
}

LoadCost DotPassCosts::first_load(const TileRange& tile, bool weights, bool inputs) const {
  TileRange step = tile;
  for (Dim d : kDims) step.extent[d] = std::min(step.extent[d], axes_[d]);
  const auto& e = step.extent;
  LoadCounts counts;
  if (weights) {
    counts.weights = traffic_.elements(Operand::weights, weights_resident_ ? tile : step);
    counts.weight_copies = counts.weights * e[Dim::N] * e[Dim::P] * e[Dim::Q];
  }
  if (inputs) {
    const WindowAxis &rows = traffic_.rows(), &columns = traffic_.columns();
    counts.inputs =
        inputs_resident_
            ? resident_inputs(tile)
            : e[Dim::N] * e[Dim::C] *
                  rows.pairs(rows.first(step.start[Dim::P], step.start[Dim::R]), e[Dim::P], e[Dim::R]) *
                  columns.pairs(columns.first(step.start[Dim::Q], step.start[Dim::S]), e[Dim::Q], e[Dim::S]);
    counts.input_copies = counts.inputs * e[Dim::M];
  }
  LoadCost load = time_of(counts.weights * traffic_.bits(Operand::weights),
                          counts.inputs * traffic_.bits(Operand::inputs));
  counts.dram_bursts = load.counts.dram_bursts;
  load.counts = counts;
  return load;
}

PassCost DotPassCosts::compute(const TileRange& tile) {
  PassCost cost;
  cost.steps = 1;
  for (Dim d : kDims) {
    const std::int64_t steps = divided_up(tile.extent[d], axes_[d]);
    cost.steps *= steps;
    if (steps > 1) {
      cost.many_weights = cost.many_weights || depends_on(Operand::weights, d);
      cost.many_inputs = cost.many_inputs || depends_on(Operand::inputs, d);
    }
  }
  for (unsigned needed = 1; needed < 4; ++needed)
    cost.first[needed] = first_load(tile, (needed & 1) != 0, (needed & 2) != 0);

  const std::int64_t results = cost.results = traffic_.elements(Operand::outputs, tile);
  cost.updates = results;
  for (Dim d : {Dim::C, Dim::R, Dim::S}) cost.updates *= divided_up(tile.extent[d], axes_[d]);
  const PortRate& port = ports_[output_level_];
  const auto move = [&](bool final_outputs) {
    return std::max(divided_up(results, unit_.ports.outputs),
                    port.cycles_for(results * traffic_.bits(Operand::outputs, final_outputs)));
  };
  cost.drain_final = move(true);
  cost.drain_partial = cost.restore = move(false);

  if ((cost.many_weights && !weights_resident_) || (cost.many_inputs && !inputs_resident_)) {
    for (std::size_t l = 0; l < loops_.size(); ++l) add_steps(tile, l, cost);
  } else {
    cost.rest = cost.steps - 1;
  }
  return cost;
}

/// The steps at which register loop `moving` goes on, the loops inside it start again, and those outside
/// stay.
void DotPassCosts::add_steps(const TileRange& tile, std::size_t moving, PassCost& cost) {
  if (tile.extent[loops_[moving].dim] <= loops_[moving].size) return;
  for (Dim d : {Dim::N, Dim::G, Dim::M, Dim::C}) {
    pieces_[d].clear();
    pieces(d, tile.extent[d], moving, false, pieces_[d]);
  }
  window(traffic_.rows(), tile, Dim::P, Dim::R, moving, rows_);
  window(traffic_.columns(), tile, Dim::Q, Dim::S, moving, columns_);

  for (const Piece& g : pieces_[Dim::G]) {
    for (const Piece& n : pieces_[Dim::N]) {
      for (const Piece& m : pieces_[Dim::M]) {
        for (const Piece& c : pieces_[Dim::C]) {
          for (const Part& row : rows_) {
            for (const Part& column : columns_) {
              const std::int64_t count = g.count * n.count * m.count * c.count * row.count * column.count;
              const bool weights = !weights_resident_ && (g.changed || m.changed || c.changed ||
                                                          row.new_weights || column.new_weights);
              const bool inputs = !inputs_resident_ && (g.changed || n.changed || c.changed ||
                                                        row.new_inputs || column.new_inputs);
              if (!weights && !inputs) {
                cost.rest += count;
                continue;
              }
              const std::int64_t weight_elements =
                  weights ? m.extent * row.taps * column.taps * traffic_.kept_channels(c.extent) : 0;
              const std::int64_t input_elements =
                  inputs ? n.extent * c.extent * row.positions * column.positions : 0;
              const LoadCost load = time_of(weight_elements * traffic_.bits(Operand::weights),
                                            input_elements * traffic_.bits(Operand::inputs));
              const std::int64_t columns_used =  // of all these steps
                  g.count * n.count * m.count * c.count * n.extent * row.outputs * column.outputs;
              cost.counts.add({weight_elements * count, input_elements * count,
                               weight_elements * columns_used, input_elements * m.extent * count,
                               load.counts.dram_bursts * count});
              cost.rest += count * std::max<Cycle>(1, load.cycles);
              cost.weight_busy += count * load.weight_busy;
              cost.input_busy += count * load.input_busy;
              if (load.cycles > 1) {
                const std::size_t cause = load.cause == Stall::weight_port  ? 0
                                          : load.cause == Stall::input_port ? 1
                                                                            : 2;
                cost.stalls[cause] += count * (load.cycles - 1);
              }
            }
          }
        }
      }
    }
  }
}

/// The steps' ranges of one dimension: loops outside `moving` run, `moving` has left its first iteration,
/// those inside are at their first. Equal extents are merged unless they are wanted `apart`.
void DotPassCosts::pieces(Dim dim, std::int64_t extent, std::size_t moving, bool apart,
                          std::vector<Piece>& to) {
  split(0, moving, apart, {0, extent, false, 1}, dim, to);
}

void DotPassCosts::split(std::size_t loop, std::size_t moving, bool apart, Piece piece, Dim dim,
                         std::vector<Piece>& to) {
  while (loop < loops_.size() && loops_[loop].dim != dim) ++loop;
  if (loop == loops_.size()) {
    piece.extent = std::min(piece.extent, axes_[dim]);
    if (!apart) {
      for (Piece& other : to) {
        if (other.extent != piece.extent || other.changed != piece.changed) continue;
        other.count += piece.count;
        return;
      }
    }
    to.push_back(piece);
    return;
  }
  const std::int64_t size = loops_[loop].size;
  if (loop > moving) {
    piece.changed = piece.changed || piece.extent > size;
    piece.extent = std::min(piece.extent, size);
    split(loop + 1, moving, apart, piece, dim, to);
    return;
  }
  const std::int64_t skipped = loop == moving ? 1 : 0;
  const bool changed = piece.changed || loop == moving;
  const std::int64_t whole = piece.extent / size;
  if (apart) {
    for (std::int64_t i = skipped; i < whole; ++i)
      split(loop + 1, moving, apart, {piece.start + i * size, size, changed, piece.count}, dim, to);
  } else if (whole > skipped) {
    split(loop + 1, moving, apart, {piece.start, size, changed, piece.count * (whole - skipped)}, dim, to);
  }
  const std::int64_t left = piece.extent - whole * size;
  if (left > 0 && whole >= skipped)
    split(loop + 1, moving, apart, {piece.start + whole * size, left, changed, piece.count}, dim, to);
}

/// The steps' output and kernel positions along one axis of the window, with the existing pairs of them.
void DotPassCosts::window(const WindowAxis& axis, const TileRange& tile, Dim output, Dim tap,
                          std::size_t moving, std::vector<Part>& to) {
  const std::int64_t start = axis.first(tile.start[output], tile.start[tap]);
  const bool apart = !axis.inside(start, tile.extent[output], tile.extent[tap]);
  pieces_[output].clear();
  pieces_[tap].clear();
  pieces(output, tile.extent[output], moving, apart, pieces_[output]);
  pieces(tap, tile.extent[tap], moving, apart, pieces_[tap]);
  to.clear();
  for (const Piece& x : pieces_[output]) {
    for (const Piece& k : pieces_[tap]) {
      const std::int64_t positions =
          apart ? axis.pairs(start + x.start * axis.stride() + k.start * axis.dilation(), x.extent, k.extent)
                : x.extent * k.extent;
      const std::int64_t count = x.count * k.count;
      Part part{positions, k.extent, k.changed, x.changed || k.changed, count, count * x.extent};
      const auto same = std::find_if(to.begin(), to.end(), [&](const Part& other) {
        return other.positions == part.positions && other.taps == part.taps &&
               other.new_weights == part.new_weights && other.new_inputs == part.new_inputs;
      });
      if (same == to.end()) {
        to.push_back(part);
      } else {
        same->count += part.count;
        same->outputs += part.outputs;
      }
    }
  }
}

}  // namespace heddle::arch
