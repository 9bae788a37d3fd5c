// Layers of the vector unit with random tensors, for the tests of the machine and of its model.
#pragma once

#include <memory>

#include "arch/layer_problem.h"
#include "sim/vector_unit.h"
#include "tests/reference/one_layer.h"

namespace heddle::tests {

/// One layer, quantized to `bits`, with everything in DRAM.
struct VectorCase {
  workload::test::Quantized quantized;
  sim::VectorProgram program;

  VectorCase(const workload::Operation& operation, const std::vector<workload::Shape>& shapes, int bits,
             workload::Activation activation, std::uint64_t seed)
      : quantized(workload::test::one_layer(operation, shapes, activation), values(shapes, seed), bits),
        program{arch::make_vector_layer(quantized.network, quantized.network.layers()[0],
                                        workload::format_of(quantized.layer),
                                        workload::VectorOp::make(quantized.network, 0, quantized.layer)),
                {}} {
    for (const workload::IntTensor& input : quantized.inputs) program.inputs.push_back(&input);
  }

  std::vector<std::int16_t> reference() const { return quantized.run().codes; }

 private:
  static std::vector<workload::FloatTensor> values(const std::vector<workload::Shape>& shapes,
                                                   std::uint64_t seed) {
    workload::test::Random random(seed);
    std::vector<workload::FloatTensor> result;
    for (const workload::Shape& shape : shapes)
      result.push_back(workload::test::random_floats(random, shape, -2, 3));
    return result;
  }
};

inline std::unique_ptr<VectorCase> vector_case(const workload::Operation& operation,
                                               const std::vector<workload::Shape>& shapes, int bits = 8,
                                               workload::Activation activation = workload::Activation::none,
                                               std::uint64_t seed = 5) {
  return std::make_unique<VectorCase>(operation, shapes, bits, activation, seed);
}

}  // namespace heddle::tests
