// What does a person see of a network's mappings?
#include <algorithm>
#include <catch2/catch.hpp>

#include "app/report_json.h"
#include "app/report_mapping.h"
#include "tests/app/sample_result.h"

using namespace heddle;
using workload::Dim;

namespace {

/// conv1 of small_result(), a layer equal to it from the cache, and another that is not proved.
app::MapResult small_mapping() {
  app::MapResult result;
  result.run = tests::small_result();
  result.run.layers.pop_back();
  result.run.options = {{"search", "optimal"}, {"objective", "edp"}};
  app::LayerResult& conv = result.run.layers.front();
  mapper::Certificate certificate;
  certificate.proved = true;
  certificate.best = certificate.lower_bound = 10000.0 * 2000;
  certificate.space = mapper::Count{1} << 70;
  certificate.evaluated = 1234;
  certificate.removed = {
      {"nothing", 0}, {"array bound", (mapper::Count{1} << 70) - 1234 - 5678}, {"capacity", 5678}};
  certificate.seconds = 0.25;
  conv.certificate = certificate;
  arch::LayerProblem problem;
  problem.name = "conv1";
  problem.shape.size[Dim::M] = 16;
  problem.shape.size[Dim::C] = 16;
  problem.shape.size[Dim::Q] = 2;
  problem.shape.size[Dim::R] = 3;
  problem.shape.input_w = 2;
  problem.sparsity = workload::StructuredSparsity{2, 4};
  result.layers = {{problem, "conv1", true}, {problem, "conv1", true}, {problem, "conv3", false}};
  result.layers[1].problem.name = "conv2";
  result.layers[2].problem.name = "conv3";
  result.run.layers = {conv, conv, conv};
  result.run.layers[1].name = "conv2";
  result.run.layers[2].name = "conv3";
  result.run.layers[2].certificate->proved = false;
  result.run.layers[2].certificate->lower_bound = 0.8 * certificate.best;
  result.seconds = 0.5;
  result.threads = 2;
  return result;
}

}  // namespace

TEST_CASE("a mapped layer says which layers it is, what it costs and how sure that is", "[report]") {
  const app::MapResult result = small_mapping();
  const std::string text = app::mapped_layer(result, 0);
  CHECK_THAT(text,
             Catch::StartsWith("conv1, conv2\n"
                               "  conv M=16 C=16 Q=2 R=3: 16,000 MACs, weights 8 bit 2:4, inputs 8 bit\n"
                               "  [dram] tile "));
  CHECK_THAT(text, Catch::Contains("for M in 8\n") && Catch::Contains("[registers] pass "));
  // 2^70 = 1.18e21; 8500 and 1500 of 10000 pJ.
  CHECK_THAT(text, Catch::EndsWith(
                       "  cycles   2,000, utilization 50.0 %, bound by compute\n"
                       "  energy   10.0 nJ: dram 85.0 %, array 15.0 %\n"
                       "  proof    no mapping has less energy x delay; 1.18e+21 mappings, 1,234 evaluated, "
                       "0.25 s in an earlier run\n"
                       "  left out array bound 1.18e+21, capacity 5,678\n"));
  CHECK(std::count(text.begin(), text.end(), '\n') <= 25);
  CHECK_THAT(app::mapped_layer(result, 2),
             Catch::StartsWith("conv3\n") &&
                 Catch::Contains("proof    none: the least energy x delay is at most 20.0 % lower; ") &&
                 Catch::Contains("0.25 s\n"));
}

TEST_CASE("the objective is named, and a search that knows no bound says so", "[report]") {
  app::MapResult result = small_mapping();
  result.run.options.back().second = "latency";
  CHECK_THAT(app::mapped_layer(result, 0), Catch::Contains("no mapping has less cycles;"));
  result.run.layers[2].certificate->lower_bound = 0;
  result.run.options.back().second = "energy";
  CHECK_THAT(app::mapped_layer(result, 2),
             Catch::Contains("none: how much less energy there could be is not known;"));
}

TEST_CASE("equal layers are printed once, and all are in the table", "[report]") {
  const app::MapResult result = small_mapping();
  const std::string text = app::report_mapping(result);
  CHECK(text == app::mapped_layer(result, 0) + "\n" + app::mapped_layer(result, 2) + "\n" +
                    app::mapping_table(result) + "\n" + app::mapping_summary(result));
  // 1 / 0.8 - 1 = 25 % above the bound.
  CHECK(app::mapping_table(result) ==
        "layer  op      MACs  cycles    util   energy  bound by  proof\n"
        "---------------------------------------------------------------------\n"
        "conv1  conv  16,000   2,000  50.0 %  10.0 nJ  compute   optimal\n"
        "conv2  conv  16,000   2,000  50.0 %  10.0 nJ  compute   optimal\n"
        "conv3  conv  16,000   2,000  50.0 %  10.0 nJ  compute   within 25.0 %\n"
        "---------------------------------------------------------------------\n"
        "total        48,000   6,000  50.0 %  30.0 nJ\n");
  // 6000 cycles at 100 MHz; 30 nJ x 60 us.
  CHECK_THAT(app::mapping_summary(result),
             Catch::Contains("time                60.0 us at 100 MHz, batch of 2\n") &&
                 Catch::Contains("energy              30.0 nJ; energy x delay 1.80 pJ s\n") &&
                 Catch::Contains("mapped              3 layers, 2 distinct (1 from the cache, 1 proved for "
                                 "edp), in 0.5 s on 2 threads\n"));
}

TEST_CASE("many equal layers are named over several lines", "[report]") {
  app::MapResult result = small_mapping();
  for (int i = 0; i < 40; ++i) {
    result.layers.push_back(result.layers[1]);
    result.run.layers.push_back(result.run.layers[1]);
    result.run.layers.back().name = "block" + std::to_string(i) + "_expand";
  }
  const std::string text = app::mapped_layer(result, 0);
  const std::string names = text.substr(0, text.find("\n  conv "));
  CHECK_THAT(names, Catch::StartsWith("conv1, conv2, block0_expand, ") && Catch::EndsWith(" block39_expand"));
  for (std::size_t begin = 0; begin < names.size();) {
    const std::size_t end = std::min(names.find('\n', begin), names.size());
    CHECK(end - begin <= 110);
    begin = end + 1;
  }
}

TEST_CASE("counts are exact as long as they can be read", "[report]") {
  CHECK(app::count_text(0) == "0");
  CHECK(app::count_text(9'999'999) == "9,999,999");
  CHECK(app::count_text(10'000'000) == "1.00e+07");
  CHECK(app::count_text(mapper::Count{1} << 100) == "1.27e+30");
}

TEST_CASE("the JSON of a mapped layer has its certificate, every digit of it", "[report]") {
  const app::MapResult result = small_mapping();
  const auto json = app::to_json(result.run);
  const auto& certificate = json.at("layers").at(0).at("certificate");
  CHECK(certificate.at("proved") == true);
  CHECK(certificate.at("best") == 2e7);
  CHECK(certificate.at("lower_bound") == 2e7);
  CHECK(certificate.at("space") == "1180591620717411303424");
  CHECK(certificate.at("evaluated") == 1234);
  CHECK(certificate.at("pruned").at("array bound") == "1180591620717411296512");  // 2^70 - 1234 - 5678
  CHECK(json.at("layers").at(2).at("certificate").at("proved") == false);
  CHECK_FALSE(app::to_json(tests::small_result()).at("layers").at(0).contains("certificate"));
}
