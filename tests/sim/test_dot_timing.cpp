// Does every load, step, drain and transfer happen in its cycle? Cycle numbers are derived in each test from
// the rules of docs/machine.md and docs/dot.md.
#include <catch2/catch.hpp>
#include <numeric>

#include "sim/accelerator.h"

namespace {

using namespace heddle;
using arch::Loop;
using arch::Stall;
using workload::Dim;

arch::Accelerator machine(std::int64_t rows, std::int64_t columns, std::int64_t lanes, arch::Ports ports) {
  arch::Accelerator accelerator;
  accelerator.name = "timing";
  accelerator.array.rows = rows;
  accelerator.array.columns = columns;
  accelerator.array.lanes = lanes;
  accelerator.array.ports = ports;
  accelerator.array.registers.outputs = 64;
  accelerator.memory = {
      {.name = "dram", .kind = arch::MemoryLevel::Kind::dram, .burst_bytes = 1, .bandwidth = 4},
      {.name = "buffer", .size_bytes = 1 << 20, .word_bytes = 1, .bandwidth = 1024, .double_buffered = true}};
  return accelerator;
}

/// A matrix product [N, C] x [C, M] in 8-bit integers, all ones.
struct Product {
  std::vector<std::int16_t> weights, inputs;
  sim::LayerProgram program;

  Product(std::int64_t n, std::int64_t m, std::int64_t c)
      : weights(static_cast<std::size_t>(m * c), 1), inputs(static_cast<std::size_t>(n * c), 1) {
    auto& problem = program.problem;
    problem.name = "product";
    problem.shape.size[Dim::N] = n;
    problem.shape.size[Dim::M] = m;
    problem.shape.size[Dim::C] = c;
    program.weights = sim::pack_weights(weights.data(), {m * c, c, 1, 1, 1}, problem);
    program.inputs = {inputs.data(), {{0, 0, 0, 0, 0}, {n, 1, c, 1, 1}}, {c, c, 1, 1, 1}};
    program.requantization.multiplier.assign(static_cast<std::size_t>(m), 1 << 30);
    program.requantization.shift.assign(static_cast<std::size_t>(m), 30);
    program.mapping.layer = "product";
    program.mapping.memory.resize(2);
    for (auto& level : program.mapping.memory)
      level.keep = [] {
        workload::PerOperand<bool> all;
        for (workload::Operand o : workload::kOperands) all[o] = true;
        return all;
      }();
  }
};

std::int64_t stalls(const arch::CycleCounts& cycles, Stall cause) {
  return cycles.stalls[static_cast<std::size_t>(cause)];
}

}  // namespace

TEST_CASE("One dot product takes its transfers, one step a cycle, and the way out") {
  Product product(1, 1, 4);
  product.program.mapping.registers = {{Dim::C, 4}};
  sim::Accelerator accelerator("accelerator", machine(1, 1, 1, {1, 1, 1}));
  const sim::LayerOutcome outcome = accelerator.run(product.program);

  // 0: both tiles are requested. 1: seen, 4 bytes of weights move. 2: 4 bytes of inputs. 3: delivered. 4:
  // seen, the pass is accepted and loads for a cycle. Steps at 5, 6, 7, 8. 11: three stages later the bank
  // drains, one cycle; four PPU stages end at 16. 17: the mover sees it and asks, 18: one byte moves, done
  // when cycle 19 begins.
  CHECK(outcome.output == std::vector<std::int16_t>{4});
  CHECK(outcome.cycles.total == 19);
  CHECK(outcome.cycles.compute == 4);
  CHECK(stalls(outcome.cycles, Stall::memory) == 4);
  CHECK(stalls(outcome.cycles, Stall::weight_port) == 1);
  CHECK(stalls(outcome.cycles, Stall::finish) == 19 - 4 - 4 - 1);
  CHECK(outcome.cycles.port_busy[0] == 3);
}

TEST_CASE("A step waits for the slower port and not at all for an operand that stays") {
  // Two rows of two lanes: 4 bytes of weights a step at 2 bytes a cycle; 2 bytes of inputs at 2 bytes a
  // cycle.
  Product product(3, 2, 8);
  sim::Accelerator accelerator("accelerator", machine(2, 1, 2, {2, 2, 1}));
  product.program.mapping.rows = {{Dim::M, 2}};
  product.program.mapping.lanes = {{Dim::C, 2}};

  // Reduction innermost: each of 3 x 4 steps needs new weights and new inputs, so one step every 2 cycles.
  product.program.mapping.registers = {{Dim::N, 3}, {Dim::C, 4}};
  const sim::LayerOutcome streaming = accelerator.run(product.program);
  CHECK(streaming.cycles.compute == 12);
  CHECK(stalls(streaming.cycles, Stall::weight_port) ==
        2 + 11);  // the first load's two cycles, then one a step
  CHECK(streaming.output == std::vector<std::int16_t>(6, 8));

  // Batch innermost: the weights stay for three steps; only a change of weights costs its second cycle.
  product.program.mapping.registers = {{Dim::C, 4}, {Dim::N, 3}};
  const sim::LayerOutcome stationary = accelerator.run(product.program);
  CHECK(stationary.cycles.compute == 12);
  CHECK(stalls(stationary.cycles, Stall::weight_port) == 2 + 3);
  CHECK(stalls(stationary.cycles, Stall::input_port) == 0);
  CHECK(streaming.cycles.total - stationary.cycles.total == 11 - 3);
  CHECK(stationary.output == streaming.output);
}

TEST_CASE("A third pass waits until a bank has drained") {
  // Four passes of one step and four results; the output port takes one result a cycle.
  Product product(16, 1, 1);
  sim::Accelerator accelerator("accelerator", machine(1, 4, 1, {4, 4, 1}));
  product.program.mapping.columns = {{Dim::N, 4}};
  product.program.mapping.memory[1].temporal = {{Dim::N, 4}};
  const sim::LayerOutcome outcome = accelerator.run(product.program);

  // 1: the byte of weights, 2-5: 16 bytes of inputs, 6 delivered, 7 accepted (a). Steps at a+1, a+2. Bank 0
  // drains from a+1+3 for 4 cycles and is free at a+8: third step. Bank 1 drains until a+12: fourth step. The
  // third pass drains until a+16, the fourth until a+20, is in memory at a+24, seen at a+25, moves 16 bytes
  // from a+26 to a+30.
  const std::int64_t a = 7;
  CHECK(outcome.cycles.compute == 4);
  CHECK(stalls(outcome.cycles, Stall::drain) == (8 - 3) + (12 - 9));
  CHECK(outcome.cycles.total == a + 30);
  CHECK(outcome.output == std::vector<std::int16_t>(16, 1));
}

TEST_CASE("Double buffering hides the array behind the transfers, or the transfers behind the array") {
  // Eight iterations of the DRAM's loop, each with its own 64 bytes of weights: 16 cycles at 4 bytes a cycle.
  Product product(1, 8, 64);
  product.program.mapping.memory[0].temporal = {{Dim::M, 8}};
  product.program.mapping.registers = {{Dim::C, 64}};
  arch::Accelerator slow_memory = machine(1, 1, 1, {1, 1, 1});
  slow_memory.memory[0].bandwidth = 1;  // 64 cycles a tile: as long as its 64 steps
  arch::Accelerator single = machine(1, 1, 1, {1, 1, 1});
  single.memory[1].double_buffered = false;
  sim::Accelerator fast("fast", machine(1, 1, 1, {1, 1, 1}));
  sim::Accelerator slow("slow", slow_memory);
  sim::Accelerator one_slot("one_slot", single);

  // Array bound: after the first tiles (16 + 16 cycles) steps follow each other without a gap.
  const sim::LayerOutcome array_bound = fast.run(product.program);
  CHECK(array_bound.cycles.compute == 512);
  CHECK(stalls(array_bound.cycles, Stall::memory) == 1 + 16 + 16 + 1);
  CHECK(stalls(array_bound.cycles, Stall::weight_port) == 1);

  // Memory bound: a tile every 64 cycles, plus the cycle in which its request is seen; results add a byte
  // each.
  const sim::LayerOutcome memory_bound = slow.run(product.program);
  CHECK(memory_bound.cycles.port_busy[0] == 8 * 64 + 64 + 8);
  CHECK(memory_bound.cycles.total > memory_bound.cycles.port_busy[0]);
  CHECK(memory_bound.cycles.total < memory_bound.cycles.port_busy[0] + 8 * 4 + 64 + 20);

  // Single buffered, every iteration pays transfer and steps one after the other.
  const sim::LayerOutcome serial = one_slot.run(product.program);
  CHECK(stalls(serial.cycles, Stall::memory) > 8 * 16);
  CHECK(serial.output == array_bound.output);
  CHECK(memory_bound.output == array_bound.output);
}

TEST_CASE("What stays on chip makes no request and takes no time") {
  Product product(1, 1, 4);
  product.program.mapping.registers = {{Dim::C, 4}};
  arch::Accelerator description = machine(1, 1, 1, {1, 1, 1});
  description.memory[0].latency_cycles = 100;
  sim::Accelerator accelerator("accelerator", description);
  const auto run = [&](bool inputs, bool outputs) {
    product.program.mapping.on_chip[workload::Operand::inputs] = inputs;
    product.program.mapping.on_chip[workload::Operand::outputs] = outputs;
    const sim::LayerOutcome outcome = accelerator.run(product.program);
    CHECK(outcome.output == std::vector<std::int16_t>{4});
    return outcome.cycles;
  };
  // As in the first case: requests at 0, weights in cycle 1, inputs in 2, which arrive at 3 + 100; results in
  // the buffer at 116, seen at 117, one byte moves in 118.
  CHECK(run(false, false).total == 119);
  // Only weights move, so everything is a cycle earlier.
  const arch::CycleCounts inputs_stay = run(true, false);
  CHECK(inputs_stay.total == 118);
  CHECK(inputs_stay.port_busy[0] == 2);
  // The layer ends when the results are in the buffer.
  const arch::CycleCounts outputs_stay = run(false, true);
  CHECK(outputs_stay.total == 116);
  CHECK(outputs_stay.port_busy[0] == 2);
  CHECK(stalls(outputs_stay, Stall::finish) == 116 - (103 + 1 + 1 + 4));
  CHECK(run(true, true).total == 115);
}

TEST_CASE("A tensor at home in the outer buffer streams through the inner one") {
  // Eight tiles of 8 weights bytes each; the inputs (64 bytes) wait in the outer buffer and move in once.
  Product product(1, 8, 64);
  arch::Accelerator description = machine(1, 1, 1, {1, 1, 1});
  description.memory.push_back(description.memory[1]);
  description.memory[2].name = "inner";
  auto& mapping = product.program.mapping;
  mapping.memory.push_back(mapping.memory[1]);
  mapping.memory[0].temporal = {{Dim::M, 8}};
  mapping.registers = {{Dim::C, 64}};
  mapping.on_chip[workload::Operand::inputs] = true;
  sim::Accelerator accelerator("accelerator", description);
  const sim::LayerOutcome outcome = accelerator.run(product.program);
  const auto traffic = [&](std::size_t level) {
    return outcome.actions.memory[level][workload::Operand::inputs];
  };
  CHECK(traffic(0) == arch::Traffic{});
  CHECK(traffic(1).write_elements == 0);
  CHECK(traffic(1).read_elements == 64);
  CHECK(traffic(2).write_elements == 64);
  CHECK(traffic(2).read_elements == 8 * 64);
  CHECK(outcome.actions.dram_bursts == 8 * 64 + 8);  // bytes of weights and results
  CHECK(outcome.output == std::vector<std::int16_t>(8, 64));
}

TEST_CASE("DRAM latency is paid once by requests that are pipelined") {
  Product product(1, 1, 4);
  product.program.mapping.registers = {{Dim::C, 4}};
  arch::Accelerator far = machine(1, 1, 1, {1, 1, 1});
  far.memory[0].latency_cycles = 100;
  sim::Accelerator near_machine("near", machine(1, 1, 1, {1, 1, 1}));
  sim::Accelerator far_machine("far", far);
  const std::int64_t near_cycles = near_machine.run(product.program).cycles.total;
  CHECK(far_machine.run(product.program).cycles.total == near_cycles + 100);
}

TEST_CASE("Results and a pass that ask for the same port in the same cycle - the results go first") {
  // Operands stream from DRAM and results go there: three passes of one step and one result, a byte each.
  Product product(3, 1, 1);
  arch::Accelerator bare = machine(1, 1, 1, {1, 1, 1});
  bare.memory.pop_back();
  product.program.mapping.memory.resize(1);
  product.program.mapping.memory[0].temporal = {{Dim::N, 3}};
  sim::Accelerator accelerator("accelerator", bare);
  const sim::LayerOutcome outcome = accelerator.run(product.program);

  // Pass 0 asks in 0, holds the port from 1, has loaded by 2 and issues; pass 1 holds it from 3 and issues in
  // 4. The first result asks in 2 + 3, moves in 6; in 7 its bank is free and pass 2 asks for the port. So
  // does the second result, ready since 4 + 3: it moves in 8, the pass holds the port from 9, has loaded by
  // 10 and issues. Its result asks in 13, moves in 14 and is in memory four stages later.
  CHECK(outcome.cycles.compute == 3);
  CHECK(stalls(outcome.cycles, Stall::memory) == 1 + 2);
  CHECK(stalls(outcome.cycles, Stall::drain) == 7 - 5);
  CHECK(stalls(outcome.cycles, Stall::weight_port) + stalls(outcome.cycles, Stall::input_port) == 3);
  CHECK(outcome.cycles.total == 15 + 4);
  CHECK(outcome.output == std::vector<std::int16_t>(3, 1));
}

TEST_CASE("Every cycle is a compute cycle or has one cause") {
  Product product(5, 7, 11);
  product.program.mapping.memory[0].temporal = {{Dim::C, 3}, {Dim::M, 4}};
  product.program.mapping.registers = {{Dim::N, 5}, {Dim::M, 2}, {Dim::C, 4}};
  sim::Accelerator accelerator("accelerator", machine(1, 1, 1, {3, 2, 1}));
  const sim::LayerOutcome outcome = accelerator.run(product.program);
  CHECK(std::accumulate(outcome.cycles.stalls.begin(), outcome.cycles.stalls.end(), outcome.cycles.compute) ==
        outcome.cycles.total);
  CHECK(stalls(outcome.cycles, Stall::partial_sums) > 0);
  CHECK(outcome.output == std::vector<std::int16_t>(35, 11));
}
