// Operations whose output element depends on one element of each input: add, multiply, activation, batch
// norm; and rotary, on two elements of a row. A unit is an element (rotary: a row).
#include "workload/reference/vector_kernel.h"

namespace heddle::workload {
namespace {

/// add: t = x0 * multiplier0 + x1 * multiplier1. multiply: t = x0 * x1 * multiplier0.
template <bool kMultiply>
class Binary : public VectorKernel {
 public:
  Binary(const Shape& a, const Shape& b, const QuantizedLayer& q)
      : VectorKernel(element_count(a), 1), second_(StridedSource::broadcast(a, b)), q_(q) {}

  std::vector<ElementRange> input_range(std::size_t input, std::int64_t begin,
                                        std::int64_t end) const override {
    if (input == 0) return {{begin, end}};
    return second_.ranges(begin, end);
  }

  void run(std::int64_t begin, std::int64_t end, const InputCodes& in, std::int16_t* out) const override {
    const Finish finish(q_);
    const std::int64_t za = q_.inputs[0].zero_point, zb = q_.inputs[1].zero_point;
    const std::int64_t ma = q_.multipliers[0], mb = kMultiply ? 0 : q_.multipliers[1];
    second_.for_each_run(begin, end,
                         [&](std::int64_t element, std::int64_t b, std::int64_t count, std::int64_t step) {
                           for (std::int64_t i = 0; i < count; ++i) {
                             const std::int64_t x0 = in[0][element + i] - za, x1 = in[1][b + i * step] - zb;
                             out[element + i] = finish(kMultiply ? x0 * x1 * ma : x0 * ma + x1 * mb);
                           }
                         });
  }

 private:
  StridedSource second_;
  const QuantizedLayer& q_;
};

/// t = x * multiplier0.
class Unary : public VectorKernel {
 public:
  Unary(const Shape& shape, const QuantizedLayer& q) : VectorKernel(element_count(shape), 1), q_(q) {}

  std::vector<ElementRange> input_range(std::size_t, std::int64_t begin, std::int64_t end) const override {
    return {{begin, end}};
  }

  void run(std::int64_t begin, std::int64_t end, const InputCodes& in, std::int16_t* out) const override {
    const Finish finish(q_);
    const std::int64_t zero = q_.inputs[0].zero_point, multiplier = q_.multipliers[0];
    for (std::int64_t i = begin; i < end; ++i) out[i] = finish((in[0][i] - zero) * multiplier);
  }

 private:
  const QuantizedLayer& q_;
};

/// t = x * multiplier[c] + offset[c], c the index on axis 1.
class PerChannel : public VectorKernel {
 public:
  PerChannel(const Shape& shape, const QuantizedLayer& q)
      : VectorKernel(element_count(shape), 1), channels_(shape[1]), plane_(1), q_(q) {
    for (std::size_t i = 2; i < shape.size(); ++i) plane_ *= shape[i];
  }

  std::vector<ElementRange> input_range(std::size_t, std::int64_t begin, std::int64_t end) const override {
    return {{begin, end}};
  }

  void run(std::int64_t begin, std::int64_t end, const InputCodes& in, std::int16_t* out) const override {
    const Finish finish(q_);
    const std::int64_t zero = q_.inputs[0].zero_point;
    for (std::int64_t i = begin; i < end;) {
      const auto channel = static_cast<std::size_t>(i / plane_ % channels_);
      const std::int64_t multiplier = q_.multipliers[channel], offset = q_.offsets[channel];
      const std::int64_t stop = std::min(end, (i / plane_ + 1) * plane_);
      for (; i < stop; ++i) out[i] = finish((in[0][i] - zero) * multiplier + offset);
    }
  }

 private:
  std::int64_t channels_;
  std::int64_t plane_;
  const QuantizedLayer& q_;
};

/// Rows of d elements at position p, the index on the last axis but one. Pair i is (x[i], x[i + d/2]):
///   t[i] = x[i] * cos - x[i + d/2] * sin, t[i + d/2] = x[i + d/2] * cos + x[i] * sin,
/// where multipliers[p * d + i] and [p * d + d/2 + i] hold the cosine and sine of angle i, scaled.
class RotaryRows : public VectorKernel {
 public:
  RotaryRows(const Shape& shape, const QuantizedLayer& q)
      : VectorKernel(element_count(shape) / shape.back(), shape.back()),
        positions_(shape[shape.size() - 2]),
        q_(q) {}

  std::vector<ElementRange> input_range(std::size_t, std::int64_t begin, std::int64_t end) const override {
    return {{begin * unit_elements(), end * unit_elements()}};
  }

  void run(std::int64_t begin, std::int64_t end, const InputCodes& in, std::int16_t* out) const override {
    const Finish finish(q_);
    const std::int64_t zero = q_.inputs[0].zero_point, half = unit_elements() / 2;
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int16_t* x = in[0] + row * unit_elements();
      std::int16_t* y = out + row * unit_elements();
      const std::int32_t* cosines = q_.multipliers.data() + row % positions_ * unit_elements();
      const std::int32_t* sines = cosines + half;
      for (std::int64_t i = 0; i < half; ++i) {
        const std::int64_t a = x[i] - zero, b = x[i + half] - zero;
        y[i] = finish(a * cosines[i] - b * sines[i]);
        y[i + half] = finish(b * cosines[i] + a * sines[i]);
      }
    }
  }

 private:
  std::int64_t positions_;
  const QuantizedLayer& q_;
};

}  // namespace

std::shared_ptr<VectorKernel> make_elementwise(const Network& network, const Layer& layer,
                                               const QuantizedLayer& q) {
  const Shape& in = network.shape(layer.inputs[0]);
  if (std::holds_alternative<Add>(layer.operation)) {
    return std::make_shared<Binary<false>>(in, network.shape(layer.inputs[1]), q);
  }
  if (std::holds_alternative<Multiply>(layer.operation)) {
    return std::make_shared<Binary<true>>(in, network.shape(layer.inputs[1]), q);
  }
  if (std::holds_alternative<Activate>(layer.operation)) {
    return std::make_shared<Unary>(in, q);
  }
  if (std::holds_alternative<BatchNorm>(layer.operation)) {
    return std::make_shared<PerChannel>(in, q);
  }
  if (std::holds_alternative<Rotary>(layer.operation)) {
    return std::make_shared<RotaryRows>(in, q);
  }
  return nullptr;
}

}  // namespace heddle::workload
