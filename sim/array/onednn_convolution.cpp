#include "sim/array/onednn_convolution.h"

#include <oneapi/dnnl/dnnl.hpp>

#include "sim/array/channels_last.h"
#include "support/one_thread.h"

namespace heddle::sim {

using dnnl::memory;
using workload::Dim;

namespace {

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

}  // namespace

struct OnednnConvolution::Primitive {
  memory::desc source, sums;
  dnnl::convolution_forward convolution;
  memory weights;
};

bool OnednnConvolution::is_exact() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_vnni:
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_amx:
    case dnnl::cpu_isa::avx2_vnni:
      return true;
    default:
      return false;
  }
}

std::unique_ptr<OnednnConvolution> OnednnConvolution::make(const workload::MacShape& shape,
                                                           const std::vector<std::int16_t>& weights) {
  try {
    return std::unique_ptr<OnednnConvolution>(new OnednnConvolution(shape, weights));
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented) return nullptr;
    throw;
  }
}

OnednnConvolution::OnednnConvolution(const workload::MacShape& shape, const std::vector<std::int16_t>& codes)
    : primitive_(std::make_unique<Primitive>()) {
  const OneThread one_thread;
  const auto& size = shape.size;
  const WindowSpan span(shape);
  const std::int64_t G = size[Dim::G], M = size[Dim::M], C = size[Dim::C], R = size[Dim::R], S = size[Dim::S];
  // The rows of a matrix product lie in memory as the columns of one image would.
  const bool one_position = span.rows * span.columns == 1;
  const std::int64_t images = one_position ? 1 : size[Dim::N];
  const std::int64_t columns = one_position ? size[Dim::N] : span.columns;
  const std::int64_t output_columns = one_position ? size[Dim::N] : size[Dim::Q];
  const std::int64_t stride_w = one_position ? 1 : shape.stride_w;  // of one position there is no next

  std::vector<std::int8_t> narrow(codes.begin(), codes.end());
  memory::dims dims = {M, C, R, S}, strides = {R * S * C, 1, S * C, C};
  if (G > 1) {
    dims.insert(dims.begin(), G);
    strides.insert(strides.begin(), M * R * S * C);
  }
  using Type = memory::data_type;
  using Tag = memory::format_tag;
  primitive_->source = {{images, G * C, span.rows, columns}, Type::u8, Tag::nhwc};
  primitive_->sums = {{images, G * M, size[Dim::P], output_columns}, Type::s32, Tag::nhwc};
  const dnnl::convolution_forward::desc operation(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, primitive_->source,
      memory::desc(dims, Type::s8, Tag::any), primitive_->sums, {shape.stride_h, stride_w},
      {shape.dilation_h - 1, shape.dilation_w - 1}, {0, 0}, {0, 0});
  const dnnl::convolution_forward::primitive_desc chosen(operation, cpu());
  primitive_->convolution = dnnl::convolution_forward(chosen);

  memory from(memory::desc(dims, Type::s8, strides), cpu(), narrow.data());
  primitive_->weights = memory(chosen.weights_desc(), cpu());
  dnnl::stream stream(cpu());
  dnnl::reorder(from, primitive_->weights).execute(stream, from, primitive_->weights);
  stream.wait();
}

OnednnConvolution::~OnednnConvolution() = default;

void OnednnConvolution::run(std::uint8_t* inputs, std::int32_t* sums) const {
  const OneThread one_thread;
  dnnl::stream stream(cpu());
  primitive_->convolution.execute(stream, {{DNNL_ARG_SRC, memory(primitive_->source, cpu(), inputs)},
                                           {DNNL_ARG_WEIGHTS, primitive_->weights},
                                           {DNNL_ARG_DST, memory(primitive_->sums, cpu(), sums)}});
  stream.wait();
}

}  // namespace heddle::sim
