#include "arch/layer_problem.h"

#include <variant>

namespace heddle::arch {

std::optional<LayerProblem> make_problem(const workload::Network& network, const workload::Layer& layer,
                                         const workload::LayerFormat& format,
                                         const Accelerator& accelerator) {
  const auto shape = workload::mac_shape(network, layer);
  if (!shape) return std::nullopt;
  LayerProblem problem;
  problem.name = layer.name;
  problem.shape = *shape;
  const bool dynamic = std::holds_alternative<workload::MatMul>(layer.operation);
  problem.weight_bits = dynamic ? format.input_bits.at(1) : format.weight_bits;
  problem.input_bits = format.input_bits.at(0);
  problem.output_bits = format.output_bits;
  problem.sparsity = format.sparsity;
  if (!runs_sparse(accelerator.array, problem)) problem.sparsity.reset();
  if (accelerator.array.eie) {
    if (format.code_bits > 0)
      problem.shared = {format.code_bits, format.weight_density, format.weight_density};
    problem.input_density = layer.density.activations.value_or(1.0);
  }
  return problem;
}

VectorLayer make_vector_layer(const workload::Network& network, const workload::Layer& layer,
                              const workload::LayerFormat& format, const workload::VectorOp& operation) {
  const auto tensor = [&](workload::TensorId id, int bits) {
    return VectorLayer::Tensor{id, workload::element_count(network.shape(id)), bits, false};
  };
  VectorLayer result{layer.name, operation, {}, tensor(layer.output, format.output_bits), 0};
  for (std::size_t input = 0; input < layer.inputs.size(); ++input)
    result.inputs.push_back(tensor(layer.inputs[input], format.input_bits.at(input)));
  if (std::holds_alternative<workload::Embedding>(layer.operation)) result.table_bits = format.weight_bits;
  return result;
}

}  // namespace heddle::arch
