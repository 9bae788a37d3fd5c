// What each operation of the vector unit implements, and what several of them share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "workload/reference/vector_ops.h"

namespace heddle::workload {

using InputCodes = std::vector<const std::int16_t*>;

/// A unit is `unit_elements()` consecutive output elements.
class VectorKernel {
 public:
  virtual ~VectorKernel() = default;

  std::int64_t units() const { return units_; }
  std::int64_t unit_elements() const { return unit_elements_; }
  virtual std::vector<ElementRange> input_range(std::size_t input, std::int64_t begin,
                                                std::int64_t end) const = 0;
  virtual void run(std::int64_t begin, std::int64_t end, const InputCodes& inputs,
                   std::int16_t* output) const = 0;

  std::int64_t operations_per_element = 0;

 protected:
  VectorKernel(std::int64_t units, std::int64_t unit_elements)
      : units_(units), unit_elements_(unit_elements) {}

 private:
  std::int64_t units_;
  std::int64_t unit_elements_;
};

/// From a number at scale 2^shift to an output code; see vector_ops.h.
class Finish {
 public:
  explicit Finish(const QuantizedLayer& quantized, int extra_shift = 0)
      : stage_(quantized.requantization), shift_(quantized.shift + extra_shift) {}

  std::int16_t operator()(std::int64_t scaled) const {
    return code(shift_ == 0 ? scaled : (scaled + (std::int64_t{1} << (shift_ - 1))) >> shift_);
  }
  /// The same for a number that is already rounded to whole codes.
  std::int16_t code(std::int64_t rounded) const {
    const std::int64_t clamped =
        std::clamp<std::int64_t>(rounded + stage_.zero_point, stage_.low, stage_.high);
    return stage_.table.empty() ? static_cast<std::int16_t>(clamped)
                                : stage_.table[static_cast<std::size_t>(clamped + 128)];
  }

 private:
  const Requantization& stage_;
  int shift_;
};

/// Sorts ranges and joins those that overlap or touch.
std::vector<ElementRange> merged(std::vector<ElementRange> ranges);

/// Where the elements of a row-major output come from in an input: one stride for each axis of the output (0:
/// broadcast).
class StridedSource {
 public:
  StridedSource(const Shape& output, const std::vector<std::int64_t>& strides, std::int64_t base = 0);
  /// An operand of `shape`, broadcast to `output` by numpy's rule.
  static StridedSource broadcast(const Shape& output, const Shape& shape);

  /// Calls f(output element, source element, count, step) for runs of output elements whose sources are
  /// `step` apart.
  template <class F>
  void for_each_run(std::int64_t begin, std::int64_t end, const F& f) const {
    const std::int64_t row = extents_.back();
    for (std::int64_t element = begin; element < end;) {
      const std::int64_t column = element % row;
      const std::int64_t count = std::min(row - column, end - element);
      f(element, row_source(element / row) + column * strides_.back(), count, strides_.back());
      element += count;
    }
  }
  std::vector<ElementRange> ranges(std::int64_t begin, std::int64_t end) const;

 private:
  std::int64_t row_source(std::int64_t row) const;

  std::vector<std::int64_t> extents_;  ///< axes that could be joined are joined
  std::vector<std::int64_t> strides_;
  std::int64_t base_;
};

/// Row-major strides of a shape.
std::vector<std::int64_t> strides_of(const Shape& shape);

/// Throws std::invalid_argument where `q` lacks a constant that the layer's operation needs to run.
void check_constants(const Network& network, const Layer& layer, const QuantizedLayer& q);

// One maker for each file of operations; null for a layer of another kind. Kernels refer to `q`, and read it
// when they run.
std::shared_ptr<VectorKernel> make_elementwise(const Network& network, const Layer& layer,
                                               const QuantizedLayer& q);
std::shared_ptr<VectorKernel> make_move(const Network& network, const Layer& layer, const QuantizedLayer& q);
std::shared_ptr<VectorKernel> make_pooling(const Network& network, const Layer& layer,
                                           const QuantizedLayer& q);
std::shared_ptr<VectorKernel> make_normalization(const Network& network, const Layer& layer,
                                                 const QuantizedLayer& q);

}  // namespace heddle::workload
