// Do layers without multiply-accumulates give the reference's codes when they run in pieces, and move each
// element once?
#include <catch2/catch.hpp>
#include <numeric>

#include "sim/accelerator.h"
#include "support/error.h"
#include "tests/sim/vector_layers.h"

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
Ran run_and_compare(sim::Accelerator& machine, const tests::VectorCase& test) {
  Ran ran{machine.run(test.program), test.program.layer.operation.operations(),
          test.program.layer.output.elements};
  REQUIRE(ran.outcome.output == test.reference());
  const auto& cycles = ran.outcome.cycles;
  REQUIRE(std::accumulate(cycles.stalls.begin(), cycles.stalls.end(), cycles.compute) == cycles.total);
  return ran;
}

Ran run_and_compare(sim::Accelerator& machine, const workload::Operation& operation,
                    const std::vector<Shape>& shapes) {
  return run_and_compare(machine, *tests::vector_case(operation, shapes));
}

/// An addition of two tensors of 256 bytes.
struct Addition {
  std::unique_ptr<tests::VectorCase> test = tests::vector_case(workload::Add{}, {{4, 8, 8}, {4, 8, 8}});
  arch::VectorLayer& layer() { return test->program.layer; }
};

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

TEST_CASE("An addition whose tensors stay on chip touches no DRAM and ends with its last piece") {
  sim::Accelerator machine("machine", with_buffer(1024, true));
  Addition addition;
  for (auto& input : addition.layer().inputs) input.on_chip = true;
  addition.layer().output.on_chip = true;
  const Ran ran = run_and_compare(machine, *addition.test);
  const auto& memory = ran.outcome.actions.memory;
  for (const Operand operand : workload::kOperands) CHECK(memory[0][operand] == arch::Traffic{});
  CHECK(memory[1][Operand::inputs].read_elements == 2 * 256);
  CHECK(memory[1][Operand::inputs].write_elements == 0);
  CHECK(memory[1][Operand::outputs].write_elements == 256);
  CHECK(memory[1][Operand::outputs].read_elements == 0);
  CHECK(ran.outcome.actions.dram_bursts == 0);
  // Two pieces are there at once, seen in cycle 1; eight pieces of 32 operations on 4 lanes follow each
  // other.
  CHECK(ran.outcome.cycles.total == 1 + 8 * 8);
  CHECK(ran.outcome.cycles.port_busy[0] == 0);
}

TEST_CASE("Of an addition only what is not on chip moves through DRAM") {
  sim::Accelerator machine("machine", with_buffer(1024, true));
  Addition addition;
  addition.layer().inputs[1].on_chip = true;
  const Ran one = run_and_compare(machine, *addition.test);
  CHECK(one.outcome.actions.memory[0][Operand::inputs].read_elements == 256);
  CHECK(one.outcome.actions.memory[1][Operand::inputs].write_elements == 256);
  CHECK(one.outcome.actions.memory[1][Operand::inputs].read_elements == 2 * 256);
  CHECK(one.outcome.cycles.port_busy[0] == (256 + 256) / 8);
  addition.layer().inputs[1].on_chip = false;
  addition.layer().output.on_chip = true;
  const Ran other = run_and_compare(machine, *addition.test);
  CHECK(other.outcome.actions.memory[0][Operand::outputs] == arch::Traffic{});
  CHECK(other.outcome.actions.memory[1][Operand::outputs].write_elements == 256);
  CHECK(other.outcome.cycles.port_busy[0] == 2 * 256 / 8);
}

TEST_CASE("Tensors at home in the outer of two buffers move through its port") {
  arch::Accelerator description = with_buffer(1024, true);
  description.memory.push_back(description.memory[1]);
  description.memory[2].name = "inner";
  sim::Accelerator machine("machine", description);
  Addition addition;
  addition.layer().inputs[0].on_chip = addition.layer().output.on_chip = true;
  const Ran ran = run_and_compare(machine, *addition.test);
  const auto& memory = ran.outcome.actions.memory;
  CHECK(memory[0][Operand::inputs].read_elements == 256);
  CHECK(memory[1][Operand::inputs].read_elements == 256);
  CHECK(memory[2][Operand::inputs].write_elements == 2 * 256);
  CHECK(memory[0][Operand::outputs] == arch::Traffic{});
  CHECK(memory[1][Operand::outputs].write_elements == 256);
  CHECK(memory[2][Operand::outputs].read_elements == 256);
  CHECK(ran.outcome.cycles.port_busy[0] == 256 / 8);
  CHECK(ran.outcome.cycles.port_busy[1] == 2 * 256 / 16);
}

TEST_CASE("Tensors on chip leave less room for pieces and must themselves fit") {
  // Both inputs stay: 512 bytes. A piece of one output takes two bytes, double buffered.
  Addition addition;
  for (auto& input : addition.layer().inputs) input.on_chip = true;
  CHECK(arch::vector_chunks(addition.layer(), with_buffer(512 + 2 * 32, true)).size() == 8);
  CHECK(arch::vector_chunks(addition.layer(), with_buffer(512 + 2, true)).size() == 256);
  CHECK_THROWS_WITH(arch::vector_chunks(addition.layer(), with_buffer(512 + 1, true)),
                    Catch::Contains("holds 513 bytes, 512 of them for tensors on chip") &&
                        Catch::Contains("the smallest piece of this layer needs 2"));
  CHECK_THROWS_WITH(arch::vector_chunks(addition.layer(), with_buffer(511, true)),
                    Catch::Contains("buffer holds 511 bytes, the tensors that stay there take 512"));
  // The same tensor twice is there once.
  addition.layer().inputs[1].id = addition.layer().inputs[0].id;
  CHECK(arch::vector_chunks(addition.layer(), with_buffer(256 + 2, true)).size() == 256);
  arch::Accelerator dram_only = with_buffer(0, false);
  dram_only.memory.pop_back();
  CHECK_THROWS_WITH(arch::vector_chunks(addition.layer(), dram_only),
                    Catch::Contains("no memory inside dram"));
}

TEST_CASE("A row that does not fit the buffer is refused with both sizes") {
  sim::Accelerator machine("machine", with_buffer(64, true));
  CHECK_THROWS_WITH(run_and_compare(machine, workload::Softmax{-1}, {{2, 100}}),
                    Catch::Contains("buffer holds 64 bytes") && Catch::Contains("400"));
}
