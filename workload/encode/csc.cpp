#include "workload/encode/csc.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <stdexcept>

namespace heddle::workload {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

void check(const CscFormat& format, std::int64_t rows, std::int64_t columns, std::int64_t row_stride) {
  const auto width = [](int bits) { return bits >= 2 && bits <= 8; };
  if (format.pes < 1 || !width(format.code_bits) || !width(format.index_bits)) {
    throw std::invalid_argument(
        fmt::format("{} PEs, codes of {} and indices of {} bits, expected at least 1 and 2 to 8 bits",
                    format.pes, format.code_bits, format.index_bits));
  }
  if (rows < 0 || columns < 0 || row_stride < columns)
    throw std::invalid_argument(fmt::format("{} x {} codes, rows {} apart", rows, columns, row_stride));
}

/// Calls f(column, code) for every code of a row that is not zero, eight codes at a look.
template <class F>
void for_each_non_zero(const std::uint8_t* row, std::int64_t columns, const F& f) {
  static_assert(std::endian::native == std::endian::little, "the first code is the word's lowest byte");
  constexpr std::uint64_t low = 0x7f7f7f7f7f7f7f7f;
  std::int64_t column = 0;
  for (; column + 8 <= columns; column += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, row + column, 8);
    // The top bit of every byte that is not zero.
    std::uint64_t set = (((word & low) + low) | word) & ~low;
    for (; set != 0; set &= set - 1) {
      const int byte = std::countr_zero(set) / 8;
      f(column + byte, row[column + byte]);
    }
  }
  for (; column < columns; ++column) {
    if (row[column] != 0) f(column, row[column]);
  }
}

/// Encodes the rows of one PE: counts every column's entries first, then puts them where they belong.
class PeEncoder {
 public:
  PeEncoder(const std::uint8_t* codes, std::int64_t rows, std::int64_t columns, std::int64_t row_stride,
            const CscFormat& format)
      : codes_(codes),
        rows_(rows),
        columns_(columns),
        row_stride_(row_stride),
        format_(format),
        next_row_(at(columns)),
        place_(at(columns)) {}

  CscMatrix::Pe run(std::int64_t pe) {
    CscMatrix::Pe result;
    std::fill(place_.begin(), place_.end(), 0);
    walk(pe, [&](std::int64_t column, std::uint8_t, std::uint32_t zeros) {
      place_[at(column)] += 1 + (zeros >> format_.index_bits);
    });
    result.pointers.resize(at(columns_ + 1));
    std::uint64_t total = 0;
    for (std::int64_t column = 0; column < columns_; ++column) {
      const std::uint64_t entries = place_[at(column)];
      place_[at(column)] = total;
      result.pointers[at(column)] = static_cast<std::uint32_t>(total);
      total += entries;
    }
    if (total > UINT32_MAX) throw std::invalid_argument("a PE of more than 2^32 - 1 entries");
    result.pointers.back() = static_cast<std::uint32_t>(total);
    result.codes.resize(total);
    result.indices.resize(total);
    const auto most_zeros = static_cast<std::uint8_t>((1U << format_.index_bits) - 1);
    walk(pe, [&](std::int64_t column, std::uint8_t code, std::uint32_t zeros) {
      if (code >> format_.code_bits != 0) {
        throw std::invalid_argument(fmt::format("the code {} in column {}, expected one of {} bits", code,
                                                column, format_.code_bits));
      }
      std::uint64_t& place = place_[at(column)];
      for (; zeros > most_zeros; zeros -= most_zeros + 1U) result.indices[place++] = most_zeros;
      result.codes[place] = code;
      result.indices[place++] = static_cast<std::uint8_t>(zeros);
    });
    return result;
  }

 private:
  /// Calls f(column, code, zeros before it among the PE's rows), row by row.
  template <class F>
  void walk(std::int64_t pe, const F& f) {
    std::fill(next_row_.begin(), next_row_.end(), 0);
    std::uint32_t own_row = 0;
    for (std::int64_t row = pe; row < rows_; row += format_.pes, ++own_row) {
      for_each_non_zero(codes_ + row * row_stride_, columns_, [&](std::int64_t column, std::uint8_t code) {
        std::uint32_t& next = next_row_[at(column)];
        f(column, code, own_row - next);
        next = own_row + 1;
      });
    }
  }

  const std::uint8_t* codes_;
  std::int64_t rows_, columns_, row_stride_;
  CscFormat format_;
  std::vector<std::uint32_t> next_row_;  ///< by column: the PE's row after the last one that was not zero
  std::vector<std::uint64_t> place_;     ///< by column: entries, then where the next one goes
};

}  // namespace

std::int64_t CscMatrix::entries() const {
  return std::accumulate(pes.begin(), pes.end(), std::int64_t{0},
                         [](std::int64_t sum, const Pe& pe) { return sum + pe.entries(); });
}

std::int64_t CscMatrix::padding_entries() const {
  return std::accumulate(pes.begin(), pes.end(), std::int64_t{0}, [](std::int64_t sum, const Pe& pe) {
    return sum + std::count(pe.codes.begin(), pe.codes.end(), std::uint8_t{0});
  });
}

std::int64_t CscMatrix::most_entries() const {
  std::int64_t most = 0;
  for (const Pe& pe : pes) most = std::max(most, pe.entries());
  return most;
}

CscMatrix encode(const std::uint8_t* codes, std::int64_t rows, std::int64_t columns, std::int64_t row_stride,
                 const CscFormat& format) {
  check(format, rows, columns, row_stride);
  CscMatrix result{format, rows, columns, {}};
  PeEncoder encoder(codes, rows, columns, row_stride, format);
  for (std::int64_t pe = 0; pe < format.pes; ++pe) result.pes.push_back(encoder.run(pe));
  return result;
}

std::vector<std::uint8_t> decode(const CscMatrix& matrix) {
  check(matrix.format, matrix.rows, matrix.columns, matrix.columns);
  if (static_cast<std::int64_t>(matrix.pes.size()) != matrix.format.pes)
    throw std::invalid_argument(fmt::format("{} PEs, expected {}", matrix.pes.size(), matrix.format.pes));
  std::vector<std::uint8_t> result(at(matrix.rows * matrix.columns));
  for (std::int64_t p = 0; p < matrix.format.pes; ++p) {
    const CscMatrix::Pe& pe = matrix.pes[at(p)];
    if (pe.pointers.size() != at(matrix.columns + 1) || pe.pointers.front() != 0 ||
        pe.pointers.back() != pe.codes.size() || pe.indices.size() != pe.codes.size() ||
        !std::is_sorted(pe.pointers.begin(), pe.pointers.end())) {
      throw std::invalid_argument(fmt::format("PE {}: the pointers do not fit its entries", p));
    }
    for (std::int64_t column = 0; column < matrix.columns; ++column) {
      std::int64_t row = p;
      for (std::uint32_t e = pe.pointers[at(column)]; e < pe.pointers[at(column + 1)]; ++e) {
        row += pe.indices[e] * matrix.format.pes;
        if (row >= matrix.rows)
          throw std::invalid_argument(fmt::format("PE {}: an entry of column {} leaves the rows", p, column));
        result[at(row * matrix.columns + column)] = pe.codes[e];
        row += matrix.format.pes;
      }
    }
  }
  return result;
}

double expected_padding(std::int64_t own_rows, double density, int index_bits) {
  // A weight has its k-th padding entry if the k * span rows before it are there and zero.
  const std::int64_t span = std::int64_t{1} << index_bits;
  const double empty = std::pow(1 - density, static_cast<double>(span));
  double sum = 0, share = density;
  for (std::int64_t before = span; before < own_rows && share > 0; before += span) {
    share *= empty;
    sum += share * static_cast<double>(own_rows - before);
  }
  return sum;
}

PointerBanks pointer_banks(const CscMatrix::Pe& pe) {
  PointerBanks banks;
  for (std::size_t j = 0; j < pe.pointers.size(); ++j)
    (j % 2 == 0 ? banks.even : banks.odd).push_back(pe.pointers[j]);
  return banks;
}

}  // namespace heddle::workload
