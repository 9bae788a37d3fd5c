#include "workload/reference/float_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "workload/reference/vector_kernel.h"

namespace heddle::workload::float_kernels {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

struct Runner {
  const Operands& in;
  FloatTensor out;

  const std::vector<float>& x() const { return in.inputs[0]->values; }
  const Shape& shape() const { return in.inputs[0]->shape; }

  void operator()(const Convolution& conv) { out = convolution(conv, in); }
  void operator()(const Linear&) { out = linear(in); }
  void operator()(const MatMul& product) { out = matmul(product, in); }

  void operator()(const Pool& pool) {
    const std::int64_t rows = shape()[2], columns = shape()[3], out_columns = out.shape[3],
                       out_rows = out.shape[2];
    const Window& w = pool.window;
    for (std::int64_t i = 0; i < element_count(out.shape); ++i) {
      const std::int64_t q = i % out_columns, p = i / out_columns % out_rows,
                         plane = i / out_columns / out_rows;
      double sum = 0;
      float greatest = -std::numeric_limits<float>::infinity();
      std::int64_t inside = 0, padded = 0;
      for (std::int64_t r = 0; r < w.kernel[0]; ++r) {
        const std::int64_t h = p * w.stride[0] - w.padding[0] + r * w.dilation[0];
        for (std::int64_t s = 0; s < w.kernel[1]; ++s) {
          const std::int64_t c = q * w.stride[1] - w.padding[1] + s * w.dilation[1];
          padded += h < rows + w.padding[2] && c < columns + w.padding[3] ? 1 : 0;
          if (h < 0 || h >= rows || c < 0 || c >= columns) continue;
          const float value = x()[at((plane * rows + h) * columns + c)];
          ++inside;
          sum += value;
          greatest = std::max(greatest, value);
        }
      }
      const auto count = static_cast<double>(pool.count_padding ? padded : inside);
      out.values[at(i)] = pool.kind == Pool::Kind::max ? greatest : static_cast<float>(sum / count);
    }
  }

  void operator()(const GlobalAveragePool&) {
    const std::int64_t plane = shape()[2] * shape()[3];
    for (std::int64_t i = 0; i < element_count(out.shape); ++i) {
      double sum = 0;
      for (std::int64_t j = i * plane; j < (i + 1) * plane; ++j) sum += x()[at(j)];
      out.values[at(i)] = static_cast<float>(sum / static_cast<double>(plane));
    }
  }

  void operator()(const Add&) {
    binary([](float a, float b) { return a + b; });
  }
  void operator()(const Multiply&) {
    binary([](float a, float b) { return a * b; });
  }
  void operator()(const Activate&) { out.values = x(); }

  void operator()(const Concat& concat) {
    std::int64_t inner = 1, filled = 0;
    for (std::size_t i = at(concat.axis) + 1; i < out.shape.size(); ++i) inner *= out.shape[i];
    const std::int64_t row = out.shape[at(concat.axis)] * inner;
    for (const FloatTensor* input : in.inputs) {
      const std::int64_t part = input->shape[at(concat.axis)] * inner;
      for (std::int64_t i = 0; i < element_count(input->shape); ++i) {
        out.values[at(i / part * row + filled + i % part)] = input->values[at(i)];
      }
      filled += part;
    }
  }

  void operator()(const Softmax& softmax) {
    const std::int64_t length = shape()[at(softmax.axis)], step = strides_of(shape())[at(softmax.axis)];
    for (std::int64_t line = 0; line < element_count(shape()) / length; ++line) {
      const std::int64_t base = line / step * step * length + line % step;
      float greatest = -std::numeric_limits<float>::infinity();
      for (std::int64_t i = 0; i < length; ++i) greatest = std::max(greatest, x()[at(base + i * step)]);
      double sum = 0;
      for (std::int64_t i = 0; i < length; ++i)
        sum += std::exp(static_cast<double>(x()[at(base + i * step)] - greatest));
      for (std::int64_t i = 0; i < length; ++i) {
        const double power = std::exp(static_cast<double>(x()[at(base + i * step)] - greatest));
        out.values[at(base + i * step)] = static_cast<float>(power / sum);
      }
    }
  }

  void operator()(const LayerNorm& norm) {
    const std::int64_t n = shape().back();
    for (std::int64_t base = 0; base < element_count(shape()); base += n) {
      double sum = 0, squares = 0;
      for (std::int64_t i = 0; i < n; ++i) sum += x()[at(base + i)];
      const double mean = norm.subtract_mean ? sum / static_cast<double>(n) : 0;
      for (std::int64_t i = 0; i < n; ++i) squares += (x()[at(base + i)] - mean) * (x()[at(base + i)] - mean);
      const double deviation = std::sqrt(squares / static_cast<double>(n) + norm.epsilon);
      for (std::int64_t i = 0; i < n; ++i) {
        const double unit = deviation == 0 ? 0 : (x()[at(base + i)] - mean) / deviation;
        const double shift = in.bias.values.empty() ? 0 : in.bias.values[at(i)];
        out.values[at(base + i)] = static_cast<float>(unit * in.weights.values[at(i)] + shift);
      }
    }
  }

  void operator()(const BatchNorm&) {
    const std::int64_t channels = shape()[1], plane = strides_of(shape())[1];
    for (std::int64_t i = 0; i < element_count(shape()); ++i) {
      const std::int64_t c = i / plane % channels;
      out.values[at(i)] = in.weights.values[at(c)] * x()[at(i)] + in.bias.values[at(c)];
    }
  }

  void operator()(const LocalResponseNorm& norm) {
    const std::int64_t channels = shape()[1], plane = strides_of(shape())[1];
    for (std::int64_t i = 0; i < element_count(shape()); ++i) {
      const std::int64_t c = i / plane % channels;
      const std::int64_t first = std::max<std::int64_t>(0, c - (norm.size - 1) / 2);
      const std::int64_t last = std::min(channels - 1, c + norm.size / 2);
      double squares = 0;
      for (std::int64_t k = first; k <= last; ++k) {
        const double value = x()[at(i + (k - c) * plane)];
        squares += value * value;
      }
      const double base = norm.bias + norm.alpha / static_cast<double>(norm.size) * squares;
      out.values[at(i)] = static_cast<float>(x()[at(i)] * std::pow(base, -norm.beta));
    }
  }

  void operator()(const Embedding& embedding) {
    for (std::int64_t i = 0; i < element_count(shape()); ++i) {
      const auto row = std::clamp<std::int64_t>(std::llround(x()[at(i)]), 0, embedding.rows - 1);
      std::copy_n(in.weights.values.begin() + row * embedding.columns, embedding.columns,
                  out.values.begin() + i * embedding.columns);
    }
  }

  void operator()(const Rotary&) {
    const std::int64_t d = shape().back(), half = d / 2, positions = shape()[shape().size() - 2];
    for (std::int64_t row = 0; row < element_count(shape()) / d; ++row) {
      for (std::int64_t i = 0; i < half; ++i) {
        const double angle = static_cast<double>(row % positions) * rotary_frequency(i, d);
        const double a = x()[at(row * d + i)], b = x()[at(row * d + half + i)];
        out.values[at(row * d + i)] = static_cast<float>(a * std::cos(angle) - b * std::sin(angle));
        out.values[at(row * d + half + i)] = static_cast<float>(b * std::cos(angle) + a * std::sin(angle));
      }
    }
  }

  void operator()(const Reshape&) { out.values = x(); }

  void operator()(const Transpose& transpose) {
    const std::vector<std::int64_t> own = strides_of(shape());
    std::vector<std::int64_t> strides;
    for (const int axis : transpose.permutation) strides.push_back(own[at(axis)]);
    gather(StridedSource(out.shape, strides));
  }

  void operator()(const Slice& slice) {
    const std::vector<std::int64_t> strides = strides_of(shape());
    gather(StridedSource(out.shape, strides, slice.begin * strides[at(slice.axis)]));
  }

 private:
  template <class F>
  void binary(const F& f) {
    const std::vector<float>& b = in.inputs[1]->values;
    const auto second = StridedSource::broadcast(out.shape, in.inputs[1]->shape);
    second.for_each_run(0, element_count(out.shape),
                        [&](std::int64_t to, std::int64_t from, std::int64_t count, std::int64_t step) {
                          for (std::int64_t i = 0; i < count; ++i) {
                            out.values[at(to + i)] = f(x()[at(to + i)], b[at(from + i * step)]);
                          }
                        });
  }

  void gather(const StridedSource& source) {
    source.for_each_run(0, element_count(out.shape),
                        [&](std::int64_t to, std::int64_t from, std::int64_t count, std::int64_t step) {
                          for (std::int64_t i = 0; i < count; ++i)
                            out.values[at(to + i)] = x()[at(from + i * step)];
                        });
  }
};

}  // namespace

double rotary_frequency(std::int64_t pair, std::int64_t d) {
  return std::pow(10000.0, -2.0 * static_cast<double>(pair) / static_cast<double>(d));
}

FloatTensor run(const Operation& operation, const Operands& operands) {
  Runner runner{operands, {operands.output, {}}};
  runner.out.values.resize(at(element_count(operands.output)));
  std::visit(runner, operation);
  return std::move(runner.out);
}

}  // namespace heddle::workload::float_kernels
