// Do layers without multiply-accumulates give the reference's codes when they run in pieces, and move each
// element once?
#include <catch2/catch.hpp>
#include <numeric>

#include "sim/accelerator.h"
#include "support/error.h"
#include "tests/reference/one_layer.h"
#include "workload/reference/vector_ops.h"

namespace {

using namespace heddle;
using workload::Operand;
using workload::Shape;

arch::Accelerator with_buffer(std::int64_t bytes, bool double_buffered) {
  arch::Accelerator accelerator;
  accelerator.name = "vector";
  accelerator.vector.lanes = 4;
  accelerator.memory = {{.name = "dram",
                         .kind = arch::MemoryLevel::Kind::dram,
                         .burst_bytes = 8,
                         .bandwidth = 8,
                         .latency_cycles = 5},
                        {.name = "buffer",
                         .size_bytes = bytes,
                         .word_bytes = 8,
                         .bandwidth = 16,
                         .double_buffered = double_buffered}};
  return accelerator;
}

struct Ran {
  sim::LayerOutcome outcome;
  std::int64_t operations;
  std::int64_t output_elements;
};

/// Runs one layer and requires that its codes equal those of the reference.
Ran run_and_compare(sim::Accelerator& machine, const workload::Operation& operation,
                    const std::vector<Shape>& shapes) {
  workload::test::Random random(5);
  std::vector<workload::FloatTensor> values;
  for (const Shape& shape : shapes) values.push_back(workload::test::random_floats(random, shape, -2, 3));
  const workload::test::Quantized layer(workload::test::one_layer(operation, shapes), values, 8);
  std::vector<const workload::IntTensor*> inputs;
  for (const auto& input : layer.inputs) inputs.push_back(&input);
  const auto vector_operation = workload::VectorOp::make(layer.network, 0, layer.layer);
  const std::int64_t elements =
      workload::element_count(layer.network.shape(layer.network.layers()[0].output));
  Ran ran{machine.run(sim::VectorProgram{.name = "layer",
                                         .operation = &vector_operation,
                                         .inputs = inputs,
                                         .output_bits = layer.layer.output.bits,
                                         .output_elements = elements}),
          vector_operation.operations(), elements};
  REQUIRE(ran.outcome.output == workload::reference_layer(layer.network, 0, layer.layer, inputs).codes);
  const auto& cycles = ran.outcome.cycles;
  REQUIRE(std::accumulate(cycles.stalls.begin(), cycles.stalls.end(), cycles.compute) == cycles.total);
  return ran;
}

}  // namespace

TEST_CASE("Vector layers in pieces equal the reference") {
  sim::Accelerator small("small", with_buffer(512, true));
  sim::Accelerator large("large", with_buffer(1 << 20, false));
  for (sim::Accelerator* machine : {&small, &large}) {
    run_and_compare(*machine, workload::Add{}, {{2, 3, 5, 7}, {2, 3, 5, 7}});
    run_and_compare(*machine, workload::Add{}, {{2, 3, 5, 7}, {3, 1, 1}});
    run_and_compare(*machine, workload::Multiply{}, {{11, 13}, {11, 13}});
    run_and_compare(*machine, workload::Concat{1}, {{2, 3, 4, 4}, {2, 5, 4, 4}});
    run_and_compare(*machine, workload::Softmax{-1}, {{9, 17}});
    run_and_compare(*machine, workload::LayerNorm{}, {{9, 17}});
    run_and_compare(*machine, workload::Transpose{{0, 2, 1}}, {{2, 5, 7}});
    run_and_compare(*machine, workload::GlobalAveragePool{}, {{1, 7, 5, 5}});
    run_and_compare(
        *machine,
        workload::Pool{workload::Pool::Kind::max, {{3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, false}, false},
        {{2, 3, 9, 9}});
  }
}

TEST_CASE("An addition moves every element once through DRAM and buffer and costs one operation an element") {
  sim::Accelerator machine("machine", with_buffer(512, true));
  const Ran ran = run_and_compare(machine, workload::Add{}, {{4, 8, 8}, {4, 8, 8}});
  const auto& actions = ran.outcome.actions;
  const std::int64_t count = 4 * 8 * 8;
  CHECK(ran.output_elements == count);
  for (const std::size_t level : {std::size_t{0}, std::size_t{1}}) {
    CHECK(actions.memory[level][Operand::inputs].read_elements == 2 * count);
    CHECK(actions.memory[level][Operand::outputs].write_elements == count);
    CHECK(actions.memory[level][Operand::outputs].write_bits == 8 * count);
  }
  CHECK(actions.memory[1][Operand::inputs].write_elements == 2 * count);
  CHECK(actions.memory[1][Operand::outputs].read_elements == count);
  CHECK(actions.vector_operations == ran.operations);
  CHECK(actions.multiplies == 0);
  // Eight pieces of 32 outputs: 32 operations on 4 lanes each.
  CHECK(ran.outcome.cycles.compute == ran.operations / 4);
  // DRAM moves 3 x 256 bytes at 8 bytes a cycle; everything else overlaps or adds latency.
  CHECK(ran.outcome.cycles.port_busy[0] == 3 * count / 8);
  CHECK(ran.outcome.cycles.total >= 3 * count / 8);
}

TEST_CASE("A row that does not fit the buffer is refused with both sizes") {
  sim::Accelerator machine("machine", with_buffer(64, true));
  CHECK_THROWS_WITH(run_and_compare(machine, workload::Softmax{-1}, {{2, 100}}),
                    Catch::Contains("buffer holds 64 bytes") && Catch::Contains("400"));
}
