// What does a person see at the end of a run?
#include <catch2/catch.hpp>

#include "app/report_table.h"
#include "tests/app/sample_result.h"

using namespace heddle;

TEST_CASE("the cycle table shows the causes that occur, and sums", "[report]") {
  // memory 700 / 2000 and 700 / 2500; finish 100 / 2000 and 100 / 2500.
  CHECK(app::cycle_table(tests::small_result()) ==
        "layer  op          MACs  cycles    util  memory  finish  bound by  reference\n"
        "----------------------------------------------------------------------------\n"
        "conv1  conv      16,000   2,000  50.0 %  35.0 %   5.0 %  compute   equal\n"
        "pool1  max_pool             500           0.0 %   0.0 %  compute   equal\n"
        "----------------------------------------------------------------------------\n"
        "total            16,000   2,500  50.0 %  28.0 %   4.0 %\n");
}

TEST_CASE("the energy table has a column for each part", "[report]") {
  CHECK(app::energy_table(tests::small_result()) ==
        "layer   energy    array     dram      ppu\n"
        "-----------------------------------------\n"
        "conv1  10.0 nJ  1.50 nJ  8.50 nJ      0 J\n"
        "pool1  2.50 nJ      0 J      0 J  2.50 nJ\n"
        "-----------------------------------------\n"
        "total  12.5 nJ  1.50 nJ  8.50 nJ  2.50 nJ\n");
}

TEST_CASE("the summary is per inference, and names what it depends on", "[report]") {
  app::RunResult result = tests::small_result();
  result.accuracy = {0.975, 0.95, 40};
  CHECK(app::summary(result) ==
        "time                0.025 ms for 2 inputs at 100 MHz\n"  // 2500 cycles
        "throughput          80000.0 inferences/s\n"              // 2 / 25 us
        "energy              6.25e-06 mJ per inference\n"         // 6.25 nJ
        "effective TOPS      0.001\n"                             // 32000 / 25 us = 1.28e9
        "effective TOPS/W    2.560\n"                             // 32000 / 12500 pJ
        "multiplies          12,000 performed for 16,000 MACs (75.0 %)\n"
        "accuracy, float     97.50 % of 40 inputs\n"
        "accuracy, machine   95.00 % of 40 inputs\n"
        "configuration       tiny on small, fidelity clocked, energy table round-numbers 1, recipe default, "
        "seed 7, "
        "heddle 0.1.0\n");
}

TEST_CASE("a difference is named below the tables", "[report]") {
  app::RunResult result = tests::small_result();
  CHECK(app::report_table(result).find("DIFFERS") == std::string::npos);
  result.layers[0].check_reference = "output [0, 3, 1, 2]: expected 5, got 6";
  const std::string text = app::report_table(result);
  CHECK(text.find("DIFFERS") != std::string::npos);
  CHECK(text.find("conv1: reference: output [0, 3, 1, 2]: expected 5, got 6\n") != std::string::npos);
}

TEST_CASE("an analytical run's multiplies are expected ones and its layers are not checked", "[report]") {
  app::RunResult result = tests::small_result();
  result.fidelity = "analytical";
  for (app::LayerResult& layer : result.layers) layer.check_reference = "not run";
  const std::string text = app::report_table(result);
  CHECK_THAT(text, Catch::Contains("12,000 expected for 16,000 MACs") && Catch::Contains("not run"));
  CHECK_THAT(text, !Catch::Contains("equal") && !Catch::Contains("performed"));
}
