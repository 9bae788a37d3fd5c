#include "sim/array/dot_bulk.h"

#include <algorithm>

#include "sim/array/channels_last.h"
#include "sim/array/dot_sums.h"
#include "sim/array/requantize.h"

namespace heddle::sim {

using workload::Dim;

namespace {

std::vector<std::int16_t> dense_weights(const LayerProgram& program) {
  const auto& nm = program.problem.sparsity;
  if (!nm) return program.weights.codes;
  const std::int64_t channels = program.problem.shape.size[Dim::C], kept = program.weights.box.extent[4];
  const std::int64_t rows = program.weights.box.elements() / kept;
  std::vector<std::int16_t> dense(static_cast<std::size_t>(rows * channels), 0);
  const std::int16_t* code = program.weights.codes.data();
  const std::uint8_t* index = program.weights.indices.data();
  for (std::int64_t row = 0; row < rows; ++row, code += kept, index += kept) {
    std::int16_t* const to = dense.data() + row * channels;
    for (std::int64_t k = 0; k < kept; ++k) to[k / nm->n * nm->m + index[k]] = code[k];
  }
  return dense;
}

bool fits_byte(std::int64_t code) { return code >= -128 && code <= 127; }

/// Inputs go to oneDNN as code + 128, so its sums are off by (zero point + 128) times the channel's weights.
std::vector<std::int32_t> channel_offsets(const LayerProgram& program,
                                          const std::vector<std::int16_t>& weights) {
  const auto& size = program.problem.shape.size;
  const auto channels = static_cast<std::size_t>(size[Dim::G] * size[Dim::M]);
  const std::size_t length = weights.size() / channels;
  std::vector<std::int32_t> offsets;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    std::int64_t sum = 0;
    for (std::size_t k = 0; k < length; ++k) sum += weights[channel * length + k];
    const std::int64_t bias = program.bias.empty() ? 0 : program.bias[channel];
    offsets.push_back(
        static_cast<std::int32_t>(static_cast<std::uint32_t>(bias - (program.input_zero_point + 128) * sum)));
  }
  return offsets;
}

/// The part of the input that one group's windows reach, channels last, the zero point taken off: padding is
/// zero.
struct WindowedInputs : WindowSpan {
  std::int64_t channels;

  explicit WindowedInputs(const workload::MacShape& shape)
      : WindowSpan(shape), channels(shape.size[Dim::C]) {}

  template <class T>
  void fill(const LayerProgram& program, std::int64_t n, std::int64_t g, std::vector<T>& to) const {
    const workload::MacShape& shape = program.problem.shape;
    const auto& stride = program.inputs.stride;
    const std::int16_t* const from = program.inputs.data + n * stride[0] + g * stride[1];
    to.assign(static_cast<std::size_t>(rows * columns * channels), T{0});
    const std::int64_t first_row = std::max<std::int64_t>(0, shape.pad_top),
                       last_row = std::min(rows, shape.input_h + shape.pad_top);
    const std::int64_t first_column = std::max<std::int64_t>(0, shape.pad_left),
                       last_column = std::min(columns, shape.input_w + shape.pad_left);
    for (std::int64_t row = first_row; row < last_row; ++row) {
      for (std::int64_t column = first_column; column < last_column; ++column) {
        const std::int16_t* const source =
            from + (row - shape.pad_top) * stride[3] + (column - shape.pad_left) * stride[4];
        T* const target = to.data() + (row * columns + column) * channels;
        for (std::int64_t c = 0; c < channels; ++c)
          target[c] = static_cast<T>(source[c * stride[2]] - program.input_zero_point);
      }
    }
  }
};

/// By dot products, one output position after another.
template <class Input, class Sum>
void dot_outputs(const LayerProgram& program, const std::vector<std::int16_t>& weights,
                 std::vector<Input>& inputs, std::vector<Input>& patch, std::vector<Sum>& sums,
                 std::int16_t* codes) {
  const workload::MacShape& shape = program.problem.shape;
  const auto& size = shape.size;
  const std::int64_t M = size[Dim::M], C = size[Dim::C], positions = size[Dim::P] * size[Dim::Q];
  const std::int64_t length = size[Dim::R] * size[Dim::S] * C;
  const WindowedInputs window(shape);
  patch.resize(static_cast<std::size_t>(length));
  sums.resize(static_cast<std::size_t>(M * positions));
  for (std::int64_t n = 0; n < size[Dim::N]; ++n) {
    for (std::int64_t g = 0; g < size[Dim::G]; ++g) {
      window.fill(program, n, g, inputs);
      for (std::int64_t position = 0; position < positions; ++position) {
        const std::int64_t row = position / size[Dim::Q] * shape.stride_h,
                           column = position % size[Dim::Q] * shape.stride_w;
        Input* to = patch.data();
        for (std::int64_t r = 0; r < size[Dim::R]; ++r) {
          for (std::int64_t s = 0; s < size[Dim::S]; ++s, to += C) {
            const Input* const from =
                inputs.data() +
                ((row + r * shape.dilation_h) * window.columns + column + s * shape.dilation_w) * C;
            std::copy_n(from, C, to);
          }
        }
        dot_rows(weights.data() + g * M * length, M, patch.data(), length, sums.data() + position, positions);
      }
      for (std::int64_t m = 0; m < M; ++m, codes += positions) {
        const std::int64_t channel = g * M + m;
        const std::int64_t bias = program.bias.empty() ? 0 : program.bias[static_cast<std::size_t>(channel)];
        requantize_row(program.requantization, channel, bias, sums.data() + m * positions, positions, codes);
      }
    }
  }
}

}  // namespace

DotBulk::DotBulk(const LayerProgram& program, Arithmetic arithmetic)
    : weights_(dense_weights(program)), uses_(position_uses(program)) {
  const arch::LayerProblem& problem = program.problem;
  if (arithmetic == Arithmetic::fastest && OnednnConvolution::is_exact() && !program.wide &&
      problem.weight_bits <= 8 && problem.input_bits <= 8 && fits_byte(program.input_zero_point)) {
    convolution_ = OnednnConvolution::make(problem.shape, weights_);
    if (convolution_ == nullptr) return;
    offsets_ = channel_offsets(program, weights_);
    weights_ = {};
  }
}

void DotBulk::convolve(const LayerProgram& program, BulkScratch& scratch, std::int16_t* codes) const {
  const workload::MacShape& shape = program.problem.shape;
  const auto& size = shape.size;
  const std::int64_t N = size[Dim::N], positions = size[Dim::P] * size[Dim::Q],
                     channels = size[Dim::G] * size[Dim::M];
  const WindowSpan span(shape);
  const auto at_least = [](auto& vector, std::int64_t count) {
    if (vector.size() < static_cast<std::size_t>(count)) vector.resize(static_cast<std::size_t>(count));
  };
  at_least(scratch.bytes, N * span.rows * span.columns * size[Dim::G] * size[Dim::C]);
  at_least(scratch.narrow_sums, N * positions * channels);
  inputs_channels_last(program, scratch.bytes.data());
  convolution_->run(scratch.bytes.data(), scratch.narrow_sums.data());
  const std::int32_t* sums = scratch.narrow_sums.data();
  if (positions == 1) {
    requantize_matrix(program.requantization, channels, offsets_.data(), sums, N, codes);
    return;
  }
  for (std::int64_t n = 0; n < N; ++n, sums += positions * channels, codes += positions * channels) {
    requantize_channels_last(program.requantization, 0, channels, offsets_.data(), sums, channels, positions,
                             codes, positions);
  }
}

std::vector<std::int16_t> DotBulk::outputs(const LayerProgram& program, BulkScratch& scratch) const {
  std::vector<std::int16_t> codes(static_cast<std::size_t>(program.problem.shape.output_count()));
  if (convolution_) {
    convolve(program, scratch, codes.data());
    return codes;
  }
  // Less their zero point, inputs of 15 bits fit 16.
  if (!program.wide && program.problem.input_bits < 16) {
    dot_outputs(program, weights_, scratch.narrow_inputs, scratch.narrow_patch, scratch.narrow_sums,
                codes.data());
  } else {
    dot_outputs(program, weights_, scratch.wide_inputs, scratch.wide_patch, scratch.wide_sums, codes.data());
  }
  return codes;
}

}  // namespace heddle::sim
