// Convolution and matrix products in floats by oneDNN, on one thread so that the order of additions does not
// depend on the number of cores.

#include <oneapi/dnnl/dnnl.hpp>

#include "support/one_thread.h"
#include "workload/reference/float_kernels.h"
#include "workload/reference/matrices.h"

namespace heddle::workload::float_kernels {
namespace {

using dnnl::memory;

memory::desc plain(const memory::dims& dims) {
  memory::dims strides(dims.size(), 1);
  for (std::size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return {dims, memory::data_type::f32, strides};
}

memory::desc any(const memory::dims& dims) { return {dims, memory::data_type::f32, memory::format_tag::any}; }

// oneDNN takes pointers to non-const even for what it only reads.
void* pointer(const float* values) {
  return const_cast<float*>(values);
}  // NOLINT(cppcoreguidelines-pro-type-const-cast)

/// `from` in the layout that the primitive wants.
memory laid_out(memory from, const memory::desc& wanted, dnnl::stream& stream) {
  if (from.get_desc() == wanted) return from;
  memory to(wanted, from.get_engine());
  dnnl::reorder(from, to).execute(stream, from, to);
  return to;
}

}  // namespace

FloatTensor convolution(const Convolution& conv, const Operands& operands) {
  const OneThread one_thread;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const Window& w = conv.window;
  const FloatTensor& x = *operands.inputs[0];
  FloatTensor out{operands.output,
                  std::vector<float>(static_cast<std::size_t>(element_count(operands.output)))};

  memory::dims weights = operands.weights.shape;
  if (conv.groups > 1) {
    weights[0] /= conv.groups;
    weights.insert(weights.begin(), conv.groups);
  }
  const bool biased = !operands.bias.values.empty();
  const memory::dims strides = {w.stride[0], w.stride[1]}, dilates = {w.dilation[0] - 1, w.dilation[1] - 1};
  const memory::dims begin = {w.padding[0], w.padding[1]}, end = {w.padding[2], w.padding[3]};
  const auto forward = dnnl::prop_kind::forward_inference;
  const auto direct = dnnl::algorithm::convolution_direct;
  const memory::desc bias_desc = biased ? plain(operands.bias.shape) : memory::desc();
  const auto desc =
      biased ? dnnl::convolution_forward::desc(forward, direct, any(x.shape), any(weights), bias_desc,
                                               any(out.shape), strides, dilates, begin, end)
             : dnnl::convolution_forward::desc(forward, direct, any(x.shape), any(weights), any(out.shape),
                                               strides, dilates, begin, end);
  const dnnl::convolution_forward::primitive_desc primitive(desc, engine);

  const memory source =
      laid_out({plain(x.shape), engine, pointer(x.values.data())}, primitive.src_desc(), stream);
  const memory kernel = laid_out({plain(weights), engine, pointer(operands.weights.values.data())},
                                 primitive.weights_desc(), stream);
  memory result({plain(out.shape), engine, out.values.data()});
  memory wanted = primitive.dst_desc() == result.get_desc() ? result : memory(primitive.dst_desc(), engine);
  std::unordered_map<int, memory> arguments = {
      {DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, kernel}, {DNNL_ARG_DST, wanted}};
  if (biased) arguments[DNNL_ARG_BIAS] = memory(bias_desc, engine, pointer(operands.bias.values.data()));
  dnnl::convolution_forward(primitive).execute(stream, arguments);
  if (wanted.get_data_handle() != result.get_data_handle())
    dnnl::reorder(wanted, result).execute(stream, wanted, result);
  stream.wait();
  return out;
}

namespace {

/// out[n, m] = sum over c of a[n, c] * b(c, m) + bias[m] for several pairs of matrices of one size.
class Product {
 public:
  Product(std::int64_t n, std::int64_t c, std::int64_t m, bool transposed, bool biased)
      : engine_(dnnl::engine::kind::cpu, 0),
        stream_(engine_),
        a_(plain({n, c})),
        b_({c, m}, memory::data_type::f32, transposed ? memory::dims{1, c} : memory::dims{m, 1}),
        bias_(biased ? plain({1, m}) : memory::desc()),
        out_(plain({n, m})),
        primitive_(biased ? dnnl::matmul::primitive_desc(dnnl::matmul::desc(a_, b_, bias_, out_), engine_)
                          : dnnl::matmul::primitive_desc(dnnl::matmul::desc(a_, b_, out_), engine_)) {}

  void run(const float* a, const float* b, const float* bias, float* out) {
    std::unordered_map<int, memory> arguments = {{DNNL_ARG_SRC, memory(a_, engine_, pointer(a))},
                                                 {DNNL_ARG_WEIGHTS, memory(b_, engine_, pointer(b))},
                                                 {DNNL_ARG_DST, memory(out_, engine_, out)}};
    if (bias != nullptr) arguments[DNNL_ARG_BIAS] = memory(bias_, engine_, pointer(bias));
    primitive_.execute(stream_, arguments);
    stream_.wait();
  }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  memory::desc a_, b_, bias_, out_;
  dnnl::matmul primitive_;
};

}  // namespace

FloatTensor linear(const Operands& operands) {
  const OneThread one_thread;
  const FloatTensor& x = *operands.inputs[0];
  const std::int64_t c = x.shape.back(), m = operands.output.back(), n = element_count(x.shape) / c;
  FloatTensor out{operands.output, std::vector<float>(static_cast<std::size_t>(n * m))};
  const bool biased = !operands.bias.values.empty();
  Product(n, c, m, true, biased)
      .run(x.values.data(), operands.weights.values.data(), biased ? operands.bias.values.data() : nullptr,
           out.values.data());
  return out;
}

FloatTensor matmul(const MatMul& matmul, const Operands& operands) {
  const OneThread one_thread;
  const FloatTensor& a = *operands.inputs[0];
  const FloatTensor& b = *operands.inputs[1];
  const std::int64_t c = a.shape.back(), n = a.shape[a.shape.size() - 2], m = operands.output.back();
  FloatTensor out{operands.output,
                  std::vector<float>(static_cast<std::size_t>(element_count(operands.output)))};
  const std::vector<std::int64_t> matrices = second_matrices(a.shape, b.shape);
  Product product(n, c, m, matmul.transpose_b, false);
  for (std::size_t g = 0; g < matrices.size(); ++g) {
    const auto group = static_cast<std::int64_t>(g);
    product.run(a.values.data() + group * n * c, b.values.data() + matrices[g] * c * m, nullptr,
                out.values.data() + group * n * m);
  }
  return out;
}

}  // namespace heddle::workload::float_kernels
