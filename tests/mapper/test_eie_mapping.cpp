// Is the mapping that the mapper calls the best on an eie unit the cheapest of its space, and do the closed
// forms behind it agree with a walk over all passes?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "arch/eie_storage.h"
#include "mapper/default_mapping.h"
#include "mapper/eie_mapspace.h"
#include "mapper/mapper.h"
#include "mapper/model/counts.h"
#include "mapper/model/nest_walk.h"
#include "mapper/search/evaluator.h"
#include "support/error.h"
#include "tests/mapper/eie_cases.h"
#include "workload/encode/csc.h"

namespace heddle::mapper {
namespace {

using workload::Dim;
using workload::Operand;

arch::EnergyTable table() {
  return arch::read_energy_table(std::filesystem::path(HEDDLE_SOURCE_DIR) /
                                 "configs/energy/han2015-45nm.yaml");
}

/// Any legal mapping of the space; nothing if few draws find none.
std::optional<arch::LayerMapping> draw(std::mt19937_64& random, const arch::LayerProblem& problem,
                                       const arch::Accelerator& accelerator) {
  const EieMapspace space(problem, accelerator, {});
  const auto any = [&](const auto& from) { return from[random() % from.size()]; };
  for (int i = 0; i < 50; ++i) {
    arch::LayerMapping mapping =
        space.mapping(any(space.weight_tiles()), any(space.position_tiles()), any(EieMapspace::orders()));
    if (arch::illegalities(mapping, problem, accelerator).empty()) return mapping;
  }
  return std::nullopt;
}

/// Calls visit(tile) for every pass in turn.
template <class Visit>
void walk_passes(const arch::LayerProblem& problem, const arch::LayerMapping& mapping, const Visit& visit) {
  NestWalk walk;
  walk.start(problem.shape, mapping);
  while (true) {
    visit(walk.pass());
    const int loop = walk.next_loop(walk.loops());
    if (loop < 0) return;
    const auto moving = static_cast<std::size_t>(loop);
    walk.set(moving, walk.index(moving) + 1);
    walk.to_first(moving + 1);
  }
}

/// Positions of the pass's window that are inside the input.
std::int64_t existing_inputs(const TileRange& pass, const workload::MacShape& shape) {
  std::int64_t count = 0;
  for (std::int64_t r = pass.start[Dim::R]; r < pass.end(Dim::R); ++r) {
    for (std::int64_t s = pass.start[Dim::S]; s < pass.end(Dim::S); ++s) {
      const std::int64_t y = pass.start[Dim::P] * shape.stride_h + r * shape.dilation_h - shape.pad_top;
      const std::int64_t x = pass.start[Dim::Q] * shape.stride_w + s * shape.dilation_w - shape.pad_left;
      if (y >= 0 && y < shape.input_h && x >= 0 && x < shape.input_w) count += pass.extent[Dim::C];
    }
  }
  return count;
}

TEST_CASE("eie mapping - is the best mapping the cheapest of all in the space and does the account add up") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(1, 25));
  std::mt19937_64 random(seed);
  const arch::Accelerator accelerator = random_eie_accelerator(random);
  const arch::LayerProblem problem = random_pruned_layer(random, accelerator.array, 60000);
  const arch::EnergyTable energy = table();
  MapperOptions options;
  options.options.objective = static_cast<Objective>(seed % 3);
  CAPTURE(seed);

  const EieMapspace space(problem, accelerator, {});
  Evaluator evaluator(problem, accelerator, energy);
  double best = std::numeric_limits<double>::infinity();
  Count points = 0;
  for (const auto& weights : space.weight_tiles()) {
    for (const auto& positions : space.position_tiles()) {
      for (const auto& order : EieMapspace::orders()) {
        ++points;
        const arch::LayerMapping mapping = space.mapping(weights, positions, order);
        if (!arch::illegalities(mapping, problem, accelerator).empty()) continue;
        best = std::min(best, value(options.options.objective, evaluator.cost(mapping)));
      }
    }
  }
  if (std::isinf(best)) {
    CHECK_THROWS_AS(map_layer(problem, accelerator, energy, options), InputError);
    return;
  }
  const MappedLayer found = map_layer(problem, accelerator, energy, options);
  CHECK(found.certificate.proved);
  CHECK(found.certificate.best == Approx(best).epsilon(1e-12));
  CHECK(value(options.options.objective, evaluator.cost(found.mapping)) == Approx(best).epsilon(1e-12));
  CHECK(arch::illegalities(found.mapping, problem, accelerator).empty());
  Count account = found.certificate.evaluated;
  for (const auto& removed : found.certificate.removed) account += removed.mappings;
  CHECK((account == points && found.certificate.space == points));
  const arch::LayerMapping plain = default_mapping(problem, accelerator);
  CHECK(arch::illegalities(plain, problem, accelerator).empty());
}

TEST_CASE("eie mapping - are counts in closed form those of a walk over all passes") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(100, 140));
  std::mt19937_64 random(seed);
  const arch::Accelerator accelerator = random_eie_accelerator(random);
  const arch::LayerProblem problem = random_pruned_layer(random, accelerator.array, 200000);
  const auto mapping = draw(random, problem, accelerator);
  if (!mapping) return;
  CAPTURE(seed);

  EiePassModel passes(eie_shape(accelerator.array));
  const double density = problem.shared->density;
  double broadcasts = 0, entries = 0, padding = 0, words = 0, queue_full = 0, starved = 0, work = 0;
  std::int64_t count = 0;
  walk_passes(problem, *mapping, [&](const TileRange& pass) {
    const std::int64_t inputs = existing_inputs(pass, problem.shape);
    const int rows = static_cast<int>(pass.extent[Dim::M]);
    const EieColumn& column = passes.column(rows, density);
    const double columns = static_cast<double>(inputs) * problem.input_density;
    const EiePass one =
        passes.pass_of_columns(rows, density, static_cast<int>(inputs), problem.input_density);
    broadcasts += columns;
    entries += columns * column.entries;
    padding += columns * column.padding;
    words += columns *
             passes.words(rows, density,
                          static_cast<int>(pass.extent[Dim::C] * pass.extent[Dim::R] * pass.extent[Dim::S]));
    queue_full += one.queue_full;
    starved += one.starved;
    work += one.work;
    ++count;
  });
  const arch::ActionCounts counts = action_counts(problem, *mapping, accelerator);
  REQUIRE(counts.eie.has_value());
  CHECK(static_cast<double>(counts.eie->broadcasts) == Approx(broadcasts).margin(0.51));
  CHECK(counts.eie->queue_pushes == accelerator.array.rows * counts.eie->broadcasts);
  CHECK(static_cast<double>(counts.eie->codebook_lookups) == Approx(entries).margin(0.51));
  CHECK(static_cast<double>(counts.eie->padding_entries) == Approx(padding).margin(0.51));
  CHECK(static_cast<double>(counts.eie->matrix_reads) == Approx(words).margin(0.51));
  CHECK(static_cast<double>(counts.eie->queue_full_cycles) == Approx(queue_full).margin(0.51));
  CHECK(static_cast<double>(counts.eie->starved_cycles) == Approx(starved).margin(0.51));
  std::int64_t by_pe = 0;
  for (const std::int64_t cycles : counts.eie->work) by_pe += cycles;
  CHECK(static_cast<double>(by_pe) ==
        Approx(work).margin(0.51 * static_cast<double>(counts.eie->work.size())));
  CHECK(counts.multiplies == counts.eie->codebook_lookups - counts.eie->padding_entries);
  CHECK(counts.requantizations == problem.shape.output_count());

  TimingModel timing(problem, accelerator);
  CHECK(timing.run(*mapping).total > 0);
  const arch::CycleCounts cycles = timing.run(*mapping);
  CHECK(timing.effort().passes == count);
  std::int64_t accounted = cycles.compute;
  for (const std::int64_t stall : cycles.stalls) accounted += stall;
  CHECK(accounted == cycles.total);
  timing.evaluate_all(true);
  CHECK(timing.run(*mapping) == cycles);
}

TEST_CASE("eie mapping - weights that fit as a whole and are not cut move through the dram once") {
  std::mt19937_64 random(7);
  arch::Accelerator accelerator =
      arch::read_accelerator(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/accelerators/eie-16.yaml");
  arch::LayerProblem problem;
  problem.shape.size[Dim::N] = 50;
  problem.shape.size[Dim::M] = 500;
  problem.shape.size[Dim::C] = 700;
  problem.weight_bits = problem.input_bits = problem.output_bits = 16;
  problem.shared = arch::SharedWeights{4, 0.1, 0.1};
  const arch::LayerMapping mapping = default_mapping(problem, accelerator);
  const arch::ActionCounts counts = action_counts(problem, mapping, accelerator);
  // 500 x 700 weights at 10 %, 31 or 32 rows a PE: padding as eie_storage expects it; one block.
  const double entries = 700 * (4 * (32 * 0.1 + workload::expected_padding(32, 0.1, 4)) +
                                12 * (31 * 0.1 + workload::expected_padding(31, 0.1, 4)));
  const std::int64_t stored = std::llround(entries);
  CHECK(counts.memory[0][Operand::weights].read_elements == stored);
  CHECK(counts.memory[0][Operand::weights].read_bits == stored * 8 + 16 * 701 * 16 + 16 * 16);
}

TEST_CASE("eie mapping - a layer without a codebook or with constraints is refused with the reason") {
  arch::Accelerator accelerator =
      arch::read_accelerator(std::filesystem::path(HEDDLE_SOURCE_DIR) / "configs/accelerators/eie-16.yaml");
  arch::LayerProblem problem;
  problem.name = "fc";
  problem.shape.size[Dim::M] = problem.shape.size[Dim::C] = 64;
  problem.weight_bits = problem.input_bits = problem.output_bits = 16;
  CHECK_THROWS_WITH(map_layer(problem, accelerator, table(), {}), Catch::Contains("codebook"));
  problem.shared.emplace();
  MapperOptions options;
  options.constraints.name = "weight-stationary";
  options.constraints.memory.resize(2);
  options.constraints.memory[0].stationary = Operand::weights;
  CHECK_THROWS_WITH(map_layer(problem, accelerator, table(), options), Catch::Contains("weight-stationary"));
}

}  // namespace
}  // namespace heddle::mapper
