#include "mapper/model/eie_counts.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "arch/eie_storage.h"

namespace heddle::mapper {

using workload::Dim;
using workload::Operand;

namespace {

/// Parts of `size` that are `part` long, and the last one.
Histogram parts(std::int64_t size, std::int64_t part) {
  Histogram result;
  if (size / part > 0) result.emplace_back(part, size / part);
  if (size % part > 0) result.emplace_back(size % part, 1);
  return result;
}

/// Parts of a window along its rows or columns, at every output position: `taps` kernel positions, of which
/// `existing` lie inside the input.
struct WindowPart {
  std::int64_t taps = 0, existing = 0, count = 0;
};

std::vector<WindowPart> window_parts(TileCensus& census, bool rows, std::int64_t whole, std::int64_t taps) {
  std::vector<WindowPart> result;
  const WindowSums::Table& table = census.window_sums().table(rows, WindowCount::pairs, 1, taps);
  for (const auto& of_outputs : table.values) {
    for (const bool last : {false, true}) {
      const std::int64_t length = last && whole % taps != 0 ? whole % taps : taps;
      for (const auto& [existing, count] : of_outputs[last ? 1 : 0]) {
        const auto known = std::find_if(
            result.begin(), result.end(),
            [&, e = existing](const WindowPart& part) { return part.taps == length && part.existing == e; });
        if (known == result.end()) {
          result.push_back({length, existing, count});
        } else {
          known->count += count;
        }
      }
    }
  }
  return result;
}

}  // namespace

EieCountModel::EieCountModel(const arch::LayerProblem& problem, const arch::Accelerator& accelerator)
    : problem_(problem),
      accelerator_(accelerator),
      detection_(std::max<std::int64_t>(1, arch::detection_levels(accelerator.array.rows))),
      passes_(eie_shape(accelerator.array)),
      weights_(problem, accelerator.array) {}

/// Calls visit(rows, columns, inputs that exist, passes) for all passes with blocks of this size.
template <class Visit>
void EieCountModel::for_each_pass(TileCensus& census, const workload::PerDim<std::int64_t>& pass,
                                  const Visit& visit) {
  const auto& size = problem_.shape.size;
  const auto part = [&](Dim d) { return std::min(pass[d], size[d]); };
  const auto rows = window_parts(census, true, size[Dim::R], part(Dim::R));
  const auto columns = window_parts(census, false, size[Dim::S], part(Dim::S));
  for (const auto& [m, m_count] : parts(size[Dim::M], part(Dim::M))) {
    for (const auto& [c, c_count] : parts(size[Dim::C], part(Dim::C))) {
      for (const WindowPart& r : rows) {
        for (const WindowPart& s : columns) {
          visit(m, c * r.taps * s.taps, c * r.existing * s.existing,
                size[Dim::N] * size[Dim::G] * m_count * c_count * r.count * s.count);
        }
      }
    }
  }
}

EieCountModel::Compute EieCountModel::compute(TileCensus& census,
                                              const workload::PerDim<std::int64_t>& pass) {
  Compute sum;
  for_each_pass(census, pass,
                [&](std::int64_t rows, std::int64_t /*columns*/, std::int64_t inputs, std::int64_t count) {
                  const double cycles = static_cast<double>(detection_) + 1 +
                                        passes_
                                            .pass_of_columns(static_cast<int>(rows), problem_.shared->density,
                                                             static_cast<int>(inputs), problem_.input_density)
                                            .cycles;
                  sum.expected += static_cast<double>(count) * cycles;
                  sum.rounded += count * std::llround(cycles);
                  sum.passes += count;
                });
  return sum;
}

void EieCountModel::add_passes(TileCensus& census, arch::ActionCounts& counts, bool stalls) {
  const auto& size = problem_.shape.size;
  const std::int64_t pes = accelerator_.array.rows;
  const double density = problem_.shared->density;
  workload::PerDim<std::int64_t> pass;
  for (Dim d : workload::kDims) pass[d] = census.nest().size(census.nest().pass_depth(), d);

  // Broadcasts of one block row: every input of every window that is not padding, and not zero.
  const auto in_range = [&](bool rows) {
    return census.window_sums()
        .table(rows, WindowCount::pairs, size[rows ? Dim::P : Dim::Q], size[rows ? Dim::R : Dim::S])
        .sum[1][1];
  };
  const double broadcasts =
      static_cast<double>(size[Dim::N] * size[Dim::G] * size[Dim::C] * in_range(true) * in_range(false)) *
      problem_.input_density;
  double blocks = 0, entries = 0, padding = 0;
  std::vector<double> work(stalls ? static_cast<std::size_t>(pes) : 0);
  for (const auto& [rows, number] : parts(size[Dim::M], pass[Dim::M])) {
    const EieColumn& column = passes_.column(static_cast<int>(rows), density);
    const double columns = static_cast<double>(number) * broadcasts;
    blocks += static_cast<double>(number);
    entries += columns * column.entries;
    padding += columns * column.padding;
    for (std::size_t pe = 0; pe < work.size(); ++pe)
      work[pe] += columns * (static_cast<int>(pe) < column.tall_pes ? column.tall_work : column.low_work);
  }

  double words = 0, queue_full = 0, starved = 0;
  for_each_pass(census, pass,
                [&](std::int64_t rows, std::int64_t columns, std::int64_t inputs, std::int64_t count) {
                  words += static_cast<double>(count * inputs) * problem_.input_density *
                           passes_.words(static_cast<int>(rows), density, static_cast<int>(columns));
                  if (!stalls) return;
                  const EiePass one = passes_.pass_of_columns(
                      static_cast<int>(rows), density, static_cast<int>(inputs), problem_.input_density);
                  queue_full += static_cast<double>(count) * one.queue_full;
                  starved += static_cast<double>(count) * one.starved;
                });

  arch::EieCounts& eie = counts.eie.emplace();
  eie.broadcasts = std::llround(blocks * broadcasts);
  eie.queue_pushes = eie.queue_pops = pes * eie.broadcasts;
  eie.pointer_reads = 2 * eie.queue_pops;
  eie.matrix_reads = std::llround(words);
  eie.codebook_lookups = std::llround(entries);
  eie.padding_entries = std::llround(padding);
  counts.multiplies = counts.adds = eie.codebook_lookups - eie.padding_entries;
  counts.registers[Operand::weights].read_elements += eie.codebook_lookups;
  counts.registers[Operand::inputs].read_elements += eie.broadcasts;
  counts.registers[Operand::outputs].read_elements += counts.multiplies;
  counts.registers[Operand::outputs].write_elements += counts.multiplies;
  arch::Traffic& matrix = counts.memory.back()[Operand::weights];
  matrix.read_elements += eie.codebook_lookups;
  matrix.read_bits += eie.matrix_reads * accelerator_.array.eie->word_bits;
  if (!stalls) return;

  for (const double cycles : work) eie.work.push_back(std::llround(cycles));
  eie.queue_full_cycles = std::llround(queue_full);
  eie.starved_cycles = std::llround(starved);
}

}  // namespace heddle::mapper
