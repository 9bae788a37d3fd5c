#include "mapper/model/eie_pass.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace heddle::mapper {

namespace {

constexpr int kMostRows = 65536;  // of a PE

}  // namespace

EieShape eie_shape(const arch::ArrayUnit& unit) {
  return {.pes = static_cast<int>(unit.rows),
          .queue_depth = static_cast<int>(unit.eie->queue),
          .index_bits = unit.eie->index_bits,
          .entries_per_word = static_cast<int>(unit.eie->entries_per_word())};
}

EiePassModel::EiePassModel(const EieShape& shape) : shape_(shape) {
  const auto within = [](int value, int least, int most) { return value >= least && value <= most; };
  if (!within(shape.pes, 1, 1024) || shape.queue_depth < 1 || !within(shape.index_bits, 2, 8) ||
      shape.entries_per_word < 1) {
    throw std::invalid_argument("an eie unit outside of what the pass model knows");
  }
}

EiePassModel::Block& EiePassModel::block(int rows, double density) {
  const auto [at, is_new] = blocks_.try_emplace({rows, density});
  Block& block = at->second;
  if (!is_new) return block;
  if (rows < 1 || rows > kMostRows * shape_.pes || !(density >= 0 && density <= 1)) {
    blocks_.erase(at);
    throw std::invalid_argument("a block of " + std::to_string(rows) + " rows, or its density");
  }
  std::vector<PeGroup> groups;
  block.unit = 1 + rows / shape_.pes / WorkSample::kLongest;
  const auto add = [&](int pes, int pe_rows, double& work) {
    if (pes == 0) return;
    const std::vector<double> entries = slice_entries(pe_rows, density, shape_.index_bits);
    const SliceMeans means = slice_means(entries, density);
    block.column.entries += pes * means.entries;
    block.column.padding += pes * means.padding;
    block.column.empty_slices += pes * means.empty;
    block.column.work += pes * means.work;
    work = means.work;
    groups.push_back({std::make_shared<WorkSample>(entries, block.unit), pes});
  };
  block.column.tall_pes = rows % shape_.pes;
  add(rows % shape_.pes, rows / shape_.pes + 1, block.column.tall_work);
  add(shape_.pes - rows % shape_.pes, rows / shape_.pes, block.column.low_work);
  block.queues = std::make_unique<QueueCurve>(std::move(groups), shape_.queue_depth);
  return block;
}

const EieColumn& EiePassModel::column(int rows, double density) { return block(rows, density).column; }

double EiePassModel::words(int rows, double density, int columns) {
  const auto [at, is_new] = words_.try_emplace({rows, density, columns}, 0.0);
  if (!is_new) return at->second;
  const int tall = rows % shape_.pes, low_rows = rows / shape_.pes;
  const auto of = [&](int pe_rows) {
    return slice_words(slice_entries(pe_rows, density, shape_.index_bits), shape_.entries_per_word, columns);
  };
  at->second = (tall > 0 ? tall * of(low_rows + 1) : 0) + (shape_.pes - tall) * of(low_rows);
  return at->second;
}

EiePass EiePassModel::pass(int rows, double density, double broadcasts) {
  if (!(broadcasts >= 0 && std::isfinite(broadcasts))) {
    throw std::invalid_argument("a pass with " + std::to_string(broadcasts) + " broadcasts");
  }
  Block& of = block(rows, density);
  EiePass pass;
  pass.work = broadcasts * of.column.work;
  if (broadcasts > 0) {
    // Below one broadcast: a share of passes with none, and of passes with one.
    const double some = std::min(broadcasts, 1.0), count = std::max(broadcasts, 1.0);
    pass.cycles = some * (count * of.column.work / shape_.pes + of.unit * of.queues->excess(count));
    pass.queue_full = some * of.unit * of.queues->waiting(count);
  }
  pass.starved = shape_.pes * pass.cycles - pass.work;
  return pass;
}

EiePass EiePassModel::pass_of_columns(int rows, double density, int columns, double density_in) {
  const double mean = columns * density_in, deviation = std::sqrt(mean * (1 - density_in));
  // Cycles are nearly linear in the number of broadcasts but at its low end.
  if (mean - 6 * deviation > 4 || density_in >= 1) return pass(rows, density, mean);
  EiePass sum;
  double probability = std::pow(1 - density_in, columns);
  for (int k = 0; k <= columns; ++k) {
    if (probability > 1e-12) {
      const EiePass one = pass(rows, density, k);
      sum.cycles += probability * one.cycles;
      sum.work += probability * one.work;
      sum.starved += probability * one.starved;
      sum.queue_full += probability * one.queue_full;
    }
    probability *= (columns - k) / (k + 1.0) * density_in / (1 - density_in);
  }
  return sum;
}

}  // namespace heddle::mapper
