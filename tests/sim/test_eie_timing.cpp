// Does every broadcast, slice and stage of the eie unit happen in its cycle? Cycle numbers are derived in
// each test from the rules of docs/eie.md and docs/machine.md.
#include <catch2/catch.hpp>
#include <numeric>

#include "rtl/verify/eie_cases.h"
#include "sim/accelerator.h"
#include "tests/sim/eie_definition.h"

namespace {

using namespace heddle;
using namespace heddle::tests;
using namespace heddle::verify;
using arch::Stall;

arch::Accelerator machine(std::int64_t pes, std::int64_t queue, std::int64_t registers = 64) {
  arch::Accelerator accelerator;
  accelerator.name = "timing";
  accelerator.array.rows = pes;
  accelerator.array.bits = {16, 16, 16};
  accelerator.array.registers.inputs = accelerator.array.registers.outputs = registers;
  accelerator.array.ports = {1, 2, pes};
  accelerator.array.eie = arch::EieUnit{.queue = queue};
  accelerator.memory = {
      {.name = "dram", .kind = arch::MemoryLevel::Kind::dram, .burst_bytes = 1, .bandwidth = 4},
      {.name = "sram",
       .size_bytes = 1 << 21,
       .weight_bytes = 1 << 20,
       .banks = pes,
       .word_bytes = 1,
       .bandwidth = 1024}};
  return accelerator;
}

std::int64_t stalls(const arch::CycleCounts& cycles, Stall cause) {
  return cycles.stalls[static_cast<std::size_t>(cause)];
}

/// Weights of value 1 where `picture` has an x; one text per output.
std::vector<std::int16_t> drawn(const std::vector<std::string>& picture) {
  std::vector<std::int16_t> weights;
  for (const std::string& row : picture) {
    for (const char c : row) weights.push_back(c == 'x' ? 1 : 0);
  }
  return weights;
}

}  // namespace

TEST_CASE("A vector takes its transfers, detection, broadcasts, five stages, and the way out") {
  const arch::Accelerator accelerator = machine(4, 8);
  EieCase test = eie_case(accelerator, 4, drawn({"xxx", "x..", "x..", "x.."}), {5, 0, 7}, 0);
  test.bind();
  sim::Accelerator eie("eie", accelerator, sim::Fidelity::clocked);
  const sim::LayerOutcome outcome = eie.run(test.program);

  // 0: both tiles are requested. 1: seen; 6 entries of 8 bits, 4 x 4 pointers and 2 codebook values of 16 are
  // 42 bytes: 11 cycles. 12: 6 bytes of inputs, 2 cycles. 14: delivered. 15: seen, the pass is accepted and
  // loads 6 bytes at 2 a cycle. 18: one level of detection. 19: the first broadcast, 20: the second; PE 0 has
  // an entry for either, the others' second slice is empty. Both are over when 21 begins. 26: five stages
  // later 4 sums drain in a cycle, 4 PPU stages end at 31. 32: the mover sees it, 33 and 34: 8 bytes move.
  CHECK(outcome.output == std::vector<std::int16_t>{12, 5, 5, 5});
  CHECK(outcome.cycles.total == 35);
  CHECK(stalls(outcome.cycles, Stall::memory) == 15);
  CHECK(stalls(outcome.cycles, Stall::input_port) == 3);
  CHECK(outcome.cycles.compute == 4);  // 18 to 21
  CHECK(stalls(outcome.cycles, Stall::finish) == 35 - 15 - 3 - 4);
  CHECK(outcome.cycles.port_busy[0] == 11 + 2 + 2);
}

TEST_CASE("The example of the documentation takes the cycles of its diagram") {
  const arch::Accelerator accelerator = machine(16, 8);
  // PE 0 has rows 0 and 16: slices of 2, 2 and 0 entries; PE 1 one entry each; the others none.
  std::vector<std::string> picture(32, "...");
  picture[0] = picture[16] = "xx.";
  picture[1] = "xxx";
  EieCase test = eie_case(accelerator, 32, drawn(picture), {1, 1, 1}, 0);
  test.bind();
  sim::Accelerator eie("eie", accelerator, sim::Fidelity::clocked);
  const sim::LayerOutcome outcome = eie.run(test.program);
  const arch::EieCounts& counts = outcome.actions.eie.value();
  CHECK(outcome.cycles.compute == 8);  // S = 0 to E = 7
  CHECK(counts.work[0] == 5);
  CHECK(counts.work[1] == 3);
  CHECK(counts.starved_cycles == 15 * 2);  // cycles 5 and 6 of all PEs but the first
  CHECK(counts.queue_full_cycles == 0);
  CHECK(counts.pointer_reads == 16 * 3 * 2);
  CHECK(counts.codebook_lookups == 7);
}

TEST_CASE("A queue of one makes broadcasts wait for the slowest PE") {
  // PE 0 walks 3 entries a column, PE 1 one. With one place in the queue: a0 starts at 0 everywhere; a1 waits
  // in the queue of PE 0 from 1 to 3; a2 can be broadcast when a1 leaves, at 3; a3 at 6. The last slice of PE
  // 0 ends at 12.
  std::vector<std::string> picture(6, "....");
  picture[0] = picture[2] = picture[4] = picture[1] = "xxxx";
  const arch::Accelerator accelerator = machine(2, 1);
  EieCase test = eie_case(accelerator, 6, drawn(picture), {1, 1, 1, 1}, 0);
  test.bind();
  sim::Accelerator eie("eie", accelerator, sim::Fidelity::clocked);
  const sim::LayerOutcome outcome = eie.run(test.program);
  const arch::EieCounts& counts = outcome.actions.eie.value();
  CHECK(outcome.cycles.compute == 1 + 12 + 1);  // detection, 12 cycles of walking, the last issue
  CHECK(counts.queue_full_cycles == (3 - 2) + (6 - 4));
  CHECK(counts.work == std::vector<std::int64_t>{12, 4});
  CHECK(counts.starved_cycles == 12 - 4);
}

TEST_CASE("A vector of zeros broadcasts nothing and takes one cycle after detection") {
  const arch::Accelerator accelerator = machine(64, 8);
  EieCase test = eie_case(accelerator, 3, drawn({"xx", "xx", "xx"}), {0, 0}, 0);
  test.bind();
  sim::Accelerator eie("eie", accelerator, sim::Fidelity::clocked);
  const sim::LayerOutcome outcome = eie.run(test.program);
  CHECK(outcome.cycles.compute == 3 + 1);
  CHECK(outcome.output == std::vector<std::int16_t>{0, 0, 0});
  CHECK(outcome.actions.eie->broadcasts == 0);
}

TEST_CASE("Sums on their way are forwarded to entries of the same output that follow without a gap") {
  // One PE with one output: every entry adds to the sum of the one before.
  const arch::Accelerator accelerator = machine(1, 8);
  EieCase test = eie_case(accelerator, 1, drawn({"xxxxxxxxxx"}), {1, 2, 4, 8, 16, 32, 64, 128, 256, 512}, 0);
  test.bind();
  sim::Accelerator eie("eie", accelerator, sim::Fidelity::clocked);
  CHECK(eie.run(test.program).output == std::vector<std::int16_t>{1023});
}

TEST_CASE("Sums saturate on the way and not at the end") {
  // 2 x 20000 saturates at 32767 before 30000 is taken away.
  const arch::Accelerator accelerator = machine(2, 8);
  EieCase test = eie_case(accelerator, 1, {1, 1, -1}, {20000, 20000, 30000}, 0);
  test.bind();
  sim::Accelerator eie("eie", accelerator, sim::Fidelity::clocked);
  CHECK(eie.run(test.program).output == std::vector<std::int16_t>{2767});
}

TEST_CASE("The clocked walk keeps the recurrence on random blocks") {
  Random random(77);
  const std::vector<std::int64_t> pes = {1, 3, 16, 64}, depths = {1, 2, 8};
  std::vector<arch::Accelerator> descriptions;
  std::vector<std::unique_ptr<sim::Accelerator>> machines;
  for (const std::int64_t p : pes) {
    for (const std::int64_t depth : depths) {
      descriptions.push_back(machine(p, depth));
      machines.push_back(std::make_unique<sim::Accelerator>(("eie" + std::to_string(machines.size())).c_str(),
                                                            descriptions.back(), sim::Fidelity::clocked));
    }
  }
  for (std::size_t i = 0; i < machines.size(); ++i) {
    const std::int64_t P = descriptions[i].array.rows, D = descriptions[i].array.eie->queue;
    const std::int64_t rows = P * 5 + P / 2, columns = std::min<std::int64_t>(200, 64 * P);
    std::vector<std::int16_t> weights, inputs;
    for (std::int64_t w = 0; w < rows * columns; ++w) weights.push_back(random.chance(0.3) ? 1 : 0);
    for (std::int64_t c = 0; c < columns; ++c) inputs.push_back(random.chance(0.6) ? 1 : 0);
    EieCase test = eie_case(descriptions[i], rows, weights, inputs, 0);
    test.bind();
    const sim::LayerOutcome outcome = machines[i]->run(test.program);

    // Gaps stay below 16 rows: no padding, a PE's entries are its weights.
    std::vector<std::vector<std::int64_t>> start;  // [broadcast][PE]
    std::vector<std::int64_t> finish(static_cast<std::size_t>(P), 0), work(static_cast<std::size_t>(P), 0);
    std::int64_t broadcast = -1;
    for (std::int64_t c = 0; c < columns; ++c) {
      if (inputs[static_cast<std::size_t>(c)] == 0) continue;
      ++broadcast;
      const auto j = static_cast<std::int64_t>(start.size());
      if (j >= D) {
        for (const std::int64_t s : start[static_cast<std::size_t>(j - D)])
          broadcast = std::max(broadcast, s);
      }
      start.emplace_back();
      for (std::int64_t p = 0; p < P; ++p) {
        std::int64_t n = 0;
        for (std::int64_t row = p; row < rows; row += P)
          n += weights[static_cast<std::size_t>(row * columns + c)];
        auto& end = finish[static_cast<std::size_t>(p)];
        start.back().push_back(std::max(broadcast, end));
        end = start.back().back() + std::max<std::int64_t>(1, n);
        work[static_cast<std::size_t>(p)] += std::max<std::int64_t>(1, n);
      }
    }
    const std::int64_t E = *std::max_element(finish.begin(), finish.end());
    std::int64_t levels = 1;
    for (std::int64_t reached = 4; reached < P; reached *= 4) ++levels;
    INFO(P << " PEs, queues of " << D);
    const arch::EieCounts& counts = outcome.actions.eie.value();
    REQUIRE(counts.padding_entries == 0);
    REQUIRE(outcome.cycles.compute == levels + E + 1);
    REQUIRE(counts.work == work);
    REQUIRE(counts.starved_cycles == P * E - std::accumulate(work.begin(), work.end(), std::int64_t{0}));
    REQUIRE(counts.queue_full_cycles == broadcast + 1 - static_cast<std::int64_t>(start.size()));
    REQUIRE(outcome.output == compute(test));
  }
}
