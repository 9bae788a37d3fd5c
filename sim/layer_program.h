// One multiply-accumulate layer, ready to run: its loops, its integers as they lie in DRAM, and its
// post-processing.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arch/legality.h"
#include "sim/box.h"
#include "sim/eie_blocks.h"
#include "workload/quantized.h"

namespace heddle::sim {

/// Weights in storage order (g, m, r, s, kept channel). For n:m, each kept weight has its index within the
/// group of m.
struct PackedWeights {
  Box box;
  std::vector<std::int16_t> codes;
  std::vector<std::uint8_t> indices;  ///< empty when dense
};

/// `codes` is laid out (g, m, c, r, s) with the strides given; zeros fill groups that keep fewer than n.
PackedWeights pack_weights(const std::int16_t* codes, const std::array<std::int64_t, 5>& strides,
                           const arch::LayerProblem& problem);

class DotBulk;
class EieBulk;

/// Weights and arithmetic of a layer on the eie unit.
struct EieProgram {
  EieBlocks weights;
  std::vector<std::int16_t> codebook;
  workload::FixedPointSum sum;
  int pointer_bits = 16;
  /// Weights laid out for the fast machine (sim/array/eie_bulk.h), which makes it when there is none.
  std::shared_ptr<const EieBulk> bulk;
};

struct LayerProgram {
  arch::LayerProblem problem;
  arch::LayerMapping mapping;
  int accumulator_bits = 32;      ///< width of partial sums in memories
  bool groups_outermost = false;  ///< the layer's tensors are (g, n, ...): a matrix product
  bool wide = false;              ///< worst-case sums exceed 32 bits: the accumulators are simulated with 64
  PackedWeights weights;          ///< of the dot unit
  std::optional<EieProgram> eie;  ///< instead, on the eie unit
  View<const std::int16_t> inputs;  ///< (n, g, c, row, column), codes
  std::int32_t input_zero_point = 0;
  std::vector<std::int64_t> bias;  ///< per output channel g*M + m, or empty
  workload::Requantization requantization;
  /// Weights laid out for arithmetic in bulk (sim/array/dot_bulk.h), which a fast machine makes when there
  /// are none.
  std::shared_ptr<const DotBulk> bulk;
};

/// Builds the program of a conv, linear or matmul layer. `inputs` are the codes of the layer's input tensors
/// in network layout (matmul: both operands); the result points into them. `sum_bits`: width that the largest
/// possible sum needs. Throws InputError when the weights' encoded tiles do not fit the eie unit's memories.
LayerProgram make_program(const workload::Layer& layer, const workload::QuantizedLayer& quantized,
                          const std::vector<const workload::IntTensor*>& inputs,
                          const arch::LayerProblem& problem, const arch::LayerMapping& mapping,
                          const arch::Accelerator& accelerator, int sum_bits);

}  // namespace heddle::sim
