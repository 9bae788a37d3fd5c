// Do compressed sparse columns hold exactly the matrix, entry by entry as docs/eie.md defines them, and are
// they as large as they say?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <stdexcept>

#include "workload/encode/csc.h"

namespace heddle::workload {
namespace {

using Codes = std::vector<std::uint8_t>;
using Random = std::mt19937_64;

std::int64_t draw(Random& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
}

Codes random_codes(Random& random, std::int64_t count, double density, int bits) {
  Codes codes(static_cast<std::size_t>(count));
  for (std::uint8_t& code : codes) {
    if (static_cast<double>(random() >> 11) * 0x1p-53 < density)
      code = static_cast<std::uint8_t>(draw(random, 1, (1 << bits) - 1));
  }
  return codes;
}

/// A column as one PE holds it, by the definition: zeros are counted one by one.
void append_slice(const Codes& own_rows, int index_bits, CscMatrix::Pe& pe) {
  const int most = (1 << index_bits) - 1;
  int zeros = 0;
  std::size_t stored = pe.codes.size();
  for (const std::uint8_t code : own_rows) {
    if (code == 0 && zeros < most) {
      ++zeros;
      continue;
    }
    // An entry: a weight, or a zero with as many zeros before it as an index can tell.
    pe.codes.push_back(code);
    pe.indices.push_back(static_cast<std::uint8_t>(zeros));
    zeros = 0;
    if (code != 0) stored = pe.codes.size();
  }
  pe.codes.resize(stored);  // padding that no weight follows
  pe.indices.resize(stored);
}

CscMatrix by_definition(const Codes& codes, std::int64_t rows, std::int64_t columns, std::int64_t stride,
                        const CscFormat& format) {
  CscMatrix result{format, rows, columns, {}};
  for (std::int64_t p = 0; p < format.pes; ++p) {
    CscMatrix::Pe pe;
    pe.pointers.push_back(0);
    for (std::int64_t column = 0; column < columns; ++column) {
      Codes own;
      for (std::int64_t row = p; row < rows; row += format.pes)
        own.push_back(codes[static_cast<std::size_t>(row * stride + column)]);
      append_slice(own, format.index_bits, pe);
      pe.pointers.push_back(static_cast<std::uint32_t>(pe.codes.size()));
    }
    result.pes.push_back(pe);
  }
  return result;
}

/// One column on one PE: a weight after so many zeros.
CscMatrix after_zeros(int zeros, int index_bits) {
  Codes column(static_cast<std::size_t>(zeros), 0);
  column.push_back(1);
  return encode(column.data(), zeros + 1, 1, 1, {1, 4, index_bits});
}

}  // namespace

TEST_CASE("the example of the paper") {
  Codes column = {0, 0, 1, 2};
  column.resize(22, 0);
  column.push_back(3);
  const CscMatrix matrix = encode(column.data(), 23, 1, 1, {1, 4, 4});
  CHECK(matrix.pes.at(0).codes == Codes{1, 2, 0, 3});
  CHECK(matrix.pes.at(0).indices == Codes{2, 0, 15, 2});
  CHECK(matrix.pes.at(0).pointers == std::vector<std::uint32_t>{0, 4});
  CHECK(matrix.padding_entries() == 1);
  CHECK(decode(matrix) == column);
}

TEST_CASE("random matrices are encoded by the definition and decoded exactly") {
  const std::uint64_t seed = 41;
  INFO("seed " << seed);
  Random random(seed);
  std::int64_t padded = 0, empty_slices = 0, ragged = 0;
  for (int round = 0; round < 400; ++round) {
    const CscFormat format{std::vector<std::int64_t>{1, 2, 3, 4, 7, 16, 64, 256}[random() % 8],
                           static_cast<int>(draw(random, 2, 8)), static_cast<int>(draw(random, 2, 8))};
    const std::int64_t rows = draw(random, 1, 300), columns = draw(random, 1, 40);
    const std::int64_t stride = columns + draw(random, 0, 3);
    const double density = std::vector<double>{0, 0.01, 0.1, 0.5, 1}[random() % 5];
    Codes codes = random_codes(random, rows * stride, density, format.code_bits);
    if (random() % 4 == 0) {  // a column and a row of zeros
      const std::int64_t column = draw(random, 0, columns - 1), row = draw(random, 0, rows - 1);
      for (std::int64_t i = 0; i < rows; ++i) codes[static_cast<std::size_t>(i * stride + column)] = 0;
      std::fill_n(codes.begin() + row * stride, columns, std::uint8_t{0});
    }
    INFO("round " << round << ": " << rows << " x " << columns << " on " << format.pes);
    const CscMatrix matrix = encode(codes.data(), rows, columns, stride, format);
    REQUIRE(matrix == by_definition(codes, rows, columns, stride, format));
    Codes dense;
    for (std::int64_t row = 0; row < rows; ++row)
      dense.insert(dense.end(), codes.begin() + row * stride, codes.begin() + row * stride + columns);
    REQUIRE(decode(matrix) == dense);
    const auto weights =
        static_cast<std::int64_t>(dense.size()) - std::count(dense.begin(), dense.end(), std::uint8_t{0});
    REQUIRE(matrix.entries() == weights + matrix.padding_entries());
    padded += matrix.padding_entries() > 0 ? 1 : 0;
    ragged += rows % format.pes != 0 ? 1 : 0;
    for (const CscMatrix::Pe& pe : matrix.pes) {
      for (std::int64_t column = 0; column < columns; ++column) empty_slices += pe.entries(column) == 0;
      REQUIRE(pe.entries() <= matrix.most_entries());
    }
  }
  CHECK(padded > 20);
  CHECK(ragged > 100);
  CHECK(empty_slices > 1000);
}

TEST_CASE("a padding entry for every 2^bits zeros") {
  for (int bits = 2; bits <= 8; ++bits) {
    const int span = 1 << bits;
    for (const int zeros : {0, 1, span - 1, span, span + 1, 2 * span - 1, 2 * span, 5 * span + 3}) {
      INFO(bits << " bits, " << zeros << " zeros");
      const CscMatrix matrix = after_zeros(zeros, bits);
      CHECK(matrix.padding_entries() == zeros / span);
      CHECK(matrix.entries() == zeros / span + 1);
      CHECK(matrix.pes[0].indices.back() == zeros % span);
      CHECK(decode(matrix).back() == 1);
    }
  }
}

TEST_CASE("matrices of one entry, of zeros and without rows or columns") {
  const Codes one = {5};
  const CscMatrix single = encode(one.data(), 1, 1, 1, {256, 4, 4});
  CHECK(single.entries() == 1);
  CHECK(single.most_entries() == 1);
  CHECK(single.pes.size() == 256);
  CHECK(single.pes[255].pointers == std::vector<std::uint32_t>{0, 0});
  CHECK(decode(single) == one);

  const Codes zeros(300 * 7, 0);
  const CscMatrix empty = encode(zeros.data(), 300, 7, 7, {4, 4, 2});
  CHECK(empty.entries() == 0);  // zeros at the end of a column are not stored
  CHECK(decode(empty) == zeros);

  CHECK(decode(encode(one.data(), 0, 1, 1, {4, 4, 4})).empty());
  CHECK(encode(one.data(), 1, 0, 0, {4, 4, 4}).pes[3].pointers == std::vector<std::uint32_t>{0});
}

TEST_CASE("sizes in bits") {
  // 2 PEs, 3 columns. PE 0 has the rows 0 and 2, PE 1 the row 1.
  const Codes codes = {1, 0, 2,  //
                       0, 0, 3,  //
                       4, 0, 0};
  const CscMatrix matrix = encode(codes.data(), 3, 3, 3, {2, 3, 5});
  CHECK(matrix.pes[0].codes == Codes{1, 4, 2});
  CHECK(matrix.pes[1].codes == Codes{3});
  CHECK(matrix.entries() == 4);
  CHECK(matrix.most_entries() == 3);
  CHECK(matrix.entry_bits() == 4 * (3 + 5));
  CHECK(matrix.pointer_bits() == 2 * (3 + 1) * 16);
  CHECK(matrix.pointer_bits(13) == 2 * (3 + 1) * 13);
}

TEST_CASE("random matrices need as much padding as expected") {
  const std::uint64_t seed = 77;
  INFO("seed " << seed);
  Random random(seed);
  for (const double density : {0.01, 0.04, 0.09, 0.3}) {
    for (const int bits : {2, 4, 5}) {
      // 64 PEs of 50 rows, the last one of 49: 3,199 rows.
      const std::int64_t rows = 3199, columns = 400;
      const Codes codes = random_codes(random, rows * columns, density, 4);
      const CscMatrix matrix = encode(codes.data(), rows, columns, columns, {64, 4, bits});
      // PEs are independent samples; five standard errors of their mean.
      double sum = 0, squares = 0, expected = 0;
      for (std::int64_t p = 0; p < 64; ++p) {
        const Codes& v = matrix.pes[static_cast<std::size_t>(p)].codes;
        const auto padding = static_cast<double>(std::count(v.begin(), v.end(), std::uint8_t{0}));
        sum += padding;
        squares += padding * padding;
        expected += static_cast<double>(columns) * expected_padding(p < 63 ? 50 : 49, density, bits);
      }
      const double variance = std::max((squares - sum * sum / 64) / 63, 1.0);
      INFO("density " << density << ", " << bits << " bits: " << sum << " padding entries, expected "
                      << expected);
      CHECK(std::abs(sum - expected) < 5 * std::sqrt(64 * variance));
    }
  }
  CHECK(expected_padding(16, 0.1, 4) == 0);  // 15 zeros before a weight at most
  CHECK(expected_padding(17, 0.1, 4) == Approx(0.1 * std::pow(0.9, 16)));
  CHECK(expected_padding(1000, 0, 4) == 0);
  CHECK(expected_padding(1000, 1, 4) == 0);
}

TEST_CASE("both ends of a slice are in different banks, and a pointer is 13 bits of word and 3 of entry") {
  Random random(3);
  const Codes codes = random_codes(random, 500 * 9, 0.3, 4);
  const CscMatrix matrix = encode(codes.data(), 500, 9, 9, {1, 4, 4});
  const CscMatrix::Pe& pe = matrix.pes[0];
  const PointerBanks banks = pointer_banks(pe);
  CHECK(banks.even.size() + banks.odd.size() == pe.pointers.size());
  for (std::size_t column = 0; column < 9; ++column) {
    const auto& begin = column % 2 == 0 ? banks.even : banks.odd;
    const auto& end = column % 2 == 0 ? banks.odd : banks.even;
    CHECK(begin.at(column / 2) == pe.pointers[column]);
    CHECK(end.at((column + 1) / 2) == pe.pointers[column + 1]);
  }
  CHECK(entries_per_word(64, matrix.format) == 8);
  for (const std::uint32_t pointer : {0U, 7U, 8U, 1234U, 65535U}) {
    CHECK(split_pointer(pointer, 8) == EntryAddress{pointer >> 3U, pointer & 7U});
    CHECK(split_pointer(pointer, 5) == EntryAddress{pointer / 5, pointer % 5});
  }
  CHECK(split_pointer(65535, 8).word < 1U << 13U);
  CHECK(entries_per_word(32, {64, 5, 8}) == 2);
  CHECK(entries_per_word(8, {64, 5, 8}) == 0);
}

TEST_CASE("what is no matrix is refused") {
  const Codes codes = {1, 2, 16, 0};
  CHECK_THROWS_WITH(encode(codes.data(), 2, 2, 2, {1, 4, 4}), Catch::Contains("the code 16 in column 0"));
  CHECK_NOTHROW(encode(codes.data(), 2, 2, 2, {1, 5, 4}));
  for (const CscFormat& format :
       {CscFormat{0, 4, 4}, CscFormat{1, 1, 4}, CscFormat{1, 9, 4}, CscFormat{1, 4, 1}, CscFormat{1, 4, 9}})
    CHECK_THROWS_AS(encode(codes.data(), 1, 1, 1, format), std::invalid_argument);
  CHECK_THROWS_AS(encode(codes.data(), 2, 2, 1, {1, 4, 4}), std::invalid_argument);
  CHECK_THROWS_AS(encode(codes.data(), -1, 2, 2, {1, 4, 4}), std::invalid_argument);

  const CscMatrix good = encode(codes.data(), 2, 2, 2, {1, 5, 4});
  CscMatrix bad = good;
  bad.pes[0].indices[0] = 3;
  CHECK_THROWS_WITH(decode(bad), Catch::Contains("leaves the rows"));
  bad = good;
  bad.pes[0].pointers[1] = 9;
  CHECK_THROWS_AS(decode(bad), std::invalid_argument);
  bad = good;
  bad.pes.clear();
  CHECK_THROWS_AS(decode(bad), std::invalid_argument);
}

}  // namespace heddle::workload
