// Operations that move codes: reshape, transpose, slice (codes unchanged), concat (each input rescaled to the
// output's quantization), embedding (rows of a table of codes). A unit is an element; embedding: one
// looked-up row.
#include "workload/reference/vector_kernel.h"

namespace heddle::workload {
namespace {

/// Output element i is input element source(i).
class Gather : public VectorKernel {
 public:
  Gather(const Shape& output, StridedSource source)
      : VectorKernel(element_count(output), 1), source_(std::move(source)) {}

  std::vector<ElementRange> input_range(std::size_t, std::int64_t begin, std::int64_t end) const override {
    return source_.ranges(begin, end);
  }

  void run(std::int64_t begin, std::int64_t end, const InputCodes& in, std::int16_t* out) const override {
    source_.for_each_run(begin, end,
                         [&](std::int64_t to, std::int64_t from, std::int64_t count, std::int64_t step) {
                           for (std::int64_t i = 0; i < count; ++i) out[to + i] = in[0][from + i * step];
                         });
  }

 private:
  StridedSource source_;
};

/// Along the axis, input k fills the positions from start_[k] on. t = x * multiplier[k].
class Join : public VectorKernel {
 public:
  Join(const Network& network, const Layer& layer, std::size_t axis, const QuantizedLayer& q)
      : VectorKernel(element_count(network.shape(layer.output)), 1), q_(q) {
    const Shape& shape = network.shape(layer.output);
    std::int64_t inner = 1;
    for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
    for (const TensorId input : layer.inputs) {
      start_.push_back(row_);
      row_ += network.shape(input)[axis] * inner;
    }
    start_.push_back(row_);
  }

  std::vector<ElementRange> input_range(std::size_t input, std::int64_t begin,
                                        std::int64_t end) const override {
    std::vector<ElementRange> result;
    for_each_run(begin, end, [&](std::size_t k, std::int64_t, std::int64_t from, std::int64_t count) {
      if (k == input) result.emplace_back(from, from + count);
    });
    return merged(std::move(result));
  }

  void run(std::int64_t begin, std::int64_t end, const InputCodes& in, std::int16_t* out) const override {
    const Finish finish(q_);
    for_each_run(begin, end, [&](std::size_t k, std::int64_t to, std::int64_t from, std::int64_t count) {
      const std::int64_t zero = q_.inputs[k].zero_point, multiplier = q_.multipliers[k];
      for (std::int64_t i = 0; i < count; ++i) out[to + i] = finish((in[k][from + i] - zero) * multiplier);
    });
  }

 private:
  /// f(input, output element, input element, count) for stretches that come from one input.
  template <class F>
  void for_each_run(std::int64_t begin, std::int64_t end, const F& f) const {
    for (std::int64_t element = begin; element < end;) {
      const std::int64_t row = element / row_, column = element % row_;
      const auto k = static_cast<std::size_t>(std::upper_bound(start_.begin(), start_.end(), column) -
                                              start_.begin() - 1);
      const std::int64_t count = std::min(start_[k + 1] - column, end - element);
      f(k, element, row * (start_[k + 1] - start_[k]) + column - start_[k], count);
      element += count;
    }
  }

  std::vector<std::int64_t> start_;  ///< in elements of an output row; one more at the end
  std::int64_t row_ = 0;             ///< elements of all inputs for one index of the outer axes
  const QuantizedLayer& q_;
};

/// Codes of row `index` of the table in QuantizedLayer::weights; index = code - zero point, kept within the
/// table.
class Lookup : public VectorKernel {
 public:
  Lookup(const Shape& indices, std::int64_t rows, std::int64_t columns, const QuantizedLayer& q)
      : VectorKernel(element_count(indices), columns), rows_(rows), q_(q) {}

  std::vector<ElementRange> input_range(std::size_t, std::int64_t begin, std::int64_t end) const override {
    return {{begin, end}};
  }

  void run(std::int64_t begin, std::int64_t end, const InputCodes& in, std::int16_t* out) const override {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t index = std::clamp<std::int64_t>(in[0][i] - q_.inputs[0].zero_point, 0, rows_ - 1);
      std::copy_n(q_.weights.codes.data() + index * unit_elements(), unit_elements(),
                  out + i * unit_elements());
    }
  }

 private:
  std::int64_t rows_;
  const QuantizedLayer& q_;
};

}  // namespace

std::shared_ptr<VectorKernel> make_move(const Network& network, const Layer& layer, const QuantizedLayer& q) {
  const Shape& in = network.shape(layer.inputs[0]);
  const Shape& out = network.shape(layer.output);
  if (std::holds_alternative<Reshape>(layer.operation)) {
    return std::make_shared<Gather>(out, StridedSource(out, strides_of(out)));
  }
  if (const auto* transpose = std::get_if<Transpose>(&layer.operation)) {
    const std::vector<std::int64_t> own = strides_of(in);
    std::vector<std::int64_t> strides;
    for (const int axis : transpose->permutation) strides.push_back(own[static_cast<std::size_t>(axis)]);
    return std::make_shared<Gather>(out, StridedSource(out, strides));
  }
  if (const auto* slice = std::get_if<Slice>(&layer.operation)) {
    const std::vector<std::int64_t> strides = strides_of(in);
    return std::make_shared<Gather>(
        out, StridedSource(out, strides, slice->begin * strides[static_cast<std::size_t>(slice->axis)]));
  }
  if (const auto* concat = std::get_if<Concat>(&layer.operation)) {
    return std::make_shared<Join>(network, layer, static_cast<std::size_t>(concat->axis), q);
  }
  if (const auto* embedding = std::get_if<Embedding>(&layer.operation)) {
    return std::make_shared<Lookup>(in, embedding->rows, embedding->columns, q);
  }
  return nullptr;
}

}  // namespace heddle::workload
