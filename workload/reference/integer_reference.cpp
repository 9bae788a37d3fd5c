#include "workload/reference/integer_reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <stdexcept>
#include <type_traits>

#include "workload/live_ranges.h"
#include "workload/reference/dot_kernels.h"
#include "workload/reference/mac_operands.h"
#include "workload/reference/matrices.h"
#include "workload/reference/vector_ops.h"

namespace heddle::workload {
namespace {

using reference::kBlock;
using reference::MacOperands;

// Output positions whose inputs are laid out for the dot products at a time.
constexpr std::int64_t kPositions = 64;

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

/// Inputs less their zero point, laid out for one group: patch[position][c, r, s], 0 in the padding. A
/// position is (n * P + p) * Q + q.
template <class T>
void gather(const MacOperands& op, std::int64_t group, std::int64_t begin, std::int64_t end,
            std::vector<T>& patches) {
  const MacShape& s = op.shape;
  const std::int64_t channels = s.size[Dim::C], rows = s.size[Dim::R], columns = s.size[Dim::S];
  const std::int64_t length = channels * rows * columns;
  const std::int64_t plane = s.input_h * s.input_w;
  for (std::int64_t position = begin; position < end; ++position) {
    const std::int64_t q = position % s.size[Dim::Q];
    const std::int64_t p = position / s.size[Dim::Q] % s.size[Dim::P];
    const std::int64_t n = position / s.size[Dim::Q] / s.size[Dim::P];
    const std::int16_t* source = op.inputs + op.image(group, n) * channels * plane;
    const std::int64_t top = p * s.stride_h - s.pad_top, left = q * s.stride_w - s.pad_left;
    T* patch = patches.data() + (position - begin) * length;
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t h = top + r * s.dilation_h;
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::int64_t w = left + c * s.dilation_w;
        T* to = patch + r * columns + c;
        if (h < 0 || h >= s.input_h || w < 0 || w >= s.input_w) {
          for (std::int64_t k = 0; k < channels; ++k) to[k * rows * columns] = 0;
          continue;
        }
        const std::int16_t* from = source + h * s.input_w + w;
        for (std::int64_t k = 0; k < channels; ++k) {
          to[k * rows * columns] = static_cast<T>(from[k * plane] - op.input_zero_point);
        }
      }
    }
  }
}

/// Dot products of all output channels of a group with the patches of `count` positions: put(m, j, sum).
template <class Put>
void multiply(const std::int16_t* weights, std::int64_t channels, std::int64_t length,
              const std::vector<std::int16_t>& patches, std::int64_t count, const Put& put) {
  const auto weight = [&](std::int64_t m) { return weights + m * length; };
  const auto patch = [&](std::int64_t j) { return patches.data() + j * length; };
  const std::int64_t whole_m = channels / kBlock * kBlock, whole_j = count / kBlock * kBlock;
  for (std::int64_t m = 0; m < whole_m; m += kBlock) {
    const std::int16_t* const w[kBlock] = {weight(m), weight(m + 1), weight(m + 2), weight(m + 3)};
    for (std::int64_t j = 0; j < whole_j; j += kBlock) {
      const std::int16_t* const x[kBlock] = {patch(j), patch(j + 1), patch(j + 2), patch(j + 3)};
      std::int32_t sums[kBlock * kBlock];
      reference::dot_block(w, x, length, sums);
      for (int i = 0; i < kBlock * kBlock; ++i) put(m + i / kBlock, j + i % kBlock, sums[i]);
    }
  }
  for (std::int64_t m = 0; m < channels; ++m) {
    for (std::int64_t j = m < whole_m ? whole_j : 0; j < count; ++j) {
      put(m, j, reference::dot_narrow(weight(m), patch(j), length));
    }
  }
}

template <class Put>
void multiply(const std::int16_t* weights, std::int64_t channels, std::int64_t length,
              const std::vector<std::int32_t>& patches, std::int64_t count, const Put& put) {
  for (std::int64_t m = 0; m < channels; ++m) {
    for (std::int64_t j = 0; j < count; ++j) {
      put(m, j, reference::dot_wide(weights + m * length, patches.data() + j * length, length));
    }
  }
}

template <class T>
std::vector<std::int64_t> accumulate(const MacOperands& op) {
  const MacShape& s = op.shape;
  const std::int64_t channels = s.size[Dim::M], groups = s.size[Dim::G];
  const std::int64_t length = s.size[Dim::C] * s.size[Dim::R] * s.size[Dim::S];
  const std::int64_t pixels = s.size[Dim::P] * s.size[Dim::Q];
  const std::int64_t positions = s.size[Dim::N] * pixels;
  std::vector<std::int64_t> result(at(s.output_count()));
  std::vector<T> patches(at(std::min(kPositions, positions) * length));
  for (std::int64_t g = 0; g < groups; ++g) {
    const std::int16_t* weights = op.weights + op.weight_group[at(g)] * channels * length;
    for (std::int64_t begin = 0; begin < positions; begin += kPositions) {
      const std::int64_t end = std::min(begin + kPositions, positions);
      gather(op, g, begin, end, patches);
      multiply(weights, channels, length, patches, end - begin,
               [&](std::int64_t m, std::int64_t j, std::int64_t sum) {
                 const std::int64_t n = (begin + j) / pixels, pixel = (begin + j) % pixels;
                 result[at((op.image(g, n) * channels + m) * pixels + pixel)] =
                     sum + (op.bias == nullptr ? 0 : op.bias[g * channels + m]);
               });
    }
  }
  return result;
}

std::int64_t largest_magnitude(const Quantization& q) {
  return std::max(std::abs(static_cast<std::int64_t>(q.lowest()) - q.zero_point),
                  std::abs(static_cast<std::int64_t>(q.highest()) - q.zero_point));
}

/// [.., c, m] to [.., m, c].
std::vector<std::int16_t> transposed(const IntTensor& b) {
  const std::int64_t m = b.shape.back(), c = b.shape[b.shape.size() - 2];
  std::vector<std::int16_t> result(b.codes.size());
  for (std::int64_t base = 0; base < static_cast<std::int64_t>(b.codes.size()); base += c * m) {
    for (std::int64_t i = 0; i < c; ++i) {
      for (std::int64_t j = 0; j < m; ++j) result[at(base + j * c + i)] = b.codes[at(base + i * m + j)];
    }
  }
  return result;
}

const Layer& layer_at(const Network& network, int layer) {
  return network.layers().at(static_cast<std::size_t>(layer));
}

void check_inputs(const Network& network, const Layer& layer, const std::vector<const IntTensor*>& inputs) {
  if (inputs.size() != layer.inputs.size()) {
    throw std::invalid_argument(
        fmt::format("{}: {} inputs, expected {}", layer.name, inputs.size(), layer.inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape& expected = network.shape(layer.inputs[i]);
    if (inputs[i]->shape != expected ||
        static_cast<std::int64_t>(inputs[i]->codes.size()) != element_count(expected)) {
      throw std::invalid_argument(fmt::format("{}: input {} is {}, expected {}", layer.name, i,
                                              to_string(inputs[i]->shape), to_string(expected)));
    }
  }
}

}  // namespace

int accumulator_bits(const QuantizedLayer& quantized, const MacShape& shape) {
  if (quantized.fixed_sum) return quantized.fixed_sum->bits;
  const double input = static_cast<double>(largest_magnitude(quantized.inputs.at(0)));
  const std::int64_t length = shape.size[Dim::C] * shape.size[Dim::R] * shape.size[Dim::S];
  double bound = 0;  // a double counts the bits of sums beyond 64 bits as well
  if (quantized.weights.codes.empty()) {
    bound =
        static_cast<double>(length) * static_cast<double>(largest_magnitude(quantized.inputs.at(1))) * input;
  }
  for (std::int64_t channel = 0; channel * length < static_cast<std::int64_t>(quantized.weights.codes.size());
       ++channel) {
    std::int64_t sum = 0;
    for (std::int64_t k = 0; k < length; ++k)
      sum += std::abs(quantized.weights.codes[at(channel * length + k)]);
    const double bias =
        quantized.bias.empty() ? 0 : std::abs(static_cast<double>(quantized.bias[at(channel)]));
    bound = std::max(bound, static_cast<double>(sum) * input + bias);
  }
  if (bound >= 0x1p62) return 64;
  return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(bound))) + 1;
}

std::vector<std::int64_t> reference_accumulators(const Network& network, int index,
                                                 const QuantizedLayer& quantized,
                                                 const std::vector<const IntTensor*>& inputs) {
  const Layer& layer = layer_at(network, index);
  const std::optional<MacShape> shape = mac_shape(network, layer);
  if (!shape)
    throw std::invalid_argument(layer.name +
                                ": has no accumulators, expected a conv, linear or matmul layer");
  check_inputs(network, layer, inputs);
  MacOperands op;
  op.shape = *shape;
  op.inputs = inputs[0]->codes.data();
  op.input_zero_point = quantized.inputs.at(0).zero_point;
  op.bias = quantized.bias.empty() ? nullptr : quantized.bias.data();
  std::vector<std::int16_t> matrices;
  if (const auto* matmul = std::get_if<MatMul>(&layer.operation)) {
    op.group_outermost = true;
    op.weight_group = second_matrices(inputs[0]->shape, inputs[1]->shape);
    if (!matmul->transpose_b) matrices = transposed(*inputs[1]);
    op.weights = matmul->transpose_b ? inputs[1]->codes.data() : matrices.data();
  } else {
    if (static_cast<std::int64_t>(quantized.weights.codes.size()) != shape->weight_count()) {
      throw std::invalid_argument(fmt::format("{}: {} weight codes, expected {}", layer.name,
                                              quantized.weights.codes.size(), shape->weight_count()));
    }
    for (std::int64_t g = 0; g < shape->size[Dim::G]; ++g) op.weight_group.push_back(g);
    op.weights = quantized.weights.codes.data();
  }
  if (quantized.fixed_sum) return reference::fixed_point_accumulators(op, *quantized.fixed_sum);
  const bool narrow_inputs = largest_magnitude(quantized.inputs[0]) <= 32768 &&
                             quantized.inputs[0].highest() - quantized.inputs[0].zero_point <= 32767;
  if (narrow_inputs && accumulator_bits(quantized, *shape) <= 32) return accumulate<std::int16_t>(op);
  return accumulate<std::int32_t>(op);
}

IntTensor reference_layer(const Network& network, int index, const QuantizedLayer& quantized,
                          const std::vector<const IntTensor*>& inputs) {
  const Layer& layer = layer_at(network, index);
  IntTensor result{network.shape(layer.output), quantized.output, {}};
  result.codes.resize(at(element_count(result.shape)));
  const std::optional<MacShape> shape = mac_shape(network, layer);
  if (!shape) {
    check_inputs(network, layer, inputs);
    const VectorOp op = VectorOp::make(network, index, quantized);
    std::vector<const std::int16_t*> codes;
    for (const IntTensor* input : inputs) codes.push_back(input->codes.data());
    op.run(0, op.units(), codes, result.codes.data());
    return result;
  }
  const std::vector<std::int64_t> accumulators = reference_accumulators(network, index, quantized, inputs);
  const bool matmul = std::holds_alternative<MatMul>(layer.operation);
  const std::int64_t channels = shape->size[Dim::M], groups = shape->size[Dim::G];
  const std::int64_t pixels = shape->size[Dim::P] * shape->size[Dim::Q];
  const std::int64_t rows = static_cast<std::int64_t>(accumulators.size()) / (channels * pixels);
  for (std::int64_t row = 0; row < rows; ++row) {  // a row: all channels of one (n, g)
    const std::int64_t group = matmul ? row / shape->size[Dim::N] : row % groups;
    for (std::int64_t m = 0; m < channels; ++m) {
      const std::int64_t base = (row * channels + m) * pixels;
      for (std::int64_t i = base; i < base + pixels; ++i) {
        result.codes[at(i)] = quantized.requantization(accumulators[at(i)], group * channels + m);
      }
    }
  }
  return result;
}

std::map<TensorId, IntTensor> reference_network(const QuantizedNetwork& quantized,
                                                std::map<TensorId, IntTensor> tensors) {
  const Network& network = *quantized.network;
  const LiveRanges live = live_ranges(network);
  for (int step = 0; step < static_cast<int>(live.order.size()); ++step) {
    const int index = live.order[static_cast<std::size_t>(step)];
    const Layer& layer = layer_at(network, index);
    std::vector<const IntTensor*> inputs;
    for (const TensorId input : layer.inputs) {
      const auto found = tensors.find(input);
      if (found == tensors.end()) {
        throw std::invalid_argument(fmt::format("no codes for the network's input \"{}\"",
                                                network.values()[static_cast<std::size_t>(input)].name));
      }
      inputs.push_back(&found->second);
    }
    tensors[layer.output] =
        reference_layer(network, index, quantized.layers.at(static_cast<std::size_t>(index)), inputs);
    for (const TensorId dead : live.dead_after(step)) tensors.erase(dead);
  }
  std::map<TensorId, IntTensor> result;
  for (const TensorId output : network.outputs()) result[output] = std::move(tensors.at(output));
  return result;
}

}  // namespace heddle::workload
