// Integer arithmetic of every operation that is no multiply-accumulate layer. The reference runs a layer in
// one go; the machine's vector unit runs the same code tile by tile.
//
// All arithmetic is on codes less their zero point, x = code - zero point, in 64-bit integers. Unless an
// operation says otherwise, its result is a number t at scale 2^shift (QuantizedLayer::shift), and the output
// code is
//   finish(t) = clamp(((t + 2^(shift-1)) >> shift) + zero_point, low, high), then the table if there is one,
// with zero_point, low, high and table of QuantizedLayer::requantization: round half up, relu and relu6 as
// bounds, other activations by a table behind an 8-bit code. docs/vector-unit.md has the formula, the unit
// and the cost of each.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "workload/network.h"
#include "workload/quantized.h"

namespace heddle::workload {

/// Contiguous elements [first, second) of a tensor.
using ElementRange = std::pair<std::int64_t, std::int64_t>;

class VectorKernel;

/// One layer, cut into independent units in the order of the output tensor: elements, rows, or (n, c) planes.
/// Copies are cheap and share what was prepared.
class VectorOp {
 public:
  /// `network` is not kept; `quantized` is read by run() and must outlive the result. Throws
  /// std::invalid_argument for a conv, linear or matmul layer, and where `quantized` lacks a constant that
  /// the operation needs.
  static VectorOp make(const Network& network, int layer, const QuantizedLayer& quantized);
  /// The same without constants, for those who only count: run() throws std::logic_error.
  static VectorOp without_constants(const Network& network, int layer);

  std::int64_t units() const;
  /// Elementary operations of all units, at the cost per element of docs/vector-unit.md.
  std::int64_t operations() const;
  std::int64_t operations(std::int64_t unit_begin, std::int64_t unit_end) const;

  /// Elements of input `input` that these units read: ascending, disjoint, not adjacent.
  std::vector<ElementRange> input_range(std::size_t input, std::int64_t unit_begin,
                                        std::int64_t unit_end) const;
  /// Elements of the output that these units produce.
  ElementRange output_range(std::int64_t unit_begin, std::int64_t unit_end) const;

  /// Computes these units. `inputs` and `output` point to the first element of whole tensors; only the ranges
  /// above are read and written.
  void run(std::int64_t unit_begin, std::int64_t unit_end, const std::vector<const std::int16_t*>& inputs,
           std::int16_t* output) const;

 private:
  VectorOp(std::shared_ptr<const VectorKernel> kernel, bool has_constants)
      : kernel_(std::move(kernel)), has_constants_(has_constants) {}

  std::shared_ptr<const VectorKernel> kernel_;
  bool has_constants_;
};

/// Elementary operations of one output element (one unit for those that count by unit), from
/// docs/vector-unit.md.
std::int64_t operations_per_element(const Network& network, const Layer& layer);

}  // namespace heddle::workload
