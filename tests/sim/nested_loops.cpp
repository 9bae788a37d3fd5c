#include "tests/sim/nested_loops.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace heddle::tests {
namespace {

using workload::Dim;
using workload::Operand;
using Point = std::array<std::int64_t, 8>;  // n g m c p q r s
using Element = std::array<std::int64_t, 5>;

struct FlatLoop {
  int level;  // memory level; `registers` and `axes` come after them
  std::size_t dim;
  std::int64_t factor, stride;
};

class Walk {
 public:
  Walk(const arch::LayerMapping& mapping, const arch::LayerProblem& problem,
       const arch::Accelerator& accelerator, const LayerData& data, std::int32_t zero)
      : mapping_(mapping), problem_(problem), accelerator_(accelerator), data_(data), zero_(zero) {
    levels_ = static_cast<int>(accelerator.memory.size());
    for (Dim d : workload::kDims) size_[static_cast<std::size_t>(d)] = problem.shape.size[d];
    const auto add = [&](int level, const std::vector<arch::Loop>& loops) {
      for (const arch::Loop& loop : loops)
        loops_.push_back({level, static_cast<std::size_t>(loop.dim), loop.factor, 0});
    };
    for (int level = 0; level < levels_; ++level)
      add(level, mapping.memory[static_cast<std::size_t>(level)].temporal);
    add(levels_, mapping.registers);
    for (const auto& axis : {mapping.rows, mapping.columns, mapping.lanes}) add(levels_ + 1, axis);
    Point stride;
    stride.fill(1);
    for (auto loop = loops_.rbegin(); loop != loops_.rend(); ++loop) {
      loop->stride = stride[loop->dim];
      stride[loop->dim] *= loop->factor;
    }
    counts.memory.resize(accelerator.memory.size());
    choose_kept();
  }

  arch::ActionCounts counts;

  void run() {
    iterate(0, 0, Point{});
    for (int level = levels_ - 1; level >= 0; --level) leave_outputs(level);
  }

 private:
  // Visits the iterations of a level's loops, from loop `l` on, and what is inside them.
  void iterate(int level, std::size_t l, const Point& start) {
    if (l == loops_.size() || loops_[l].level > level) {
      begin_iteration(level, l, start);
      if (level < levels_) iterate(level + 1, l, start);
      return;
    }
    for (std::int64_t i = 0; i < loops_[l].factor; ++i) {
      Point inner = start;
      inner[loops_[l].dim] += i * loops_[l].stride;
      if (inner[loops_[l].dim] < size_[loops_[l].dim]) iterate(level, l + 1, inner);
    }
  }

  void begin_iteration(int level, std::size_t inner_loops, const Point& start) {
    if (level < levels_ - 1) {
      fetch_tiles(level, inner_loops, start);
    } else if (level == levels_ - 1) {
      begin_pass(inner_loops, start);
    } else {
      step(inner_loops, start);
    }
  }

  std::vector<Point> points(std::size_t l, const Point& start) const {
    std::vector<Point> result = {start};
    for (; l < loops_.size(); ++l) {
      std::vector<Point> next;
      for (const Point& point : result) {
        for (std::int64_t i = 0; i < loops_[l].factor; ++i) {
          Point inner = point;
          inner[loops_[l].dim] += i * loops_[l].stride;
          if (inner[loops_[l].dim] < size_[loops_[l].dim]) next.push_back(inner);
        }
      }
      result = std::move(next);
    }
    return result;
  }

  // Elements. Order of dimensions in a point: N G M C P Q R S.
  Element weight_at(const Point& x) const { return {x[1], x[2], x[3], x[6], x[7]}; }
  Element output_at(const Point& x) const { return {x[0], x[1], x[2], x[4], x[5]}; }
  Element input_at(const Point& x) const {
    const auto& shape = problem_.shape;
    return {x[0], x[1], x[3], x[4] * shape.stride_h + x[6] * shape.dilation_h - shape.pad_top,
            x[5] * shape.stride_w + x[7] * shape.dilation_w - shape.pad_left};
  }
  bool inside(const Element& input) const {
    return input[3] >= 0 && input[3] < problem_.shape.input_h && input[4] >= 0 &&
           input[4] < problem_.shape.input_w;
  }
  std::int64_t value_at(const Element& x) const {
    if (!inside(x)) return 0;
    const auto& shape = problem_.shape;
    const std::int64_t index =
        (((x[0] * size_[1] + x[1]) * size_[3] + x[2]) * shape.input_h + x[3]) * shape.input_w + x[4];
    return data_.inputs[static_cast<std::size_t>(index)] - zero_;
  }
  std::int16_t weight_value(const Element& x) const {
    const std::int64_t index =
        (((x[0] * size_[2] + x[1]) * size_[3] + x[2]) * size_[6] + x[3]) * size_[7] + x[4];
    return data_.weights[static_cast<std::size_t>(index)];
  }

  // Which weights are stored: all, or n of each group of m channels (the non-zero ones, then the first
  // zeros).
  void choose_kept() {
    const auto& nm = problem_.sparsity;
    for (std::int64_t g = 0; g < size_[1]; ++g)
      for (std::int64_t m = 0; m < size_[2]; ++m)
        for (std::int64_t r = 0; r < size_[6]; ++r)
          for (std::int64_t s = 0; s < size_[7]; ++s)
            for (std::int64_t group = 0; group < size_[3]; group += nm ? nm->m : 1) {
              std::vector<std::int64_t> nonzero, zero;
              for (std::int64_t c = group; c < std::min<std::int64_t>(size_[3], group + (nm ? nm->m : 1));
                   ++c) {
                (weight_value({g, m, c, r, s}) != 0 ? nonzero : zero).push_back(c);
              }
              const std::size_t kept = std::min<std::size_t>(nm ? static_cast<std::size_t>(nm->n) : 1,
                                                             nonzero.size() + zero.size());
              while (nonzero.size() < kept) {
                nonzero.push_back(zero.front());
                zero.erase(zero.begin());
              }
              for (const std::int64_t c : nonzero) kept_.insert({g, m, c, r, s});
            }
  }

  int weight_bits() const {
    int index = 0;
    if (problem_.sparsity) {
      while ((1 << index) < problem_.sparsity->m) ++index;
    }
    return problem_.weight_bits + index;
  }
  int accumulator_bits() const { return accelerator_.array.bits.accumulators; }
  bool keeps(int level, Operand o) const {
    return level == 0 || mapping_.memory[static_cast<std::size_t>(level)].keep[o];
  }
  int keeper(Operand o, int level) const {
    while (!keeps(level, o)) --level;
    return level;
  }

  void read(int level, Operand o, std::int64_t elements, int bits) {
    auto& traffic = counts.memory[static_cast<std::size_t>(level)][o];
    traffic.read_elements += elements;
    traffic.read_bits += elements * bits;
  }
  void write(int level, Operand o, std::int64_t elements, int bits) {
    auto& traffic = counts.memory[static_cast<std::size_t>(level)][o];
    traffic.write_elements += elements;
    traffic.write_bits += elements * bits;
  }
  void burst(int level, std::int64_t bits) {
    if (level == 0)
      counts.dram_bursts +=
          (bits + 8 * accelerator_.memory[0].burst_bytes - 1) / (8 * accelerator_.memory[0].burst_bytes);
  }
  static arch::Traffic& add_read(arch::Traffic& traffic, std::int64_t elements, int bits) {
    traffic.read_elements += elements;
    traffic.read_bits += elements * bits;
    return traffic;
  }
  static arch::Traffic& add_write(arch::Traffic& traffic, std::int64_t elements, int bits) {
    traffic.write_elements += elements;
    traffic.write_bits += elements * bits;
    return traffic;
  }

  static std::vector<std::int64_t> identity(Operand o, const Point& start) {
    switch (o) {
      case Operand::weights:
        return {start[1], start[2], start[3], start[6], start[7]};
      case Operand::inputs:
        return {start[0], start[1], start[3], start[4], start[5], start[6], start[7]};
      case Operand::outputs:
        return {start[0], start[1], start[2], start[4], start[5]};
    }
    return {};
  }

  bool complete(const std::set<Element>& outputs) {
    return added_[*outputs.begin()] == size_[3] * size_[6] * size_[7];
  }

  // Writes back the output tile that the level below `level` holds (the array, for the innermost one).
  void leave_outputs(int level) {
    auto& held = outputs_held_[level];
    if (held.empty()) return;
    if (level == 0 && levels_ > 1 && mapping_.on_chip[Operand::outputs]) {  // the buffer is where they stay
      held.clear();
      return;
    }
    const auto elements = static_cast<std::int64_t>(held.size());
    const int bits = complete(held) ? problem_.output_bits : accumulator_bits();
    const int to = keeper(Operand::outputs, level);
    if (level == levels_ - 1) {
      add_read(counts.registers[Operand::outputs], elements, accumulator_bits());
      if (complete(held)) counts.requantizations += elements;
    } else {
      read(level + 1, Operand::outputs, elements, bits);
    }
    write(to, Operand::outputs, elements, bits);
    burst(to, elements * bits);
    held.clear();
  }

  // A new output tile below `level`; partial sums come back when something has been added to it.
  void enter_outputs(int level, const std::vector<Point>& inside_points) {
    auto& held = outputs_held_[level];
    for (const Point& x : inside_points) held.insert(output_at(x));
    if (added_[*held.begin()] == 0) return;
    const auto elements = static_cast<std::int64_t>(held.size());
    const int from = keeper(Operand::outputs, level);
    read(from, Operand::outputs, elements, accumulator_bits());
    burst(from, elements * accumulator_bits());
    if (level == levels_ - 1) {
      add_write(counts.registers[Operand::outputs], elements, accumulator_bits());
      started_.insert(held.begin(), held.end());
    } else {
      write(level + 1, Operand::outputs, elements, accumulator_bits());
    }
  }

  bool moved(int level, Operand o, const Point& start) {
    auto& last = identity_[{level, o}];
    const auto now = identity(o, start);
    if (now == last) return false;
    last = now;
    return true;
  }

  void fetch_tiles(int level, std::size_t inner_loops, const Point& start) {
    // Tiles inside leave before those outside.
    if (keeps(level + 1, Operand::outputs) &&
        identity(Operand::outputs, start) != identity_[{level, Operand::outputs}]) {
      for (int inner = levels_ - 1; inner > level; --inner) {
        if (inner == levels_ - 1 || keeps(inner + 1, Operand::outputs)) {
          leave_outputs(inner);
          identity_[{inner, Operand::outputs}].clear();
        }
      }
      leave_outputs(level);
    }
    const std::vector<Point> tile = points(inner_loops, start);
    for (Operand o : {Operand::weights, Operand::inputs}) {
      if (!keeps(level + 1, o) || !moved(level, o, start)) continue;
      if (level == 0 && mapping_.on_chip[o]) continue;  // in the buffer since the layer before
      std::set<Element> elements;
      for (const Point& x : tile) {
        if (o == Operand::weights && kept_.count(weight_at(x)) != 0) elements.insert(weight_at(x));
        if (o == Operand::inputs && inside(input_at(x))) elements.insert(input_at(x));
      }
      const int bits = o == Operand::weights ? weight_bits() : problem_.input_bits;
      const auto count = static_cast<std::int64_t>(elements.size());
      read(keeper(o, level), o, count, bits);
      burst(keeper(o, level), count * bits);
      write(level + 1, o, count, bits);
    }
    if (keeps(level + 1, Operand::outputs) && moved(level, Operand::outputs, start))
      enter_outputs(level, tile);
  }

  bool resident(Operand o) const {
    const auto& registers = accelerator_.array.registers;
    return registers.shared_bytes || (o == Operand::weights ? registers.weights : registers.inputs) > 1;
  }

  static std::array<std::int64_t, 3> column_of(const Point& x) { return {x[0], x[4], x[5]}; }

  void begin_pass(std::size_t inner_loops, const Point& start) {
    const int level = levels_ - 1;
    const std::vector<Point> pass = points(inner_loops, start);
    if (moved(level, Operand::outputs, start)) {
      leave_outputs(level);
      started_.clear();
      enter_outputs(level, pass);
    }
    for (Operand o : {Operand::weights, Operand::inputs}) {
      if (!resident(o) || !moved(level, o, start)) continue;
      // The array's columns and rows: where the axes put a point.
      Point axes;
      axes.fill(1);
      for (const FlatLoop& loop : loops_) {
        if (loop.level == levels_ + 1) axes[loop.dim] *= loop.factor;
      }
      std::set<std::array<std::int64_t, 3>> columns;
      std::set<std::int64_t> rows;
      std::set<Element> weights;
      std::set<std::pair<std::array<std::int64_t, 3>, Element>> inputs;  // with the column that holds them
      for (const Point& x : pass) {
        const std::array<std::int64_t, 3> column = {(x[0] - start[0]) % axes[0], (x[4] - start[4]) % axes[4],
                                                    (x[5] - start[5]) % axes[5]};
        columns.insert(column);
        rows.insert((x[2] - start[2]) % axes[2]);
        if (kept_.count(weight_at(x)) != 0) weights.insert(weight_at(x));
        // A batch element is another image: columns hold all of those they work on.
        if (inside(input_at(x))) inputs.insert({column, input_at(x)});
      }
      const bool w = o == Operand::weights;
      const auto count = static_cast<std::int64_t>(w ? weights.size() : inputs.size());
      load(o, level, count, static_cast<std::int64_t>(w ? columns.size() : rows.size()));
    }
  }

  void load(Operand o, int level, std::int64_t elements, std::int64_t copies) {
    const int bits = o == Operand::weights ? weight_bits() : problem_.input_bits;
    read(keeper(o, level), o, elements, bits);
    burst(keeper(o, level), elements * bits);
    add_write(counts.registers[o], elements * copies, bits);
  }

  void step(std::size_t inner_loops, const Point& start) {
    std::set<std::array<std::int64_t, 3>> columns;
    std::set<std::int64_t> rows;
    std::set<Element> weights;
    std::set<std::pair<std::array<std::int64_t, 3>, Element>> inputs;
    std::set<std::array<std::int64_t, 6>> input_places;
    std::int64_t performed = 0, gated = 0;
    std::set<Element> outputs;
    for (const Point& x : points(inner_loops, start)) {
      columns.insert(column_of(x));
      rows.insert(x[2]);
      if (inside(input_at(x))) input_places.insert({x[0], x[3], x[4], x[5], x[6], x[7]});
      outputs.insert(output_at(x));
      ++added_[output_at(x)];
      if (kept_.count(weight_at(x)) == 0) continue;
      weights.insert(weight_at(x));
      ++(value_at(input_at(x)) == 0 ? gated : performed);
    }
    const int level = levels_ - 1;
    if (!resident(Operand::weights) && moved(levels_, Operand::weights, start)) {
      load(Operand::weights, level, static_cast<std::int64_t>(weights.size()),
           static_cast<std::int64_t>(columns.size()));
    }
    if (!resident(Operand::inputs) && moved(levels_, Operand::inputs, start)) {
      load(Operand::inputs, level, static_cast<std::int64_t>(input_places.size()),
           static_cast<std::int64_t>(rows.size()));
    }
    counts.multiplies += performed;
    counts.gated_multiplies += gated;
    counts.adds += performed;
    add_read(counts.registers[Operand::weights], performed + gated, weight_bits());
    add_read(counts.registers[Operand::inputs], performed + gated, problem_.input_bits);
    for (const Element& output : outputs) {
      add_write(counts.registers[Operand::outputs], 1, accumulator_bits());
      if (!started_.insert(output).second)
        add_read(counts.registers[Operand::outputs], 1, accumulator_bits());
    }
  }

  const arch::LayerMapping& mapping_;
  const arch::LayerProblem& problem_;
  const arch::Accelerator& accelerator_;
  const LayerData& data_;
  const std::int32_t zero_;
  int levels_ = 0;
  Point size_{};
  std::vector<FlatLoop> loops_;
  std::set<Element> kept_;
  std::map<std::pair<int, Operand>, std::vector<std::int64_t>> identity_;
  std::map<int, std::set<Element>> outputs_held_;  // by level: what the next inner keeper holds
  std::set<Element> started_;                      // sums in the accumulators
  std::map<Element, std::int64_t> added_;          // products added to each output so far
};

}  // namespace

arch::ActionCounts walk(const arch::LayerMapping& mapping, const arch::LayerProblem& problem,
                        const arch::Accelerator& accelerator, const LayerData& data,
                        std::int32_t input_zero_point) {
  Walk walk(mapping, problem, accelerator, data, input_zero_point);
  walk.run();
  return walk.counts;
}

std::vector<std::int16_t> compute(const arch::LayerProblem& problem, const LayerData& data,
                                  std::int32_t input_zero_point, const std::vector<std::int64_t>& bias,
                                  const workload::Requantization& requantization) {
  const auto& shape = problem.shape;
  const auto& size = shape.size;
  std::vector<std::int16_t> outputs;
  for (std::int64_t n = 0; n < size[Dim::N]; ++n)
    for (std::int64_t g = 0; g < size[Dim::G]; ++g)
      for (std::int64_t m = 0; m < size[Dim::M]; ++m)
        for (std::int64_t p = 0; p < size[Dim::P]; ++p)
          for (std::int64_t q = 0; q < size[Dim::Q]; ++q) {
            const std::int64_t channel = g * size[Dim::M] + m;
            std::int64_t sum = bias[static_cast<std::size_t>(channel)];
            for (std::int64_t c = 0; c < size[Dim::C]; ++c)
              for (std::int64_t r = 0; r < size[Dim::R]; ++r)
                for (std::int64_t s = 0; s < size[Dim::S]; ++s) {
                  const std::int64_t h = p * shape.stride_h + r * shape.dilation_h - shape.pad_top;
                  const std::int64_t w = q * shape.stride_w + s * shape.dilation_w - shape.pad_left;
                  if (h < 0 || h >= shape.input_h || w < 0 || w >= shape.input_w) continue;
                  const std::int64_t input =
                      (((n * size[Dim::G] + g) * size[Dim::C] + c) * shape.input_h + h) * shape.input_w + w;
                  const std::int64_t weight =
                      ((channel * size[Dim::C] + c) * size[Dim::R] + r) * size[Dim::S] + s;
                  sum += std::int64_t{data.weights[static_cast<std::size_t>(weight)]} *
                         (data.inputs[static_cast<std::size_t>(input)] - input_zero_point);
                }
            outputs.push_back(requantization(sum, channel));
          }
  return outputs;
}

}  // namespace heddle::tests
