// Random eie machines, and layers with pruned, weight-shared tensors for them.
#pragma once

#include "rtl/verify/random_cases.h"

namespace heddle::verify {

/// 1 to 256 PEs, queues of 1 to 64, codes and indices of 2 to 8 bits.
arch::Accelerator random_eie(Random& random);

struct EieCase {
  arch::LayerProblem problem;
  std::vector<std::int16_t> weights;  ///< (g, m, c, r, s)
  std::vector<std::int16_t> inputs;   ///< (n, g, c, row, column)
  workload::QuantizedLayer quantized;
  sim::LayerProgram program;

  /// Points the program to this case's inputs.
  void bind();
};

/// A layer for such a machine, and a random mapping of it; nothing if that is not legal.
arch::LayerProblem random_eie_problem(Random& random, const arch::Accelerator& accelerator);
std::optional<arch::LayerMapping> draw_eie_mapping(Random& random, const arch::LayerProblem& problem,
                                                   const arch::Accelerator& accelerator);
/// A layer of at most some 20,000 multiply-accumulates under a random legal mapping.
EieCase random_eie_case(Random& random, const arch::Accelerator& accelerator);
/// Tensors for a given layer and mapping.
EieCase random_eie_case(Random& random, const arch::Accelerator& accelerator,
                        const arch::LayerProblem& problem, const arch::LayerMapping& mapping);
/// A linear layer with the given tensors under the mapping that takes the largest passes.
EieCase eie_case(const arch::Accelerator& accelerator, std::int64_t outputs,
                 const std::vector<std::int16_t>& weights, const std::vector<std::int16_t>& inputs,
                 int product_shift);

}  // namespace heddle::verify
