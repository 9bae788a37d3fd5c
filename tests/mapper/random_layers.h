// Layers of every kind for property tests: sizes of 1, primes, strides, groups, dilation, matrix products.
#pragma once

#include <fmt/format.h>

#include <random>

#include "arch/legality.h"

namespace heddle {

inline std::int64_t pick(std::mt19937_64& random, const std::vector<std::int64_t>& from) {
  return from[random() % from.size()];
}

/// A layer that fits the unit's operand widths; half of those for an n:m unit keep to its n:m.
inline arch::LayerProblem random_layer(std::mt19937_64& random, const arch::ArrayUnit& unit) {
  using workload::Dim;
  arch::LayerProblem problem;
  workload::MacShape& shape = problem.shape;
  problem.name = fmt::format("layer-{}", random() % 1000000);
  const std::uint64_t kind = random() % 4;
  shape.size[Dim::N] = pick(random, {1, 1, 1, 2, 3, 7});
  if (kind < 2) {
    shape.size[Dim::M] = pick(random, {1, 2, 3, 7, 13, 16, 31, 64, 97, 256, 512});
    shape.size[Dim::C] = pick(random, {1, 3, 4, 5, 8, 16, 17, 61, 64, 255, 512});
    shape.size[Dim::P] = pick(random, {1, 2, 5, 7, 13, 14, 28, 56, 113});
    shape.size[Dim::Q] = pick(random, {1, 2, 5, 7, 13, 14, 28, 56, 113});
    shape.size[Dim::R] = pick(random, {1, 1, 2, 3, 5, 7, 11});
    shape.size[Dim::S] = pick(random, {1, 1, 2, 3, 5, 7, 11});
    shape.stride_h = pick(random, {1, 1, 2, 4});
    shape.stride_w = pick(random, {1, 1, 2, 3});
    shape.dilation_h = pick(random, {1, 1, 2});
    shape.dilation_w = pick(random, {1, 1, 3});
    shape.pad_top = shape.size[Dim::R] / 2;
    shape.pad_left = shape.size[Dim::S] / 2;
    if (kind == 1) {  // grouped or depthwise
      shape.size[Dim::G] = pick(random, {2, 3, 8, 32, 97});
      if (random() % 2 == 0) shape.size[Dim::M] = shape.size[Dim::C] = 1;
    }
  } else {
    shape.size[Dim::N] = pick(random, {1, 2, 5, 64, 127, 128});
    shape.size[Dim::M] = pick(random, {1, 10, 64, 127, 768, 1000, 4096});
    shape.size[Dim::C] = pick(random, {1, 3, 64, 101, 768, 2048, 25088});
    if (kind == 3) shape.size[Dim::G] = pick(random, {1, 12, 13});
  }
  shape.input_h =
      std::max<std::int64_t>(1, (shape.size[Dim::P] - 1) * shape.stride_h +
                                    (shape.size[Dim::R] - 1) * shape.dilation_h + 1 - 2 * shape.pad_top);
  shape.input_w =
      std::max<std::int64_t>(1, (shape.size[Dim::Q] - 1) * shape.stride_w +
                                    (shape.size[Dim::S] - 1) * shape.dilation_w + 1 - 2 * shape.pad_left);
  problem.weight_bits = static_cast<int>(pick(random, {2, 4, unit.bits.weights}));
  problem.input_bits = static_cast<int>(pick(random, {4, unit.bits.activations}));
  problem.output_bits = problem.input_bits;
  if (unit.sparsity && random() % 2 == 0) problem.sparsity = unit.sparsity;
  return problem;
}

}  // namespace heddle
