// Is arithmetic in bulk the same as the formulas, sum by sum and code by code, whoever does it?
#include <hwy/targets.h>

#include <catch2/catch.hpp>
#include <numeric>

#include "rtl/verify/random_cases.h"
#include "sim/array/dot_bulk.h"
#include "sim/array/dot_sums.h"
#include "sim/array/requantize.h"
#include "tests/sim/nested_loops.h"

namespace {

using namespace heddle;
using namespace heddle::tests;
using namespace heddle::verify;
using workload::Dim;

workload::Requantization random_stage(Random& random, std::int64_t channels, bool table) {
  workload::Requantization stage;
  for (std::int64_t c = 0; c < channels; ++c) {
    stage.multiplier.push_back(
        random.chance(0.1) ? 0 : static_cast<std::int32_t>(random.range(1 << 30, INT32_MAX)));
    stage.shift.push_back(static_cast<std::uint8_t>(random.range(1, 62)));
  }
  stage.zero_point = static_cast<std::int32_t>(random.range(-128, 127));
  if (random.chance(0.5)) stage.low = stage.zero_point;
  if (table) {
    for (int i = 0; i < 256; ++i) stage.table.push_back(static_cast<std::int16_t>(random.range(-128, 127)));
  }
  return stage;
}

/// Runs `body` once on every instruction set that this processor has and the code was compiled for.
template <class Body>
void for_each_instruction_set(const Body& body) {
  int sets = 0;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    INFO("instruction set " << hwy::TargetName(target));
    body();
    ++sets;
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  REQUIRE(sets > 0);
}

/// Small ones, large ones, and the ends of the range.
std::int32_t random_sum(Random& random) {
  if (random.chance(0.05)) return random.one_of<std::int32_t>({INT32_MIN, INT32_MAX, 0, -1, 1});
  const std::int64_t top = std::int64_t{1} << random.range(1, 31);
  return static_cast<std::int32_t>(random.range(-top, top - 1));
}

/// Compares `cases` random matrices of sums.
void check_requantization(int cases) {
  Random random(5);
  std::int64_t compared = 0;
  for (int i = 0; i < cases; ++i) {
    const std::int64_t channels = random.range(1, 40), positions = random.range(1, 37);
    const workload::Requantization stage = random_stage(random, channels, random.chance(0.3));
    std::vector<std::int32_t> sums, bias;
    for (std::int64_t k = 0; k < channels * positions; ++k) sums.push_back(random_sum(random));
    for (std::int64_t k = 0; k < channels; ++k) bias.push_back(random_sum(random));
    const auto expected = [&](std::int64_t position, std::int64_t c) {
      const std::uint32_t sum =
          static_cast<std::uint32_t>(sums[static_cast<std::size_t>(position * channels + c)]) +
          static_cast<std::uint32_t>(bias[static_cast<std::size_t>(c)]);
      return stage(static_cast<std::int32_t>(sum), c);
    };
    std::vector<std::int16_t> first(sums.size()), last(sums.size());
    sim::requantize_channels_last(stage, 0, channels, bias.data(), sums.data(), channels, positions,
                                  first.data(), positions);
    sim::requantize_matrix(stage, channels, bias.data(), sums.data(), positions, last.data());
    for (std::int64_t position = 0; position < positions; ++position) {
      for (std::int64_t c = 0; c < channels; ++c, ++compared) {
        INFO("case " << i << ", position " << position << ", channel " << c);
        REQUIRE(first[static_cast<std::size_t>(c * positions + position)] == expected(position, c));
        REQUIRE(last[static_cast<std::size_t>(position * channels + c)] == expected(position, c));
      }
    }
    // The same sums as rows of one channel.
    std::vector<std::int16_t> row(sums.size());
    const std::int64_t c = random.range(0, channels - 1);
    sim::requantize_row(stage, c, bias[static_cast<std::size_t>(c)], sums.data(),
                        static_cast<std::int64_t>(sums.size()), row.data());
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const std::uint32_t sum =
          static_cast<std::uint32_t>(sums[k]) + static_cast<std::uint32_t>(bias[static_cast<std::size_t>(c)]);
      REQUIRE(row[k] == stage(static_cast<std::int32_t>(sum), c));
    }
  }
  CHECK(compared > 200 * cases);
}

void check_dot_products() {
  Random random(6);
  for (std::int64_t length = 1; length < 150; ++length) {
    const std::int64_t rows = random.range(1, 5);
    std::vector<std::int16_t> weights, narrow, often;
    std::vector<std::int32_t> wide;
    for (std::int64_t k = 0; k < rows * length; ++k)
      weights.push_back(static_cast<std::int16_t>(random.range(INT16_MIN, INT16_MAX)));
    for (std::int64_t k = 0; k < length; ++k) {
      narrow.push_back(static_cast<std::int16_t>(random.range(-3, 3)));
      wide.push_back(static_cast<std::int32_t>(random.range(-65535, 65535)));
      often.push_back(static_cast<std::int16_t>(random.range(0, 49)));
    }
    std::vector<std::int32_t> sums(static_cast<std::size_t>(2 * rows));
    std::vector<std::int64_t> wide_sums(static_cast<std::size_t>(2 * rows));
    sim::dot_rows(weights.data(), rows, narrow.data(), length, sums.data(), 2);
    sim::dot_rows(weights.data(), rows, wide.data(), length, wide_sums.data(), 2);
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto begin = weights.begin() + row * length;
      CHECK(sums[static_cast<std::size_t>(2 * row)] ==
            std::inner_product(narrow.begin(), narrow.end(), begin, std::int64_t{0}));
      CHECK(wide_sums[static_cast<std::size_t>(2 * row)] ==
            std::inner_product(wide.begin(), wide.end(), begin, std::int64_t{0}, std::plus<>(),
                               [](std::int64_t x, std::int64_t w) { return x * w; }));
    }
    std::int64_t met = 0;
    for (std::size_t k = 0; k < narrow.size(); ++k) met += narrow[k] == 2 ? 0 : often[k];
    CHECK(sim::weight_of_nonzeros(narrow.data(), 2, often.data(), length) == met);
    CHECK(sim::count_nonzeros(narrow.data(), 2, length) ==
          length - std::count(narrow.begin(), narrow.end(), std::int16_t{2}));
  }
}

}  // namespace

TEST_CASE("Requantization in bulk equals the formula for every sum and channel on every instruction set") {
  for_each_instruction_set([] { check_requantization(100); });
}

TEST_CASE("Dot products and counts of zeros in bulk equal plain loops on every instruction set") {
  for_each_instruction_set(check_dot_products);
}

TEST_CASE("Whole layers in bulk equal plain loops with oneDNN and without") {
  Random random(7);
  int by_onednn = 0, compared = 0;
  for (int i = 0; i < 300; ++i) {
    const arch::Accelerator accelerator = random_accelerator(random, 2, i % 2 == 1);
    Case test = random_case(random, accelerator);
    test.bind();
    const std::vector<std::int16_t> expected =
        tests::compute(test.problem, test.data, test.program.input_zero_point, test.program.bias,
                       test.program.requantization);
    sim::BulkScratch scratch;
    using Arithmetic = sim::DotBulk::Arithmetic;
    for (const Arithmetic arithmetic : {Arithmetic::own, Arithmetic::fastest}) {
      INFO("layer " << i << (arithmetic == Arithmetic::own ? " on its own" : " by the fastest"));
      const sim::DotBulk bulk(test.program, arithmetic);
      REQUIRE(bulk.outputs(test.program, scratch) == expected);
      REQUIRE(bulk.nonzero_multiplies(test.program) <= sim::layer_multiplies(test.program));
      ++compared;
    }
    by_onednn += sim::OnednnConvolution::is_exact() && !test.program.wide && test.problem.input_bits <= 8;
  }
  CHECK(compared == 600);
  CHECK((!sim::OnednnConvolution::is_exact() || by_onednn > 100));
}
