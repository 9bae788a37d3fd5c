#include "arch/vector_layer.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/error.h"

namespace heddle::arch {
namespace {

VectorChunk chunk_of(const VectorLayer& layer, std::int64_t begin, std::int64_t end) {
  VectorChunk chunk{begin, end, {}, 0, 0};
  for (std::size_t input = 0; input < layer.inputs.size(); ++input) {
    std::int64_t elements = 0;
    for (const auto& [first, last] : layer.operation.input_range(input, begin, end)) elements += last - first;
    chunk.input_elements.push_back(elements);
  }
  const auto [first, last] = layer.operation.output_range(begin, end);
  chunk.output_elements = last - first;
  chunk.table_elements = layer.table_bits > 0 ? chunk.output_elements : 0;
  return chunk;
}

/// Bytes of a chunk's tiles in the innermost memory; what is at home there needs no tile.
std::int64_t staged_bytes(const VectorLayer& layer, const VectorChunk& chunk,
                          const Accelerator& accelerator) {
  std::int64_t bits = chunk.table_elements * layer.table_bits;
  for (std::size_t input = 0; input < layer.inputs.size(); ++input) {
    if (!in_place(layer.inputs[input], accelerator))
      bits += chunk.input_elements[input] * layer.inputs[input].bits;
  }
  if (!in_place(layer.output, accelerator)) bits += chunk.output_elements * layer.output.bits;
  return (bits + 7) / 8;
}

/// Bytes of the tensors on chip, each once.
std::int64_t resident_bytes(const VectorLayer& layer) {
  std::int64_t bits = 0;
  std::vector<workload::TensorId> seen;
  const auto add = [&](const VectorLayer::Tensor& tensor) {
    if (!tensor.on_chip || std::find(seen.begin(), seen.end(), tensor.id) != seen.end()) return;
    if (tensor.id >= 0) seen.push_back(tensor.id);
    bits += tensor.elements * tensor.bits;
  };
  for (const VectorLayer::Tensor& input : layer.inputs) add(input);
  add(layer.output);
  return (bits + 7) / 8;
}

/// Bytes that the tensors on chip leave of the innermost memory.
std::int64_t room(const VectorLayer& layer, const Accelerator& accelerator) {
  const std::int64_t resident = resident_bytes(layer);
  const MemoryLevel& innermost = accelerator.memory.back();
  if (resident == 0) return innermost.size_bytes - innermost.weight_bytes;
  if (accelerator.memory.size() < 2) {
    throw InputError(accelerator.name,
                     fmt::format("layer {}: there is no memory inside {} in which its tensors could stay",
                                 layer.name, accelerator.memory.front().name));
  }
  const MemoryLevel& level = accelerator.memory[1];
  const std::int64_t for_tensors = level.size_bytes - level.weight_bytes;
  if (resident > for_tensors) {
    throw InputError(accelerator.name,
                     fmt::format("layer {}: {} holds {} bytes, the tensors that stay there take {}",
                                 layer.name, level.name, for_tensors, resident));
  }
  return accelerator.memory.size() == 2 ? for_tensors - resident : innermost.size_bytes;
}

}  // namespace

std::vector<VectorChunk> vector_chunks(const VectorLayer& layer, const Accelerator& accelerator) {
  const std::int64_t available = room(layer, accelerator);
  const std::int64_t units = layer.operation.units();
  std::int64_t size = std::max<std::int64_t>(1, (units + 7) / 8);
  if (accelerator.memory.size() > 1) {
    const MemoryLevel& buffer = accelerator.memory.back();
    const auto needed = [&](std::int64_t count) {
      return staged_bytes(layer, chunk_of(layer, 0, count), accelerator) * (buffer.double_buffered ? 2 : 1);
    };
    while (size > 1 && needed(size) > available) size = (size + 1) / 2;
    if (needed(size) > available) {
      const std::string beside = available < buffer.size_bytes - buffer.weight_bytes
                                     ? fmt::format(", {} of them for tensors on chip",
                                                   buffer.size_bytes - buffer.weight_bytes - available)
                                     : "";
      throw InputError(
          accelerator.name,
          fmt::format("layer {}: {} holds {} bytes{}, the smallest piece of this layer needs {}", layer.name,
                      buffer.name, buffer.size_bytes - buffer.weight_bytes, beside, needed(size)));
    }
  }
  std::vector<VectorChunk> chunks;
  for (std::int64_t begin = 0; begin < units; begin += size)
    chunks.push_back(chunk_of(layer, begin, std::min(units, begin + size)));
  return chunks;
}

}  // namespace heddle::arch
