// Compressed sparse columns, interleaved over processing elements, with relative row indices: the form in
// which the eie array keeps and walks a pruned, weight-shared matrix (Han et al., ISCA 2016, section III.B;
// docs/eie.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle::workload {

struct CscFormat {
  std::int64_t pes = 64;  ///< row i lives in PE i mod pes; at least 1
  int code_bits = 4;      ///< v, an index into the codebook: 2 to 8; index 0 is the value zero
  int index_bits = 4;     ///< z, the zeros before an entry: 2 to 8

  constexpr int entry_bits() const { return code_bits + index_bits; }
  friend bool operator==(const CscFormat&, const CscFormat&) = default;
};

/// One block of a layer's weights: an output in every row, an input in every column.
struct CscMatrix {
  struct Pe {
    std::vector<std::uint32_t>
        pointers;                       ///< columns + 1: the entries of column j begin at [j], end at [j + 1]
    std::vector<std::uint8_t> codes;    ///< v of each entry; 0 for padding
    std::vector<std::uint8_t> indices;  ///< z of each entry: zeros among this PE's rows before it

    std::int64_t entries() const { return static_cast<std::int64_t>(codes.size()); }
    std::int64_t entries(std::int64_t column) const {
      return std::int64_t{pointers[static_cast<std::size_t>(column) + 1]} -
             pointers[static_cast<std::size_t>(column)];
    }
    friend bool operator==(const Pe&, const Pe&) = default;
  };

  CscFormat format;
  std::int64_t rows = 0, columns = 0;
  std::vector<Pe> pes;

  /// Of all PEs, padding included.
  std::int64_t entries() const;
  /// Entries of value zero, which bridge more zeros than an index can express.
  std::int64_t padding_entries() const;
  /// Entries of the PE that has the most: what its matrix memory must hold.
  std::int64_t most_entries() const;
  std::int64_t entry_bits() const { return entries() * format.entry_bits(); }
  /// Columns + 1 pointers in every PE.
  std::int64_t pointer_bits(int bits_of_one = 16) const { return format.pes * (columns + 1) * bits_of_one; }
  friend bool operator==(const CscMatrix&, const CscMatrix&) = default;
};

/// `codes`: codebook indices, row-major, 0 for a weight that is zero; rows are `row_stride` apart (at least
/// `columns`). Takes time for rows * columns. Throws std::invalid_argument for a format beyond its bounds,
/// negative sizes, a code of more than code_bits, or a PE of 2^32 entries or more.
CscMatrix encode(const std::uint8_t* codes, std::int64_t rows, std::int64_t columns, std::int64_t row_stride,
                 const CscFormat& format);

/// The codes that were encoded, row-major without gaps. Throws std::invalid_argument for entries that leave
/// the matrix or pointers that do not ascend from 0 to the number of entries.
std::vector<std::uint8_t> decode(const CscMatrix& matrix);

/// Padding entries to be expected in one PE's slice of a column that has `own_rows` rows of the PE, each of
/// them not zero with probability `density`, whatever the others are. Entries are own_rows * density more.
double expected_padding(std::int64_t own_rows, double density, int index_bits);

/// A PE's pointers in two banks of one port each, so that both ends of a slice are read in one cycle: pointer
/// j is word j / 2 of the bank j mod 2.
struct PointerBanks {
  std::vector<std::uint32_t> even, odd;
};
PointerBanks pointer_banks(const CscMatrix::Pe& pe);

/// Where an entry stands in a matrix memory of words of 2^entry_bits entries. The paper's pointers of 16 bits
/// have 13 bits for the word and 3 for the entry: words of 64 bits hold 8 entries of 8.
struct EntryAddress {
  std::uint32_t word = 0;
  std::uint32_t entry = 0;
  friend bool operator==(const EntryAddress&, const EntryAddress&) = default;
};

/// Entries that a word of so many bits holds; 0 if it is narrower than one.
constexpr std::int64_t entries_per_word(std::int64_t word_bits, const CscFormat& format) {
  return word_bits / format.entry_bits();
}
/// `per_word`: at least 1. A division, and a split of bits where per_word is a power of two.
constexpr EntryAddress split_pointer(std::uint32_t pointer, std::int64_t per_word) {
  return {static_cast<std::uint32_t>(pointer / per_word), static_cast<std::uint32_t>(pointer % per_word)};
}

}  // namespace heddle::workload
