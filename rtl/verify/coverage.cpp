#include "rtl/verify/coverage.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "arch/legality.h"
#include "arch/window.h"

namespace heddle::verify {

using workload::Dim;
using workload::Operand;

Coverage::Coverage(const arch::Accelerator& accelerator, rtl::Device& device) : accelerator_(accelerator) {
  device.watch(this);
  const bool eie = accelerator.array.eie.has_value();
  const auto wait = [&](const std::string& name, const char* high, const char* low) {
    waits_.push_back({points_.size(), device.signal(high), device.signal(low)});
    point(name);
  };
  const auto both = [&](const std::string& name, const char* first, const char* second) {
    pairs_.push_back({points_.size(), device.signal(first), device.signal(second)});
    point(name);
  };
  wait("inputs are late", "inputs_ready_o", "inputs_valid_i");
  wait("partial sums are late", "sums_ready_o", "sums_valid_i");
  wait("results are not taken", "results_valid_o", "results_ready_i");
  both("a pass is accepted while results leave", "pass_valid_i", "results_valid_o");
  both("partial sums come in", "sums_valid_i", "sums_ready_o");
  point("an accumulator bank is waited for");
  point("results saturate in the ppu");
  point("a layer of several passes");
  point("a ragged tile: outputs");
  point("a ragged tile: reduction");
  point("padding");
  if (!eie) {
    issue_ = device.signal("evt_issue_o");
    wait("weights are late", "weights_ready_o", "weights_valid_i");
    both("drain overlaps compute", "results_valid_o", "evt_issue_o");
    both("multiplies", "evt_issue_o", "evt_multiplies_o");
    both("gated multiplies", "evt_issue_o", "evt_gated_o");
    both("weights and inputs come together", "weights_valid_i", "inputs_valid_i");
    point("steps issue back to back");
    point("a ragged tile: columns");
    if (accelerator.array.registers.outputs > 1) point("several accumulators");
    if (accelerator.array.sparsity) {
      point("n:m weights");
      point("dense weights on an n:m array");
    }
    if (accelerator.array.scalable) {
      for (const int width : {8, 4, 2, 1}) point("sub-word width " + std::to_string(width));
    }
    return;
  }
  both("a queue is full", "evt_queue_full_o", "evt_queue_full_o");
  both("a PE starves", "evt_starved_o", "evt_starved_o");
  both("padding entries", "evt_padding_o", "evt_padding_o");
  both("a sum is forwarded", "evt_forwards_o", "evt_forwards_o");
  both("walk overlaps broadcast", "evt_broadcasts_o", "evt_work_o");
  point("an empty slice");
  point("a vector of zeros");
  point("inputs stay for another pass");
  point("a sum saturates");
  point("a second tile of weights");
}

void Coverage::meet(const std::string& name, bool met) {
  const auto found =
      std::find_if(points_.begin(), points_.end(), [&](const Point& p) { return p.name == name; });
  if (found == points_.end()) throw std::logic_error("no coverage point " + name);
  found->met += met ? 1 : 0;
}

void Coverage::sample(rtl::Cycle /*cycle*/, const rtl::Device& /*device*/) {
  for (const Wait& wait : waits_) points_[wait.point].met += wait.high.high() && !wait.low.high();
  for (const Both& pair : pairs_) points_[pair.point].met += pair.first.get() != 0 && pair.second.get() != 0;
  if (accelerator_.array.eie) return;
  if (issue_.high() && issued_before_) meet("steps issue back to back");
  issued_before_ = issue_.high();
}

void Coverage::rest(rtl::Cycle /*begin*/, rtl::Cycle /*end*/, const rtl::Device& /*device*/) {
  issued_before_ = false;
}

void Coverage::add(const sim::LayerProgram& program, const sim::LayerOutcome& outcome,
                   std::int64_t saturated) {
  const workload::MacShape& shape = program.problem.shape;
  const auto& size = shape.size;
  const auto pass = arch::pass_extent(program.mapping);
  const auto ragged = [&](std::initializer_list<Dim> dims) {
    return std::any_of(dims.begin(), dims.end(),
                       [&](Dim d) { return size[d] % std::min(pass[d], size[d]) != 0; });
  };
  bool several = false;
  for (const Dim d : workload::kDims) several = several || pass[d] < size[d];
  meet("an accumulator bank is waited for",
       outcome.cycles.stalls[static_cast<std::size_t>(arch::Stall::drain)] > 0);
  meet("results saturate in the ppu", saturated > 0);
  meet("a layer of several passes", several);
  meet("a ragged tile: outputs", ragged({Dim::M}));
  meet("a ragged tile: reduction", ragged({Dim::C, Dim::R, Dim::S}));
  meet("padding", shape.pad_top + shape.pad_left > 0);
  if (program.eie) {
    add_eie(program, outcome);
  } else {
    add_dot(program);
  }
}

void Coverage::add_dot(const sim::LayerProgram& program) {
  const arch::LayerProblem& problem = program.problem;
  const auto& size = problem.shape.size;
  const auto axes = arch::spatial_extent(program.mapping);
  const auto pass = arch::pass_extent(program.mapping);
  bool cut = false;
  std::int64_t accumulators = 1;
  for (const Dim d : {Dim::N, Dim::P, Dim::Q}) cut = cut || size[d] % std::min(axes[d], size[d]) != 0;
  for (const Dim d : {Dim::N, Dim::M, Dim::P, Dim::Q})
    accumulators *= (std::min(pass[d], size[d]) + axes[d] - 1) / axes[d];
  meet("a ragged tile: columns", cut);
  if (accelerator_.array.registers.outputs > 1) meet("several accumulators", accumulators > 1);
  if (accelerator_.array.sparsity) {
    meet("n:m weights", problem.sparsity.has_value());
    meet("dense weights on an n:m array", !problem.sparsity);
  }
  if (accelerator_.array.scalable) {
    const std::int64_t lanes =
        arch::effective_lanes(accelerator_.array, problem.weight_bits, problem.input_bits);
    meet("sub-word width " + std::to_string(8 * accelerator_.array.lanes / lanes));
  }
}

void Coverage::add_eie(const sim::LayerProgram& program, const sim::LayerOutcome& outcome) {
  const arch::EieCounts& counts = outcome.actions.eie.value();
  bool empty = false;
  for (const workload::CscMatrix& block : program.eie->weights.all()) {
    for (const workload::CscMatrix::Pe& pe : block.pes) {
      for (std::int64_t column = 0; column < block.columns && !empty; ++column)
        empty = pe.entries(column) == 0;
    }
  }
  meet("an empty slice", empty && counts.broadcasts > 0);
  meet("a vector of zeros", counts.broadcasts == 0);
  const auto pass = arch::pass_extent(program.mapping);
  const auto& size = program.problem.shape.size;
  meet("inputs stay for another pass", pass[Dim::M] < size[Dim::M] && pass[Dim::C] >= size[Dim::C] &&
                                           pass[Dim::R] >= size[Dim::R] && pass[Dim::S] >= size[Dim::S]);
  const std::int16_t highest = static_cast<std::int16_t>(program.eie->sum.highest());
  meet("a sum saturates", std::any_of(outcome.output.begin(), outcome.output.end(), [&](std::int16_t code) {
         return code >= highest || code <= -highest - 1;
       }));
  const auto tile = arch::level_extent(program.mapping, 1);
  bool tiles = false;
  for (const Dim d : {Dim::G, Dim::M, Dim::C, Dim::R, Dim::S}) tiles = tiles || tile[d] < size[d];
  meet("a second tile of weights", tiles);
}

}  // namespace heddle::verify
