// Small networks that use everything there is.
#pragma once

#include <string>

namespace heddle::end_to_end {

// Operations of every kind, two branches, shapes of size 1 and prime shapes.
inline const std::string kMixed = R"(name: mixed
input: [1, 3, 13, 11]
layers:
  - {name: stem, op: conv, out: 7, kernel: [3, 5], stride: [2, 1], padding: [1, 2], activation: relu}
  - {name: depthwise, op: conv, out: 7, kernel: 3, padding: 1, groups: 7, activation: hard_swish}
  - {name: point, op: conv, out: 7, kernel: 1, bias: false}
  - {name: sum, op: add, from: [point, stem], activation: relu}
  - {name: dilated, op: conv, out: 1, kernel: 3, dilation: 2}
  - {name: pool, op: max_pool, from: sum, kernel: 3, stride: 2, padding: 1}
  - {name: mean, op: average_pool, from: sum, kernel: 2}
  - {name: squeeze, op: global_average_pool, from: pool}
  - {name: flat, op: flatten}
  - {name: gate, op: linear, out: 1, activation: sigmoid}
  - {name: fc, op: linear, out: 17, from: flat, activation: gelu}
  - {name: scores, op: softmax}
)";

// Products of two dynamic operands.
inline const std::string kAttention = R"(name: attention
input: [1, 5, 12]
layers:
  - {name: q, op: linear, out: 12, from: input}
  - {name: k, op: linear, out: 12, from: input}
  - {name: v, op: linear, out: 12, from: input}
  - {name: q_heads, op: reshape, shape: [1, 5, 3, 4], from: q}
  - {name: k_heads, op: reshape, shape: [1, 5, 3, 4], from: k}
  - {name: v_heads, op: reshape, shape: [1, 5, 3, 4], from: v}
  - {name: q_rows, op: transpose, permutation: [0, 2, 1, 3], from: q_heads}
  - {name: k_rows, op: transpose, permutation: [0, 2, 1, 3], from: k_heads}
  - {name: v_rows, op: transpose, permutation: [0, 2, 1, 3], from: v_heads}
  - {name: scores, op: matmul, transpose_b: true, from: [q_rows, k_rows]}
  - {name: weights, op: softmax}
  - {name: mix, op: matmul, from: [weights, v_rows]}
  - {name: norm, op: layer_norm}
)";

}  // namespace heddle::end_to_end
