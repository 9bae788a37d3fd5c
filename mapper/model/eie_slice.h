// Entries of one PE's slice of one column of the `eie` unit, when every weight is kept with the same
// probability, independently: their distribution, and what follows from it for the matrix SRAM.
// docs/eie-model.md.
#pragma once

#include <vector>

namespace heddle::mapper {

/// P(n entries), n = 0, ..., rows, of a slice of `rows` rows: weights and padding entries. Each row is kept
/// with probability `density` (0 to 1); a relative index of `index_bits` bits counts up to 2^index_bits - 1
/// zeros.
std::vector<double> slice_entries(int rows, double density, int index_bits);

/// Expected values of one slice.
struct SliceMeans {
  double entries = 0;  ///< padding included
  double padding = 0;
  double empty = 0;  ///< probability
  double work = 0;   ///< cycles that a PE spends: an empty slice takes one
};

/// From slice_entries().
SliceMeans slice_means(const std::vector<double>& entries, double density);

/// Expected words of the matrix SRAM that a read of a slice touches: the mean over a block of so many
/// columns. The first slice begins with a word of `entries_per_word` entries, the others follow without gaps.
double slice_words(const std::vector<double>& entries, int entries_per_word, int columns);

}  // namespace heddle::mapper
