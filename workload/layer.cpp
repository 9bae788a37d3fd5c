#include "workload/layer.h"

namespace heddle::workload {

std::int64_t Window::output_size(int axis, std::int64_t input_size) const {
  const auto a = static_cast<std::size_t>(axis);
  const std::int64_t padded = input_size + padding[a] + padding[a + 2];
  const std::int64_t slack = padded - (dilation[a] * (kernel[a] - 1) + 1);
  if (slack < 0) return 0;
  const std::int64_t floor_size = slack / stride[a] + 1;
  if (!ceil_mode || slack % stride[a] == 0) return floor_size;
  // As torch does: the extra window counts only if it starts inside the input or the leading padding.
  return floor_size * stride[a] < input_size + padding[a] ? floor_size + 1 : floor_size;
}

std::string_view name(const Operation& operation) {
  struct Namer {
    std::string_view operator()(const Convolution&) const { return "conv"; }
    std::string_view operator()(const Linear&) const { return "linear"; }
    std::string_view operator()(const MatMul&) const { return "matmul"; }
    std::string_view operator()(const Pool& pool) const {
      return pool.kind == Pool::Kind::max ? "max_pool" : "average_pool";
    }
    std::string_view operator()(const GlobalAveragePool&) const { return "global_average_pool"; }
    std::string_view operator()(const Add&) const { return "add"; }
    std::string_view operator()(const Multiply&) const { return "multiply"; }
    std::string_view operator()(const Concat&) const { return "concat"; }
    std::string_view operator()(const Activate&) const { return "activate"; }
    std::string_view operator()(const Softmax&) const { return "softmax"; }
    std::string_view operator()(const LayerNorm&) const { return "layer_norm"; }
    std::string_view operator()(const BatchNorm&) const { return "batch_norm"; }
    std::string_view operator()(const LocalResponseNorm&) const { return "local_response_norm"; }
    std::string_view operator()(const Embedding&) const { return "embedding"; }
    std::string_view operator()(const Rotary&) const { return "rotary"; }
    std::string_view operator()(const Reshape&) const { return "reshape"; }
    std::string_view operator()(const Transpose&) const { return "transpose"; }
    std::string_view operator()(const Slice&) const { return "slice"; }
  };
  return std::visit(Namer{}, operation);
}

}  // namespace heddle::workload
