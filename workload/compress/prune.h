// Magnitude pruning: to a density, or to n of every m weights along the reduction (Han et al., NIPS 2015;
// Mishra et al., "Accelerating Sparse Deep Neural Networks", 2021).
#pragma once

#include <cstdint>
#include <optional>

#include "workload/quantized.h"

namespace heddle::workload {

/// Sets all weights but the round(density * count) greatest in magnitude to zero; of equal ones, those that
/// come first stay. Throws std::invalid_argument for a density outside [0, 1].
void prune_to_density(FloatTensor& weights, double density);

/// `weights` [M, C, R, S] or [M, C]: of every m consecutive input channels, for each output channel and
/// kernel position, keeps the n weights greatest in magnitude (of equal ones, those that come first); of the
/// last group, when m does not divide C, min(n, its size). Throws std::invalid_argument for another shape, or
/// unless 1 <= n <= m.
void prune_structured(FloatTensor& weights, const StructuredSparsity& sparsity);

/// Where weights of this shape break n of m: the output channel of the first group with more than n that are
/// not zero. Nothing if they keep to it.
std::optional<std::int64_t> first_violation(const IntTensor& weights, const StructuredSparsity& sparsity);
std::optional<std::int64_t> first_violation(const FloatTensor& weights, const StructuredSparsity& sparsity);
inline bool keeps_to(const IntTensor& weights, const StructuredSparsity& sparsity) {
  return !first_violation(weights, sparsity);
}
inline bool keeps_to(const FloatTensor& weights, const StructuredSparsity& sparsity) {
  return !first_violation(weights, sparsity);
}

}  // namespace heddle::workload
