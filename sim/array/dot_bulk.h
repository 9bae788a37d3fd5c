// All outputs of a multiply-accumulate layer at once, for the fast dot unit: exact integer sums of the packed
// weights with the inputs, then the post-processing unit's arithmetic. Nothing here knows of passes or steps.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/array/onednn_convolution.h"
#include "sim/array/zero_inputs.h"
#include "sim/layer_program.h"

namespace heddle::sim {

/// Memory for sums and rearranged inputs, kept from layer to layer.
struct BulkScratch {
  std::vector<std::int16_t> narrow_inputs, narrow_patch;
  std::vector<std::int32_t> wide_inputs, wide_patch;
  std::vector<std::int32_t> narrow_sums;
  std::vector<std::int64_t> wide_sums;
  std::vector<std::uint8_t> bytes;
};

class DotBulk {
 public:
  /// Whose products and sums: oneDNN's where they are exact, which is for operands of at most 8 bits and sums
  /// of 32 on processors that have the instructions; else dot products of our own.
  enum class Arithmetic : std::uint8_t { fastest, own };

  /// Packs the program's weights: n:m groups are filled up with zeros.
  explicit DotBulk(const LayerProgram& program, Arithmetic arithmetic = Arithmetic::fastest);

  /// The codes of the program that it was made for, in (n, g, m, p, q) order.
  std::vector<std::int16_t> outputs(const LayerProgram& program, BulkScratch& scratch) const;
  /// Multiplies whose input is not zero.
  std::int64_t nonzero_multiplies(const LayerProgram& program) const {
    return sim::nonzero_multiplies(program, uses_);
  }

 private:
  void convolve(const LayerProgram& program, BulkScratch& scratch, std::int16_t* codes) const;

  std::vector<std::int16_t> weights_;  ///< (g, m, r, s, c), dense; none for oneDNN, which has its own
  std::unique_ptr<OnednnConvolution> convolution_;
  std::vector<std::int32_t> offsets_;  ///< by channel: what bias and the inputs' zero add to oneDNN's sums
  PositionUses uses_;
};

}  // namespace heddle::sim
