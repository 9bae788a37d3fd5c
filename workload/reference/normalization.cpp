// Softmax, layer normalization (with RMS) and local response normalization.
#include <bit>

#include "workload/reference/vector_kernel.h"

namespace heddle::workload {
namespace {

/// (2 * numerator + denominator) / (2 * denominator), rounded down: the quotient rounded half up. denominator
/// > 0.
std::int64_t rounded_quotient(std::int64_t numerator, std::int64_t denominator) {
  const std::int64_t quotient = numerator / denominator, rest = numerator % denominator;
  if (rest >= 0) return quotient + (rest >= denominator - rest ? 1 : 0);
  return quotient - (-rest > denominator + rest ? 1 : 0);
}

std::uint64_t square_root(std::uint64_t value) {  // the integer part
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 31; bit != 0; bit >>= 1) {
    if ((root + bit) * (root + bit) <= value) root += bit;
  }
  return root;
}

/// Along the axis: d = greatest code - code, e = exp(-scale * d) at scale 2^15 from the table (for 16-bit
/// codes the product of coarse[d / 256] and fine[d % 256]), output = e * multiplier0 / (sum of e * 2^shift),
/// rounded half up. A unit is all that shares the indices before the axis: one row, if the axis is the last.
class SoftmaxRows : public VectorKernel {
 public:
  SoftmaxRows(const Shape& shape, std::size_t axis, const QuantizedLayer& q)
      : VectorKernel(leading(shape, axis), element_count(shape) / leading(shape, axis)),
        length_(shape[axis]),
        step_(unit_elements() / shape[axis]),
        q_(q) {}

  std::vector<ElementRange> input_range(std::size_t, std::int64_t begin, std::int64_t end) const override {
    return {{begin * unit_elements(), end * unit_elements()}};
  }

  void run(std::int64_t begin, std::int64_t end, const InputCodes& in, std::int16_t* out) const override {
    std::vector<std::int64_t> powers(static_cast<std::size_t>(length_));
    for (std::int64_t unit = begin; unit < end; ++unit) {
      for (std::int64_t line = 0; line < step_; ++line) {
        const std::int64_t base = unit * unit_elements() + line;
        one(in[0] + base, out + base, powers);
      }
    }
  }

 private:
  static std::int64_t leading(const Shape& shape, std::size_t axis) {
    std::int64_t count = 1;
    for (std::size_t i = 0; i < axis; ++i) count *= shape[i];
    return count;
  }

  std::int64_t power(std::int64_t distance) const {
    const std::vector<std::int16_t>& table = q_.table;
    if (table.size() == 256) return table[static_cast<std::size_t>(distance)];
    const std::int64_t coarse = table[static_cast<std::size_t>(distance >> 8)];
    const std::int64_t fine = table[static_cast<std::size_t>(256 + (distance & 255))];
    return (coarse * fine + (1 << 14)) >> 15;
  }

  void one(const std::int16_t* x, std::int16_t* y, std::vector<std::int64_t>& powers) const {
    std::int64_t greatest = INT16_MIN, sum = 0;
    for (std::int64_t i = 0; i < length_; ++i) greatest = std::max<std::int64_t>(greatest, x[i * step_]);
    for (std::int64_t i = 0; i < length_; ++i) {
      sum += powers[static_cast<std::size_t>(i)] = power(greatest - x[i * step_]);
    }
    const Finish finish(q_);
    for (std::int64_t i = 0; i < length_; ++i) {
      y[i * step_] = finish.code(
          rounded_quotient(powers[static_cast<std::size_t>(i)] * q_.multipliers[0], sum << q_.shift));
    }
  }

  std::int64_t length_, step_;
  const QuantizedLayer& q_;
};

/// A unit is a row of n elements. With S = sum of x, Q = sum of x^2, D = n * x - S (RMS: S taken as 0):
///   z = D / sqrt(n * Q - S^2 + epsilon) at scale 2^16, the root by integers to 31 or 32 significant bits,
///   t = z * multiplier[i] + offset[i], at scale 2^(shift + 16).
class NormRows : public VectorKernel {
 public:
  NormRows(const Shape& shape, bool subtract_mean, const QuantizedLayer& q)
      : VectorKernel(element_count(shape) / shape.back(), shape.back()),
        subtract_mean_(subtract_mean),
        q_(q) {}

  std::vector<ElementRange> input_range(std::size_t, std::int64_t begin, std::int64_t end) const override {
    return {{begin * unit_elements(), end * unit_elements()}};
  }

  void run(std::int64_t begin, std::int64_t end, const InputCodes& in, std::int16_t* out) const override {
    for (std::int64_t row = begin; row < end; ++row)
      one(in[0] + row * unit_elements(), out + row * unit_elements());
  }

 private:
  void one(const std::int16_t* x, std::int16_t* y) const {
    const std::int64_t n = unit_elements(), zero = q_.inputs[0].zero_point;
    std::int64_t sum = 0, squares = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      sum += x[i] - zero;
      squares += (x[i] - zero) * (x[i] - zero);
    }
    if (!subtract_mean_) sum = 0;
    const auto spread = static_cast<std::uint64_t>(n * squares - sum * sum + q_.epsilon);
    // Shifted left by an even number of bits so that the root has as many as 64 bits give.
    const int half = std::countl_zero(spread | 1) / 2;
    const auto root = static_cast<std::int64_t>(square_root(spread << (2 * half)));
    const Finish finish(q_, 16);
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t deviation = n * (x[i] - zero) - sum;
      const std::int64_t z = root == 0 ? 0 : normalized(deviation, half, root);
      const auto column = static_cast<std::size_t>(i);
      y[i] = finish(z * q_.multipliers[column] + (q_.offsets.empty() ? 0 : q_.offsets[column]));
    }
  }

  static std::int64_t normalized(std::int64_t deviation, int half, std::int64_t root) {
    __extension__ using Wide = __int128;  // for long rows of 16-bit codes
    const Wide scaled = static_cast<Wide>(deviation) * (Wide{1} << (half + 16));
    if (scaled > INT64_MIN / 4 && scaled < INT64_MAX / 4)
      return rounded_quotient(static_cast<std::int64_t>(scaled), root);
    const Wide doubled = 2 * scaled + root, quotient = doubled / (2 * root);
    return static_cast<std::int64_t>(doubled % (2 * root) < 0 ? quotient - 1 : quotient);
  }

  bool subtract_mean_;
  const QuantizedLayer& q_;
};

/// Across channels (axis 1); a unit is an (n, c) plane. With S = sum of x^2 over the window,
/// u = S * 2^16 + epsilon = 2^e * (1 + f): t = x * multiplier[e] * power, where power is (1 + f)^-beta at
/// scale 2^14, from 257 table entries with linear interpolation; t is at scale 2^(shift + 14).
class ResponseNorm : public VectorKernel {
 public:
  ResponseNorm(const Shape& shape, std::int64_t size, const QuantizedLayer& q)
      : VectorKernel(shape[0] * shape[1], element_count(shape) / shape[0] / shape[1]),
        channels_(shape[1]),
        size_(size),
        q_(q) {}

  std::vector<ElementRange> input_range(std::size_t, std::int64_t begin, std::int64_t end) const override {
    std::vector<ElementRange> result;
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const auto [first, last] = window(unit);
      result.emplace_back(first * unit_elements(), last * unit_elements());
    }
    return merged(std::move(result));
  }

  void run(std::int64_t begin, std::int64_t end, const InputCodes& in, std::int16_t* out) const override {
    const Finish finish(q_, 14);
    const std::int64_t zero = q_.inputs[0].zero_point;
    std::vector<std::int64_t> squares(static_cast<std::size_t>(unit_elements()));
    for (std::int64_t unit = begin; unit < end; ++unit) {
      std::fill(squares.begin(), squares.end(), 0);
      const auto [first, last] = window(unit);
      for (std::int64_t c = first; c < last; ++c) {
        for (std::int64_t i = 0; i < unit_elements(); ++i) {
          const std::int64_t x = in[0][c * unit_elements() + i] - zero;
          squares[static_cast<std::size_t>(i)] += x * x;
        }
      }
      for (std::int64_t i = 0; i < unit_elements(); ++i) {
        const std::int64_t element = unit * unit_elements() + i;
        out[element] = finish((in[0][element] - zero) * factor(squares[static_cast<std::size_t>(i)]));
      }
    }
  }

 private:
  /// Planes [first, last) of the window around this one: (size - 1) / 2 before it, size / 2 after it.
  std::pair<std::int64_t, std::int64_t> window(std::int64_t unit) const {
    const std::int64_t image = unit / channels_ * channels_, c = unit % channels_;
    return {image + std::max<std::int64_t>(0, c - (size_ - 1) / 2),
            image + std::min(channels_, c + size_ / 2 + 1)};
  }

  std::int64_t factor(std::int64_t squares) const {
    const auto u = static_cast<std::uint64_t>(std::max<std::int64_t>(1, (squares << 16) + q_.epsilon));
    const int exponent = std::bit_width(u) - 1;
    const std::uint64_t fraction = u << (63 - exponent) << 1;  // 64 bits after the leading one
    const auto index = static_cast<std::size_t>(fraction >> 56);
    const auto between = static_cast<std::int64_t>(fraction >> 40 & 0xffff);
    const std::int64_t power =
        (q_.table[index] * (65536 - between) + q_.table[index + 1] * between + (1 << 15)) >> 16;
    return q_.multipliers[static_cast<std::size_t>(exponent)] * power;
  }

  std::int64_t channels_, size_;
  const QuantizedLayer& q_;
};

}  // namespace

std::shared_ptr<VectorKernel> make_normalization(const Network& network, const Layer& layer,
                                                 const QuantizedLayer& q) {
  const Shape& in = network.shape(layer.inputs[0]);
  if (const auto* softmax = std::get_if<Softmax>(&layer.operation)) {
    return std::make_shared<SoftmaxRows>(in, static_cast<std::size_t>(softmax->axis), q);
  }
  if (const auto* norm = std::get_if<LayerNorm>(&layer.operation)) {
    return std::make_shared<NormRows>(in, norm->subtract_mean, q);
  }
  if (const auto* norm = std::get_if<LocalResponseNorm>(&layer.operation)) {
    return std::make_shared<ResponseNorm>(in, norm->size, q);
  }
  return nullptr;
}

}  // namespace heddle::workload
