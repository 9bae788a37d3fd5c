#include "sim/layer_program.h"

#include <fmt/format.h>

#include <array>
#include <variant>

#include "arch/eie_storage.h"
#include "support/error.h"

namespace heddle::sim {

using workload::Dim;

PackedWeights pack_weights(const std::int16_t* codes, const std::array<std::int64_t, 5>& strides,
                           const arch::LayerProblem& problem) {
  Tile whole;
  whole.extent = problem.shape.size;
  PackedWeights packed;
  packed.box = box_of(workload::Operand::weights, whole, problem);
  const auto& size = problem.shape.size;
  const std::int64_t channels = size[Dim::C];
  const auto& nm = problem.sparsity;
  packed.codes.reserve(static_cast<std::size_t>(packed.box.elements()));
  if (nm) packed.indices.reserve(packed.codes.capacity());

  for (std::int64_t g = 0; g < size[Dim::G]; ++g) {
    for (std::int64_t m = 0; m < size[Dim::M]; ++m) {
      for (std::int64_t r = 0; r < size[Dim::R]; ++r) {
        for (std::int64_t s = 0; s < size[Dim::S]; ++s) {
          const std::int16_t* row = codes + g * strides[0] + m * strides[1] + r * strides[3] + s * strides[4];
          if (!nm) {
            for (std::int64_t c = 0; c < channels; ++c) packed.codes.push_back(row[c * strides[2]]);
            continue;
          }
          for (std::int64_t group = 0; group < channels; group += nm->m) {
            const std::int64_t in_group = std::min<std::int64_t>(nm->m, channels - group);
            std::int64_t free_slots = arch::kept_channels(in_group, nm);
            std::int64_t nonzero_left = 0;
            for (std::int64_t i = 0; i < in_group; ++i) nonzero_left += row[(group + i) * strides[2]] != 0;
            for (std::int64_t i = 0; i < in_group && free_slots > 0; ++i) {
              const std::int16_t code = row[(group + i) * strides[2]];
              if (code == 0 && free_slots <= nonzero_left) continue;  // every slot left is needed by a weight
              nonzero_left -= code != 0;
              packed.codes.push_back(code);
              packed.indices.push_back(static_cast<std::uint8_t>(i));
              --free_slots;
            }
          }
        }
      }
    }
  }
  return packed;
}

namespace {

/// The expected sizes that made the mapping legal are not those of these weights: what counts is what the PE
/// with most entries must hold.
void check_capacity(const EieBlocks& blocks, const arch::LayerProblem& problem,
                    const arch::LayerMapping& mapping, const arch::Accelerator& accelerator) {
  const workload::PerDim<std::int64_t> extent = arch::level_extent(mapping, 1);
  const auto& size = problem.shape.size;
  Tile tile;
  bool several = false;
  std::int64_t most = 0;
  const auto visit = [&](const auto& self, std::size_t d) -> void {
    constexpr std::array<Dim, 5> kWeightDims = {Dim::G, Dim::M, Dim::C, Dim::R, Dim::S};
    if (d == kWeightDims.size()) {
      most = std::max(most, blocks.most_entries(tile));
      return;
    }
    const Dim dim = kWeightDims[d];
    several = several || extent[dim] < size[dim];
    for (tile.start[dim] = 0; tile.start[dim] < size[dim]; tile.start[dim] += extent[dim]) {
      tile.extent[dim] = std::min(extent[dim], size[dim] - tile.start[dim]);
      self(self, d + 1);
    }
  };
  visit(visit, 0);
  const std::int64_t needed = several && accelerator.memory[1].double_buffered ? 2 * most : most;
  const std::int64_t capacity = arch::entry_capacity(accelerator);
  if (needed > capacity) {
    throw InputError(
        accelerator.name,
        fmt::format("layer {}: the matrix SRAM of a PE is too small by {} entries: a tile of the weights "
                    "takes {}{} in the PE that has most, it holds {}; expected a mapping with smaller tiles",
                    problem.name, needed - capacity, most, needed > most ? " (double buffered)" : "",
                    capacity));
  }
}

EieProgram make_eie_program(const workload::QuantizedLayer& quantized, const arch::LayerProblem& problem,
                            const arch::LayerMapping& mapping, const arch::Accelerator& accelerator) {
  EieProgram program{EieBlocks(workload::codebook_indices(quantized), problem, mapping, accelerator.array),
                     quantized.codebook, quantized.fixed_sum.value(), accelerator.array.eie->pointer_bits,
                     nullptr};
  check_capacity(program.weights, problem, mapping, accelerator);
  return program;
}

}  // namespace

LayerProgram make_program(const workload::Layer& layer, const workload::QuantizedLayer& quantized,
                          const std::vector<const workload::IntTensor*>& inputs,
                          const arch::LayerProblem& problem, const arch::LayerMapping& mapping,
                          const arch::Accelerator& accelerator, int sum_bits) {
  const auto& size = problem.shape.size;
  const std::int64_t N = size[Dim::N], G = size[Dim::G], M = size[Dim::M], C = size[Dim::C], R = size[Dim::R],
                     S = size[Dim::S], H = problem.shape.input_h, W = problem.shape.input_w;
  LayerProgram program;
  program.problem = problem;
  program.mapping = mapping;
  program.accumulator_bits = accelerator.array.bits.accumulators;
  program.wide = sum_bits > 32;
  program.input_zero_point = quantized.inputs.at(0).zero_point;
  program.bias = quantized.bias;
  program.requantization = quantized.requantization;
  program.inputs.data = inputs.at(0)->codes.data();
  program.inputs.box = {{0, 0, 0, 0, 0}, {N, G, C, H, W}};
  program.inputs.stride = row_major(program.inputs.box);

  if (accelerator.array.eie) {
    program.eie = make_eie_program(quantized, problem, mapping, accelerator);
  } else if (const auto* matmul = std::get_if<workload::MatMul>(&layer.operation)) {
    program.groups_outermost = true;
    program.inputs.stride = {C, N * C, 1, 1, 1};  // [g, n, c]
    const workload::IntTensor& b = *inputs.at(1);
    const std::int64_t heads = workload::element_count(b.shape) / (C * M);  // B may be shared by all of G
    const std::int64_t g_stride = heads == 1 ? 0 : C * M;
    const auto strides = matmul->transpose_b ? std::array<std::int64_t, 5>{g_stride, C, 1, 0, 0}
                                             : std::array<std::int64_t, 5>{g_stride, 1, M, 0, 0};
    program.weights = pack_weights(b.codes.data(), strides, problem);
  } else {
    program.weights =
        pack_weights(quantized.weights.codes.data(), {M * C * R * S, C * R * S, R * S, S, 1}, problem);
  }
  return program;
}

}  // namespace heddle::sim
