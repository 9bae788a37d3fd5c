#include "workload/reference/vector_ops.h"

#include <fmt/format.h>

#include <stdexcept>
#include <type_traits>

#include "workload/reference/vector_kernel.h"

namespace heddle::workload {

std::int64_t operations_per_element(const Network& network, const Layer& layer) {
  const Shape& in = network.shape(layer.inputs.at(0));
  const std::int64_t cost = std::visit(
      [&](const auto& op) -> std::int64_t {
        using T = std::decay_t<decltype(op)>;
        if constexpr (std::is_same_v<T, Pool>) {
          const std::int64_t taps = op.window.kernel[0] * op.window.kernel[1];
          return op.kind == Pool::Kind::max ? taps : taps + 1;
        } else if constexpr (std::is_same_v<T, GlobalAveragePool>) {
          return in[2] * in[3] + 1;
        } else if constexpr (std::is_same_v<T, Softmax>) {
          return 4;
        } else if constexpr (std::is_same_v<T, LayerNorm>) {
          return op.subtract_mean ? 6 : 4;
        } else if constexpr (std::is_same_v<T, BatchNorm>) {
          return 2;
        } else if constexpr (std::is_same_v<T, LocalResponseNorm>) {
          return op.size + 4;
        } else if constexpr (std::is_same_v<T, Rotary>) {
          return 3;
        } else if constexpr (std::is_same_v<T, Reshape>) {
          return 0;
        } else {
          return 1;  // add, multiply, concat, activate, embedding, transpose, slice
        }
      },
      layer.operation);
  const bool fused_table = !std::holds_alternative<Activate>(layer.operation) &&
                           layer.activation != Activation::none && layer.activation != Activation::relu &&
                           layer.activation != Activation::relu6;
  return cost + (fused_table ? 1 : 0);
}

namespace {

std::shared_ptr<const VectorKernel> make_kernel(const Network& network, const Layer& layer,
                                                const QuantizedLayer& quantized) {
  for (const auto maker : {make_elementwise, make_move, make_pooling, make_normalization}) {
    if (std::shared_ptr<VectorKernel> kernel = maker(network, layer, quantized)) {
      kernel->operations_per_element = operations_per_element(network, layer);
      return kernel;
    }
  }
  throw std::invalid_argument(
      fmt::format("{}: a {} layer does not run on the vector unit", layer.name, name(layer.operation)));
}

}  // namespace

VectorOp VectorOp::make(const Network& network, int index, const QuantizedLayer& quantized) {
  const Layer& layer = network.layers().at(static_cast<std::size_t>(index));
  if (quantized.inputs.size() != layer.inputs.size()) {
    throw std::invalid_argument(fmt::format("{}: quantization of {} inputs, expected {}", layer.name,
                                            quantized.inputs.size(), layer.inputs.size()));
  }
  check_constants(network, layer, quantized);
  return {make_kernel(network, layer, quantized), true};
}

VectorOp VectorOp::without_constants(const Network& network, int index) {
  static const QuantizedLayer none;  // kernels refer to their constants
  return {make_kernel(network, network.layers().at(static_cast<std::size_t>(index)), none), false};
}

std::int64_t VectorOp::units() const { return kernel_->units(); }
std::int64_t VectorOp::operations() const { return operations(0, units()); }
std::int64_t VectorOp::operations(std::int64_t begin, std::int64_t end) const {
  return (end - begin) * kernel_->unit_elements() * kernel_->operations_per_element;
}

std::vector<ElementRange> VectorOp::input_range(std::size_t input, std::int64_t begin,
                                                std::int64_t end) const {
  if (begin >= end) return {};
  return kernel_->input_range(input, begin, end);
}

ElementRange VectorOp::output_range(std::int64_t begin, std::int64_t end) const {
  return {begin * kernel_->unit_elements(), end * kernel_->unit_elements()};
}

void VectorOp::run(std::int64_t begin, std::int64_t end, const std::vector<const std::int16_t*>& inputs,
                   std::int16_t* output) const {
  if (!has_constants_) throw std::logic_error("a vector operation without constants was told to run");
  if (begin < end) kernel_->run(begin, end, inputs, output);
}

std::vector<ElementRange> merged(std::vector<ElementRange> ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::vector<ElementRange> result;
  for (const ElementRange& range : ranges) {
    if (!result.empty() && range.first <= result.back().second) {
      result.back().second = std::max(result.back().second, range.second);
    } else {
      result.push_back(range);
    }
  }
  return result;
}

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

StridedSource::StridedSource(const Shape& output, const std::vector<std::int64_t>& strides, std::int64_t base)
    : extents_{1}, strides_{0}, base_(base) {
  for (std::size_t i = 0; i < output.size(); ++i) {
    if (output[i] == 1) continue;
    const bool joins = strides_.back() == strides[i] * output[i];
    if (extents_.back() == 1 || joins) {
      extents_.back() *= output[i];
      strides_.back() = strides[i];
    } else {
      extents_.push_back(output[i]);
      strides_.push_back(strides[i]);
    }
  }
}

StridedSource StridedSource::broadcast(const Shape& output, const Shape& shape) {
  const std::vector<std::int64_t> own = strides_of(shape);
  std::vector<std::int64_t> strides(output.size(), 0);
  const std::size_t missing = output.size() - shape.size();
  for (std::size_t i = 0; i < shape.size(); ++i) strides[missing + i] = shape[i] == 1 ? 0 : own[i];
  return {output, strides};
}

std::int64_t StridedSource::row_source(std::int64_t row) const {
  std::int64_t source = base_;
  for (std::size_t i = extents_.size() - 1; i-- > 0;) {
    source += row % extents_[i] * strides_[i];
    row /= extents_[i];
  }
  return source;
}

std::vector<ElementRange> StridedSource::ranges(std::int64_t begin, std::int64_t end) const {
  std::vector<ElementRange> result;
  for_each_run(begin, end, [&](std::int64_t, std::int64_t source, std::int64_t count, std::int64_t step) {
    if (step <= 1) {
      result.emplace_back(source, source + (step == 0 ? 1 : count));
    } else {
      for (std::int64_t i = 0; i < count; ++i) result.emplace_back(source + i * step, source + i * step + 1);
    }
  });
  return merged(std::move(result));
}

}  // namespace heddle::workload
