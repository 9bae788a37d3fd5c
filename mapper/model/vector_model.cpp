#include "mapper/model/vector_model.h"

#include <algorithm>
#include <numeric>

namespace heddle::mapper {
namespace {

using arch::Stall;
using arch::VectorChunk;
using workload::Operand;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Words (sram) or bursts (dram) that so many bits take.
std::int64_t units_for(const arch::MemoryLevel& level, std::int64_t bits) {
  return ceil_div(bits,
                  8 * (level.kind == arch::MemoryLevel::Kind::dram ? level.burst_bytes : level.word_bytes));
}

std::int64_t cycles_for(const arch::MemoryLevel& level, std::int64_t bits) {
  const std::int64_t unit =
      level.kind == arch::MemoryLevel::Kind::dram ? level.burst_bytes : level.word_bytes;
  return ceil_div(units_for(level, bits) * unit, level.bandwidth);
}

/// Two processes: one moves chunks in and results out, a request at a time; one computes. Each knows what the
/// other finished in earlier cycles. Times are cycles from the layer's begin.
class VectorTimes {
 public:
  VectorTimes(const arch::VectorLayer& layer, const arch::Accelerator& accelerator)
      : layer_(layer), accelerator_(accelerator), chunks_(arch::vector_chunks(layer, accelerator)) {
    costs_.actions.memory.resize(accelerator.memory.size());
    costs_.cycles.port_busy.assign(accelerator.memory.size(), 0);
  }

  VectorCosts run() {
    const bool ahead = staging() == 0 || accelerator_.memory.back().double_buffered;
    std::size_t fetched = 0, written = 0;
    while (written < chunks_.size()) {
      std::size_t seen = written;  // chunks whose end is known: those that ended in earlier cycles
      while (seen < finished_.size() && finished_[seen] < mover_) ++seen;
      const bool may_fetch = fetched < chunks_.size() &&
                             (ahead ? seen + 1 >= fetched && written + 2 > fetched : written == fetched);
      if (may_fetch) {
        fetch(chunks_[fetched]);
        compute(chunks_[fetched]);
        ++fetched;
      } else if (seen > written) {
        write_back(chunks_[written]);
        ++written;
      } else {
        mover_ = finished_[seen] + 1;
      }
    }
    arch::CycleCounts& cycles = costs_.cycles;
    cycles.total = end_;
    cycles.stalls[static_cast<std::size_t>(Stall::finish)] +=
        end_ - std::accumulate(cycles.stalls.begin(), cycles.stalls.end(), cycles.compute);
    return std::move(costs_);
  }

 private:
  int staging() const { return static_cast<int>(accelerator_.memory.size()) - 1; }
  const arch::MemoryLevel& level(int index) const {
    return accelerator_.memory[static_cast<std::size_t>(index)];
  }
  arch::Traffic& traffic(int index, Operand operand) {
    return costs_.actions.memory[static_cast<std::size_t>(index)][operand];
  }
  void read(int index, Operand operand, std::int64_t elements, int bits) {
    traffic(index, operand).read_elements += elements;
    traffic(index, operand).read_bits += elements * bits;
  }
  void write(int index, Operand operand, std::int64_t elements, int bits) {
    traffic(index, operand).write_elements += elements;
    traffic(index, operand).write_bits += elements * bits;
  }

  /// A request between a tensor's home and the innermost memory, seen by the home's port a cycle later.
  void request(int home, std::int64_t elements, int bits) {
    const std::int64_t occupancy = cycles_for(level(home), elements * bits);
    mover_ += 1 + occupancy;
    costs_.cycles.port_busy[static_cast<std::size_t>(home)] += occupancy;
    if (level(home).kind == arch::MemoryLevel::Kind::dram)
      costs_.actions.dram_bursts += units_for(level(home), elements * bits);
  }

  void fetch(Operand operand, int home, std::int64_t elements, int bits) {
    if (elements == 0) return;
    request(home, elements, bits);
    arrived_ = std::max(arrived_, mover_ + level(home).latency_cycles);
    read(home, operand, elements, bits);
    if (home != staging()) write(staging(), operand, elements, bits);
  }

  void fetch(const VectorChunk& chunk) {
    arrived_ = mover_;
    for (std::size_t i = 0; i < layer_.inputs.size(); ++i) {
      const arch::VectorLayer::Tensor& input = layer_.inputs[i];
      if (!arch::in_place(input, accelerator_))
        fetch(Operand::inputs, arch::home(input), chunk.input_elements[i], input.bits);
    }
    fetch(Operand::weights, 0, chunk.table_elements, layer_.table_bits);
    mover_ = arrived_;
  }

  void compute(const VectorChunk& chunk) {
    const std::int64_t begin = std::max(lanes_, mover_ + 1);
    arch::CycleCounts& cycles = costs_.cycles;
    cycles.stalls[static_cast<std::size_t>(Stall::memory)] += begin - lanes_;
    const std::int64_t operations = layer_.operation.operations(chunk.begin, chunk.end);
    const std::int64_t compute = std::max<std::int64_t>(1, ceil_div(operations, accelerator_.vector.lanes));
    costs_.actions.vector_operations += operations;
    cycles.compute += compute;
    const std::int64_t duration = std::max(compute, staging() > 0 ? serve(chunk) : 0);
    cycles.stalls[static_cast<std::size_t>(Stall::bandwidth)] += duration - compute;
    lanes_ = begin + duration;
    finished_.push_back(lanes_);
    end_ = std::max(end_, lanes_);
  }

  /// The innermost memory's accesses for the lanes; returns the cycles that its slower side takes.
  std::int64_t serve(const VectorChunk& chunk) {
    std::int64_t read_bits = chunk.table_elements * layer_.table_bits;
    for (std::size_t i = 0; i < layer_.inputs.size(); ++i) {
      read(staging(), Operand::inputs, chunk.input_elements[i], layer_.inputs[i].bits);
      read_bits += chunk.input_elements[i] * layer_.inputs[i].bits;
    }
    read(staging(), Operand::weights, chunk.table_elements, layer_.table_bits);
    write(staging(), Operand::outputs, chunk.output_elements, layer_.output.bits);
    const std::int64_t reading = cycles_for(level(staging()), read_bits);
    costs_.cycles.port_busy[static_cast<std::size_t>(staging())] += reading;
    return std::max(reading, cycles_for(level(staging()), chunk.output_elements * layer_.output.bits));
  }

  void write_back(const VectorChunk& chunk) {
    if (arch::in_place(layer_.output, accelerator_)) return;
    const int home = arch::home(layer_.output);
    request(home, chunk.output_elements, layer_.output.bits);
    if (home != staging()) read(staging(), Operand::outputs, chunk.output_elements, layer_.output.bits);
    write(home, Operand::outputs, chunk.output_elements, layer_.output.bits);
    end_ = std::max(end_, mover_);
  }

  const arch::VectorLayer& layer_;
  const arch::Accelerator& accelerator_;
  const std::vector<VectorChunk> chunks_;
  VectorCosts costs_;
  std::int64_t mover_ = 0;    ///< until when the mover is busy
  std::int64_t arrived_ = 0;  ///< when the chunk being fetched is complete
  std::int64_t lanes_ = 0;    ///< until when the lanes are busy
  std::int64_t end_ = 0;
  std::vector<std::int64_t> finished_;  ///< by chunk: when its results are in the innermost memory
};

}  // namespace

VectorCosts vector_costs(const arch::VectorLayer& layer, const arch::Accelerator& accelerator) {
  if (layer.operation.operations() == 0) {
    VectorCosts none;
    none.actions.memory.resize(accelerator.memory.size());
    none.cycles.port_busy.assign(accelerator.memory.size(), 0);
    return none;
  }
  return VectorTimes(layer, accelerator).run();
}

}  // namespace heddle::mapper
