// Do the figures of a layer on the eie unit follow from its counts, and is the picture that of its PEs?
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/report_csv.h"
#include "app/report_eie.h"
#include "app/report_json.h"
#include "tests/app/sample_result.h"

using namespace heddle;
using nlohmann::json;

namespace {

/// 4 PEs that walk 30, 40, 20 and 30 cycles of 40: the second one is never starved.
arch::EieCounts counts() {
  arch::EieCounts counts;
  counts.broadcasts = 25;
  counts.queue_pushes = counts.queue_pops = 4 * 25;
  counts.pointer_reads = 2 * 4 * 25;
  counts.matrix_reads = 101;
  counts.codebook_lookups = 90;
  counts.padding_entries = 18;
  counts.queue_full_cycles = 10;
  counts.work = {30, 40, 20, 30};
  counts.starved_cycles = 4 * 40 - 120;
  return counts;
}

/// The sample's conv as if it had run on 4 PEs with the eie unit, its weights resident in half the time.
app::RunResult eie_result() {
  app::RunResult result = tests::small_result();
  result.accelerator.array = arch::ArrayUnit{};
  result.accelerator.array.rows = 4;
  result.accelerator.array.eie.emplace();
  result.layers[0].actions.eie = counts();
  app::LayerResult::Resident resident;
  resident.cycles = 1000;
  resident.energy = {{{.name = "array", .by_operand = {}, .total = 1500}}, 1500};
  resident.counts = counts();
  resident.counts.queue_full_cycles = 5;
  result.layers[0].weights_resident = resident;
  return result;
}

}  // namespace

TEST_CASE("the figures of the eie unit follow from its counts", "[eie]") {
  const app::EieFigures figures = app::eie_figures(counts(), 4);
  CHECK(figures.theoretical_cycles == 90 / 4.0);
  CHECK(figures.walk_cycles == 40);
  CHECK(figures.load_balance == 120 / (4 * 40.0));
  CHECK(figures.padding == 18 / 90.0);
  CHECK(figures.queue_full == 10 / 40.0);
}

TEST_CASE("a vector of zeros has figures of zero, not of infinity", "[eie]") {
  arch::EieCounts none;
  none.work = {0, 0, 0, 0};
  const app::EieFigures figures = app::eie_figures(none, 4);
  CHECK(figures.walk_cycles == 0);
  CHECK(figures.theoretical_cycles == 0);
  CHECK(figures.load_balance == 0);
  CHECK(figures.padding == 0);
  CHECK(figures.queue_full == 0);
}

TEST_CASE("the picture has a bar for each PE, from the least work to the most", "[eie]") {
  CHECK(app::load_picture({20, 40, 30, 27}) == "▁█▅▃");  // 7 x (0, 1, 1/2, 7/20), rounded half up: 0, 7, 4, 2
  CHECK(app::load_picture({0, 7, 1, 2, 3, 4, 5, 6}) == "▁█▂▃▄▅▆▇");
  CHECK(app::load_picture({5, 5, 5}) == "███");
  CHECK(app::load_picture({0}) == "█");
  CHECK(app::load_picture({}).empty());
}

TEST_CASE("more than 64 PEs share bars with their neighbours", "[eie]") {
  // 130 PEs: groups of three, of which the last has one; the first has less work, the last more.
  std::vector<std::int64_t> work(130, 10);
  work[0] = work[1] = work[2] = 5;
  work[129] = 12;  // one PE: a mean of itself
  std::string middle;
  for (int bar = 0; bar < 42; ++bar) middle += "▆";  // 7 x (10 - 5) / (12 - 5) = 5
  CHECK(app::load_picture(work) == "▁" + middle + "█");
  std::string all;
  for (int bar = 0; bar < 64; ++bar) all += "█";
  CHECK(app::load_picture(std::vector<std::int64_t>(64, 3)) == all);
  CHECK(app::load_picture(std::vector<std::int64_t>(128, 3)) == all);
}

TEST_CASE("the eie table has the layers that ran there, and both loads of their PEs", "[eie]") {
  CHECK(app::eie_table(tests::small_result()).empty());
  app::RunResult result = eie_result();
  const std::string text = app::eie_table(result);
  CHECK_THAT(text, Catch::Contains("conv1") && !Catch::Contains("pool1"));
  std::istringstream lines(text);
  std::string header, rule, row;
  std::getline(lines, header);
  std::getline(lines, rule);
  std::getline(lines, row);
  CHECK(header ==
        "layer  entries  padding  broadcasts  theoretical  walk  balance  queue full  resident   cold");
  CHECK(row ==
        "conv1       90   20.0 %          25           23    40   75.0 %      25.0 %     1,000  2,000");
  CHECK_THAT(text, Catch::Contains("\nconv1     20    30    40  ▅█▁▅\n"));
  result.layers[0].weights_resident.reset();
  CHECK_THAT(app::eie_table(result), Catch::Contains("do not fit  2,000"));
}

TEST_CASE("power of a PE is the energy of the paper's modules over the time of the resident runs", "[eie]") {
  CHECK(app::power_table(tests::small_result()).empty());
  app::RunResult result = eie_result();  // 4 PEs at 100 MHz: 1000 cycles are 10 us
  arch::Energy& energy = result.layers[0].weights_resident->energy;
  arch::Energy::Part registers{.name = "registers", .by_operand = {}, .total = 4000};
  registers.by_operand[workload::Operand::weights] = 800;
  registers.by_operand[workload::Operand::inputs] = 1200;
  registers.by_operand[workload::Operand::outputs] = 2000;
  arch::Energy::Part buffer{.name = "buffer", .by_operand = {}, .total = 20000};
  buffer.by_operand[workload::Operand::weights] = 16000;
  buffer.by_operand[workload::Operand::inputs] = 3000;
  buffer.by_operand[workload::Operand::outputs] = 1000;
  energy.parts = {{.name = "array", .by_operand = {}, .total = 3200},
                  registers,
                  {.name = "queues", .by_operand = {}, .total = 400},
                  {.name = "pointers", .by_operand = {}, .total = 6000},
                  buffer,
                  {.name = "dram", .by_operand = {}, .total = 1e9},
                  {.name = "ppu", .by_operand = {}, .total = 1e9}};
  // pJ / (10 us x 4) = pJ x 0.025 uW; no DRAM, no post-processing, no layer of the vector unit.
  CHECK(app::power_table(result) ==
        "power of a PE             mW  EIE paper\n"
        "---------------------------------------\n"
        "activation queue       0.010      0.112\n"
        "pointer read           0.150      1.807\n"
        "matrix read            0.400      4.955\n"
        "arithmetic             0.100      1.162\n"  // 3200 + the codebook's 800
        "activation read/write  0.180      1.122\n"  // 3200 in registers, 4000 in the SRAMs
        "---------------------------------------\n"
        "total                  0.840      9.158\n");
  // Without resident weights it is the cold run that counts: 2000 cycles.
  result.layers[0].energy = energy;
  result.layers[0].weights_resident.reset();
  CHECK_THAT(app::power_table(result), Catch::Contains("matrix read            0.200"));
}

TEST_CASE("the counters of the eie unit and its resident weights stand in the JSON and the CSV", "[eie]") {
  const json run = json::parse(app::report_json(eie_result()));
  const json& layer = run["layers"][0];
  const json& eie = layer["actions"]["eie"];
  CHECK(eie["broadcasts"] == 25);
  CHECK(eie["queue_pushes"] == 100);
  CHECK(eie["queue_pops"] == 100);
  CHECK(eie["pointer_reads"] == 200);
  CHECK(eie["matrix_reads"] == 101);
  CHECK(eie["codebook_lookups"] == 90);
  CHECK(eie["padding_entries"] == 18);
  CHECK(eie["queue_full_cycles"] == 10);
  CHECK(eie["starved_cycles"] == 40);
  CHECK(eie["theoretical_cycles"] == 22.5);
  CHECK(eie["walk_cycles"] == 40);
  CHECK(eie["load_balance"] == 0.75);
  CHECK(eie["work"] == json({30, 40, 20, 30}));
  CHECK(layer["weights_resident"]["cycles"] == 1000);
  CHECK(layer["weights_resident"]["energy_pj"] == json({{"total", 1500.0}, {"array", 1500.0}}));
  CHECK(layer["weights_resident"]["eie"]["queue_full_cycles"] == 5);
  CHECK_FALSE(run["layers"][1]["actions"].contains("eie"));
  CHECK_FALSE(run["layers"][1].contains("weights_resident"));

  std::istringstream csv(app::report_csv(eie_result()));
  std::string header, conv, pool;
  std::getline(csv, header);
  std::getline(csv, conv);
  std::getline(csv, pool);
  const std::string columns =
      ",eie_broadcasts,eie_queue_pushes,eie_queue_pops,eie_pointer_reads,eie_matrix_reads,"
      "eie_codebook_lookups,eie_padding_entries,eie_queue_full_cycles,eie_starved_cycles,"
      "eie_theoretical_cycles,eie_walk_cycles,eie_load_balance,weights_resident_cycles,"
      "weights_resident_energy_pj,";
  CHECK_THAT(header, Catch::Contains(columns));
  CHECK_THAT(conv, Catch::Contains(",25,100,100,200,101,90,18,10,40,22.5,40,0.75,1000,1500,"));
  CHECK_THAT(pool, Catch::Contains(",,,,,,,,,,,,,,"));  // none of these 14 columns
}

TEST_CASE("the JSON echoes an accelerator with the eie unit as it was read", "[eie]") {
  arch::Accelerator accelerator = tests::small_accelerator();
  arch::ArrayUnit& unit = accelerator.array = {};
  unit.rows = 16;
  unit.registers.inputs = unit.registers.outputs = 32;
  unit.ports = {64, 100, 12};
  unit.eie = arch::EieUnit{.queue = 4,
                           .code_bits = 5,
                           .index_bits = 3,
                           .word_bits = 96,
                           .pointer_bits = 18,
                           .pointer_bytes = 2048};
  accelerator.memory[1].weight_bytes = 768;
  accelerator.memory[1].banks = 16;
  const json echoed = app::to_json(accelerator);
  CHECK(echoed["array"] == json({{"unit", "eie"},
                                 {"pes", 16},
                                 {"queue", 4},
                                 {"weights", {{"code", 5}, {"index", 3}}},
                                 {"registers", 32},
                                 {"pointers", {{"bits", 18}, {"size", 2048}}},
                                 {"word", 96},
                                 {"ports", {{"inputs", 100}, {"outputs", 12}}}}));
  CHECK(echoed["memory"][1]["size"] == 1024);
  CHECK(echoed["memory"][1]["weight_size"] == 768);
  CHECK(echoed["memory"][1]["banks"] == 16);
  CHECK_FALSE(app::to_json(tests::small_accelerator())["memory"][1].contains("weight_size"));
}
