// A network in integers: what the untimed reference computes and what the machine runs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "workload/network.h"

namespace heddle::workload {

/// Accumulator to code: clamp(((acc * multiplier[ch] + 2^(shift[ch]-1)) >> shift[ch]) + zero_point, low,
/// high): round half up. Then the table, when there is one. One multiplier and shift per output channel
/// (index g*M + m).
struct Requantization {
  std::vector<std::int32_t> multiplier;  ///< in [2^30, 2^31), or 0 for a channel whose scale is 0
  std::vector<std::uint8_t> shift;       ///< 1 to 62
  std::int32_t zero_point = 0;
  std::int32_t low = -128, high = 127;  ///< clamp: the code's range, or relu's and relu6's bounds
  std::vector<std::int16_t> table;      ///< 256 entries, indexed by code + 128; empty: none

  std::int16_t operator()(std::int64_t accumulator, std::int64_t channel) const;
};

/// Sums of a machine whose accumulators are narrow and have a binary point (docs/eie.md): a product loses
/// `product_shift` bits, rounded half up, and is added with saturation. The order of additions matters:
/// channels, then kernel rows, then kernel columns, each ascending, from 0.
struct FixedPointSum {
  int product_shift = 0;  ///< 0 to 31: fraction bits of weight times input less those of the sum
  int bits = 16;          ///< of the sum, with the sign; at most 31

  /// The product at the sum's binary point.
  std::int32_t term(std::int32_t weight, std::int32_t input) const {
    return rounded(static_cast<std::int64_t>(weight) * input);
  }
  std::int32_t rounded(std::int64_t product) const {
    const std::int64_t half = product_shift == 0 ? 0 : std::int64_t{1} << (product_shift - 1);
    return static_cast<std::int32_t>((product + half) >> product_shift);
  }
  std::int32_t lowest() const { return -(std::int32_t{1} << (bits - 1)); }
  std::int32_t highest() const { return (std::int32_t{1} << (bits - 1)) - 1; }
  std::int32_t add(std::int32_t sum, std::int32_t term) const {
    const std::int64_t exact = static_cast<std::int64_t>(sum) + term;
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(exact, lowest(), highest()));
  }
  friend bool operator==(const FixedPointSum&, const FixedPointSum&) = default;
};

/// One layer's integers. Tensor roles by operation; sizes as in the float layer.
struct QuantizedLayer {
  std::vector<Quantization> inputs;  ///< of each input tensor
  Quantization output;

  // conv, linear, matmul
  IntTensor weights;  ///< symmetric, per output channel; no codes when the second operand is dynamic
  std::vector<std::int16_t> codebook;  ///< the 2^b values that the weights share: [0] is 0, and so are unused
                                       ///< ones at the end; empty: weights are not shared
  std::vector<std::int64_t> bias;      ///< at accumulator scale, one per output channel (empty: none)
  std::optional<FixedPointSum> fixed_sum;      ///< absent: sums are exact
  std::optional<StructuredSparsity> sparsity;  ///< the weights keep to n of m
  Requantization requantization;

  // other operations: see workload/reference/vector_ops.h for how each uses these
  std::vector<std::int32_t> multipliers;  ///< one per input (add, mul, concat), or per channel
  std::vector<std::int64_t> offsets;  ///< per channel shift (batch_norm, layer_norm), at the multiplied scale
  std::int64_t epsilon = 0;           ///< added to the sum of squares (layer_norm, lrn), at that sum's scale
  int shift = 0;
  std::vector<std::int16_t> table;  ///< exponentials (softmax), powers (lrn)
};

/// How wide a layer's numbers are and how its weights are stored: what mapping, counting and timing need to
/// know of its tensors.
struct LayerFormat {
  std::vector<int> input_bits;  ///< of each input tensor
  int weight_bits = 8;          ///< of stored parameters: conv and linear weights, an embedding's table
  int output_bits = 8;
  std::optional<StructuredSparsity> sparsity;  ///< the weights keep to n of m
  int code_bits = 0;  ///< weights are stored as indices into a codebook of 2^code_bits values; 0: as they are
  double weight_density = 1;  ///< of weights with a codebook, the share that is not zero; 1 for others
  friend bool operator==(const LayerFormat&, const LayerFormat&) = default;
};
/// `weight_density` is counted.
LayerFormat format_of(const QuantizedLayer& layer);

/// Each weight's index in the codebook, in the order of the weights (of equal values the first: 0 for a
/// zero). Throws std::invalid_argument if there is no codebook, it has more than 256 values, or lacks a
/// weight's.
std::vector<std::uint8_t> codebook_indices(const QuantizedLayer& layer);

/// The quantized form of a network. Layers correspond by index.
struct QuantizedNetwork {
  const Network* network = nullptr;
  std::vector<QuantizedLayer> layers;
  std::vector<Quantization> tensors;  ///< by TensorId
};

}  // namespace heddle::workload
