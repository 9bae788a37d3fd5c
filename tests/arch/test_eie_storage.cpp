// Do the closed forms for what an eie machine stores agree with encoding the weights one by one?
#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "arch/eie_storage.h"
#include "tests/arch/eie_machine.h"
#include "workload/encode/csc.h"

namespace heddle::arch {
namespace {

using workload::Dim;

TEST_CASE("eie storage: expected padding is the mean over all columns there are") {
  int compared = 0;
  for (const int index_bits : {2, 3}) {
    for (std::int64_t rows = 1; rows <= 13; ++rows) {
      // By the number of non-zeros: how many padding entries the columns with so many have together.
      std::vector<std::int64_t> padding(static_cast<std::size_t>(rows) + 1);
      std::vector<std::uint8_t> column(static_cast<std::size_t>(rows));
      for (unsigned pattern = 0; pattern < 1U << rows; ++pattern) {
        for (std::size_t row = 0; row < column.size(); ++row)
          column[row] = static_cast<std::uint8_t>(pattern >> row & 1U);
        const workload::CscMatrix matrix = workload::encode(column.data(), rows, 1, 1, {1, 4, index_bits});
        padding[static_cast<std::size_t>(std::popcount(pattern))] += matrix.padding_entries();
      }
      for (const double density : {0.0, 0.1, 0.35, 0.9, 1.0}) {
        double expected = 0;
        for (std::int64_t kept = 0; kept <= rows; ++kept) {
          expected += static_cast<double>(padding[static_cast<std::size_t>(kept)]) * std::pow(density, kept) *
                      std::pow(1 - density, rows - kept);
        }
        INFO(rows << " rows, density " << density << ", indices of " << index_bits << " bits");
        CHECK(workload::expected_padding(rows, density, index_bits) ==
              Approx(expected).epsilon(1e-12).margin(1e-12));
        ++compared;
      }
    }
  }
  CHECK(compared == 2 * 13 * 5);
}

TEST_CASE("eie storage: the tree of four children a node has so many levels") {
  CHECK(detection_levels(1) == 0);
  CHECK(detection_levels(2) == 1);
  CHECK(detection_levels(4) == 1);
  CHECK(detection_levels(5) == 2);
  CHECK(detection_levels(16) == 2);
  CHECK(detection_levels(17) == 3);
  CHECK(detection_levels(64) == 3);
  CHECK(detection_levels(256) == 4);
}

TEST_CASE("eie storage: a PE holds what its SRAM has room for and its pointers can tell apart") {
  Accelerator machine = small_eie_machine();  // 1 KiB a PE: 128 words of 8 entries
  EieUnit& eie = *machine.array.eie;
  CHECK(entry_capacity(machine) == 1024);
  eie.pointer_bits = 11;  // 8 bits for the word, 3 for the entry
  CHECK(entry_capacity(machine) == 1024);
  eie.pointer_bits = 10;  // all words have an address, the place behind the last entry has none
  CHECK(entry_capacity(machine) == 1023);
  eie.pointer_bits = 9;
  CHECK(entry_capacity(machine) == 511);
  eie.code_bits = 6;  // 6 entries a word: 3 bits for the entry all the same
  CHECK(entry_capacity(machine) == 64 * 6 - 1);
  eie.pointer_bits = 16;
  CHECK(entry_capacity(machine) == 128 * 6);
  eie.word_bits = 10;  // an entry a word
  CHECK(entry_capacity(machine) == 1024 * 8 / 10);
  eie.pointer_bits = 4;
  CHECK(entry_capacity(machine) == 15);
  // The paper's: 128 KiB, of which 16 bits reach half.
  machine.memory[1].weight_bytes = 4 * 128 * 1024;
  machine.memory[1].size_bytes = machine.memory[1].weight_bytes + 1024;
  eie = EieUnit{};
  CHECK(entry_capacity(machine) == 65535);
}

/// Blocks of a tile, one by one.
struct Walk {
  std::int64_t pointers = 0;
  double entries = 0, most = 0;
};

/// `visit`ed in the order of a machine: every block of rows with every block of columns, in every group.
Walk walk(const LayerProblem& problem, const LayerMapping& mapping, const ArrayUnit& unit, double density) {
  const auto tile = level_extent(mapping, 1), pass = pass_extent(mapping);
  const auto extent = [&](Dim d) { return std::min(tile[d], problem.shape.size[d]); };
  Walk walk;
  std::vector<double> pes(static_cast<std::size_t>(unit.rows));
  for (std::int64_t g = 0; g < extent(Dim::G); ++g) {
    for (std::int64_t m = 0; m < extent(Dim::M); m += pass[Dim::M]) {
      const std::int64_t rows = std::min(pass[Dim::M], extent(Dim::M) - m);
      for (std::int64_t c = 0; c < extent(Dim::C); c += pass[Dim::C]) {
        for (std::int64_t r = 0; r < extent(Dim::R); r += pass[Dim::R]) {
          for (std::int64_t s = 0; s < extent(Dim::S); s += pass[Dim::S]) {
            const std::int64_t columns = std::min(pass[Dim::C], extent(Dim::C) - c) *
                                         std::min(pass[Dim::R], extent(Dim::R) - r) *
                                         std::min(pass[Dim::S], extent(Dim::S) - s);
            walk.pointers += columns + 1;
            for (std::size_t pe = 0; pe < pes.size(); ++pe) {
              std::int64_t own = 0;
              for (auto row = static_cast<std::int64_t>(pe); row < rows; row += unit.rows) ++own;
              pes[pe] += static_cast<double>(columns) *
                         (static_cast<double>(own) * density +
                          workload::expected_padding(own, density, unit.eie->index_bits));
            }
          }
        }
      }
    }
  }
  for (const double entries : pes) walk.entries += entries;
  walk.most = *std::max_element(pes.begin(), pes.end());
  return walk;
}

TEST_CASE("eie storage: pointers and entries of a tile are those of its blocks") {
  const Accelerator machine = small_eie_machine();
  ArrayUnit unit = machine.array;
  unit.eie->index_bits = 2;
  unit.registers.inputs = unit.registers.outputs = 64;
  for (const std::int64_t outputs : {1, 4, 7, 32, 45}) {
    for (const std::int64_t rows_a_pass : {1, 3, 9}) {  // times 4 PEs
      for (const std::int64_t channels_a_pass : {1, 5, 13}) {
        LayerProblem problem = small_eie_layer();
        problem.shape.size[Dim::G] = 3;
        problem.shape.size[Dim::M] = outputs;
        problem.shape.size[Dim::C] = 13;
        problem.shape.size[Dim::R] = 3;
        LayerMapping mapping = small_eie_mapping();
        mapping.memory[0].temporal = {{Dim::G, 2}};  // tiles of 2 groups
        mapping.memory[1].temporal = {{Dim::G, 2},
                                      {Dim::M, (outputs + 4 * rows_a_pass - 1) / (4 * rows_a_pass)},
                                      {Dim::C, (13 + channels_a_pass - 1) / channels_a_pass}};
        mapping.registers = {{Dim::C, channels_a_pass}, {Dim::R, 3}, {Dim::M, rows_a_pass}};
        INFO(outputs << " outputs, " << 4 * rows_a_pass << " a block, " << channels_a_pass << " channels");
        const BlockCensus blocks = blocks_of(mapping, problem.shape, 1);
        for (const double density : {0.05, 0.3, 1.0}) {
          const Walk seen = walk(problem, mapping, unit, density);
          CHECK(blocks.pointers() == seen.pointers);
          CHECK(expected_entries(blocks, unit, density) == Approx(seen.entries).epsilon(1e-12));
          const double most = density == 1 ? seen.most : seen.most + 5 * std::sqrt(seen.most);
          const double all = walk(problem, mapping, unit, 1).most;
          CHECK(entries_of_fullest(blocks, unit, density) == Approx(std::min(most, all)).epsilon(1e-12));
        }
        CHECK(expected_entries(blocks, unit, 1) == Approx(2 * outputs * 13 * 3).epsilon(1e-12));
      }
    }
  }
}

}  // namespace
}  // namespace heddle::arch
