// Do the files written for Timeloop say what heddle means: the same layer, the same loops, the same levels?
#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>
#include <map>
#include <numeric>

#include "arch/timeloop.h"
#include "support/error.h"
#include "workload/random.h"
#include "workload/readers/timeloop_problem.h"

namespace heddle::arch {
namespace {

using workload::Dim;
using workload::kDims;
using workload::MacShape;
using workload::Operand;

workload::PerOperand<bool> keep(bool weights, bool inputs, bool outputs) {
  workload::PerOperand<bool> result;
  result[Operand::weights] = weights;
  result[Operand::inputs] = inputs;
  result[Operand::outputs] = outputs;
  return result;
}

/// DRAM over a double-buffered 64 KiB buffer; 4 rows, 8 columns, 2 lanes.
Accelerator machine() {
  Accelerator accelerator;
  accelerator.name = "machine";
  accelerator.clock_hz = 5e8;
  accelerator.array.rows = 4;
  accelerator.array.columns = 8;
  accelerator.array.lanes = 2;
  accelerator.array.registers.outputs = 16;
  accelerator.memory = {
      {.name = "dram", .kind = MemoryLevel::Kind::dram, .burst_bytes = 64, .bandwidth = 16},
      {.name = "buffer", .size_bytes = 65536, .word_bytes = 32, .bandwidth = 64, .double_buffered = true}};
  return accelerator;
}

/// P 13, Q 11, 10 output and 6 input channels under 3 x 3, stride 2, padding 1.
LayerProblem convolution() {
  LayerProblem problem{.name = "conv", .shape = {}, .sparsity = {}, .shared = {}};
  MacShape& shape = problem.shape;
  for (const auto& [dim, size] :
       {std::pair{Dim::M, 10}, {Dim::C, 6}, {Dim::P, 13}, {Dim::Q, 11}, {Dim::R, 3}, {Dim::S, 3}}) {
    shape.size[dim] = size;
  }
  shape.stride_h = 2;
  shape.stride_w = 1;
  shape.dilation_w = 2;
  shape.pad_top = shape.pad_left = 1;
  shape.input_h = 26;
  shape.input_w = 13;
  return problem;
}

LayerMapping mapping_of_convolution() {
  LayerMapping mapping;
  mapping.layer = "conv";
  mapping.memory = {{{{Dim::P, 7}, {Dim::M, 3}}, keep(true, true, true)},
                    {{{Dim::C, 3}, {Dim::P, 2}, {Dim::Q, 2}}, keep(false, true, true)}};
  mapping.rows = {{Dim::M, 4}};
  mapping.columns = {{Dim::Q, 8}};
  mapping.lanes = {{Dim::C, 2}};
  mapping.registers = {{Dim::R, 3}, {Dim::S, 3}};
  return mapping;
}

/// The loop nest that our own reader sees in a text.
MacShape read_back(const std::string& text) {
  const workload::Network network = workload::parse_timeloop_problem(text, "conv.yaml");
  return workload::mac_shape(network, network.layers().at(0)).value();
}

struct Factor {
  std::int64_t end = 1, last = 1;
};

/// Timeloop's reading of "M=5,3": five iterations, three in the last round.
std::map<char, Factor> factors_of(const YAML::Node& directive) {
  std::map<char, Factor> factors;
  for (const auto& node : directive["factors"]) {
    const std::string text = node.as<std::string>();
    REQUIRE(text[1] == '=');
    const std::size_t comma = text.find(',');
    Factor factor;
    factor.end = std::stoll(text.substr(2, comma - 2));
    factor.last = comma == std::string::npos ? factor.end : std::stoll(text.substr(comma + 1));
    factors[text[0]] = factor;
  }
  return factors;
}

std::vector<YAML::Node> loops_of(const YAML::Node& mapping) {
  std::vector<YAML::Node> loops;
  for (const auto& directive : mapping) {
    if (directive["type"].as<std::string>() != "dataspace") loops.push_back(directive);
  }
  return loops;
}

/// What the factors of a dimension make, by walking the loops: iterations of the body.
std::int64_t walked(const std::vector<Factor>& loops, std::size_t level, bool in_last_round) {
  if (level == loops.size()) return 1;
  const std::int64_t count = in_last_round ? loops[level].last : loops[level].end;
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += walked(loops, level + 1, in_last_round && i + 1 == count);
  return sum;
}

void check_covers(const std::string& text, const MacShape& shape) {
  const std::vector<YAML::Node> loops = loops_of(YAML::Load(text)["mapping"]);
  for (Dim dim : kDims) {
    std::vector<Factor> of_dim;
    for (const YAML::Node& nest : loops) {
      const auto factors = factors_of(nest);
      const auto found = factors.find(letter(dim));
      if (found != factors.end()) of_dim.push_back(found->second);
    }
    INFO(letter(dim) << " in\n" << text);
    CHECK(walked(of_dim, 0, true) == shape.size[dim]);
  }
}

std::string name_list(const YAML::Node& node) {
  std::string text;
  for (const auto& entry : node) text += entry.as<std::string>() + " ";
  return text;
}

const YAML::Node find(const YAML::Node& list, const std::string& target, const std::string& type) {
  for (const auto& entry : list) {
    if (entry["target"].as<std::string>() == target && entry["type"].as<std::string>() == type) return entry;
  }
  FAIL("no " << type << " directive of " << target);
  return {};
}

TEST_CASE("timeloop files - a convolution comes back as it was") {
  LayerProblem problem = convolution();
  CHECK(read_back(to_timeloop_problem(problem)) == problem.shape);
  problem.shape.size[Dim::G] = 5;
  CHECK(read_back(to_timeloop_problem(problem)) == problem.shape);
  problem.shape.size[Dim::M] = problem.shape.size[Dim::C] = 1;  // depthwise
  CHECK(read_back(to_timeloop_problem(problem)) == problem.shape);
}

TEST_CASE("timeloop files - random layers come back as they were") {
  const std::uint64_t seed = 20260;
  INFO("seed " << seed);
  workload::RandomStream random(seed);
  const auto draw = [&](std::int64_t most) {
    return 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most)));
  };
  int products = 0;
  for (int i = 0; i < 300; ++i) {
    LayerProblem problem{.name = "random", .shape = {}, .sparsity = {}, .shared = {}};
    MacShape& shape = problem.shape;
    for (Dim dim : {Dim::N, Dim::G, Dim::M, Dim::C}) shape.size[dim] = draw(5);
    if (draw(4) > 1) {
      for (Dim dim : {Dim::R, Dim::S}) shape.size[dim] = draw(4);
      shape.stride_h = draw(3);
      shape.stride_w = draw(3);
      shape.dilation_h = draw(2);
      shape.dilation_w = draw(3);
      // An image and a padding behind it, and what they give: every combination that a convolution can have.
      const auto place = [&](Dim out, Dim tap, std::int64_t stride, std::int64_t dilation, std::int64_t& pad,
                             std::int64_t& input) {
        const std::int64_t reach = dilation * (shape.size[tap] - 1) + 1;
        input = reach + draw(9) - 1;
        pad = std::min(draw(3), reach) - 1;
        const std::int64_t behind = std::min(draw(3), reach) - 1;
        shape.size[out] = (input + pad + behind - reach) / stride + 1;
      };
      place(Dim::P, Dim::R, shape.stride_h, shape.dilation_h, shape.pad_top, shape.input_h);
      place(Dim::Q, Dim::S, shape.stride_w, shape.dilation_w, shape.pad_left, shape.input_w);
    } else {
      ++products;
    }
    INFO(to_timeloop_problem(problem));
    CHECK(read_back(to_timeloop_problem(problem)) == shape);
  }
  CHECK(products > 20);
}

TEST_CASE("timeloop files - n of m weights are a fixed structured density") {
  LayerProblem problem = convolution();
  CHECK_FALSE(YAML::Load(to_timeloop_problem(problem))["problem"]["instance"]["densities"]);
  problem.sparsity = workload::StructuredSparsity{1, 4};
  const YAML::Node weights =
      YAML::Load(to_timeloop_problem(problem))["problem"]["instance"]["densities"]["Weights"];
  CHECK(weights["distribution"].as<std::string>() == "fixed_structured");
  CHECK(weights["density"].as<double>() == 0.25);
}

TEST_CASE("timeloop files - the levels of an architecture with their sizes in words") {
  const YAML::Node nodes =
      YAML::Load(to_timeloop_architecture(machine(), convolution()))["architecture"]["nodes"];
  std::vector<std::string> names;
  std::map<std::string, YAML::Node> attributes;
  for (const auto& node : nodes) {
    names.push_back(node["name"].as<std::string>());
    attributes[names.back()] = node["attributes"] ? node["attributes"] : node["spatial"];
  }
  CHECK(names == std::vector<std::string>{"system", "dram", "buffer", "array", "accumulators",
                                          "weight_registers", "input_registers", "lanes", "mac"});
  CHECK(attributes["system"]["global_cycle_seconds"].as<double>() == Approx(2e-9));
  const YAML::Node& buffer = attributes["buffer"];
  CHECK(buffer["width"].as<int>() == 32 * 8);
  CHECK(buffer["depth"].as<int>() * buffer["width"].as<int>() == 65536 * 8);
  CHECK(buffer["multiple_buffering"].as<int>() == 2);
  CHECK(buffer["read_bandwidth"].as<int>() == 64);  // words of 8 bits
  CHECK(attributes["dram"]["shared_bandwidth"].as<int>() == 16);
  CHECK(attributes["array"]["meshX"].as<int>() == 8);
  CHECK(attributes["array"]["meshY"].as<int>() == 4);
  CHECK(attributes["accumulators"]["depth"].as<int>() == 16);
  CHECK(attributes["accumulators"]["datawidth"].as<int>() == 32);
  CHECK(attributes["weight_registers"]["depth"].as<int>() == 2);  // one vector of two lanes
  CHECK(attributes["lanes"]["meshX"].as<int>() == 2);

  LayerProblem wide = convolution();
  wide.weight_bits = wide.input_bits = wide.output_bits = 16;
  const std::string text = to_timeloop_architecture(machine(), wide);
  CHECK_THAT(text, Catch::Contains("datawidth: 16") && Catch::Contains("read_bandwidth: 32"));
}

TEST_CASE("timeloop files - lanes that run n of m weights stand for the positions that they reach") {
  Accelerator accelerator = machine();
  accelerator.array.sparsity = workload::StructuredSparsity{2, 4};
  LayerProblem problem = convolution();
  CHECK_THAT(to_timeloop_architecture(accelerator, problem),
             Catch::Contains("name: lanes\n    spatial: {meshX: 2,"));
  problem.sparsity = accelerator.array.sparsity;
  CHECK_THAT(to_timeloop_architecture(accelerator, problem),
             Catch::Contains("name: lanes\n    spatial: {meshX: 4,"));
}

TEST_CASE("timeloop files - a mapping's loops with the innermost first") {
  const YAML::Node list =
      YAML::Load(to_timeloop_mapping(mapping_of_convolution(), convolution(), machine()))["mapping"];
  std::vector<std::string> targets;
  for (const YAML::Node& nest : loops_of(list)) targets.push_back(nest["target"].as<std::string>());
  CHECK(targets == std::vector<std::string>{"dram", "buffer", "array", "accumulators", "weight_registers",
                                            "input_registers", "lanes"});
  // [P 7, M 3] and [C 3, P 2, Q 2], outermost first, are M P ... and Q P C ... from inside.
  CHECK_THAT(name_list(find(list, "dram", "temporal")["permutation"]), Catch::StartsWith("M P "));
  CHECK_THAT(name_list(find(list, "buffer", "temporal")["permutation"]), Catch::StartsWith("Q P C "));
  CHECK_THAT(name_list(find(list, "accumulators", "temporal")["permutation"]), Catch::StartsWith("S R "));
  for (const YAML::Node& nest : loops_of(list)) CHECK(nest["permutation"].size() == 7);  // N M C P Q R S
  auto accumulators = factors_of(find(list, "accumulators", "temporal"));
  CHECK(accumulators['R'].end == 3);
  CHECK(accumulators['S'].end == 3);

  // Columns on X, rows on Y: the split is in front of M, the last of the permutation.
  const YAML::Node array = find(list, "array", "spatial");
  CHECK(array["split"].as<std::size_t>() == 6);
  CHECK(array["permutation"][6].as<std::string>() == "M");
  CHECK(array["permutation"][5].as<std::string>() == "Q");
  CHECK(find(list, "lanes", "spatial")["split"].as<std::size_t>() == 7);

  CHECK(name_list(find(list, "buffer", "dataspace")["keep"]) == "Inputs Outputs ");
  CHECK(name_list(find(list, "buffer", "dataspace")["bypass"]) == "Weights ");
  CHECK(name_list(find(list, "dram", "dataspace")["keep"]) == "Weights Inputs Outputs ");
  CHECK(name_list(find(list, "accumulators", "dataspace")["keep"]) == "Outputs ");
  CHECK(name_list(find(list, "input_registers", "dataspace")["keep"]) == "Inputs ");
}

TEST_CASE("timeloop files - factors that do not divide have their remainder") {
  const std::string text = to_timeloop_mapping(mapping_of_convolution(), convolution(), machine());
  check_covers(text, convolution().shape);
  const YAML::Node list = YAML::Load(text)["mapping"];
  // M 10 in 3 x 4: the last tile has 2 rows. P 13 in 7 x 2: the last has one.
  auto array = factors_of(find(list, "array", "spatial"));
  CHECK(array['M'].end == 4);
  CHECK(array['M'].last == 2);
  auto buffer = factors_of(find(list, "buffer", "temporal"));
  CHECK(buffer['P'].end == 2);
  CHECK(buffer['P'].last == 1);
  CHECK(buffer['C'].last == buffer['C'].end);
}

TEST_CASE("timeloop files - the factors of random mappings cover exactly the layer") {
  const std::uint64_t seed = 20261;
  INFO("seed " << seed);
  workload::RandomStream random(seed);
  const auto draw = [&](std::int64_t most) {
    return 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most)));
  };
  for (int i = 0; i < 300; ++i) {
    LayerProblem problem = convolution();
    for (Dim dim : kDims) problem.shape.size[dim] = draw(30);
    LayerMapping mapping;
    mapping.layer = "random";
    mapping.memory.resize(2, {{}, keep(true, true, true)});
    for (Dim dim : kDims) {
      std::int64_t left = problem.shape.size[dim];
      const auto take = [&](std::vector<Loop>& loops) {
        const std::int64_t factor = draw(left + 1);  // may cover more than there is
        loops.push_back({dim, factor});
        left = (left + factor - 1) / factor;
      };
      if (dim == Dim::M) take(mapping.rows);
      if (dim == Dim::Q) take(mapping.columns);
      if (dim == Dim::C) take(mapping.lanes);
      take(mapping.registers);
      take(mapping.memory[1].temporal);
      mapping.memory[0].temporal.push_back({dim, left});
    }
    check_covers(to_timeloop_mapping(mapping, problem, machine()), problem.shape);
  }
}

TEST_CASE("timeloop files - resident operands are outside the level that loops and streams inside") {
  Accelerator accelerator = machine();
  accelerator.array.registers.weights = 24;
  const YAML::Node list =
      YAML::Load(to_timeloop_mapping(mapping_of_convolution(), convolution(), accelerator))["mapping"];
  // The last level that holds a whole pass runs the registers' loops.
  CHECK(factors_of(find(list, "accumulators", "temporal"))['R'].end == 1);
  CHECK(factors_of(find(list, "weight_registers", "temporal"))['R'].end == 3);
  CHECK(factors_of(find(list, "input_registers", "temporal"))['R'].end == 1);

  accelerator.array.registers.shared_bytes = 512;
  const std::string architecture = to_timeloop_architecture(accelerator, convolution());
  CHECK_THAT(architecture, Catch::Contains("name: registers") && Catch::Contains("depth: 512") &&
                               !Catch::Contains("accumulators"));
  const YAML::Node shared =
      YAML::Load(to_timeloop_mapping(mapping_of_convolution(), convolution(), accelerator))["mapping"];
  CHECK(name_list(find(shared, "registers", "dataspace")["keep"]) == "Weights Inputs Outputs ");
  CHECK(factors_of(find(shared, "registers", "temporal"))['S'].end == 3);
}

TEST_CASE("timeloop files - a mesh of one is no level") {
  Accelerator accelerator = machine();
  accelerator.array.lanes = 1;
  LayerMapping mapping = mapping_of_convolution();
  mapping.lanes.clear();
  mapping.memory[1].temporal[0].factor = 6;
  const std::string text = to_timeloop_mapping(mapping, convolution(), accelerator);
  CHECK_THAT(text, !Catch::Contains("lanes"));
  CHECK_THAT(to_timeloop_architecture(accelerator, convolution()), !Catch::Contains("lanes"));
  check_covers(text, convolution().shape);
}

TEST_CASE("timeloop files - two loops of a level over one dimension are joined or refused") {
  LayerMapping mapping = mapping_of_convolution();
  mapping.memory[0].temporal = {{Dim::P, 4}, {Dim::P, 2}, {Dim::M, 3}};
  const std::string text = to_timeloop_mapping(mapping, convolution(), machine());
  // Two positions a tile inside, so 13 take seven of the eight iterations.
  CHECK(factors_of(find(YAML::Load(text)["mapping"], "dram", "temporal"))['P'].end == 7);
  check_covers(text, convolution().shape);
  mapping.memory[0].temporal = {{Dim::P, 4}, {Dim::M, 3}, {Dim::P, 2}};
  CHECK_THROWS_WITH(to_timeloop_mapping(mapping, convolution(), machine()),
                    Catch::Contains("layer conv: dram has two loops over P with another loop between them"));
}

TEST_CASE("timeloop files - a memory called like one of Timeloop's levels keeps apart from it") {
  Accelerator accelerator = machine();
  accelerator.memory[1].name = "accumulators";
  CHECK_THAT(to_timeloop_architecture(accelerator, convolution()),
             Catch::Contains("name: accumulators_memory\n"));
  CHECK_THAT(to_timeloop_mapping(mapping_of_convolution(), convolution(), accelerator),
             Catch::Contains("target: accumulators_memory\n"));
}

}  // namespace
}  // namespace heddle::arch
