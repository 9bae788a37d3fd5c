// Is a Timeloop problem read as the layer that it describes, whatever its names, and everything else refused?
#include <catch2/catch.hpp>

#include "support/error.h"
#include "tests/scratch_folder.h"
#include "workload/readers/network_file.h"
#include "workload/readers/timeloop_problem.h"

namespace heddle::workload {
namespace {

const std::string kShape = R"(problem:
  version: 0.4
  shape:
    name: conv2d
    dimensions: [C, M, R, S, N, P, Q]
    coefficients:
      - {name: Wstride, default: 1}
      - {name: Hstride, default: 1}
      - {name: Wdilation, default: 1}
      - {name: Hdilation, default: 1}
    data_spaces:
      - {name: Weights, projection: [[[C]], [[M]], [[R]], [[S]]]}
      - {name: Inputs, projection: [[[N]], [[C]], [[R, Wdilation], [P, Wstride]], [[S, Hdilation], [Q, Hstride]]]}
      - {name: Outputs, projection: [[[N]], [[M]], [[Q]], [[P]]], read_write: True}
)";
const std::string kInstance =
    R"(  instance: {C: 3, M: 32, R: 3, S: 5, N: 2, P: 11, Q: 7, Wstride: 2, Hdilation: 3}
)";

/// The loop nest of the file's only layer.
MacShape shape_of(const std::string& text) {
  const Network network = parse_timeloop_problem(text, "folder/layer.yaml");
  REQUIRE(network.layers().size() == 1);
  const auto shape = mac_shape(network, network.layers()[0]);
  REQUIRE(shape.has_value());
  return *shape;
}

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& text) {
  try {
    parse_timeloop_problem(text, "layer.yaml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("timeloop problem - a convolution with its strides and dilations") {
  const MacShape shape = shape_of(kShape + kInstance);
  CHECK(shape.size[Dim::N] == 2);
  CHECK(shape.size[Dim::G] == 1);
  CHECK(shape.size[Dim::M] == 32);
  CHECK(shape.size[Dim::C] == 3);
  CHECK(shape.size[Dim::P] == 11);
  CHECK(shape.size[Dim::Q] == 7);
  CHECK(shape.size[Dim::R] == 3);
  CHECK(shape.size[Dim::S] == 5);
  // R and P share a coordinate: their coefficients are Wdilation and Wstride in this shape.
  CHECK(shape.stride_h == 2);
  CHECK(shape.stride_w == 1);
  CHECK(shape.dilation_h == 1);
  CHECK(shape.dilation_w == 3);
  CHECK(shape.input_h == (11 - 1) * 2 + 3);
  CHECK(shape.input_w == (7 - 1) + (5 - 1) * 3 + 1);
  CHECK(shape.pad_top == 0);
  CHECK(shape.macs() == std::int64_t{2} * 32 * 3 * 11 * 7 * 3 * 5);
}

TEST_CASE("timeloop problem - hyphens in keys and bounds beside the shape are version 0_3") {
  std::string old = changed(changed(kShape, "data_spaces", "data-spaces"), "read_write", "read-write");
  old = changed(old, "  version: 0.4\n", "");
  CHECK(shape_of(old + kInstance) == shape_of(kShape + kInstance));
  const std::string beside =
      "  C: 3\n  M: 32\n  R: 3\n  S: 5\n  N: 2\n  P: 11\n  Q: 7\n  Wstride: 2\n  Hdilation: 3\n";
  CHECK(shape_of(old + beside) == shape_of(kShape + kInstance));
}

TEST_CASE("timeloop problem - shapes that Timeloop ships are known by name") {
  const std::string bounds =
      "  R: 3\n  S: 5\n  P: 11\n  Q: 7\n  C: 3\n  K: 32\n  N: 2\n  Wstride: 2\n  Hdilation: 3\n";
  for (const char* name : {"  shape: cnn-layer\n", "  shape: cnn_layer.yaml\n", ""}) {
    INFO(name);
    CHECK(shape_of("problem:\n" + std::string(name) + bounds) == shape_of(kShape + kInstance));
  }
  const MacShape product = shape_of("problem:\n  shape: gemm-ABZ\n  instance: {M: 64, N: 7, K: 33}\n");
  CHECK(product.size[Dim::M] == 64);
  CHECK(product.size[Dim::N] == 7);
  CHECK(product.size[Dim::C] == 33);
  CHECK(product.macs() == 64 * 7 * 33);
}

TEST_CASE("timeloop problem - the image and its padding are taken when they are given") {
  // 11 outputs at stride 2 under a window of 3 cover 23 positions: 1 of padding in front leaves 22 or 21.
  const std::string padded = changed(kInstance, "N: 2", "N: 2, W: 21, Wpad: 1");
  const MacShape shape = shape_of(kShape + padded);
  CHECK(shape.input_h == 21);
  CHECK(shape.pad_top == 1);
  CHECK(shape.size[Dim::P] == 11);
  CHECK(shape_of(kShape + changed(kInstance, "N: 2", "N: 2, W: 22, Wpad: 1")).input_h == 22);
  // The last column of a stride may be left over, but not two.
  CHECK(shape_of(kShape + changed(kInstance, "N: 2", "N: 2, W: 24")).input_h == 24);
  CHECK_THAT(refusal(kShape + changed(kInstance, "N: 2", "N: 2, W: 25")),
             Catch::Contains("25 positions with a padding of 0 do not give 11 outputs: the windows cover 23, "
                             "expected up to 24"));
  // Padding alone is the same on both sides.
  const MacShape same = shape_of(kShape + changed(kInstance, "N: 2", "N: 2, Wpad: 1"));
  CHECK(same.input_h == 21);
  CHECK(same.pad_top == 1);
}

TEST_CASE("timeloop problem - groups are a dimension of all three data spaces") {
  std::string grouped = changed(kShape, "N, P, Q]", "N, P, Q, G]");
  grouped = changed(grouped, "[[[C]], [[M]]", "[[[G]], [[C]], [[M]]");
  grouped = changed(grouped, "[[[N]], [[C]]", "[[[N]], [[G]], [[C]]");
  grouped = changed(grouped, "[[[N]], [[M]]", "[[[N]], [[G]], [[M]]");
  const MacShape shape = shape_of(grouped + changed(kInstance, "N: 2", "N: 2, G: 4"));
  CHECK(shape.size[Dim::G] == 4);
  CHECK(shape.size[Dim::C] == 3);
  CHECK(shape.size[Dim::M] == 32);

  // Depthwise: the channel is in all three, and there is no other.
  const std::string depthwise = R"(problem:
  shape:
    dimensions: [C, R, S, P, Q]
    data_spaces:
      - {name: Filter, projection: [C, R, S]}
      - {name: Image, projection: [[[C]], [[R], [P]], [[S], [Q]]]}
      - {name: Result, projection: [C, P, Q], read_write: true}
  instance: {C: 24, R: 3, S: 3, P: 10, Q: 12}
)";
  const MacShape channelwise = shape_of(depthwise);
  CHECK(channelwise.size[Dim::G] == 24);
  CHECK(channelwise.size[Dim::C] == 1);
  CHECK(channelwise.size[Dim::M] == 1);
  CHECK(channelwise.macs() == 24 * 9 * 10 * 12);
  CHECK(channelwise.input_h == 12);
  CHECK(channelwise.input_w == 14);
}

TEST_CASE("timeloop problem - a matrix product by its projections and not by its names") {
  // Scores of attention: batch and heads in all three, queries by keys, features summed.
  const std::string attention = R"(problem:
  version: 0.4
  shape:
    dimensions: [B, H, X, Y, E]
    data_spaces:
      - {name: Query, projection: [B, H, X, E]}
      - {name: Weight, projection: [B, H, Y, E]}
      - {name: Score, projection: [B, H, X, Y], read_write: true}
  instance: {B: 2, H: 12, X: 128, Y: 100, E: 64}
)";
  const MacShape shape = shape_of(attention);
  CHECK(shape.size[Dim::G] == 2 * 12);
  CHECK(shape.size[Dim::N] == 128);  // Query is not Weight, so its own dimension is the batch
  CHECK(shape.size[Dim::M] == 100);
  CHECK(shape.size[Dim::C] == 64);
  // Without a telling name the first data space is the weights.
  const MacShape first = shape_of(changed(attention, "Weight", "Key"));
  CHECK(first.size[Dim::M] == 128);
  CHECK(first.size[Dim::N] == 100);
}

TEST_CASE("timeloop problem - a window in one dimension slides over columns or rows by name") {
  const std::string line = R"(problem:
  shape:
    dimensions: [C, K, S, Q]
    data_spaces:
      - {name: Weights, projection: [C, K, S]}
      - {name: Inputs, projection: [[[C]], [[S], [Q]]]}
      - {name: Outputs, projection: [K, Q], read_write: true}
  instance: {C: 8, K: 4, S: 3, Q: 16}
)";
  CHECK(shape_of(line).size[Dim::Q] == 16);
  CHECK(shape_of(line).size[Dim::P] == 1);
  std::string rows = line;
  for (const auto& [from, to] : {std::pair{"C, K, S, Q", "C, K, R, P"},
                                 {"[C, K, S]", "[C, K, R]"},
                                 {"[[S], [Q]]", "[[R], [P]]"},
                                 {"[K, Q]", "[K, P]"},
                                 {"S: 3, Q: 16", "R: 3, P: 16"}}) {
    rows = changed(rows, from, to);
  }
  CHECK(shape_of(rows).size[Dim::P] == 16);
  CHECK(shape_of(rows).size[Dim::R] == 3);
  CHECK(shape_of(rows).macs() == shape_of(line).macs());
}

TEST_CASE("timeloop problem - densities of weights and inputs") {
  const std::string instance =
      changed(kInstance, "N: 2",
              "N: 2, densities: {Weights: {distribution: fixed_structured, density: 0.5}, Inputs: 0.25}");
  const Network network = parse_timeloop_problem(kShape + instance, "a.yaml");
  CHECK(network.layers()[0].density.weights == 0.5);
  CHECK(network.layers()[0].density.activations == 0.25);
  const Network common =
      parse_timeloop_problem(kShape + changed(kInstance, "N: 2", "N: 2, commonDensity: 0.75"), "a.yaml");
  CHECK(common.layers()[0].density.weights == 0.75);
  CHECK(common.layers()[0].density.activations == 0.75);
}

TEST_CASE("timeloop problem - the layer is called like the file and other tools' keys are left alone") {
  const tests::ScratchFolder folder;
  const auto file =
      folder.write("conv 2a.yaml", "architecture: {version: 0.4, nodes: []}\n" + kShape + kInstance);
  const Network network = read_network_file(file, std::nullopt);
  CHECK(network.name() == "conv_2a");
  CHECK(network.layers()[0].name == "conv_2a");
  CHECK(network.inputs().size() == 1);
}

TEST_CASE("timeloop problem - what is neither a convolution nor a product is refused with its place") {
  const auto with = [](const std::string& from, const std::string& to) {
    return refusal(changed(kShape + kInstance, from, to));
  };
  CHECK_THAT(with("M: 32, ", ""), Catch::Contains("problem.instance: the key \"M\" is missing"));
  CHECK_THAT(with("P: 11", "P: 0"), Catch::Contains("layer.yaml:15:") &&
                                        Catch::Contains("problem.instance.P: expected an integer from 1"));
  CHECK_THAT(with("Wstride: 2", "Wstrid: 2"), Catch::Contains("unknown key (did you mean \"Wstride\"?)"));
  CHECK_THAT(with("version: 0.4", "version: 7"), Catch::Contains("expected one of 0.4"));
  CHECK_THAT(with("[P, Wstride]", "[P, Wstep]"), Catch::Contains("there is no coefficient \"Wstep\""));
  CHECK_THAT(with("[[[N]], [[M]], [[Q]], [[P]]]", "[[[N]], [[M]], [[Z]], [[P]]]"),
             Catch::Contains("there is no dimension \"Z\""));
  CHECK_THAT(with(", read_write: True", ""), Catch::Contains("0 of them read_write; expected three"));
  // Q now moves nothing: it is in the inputs only.
  CHECK_THAT(with("[[Q]], [[P]]]", "[[P]]]"),
             Catch::Contains("the sum of S and Q in Inputs is no sliding window"));
  CHECK_THAT(with("[[[N]], [[M]], [[Q]]", "[[[N]], [[M], [R]], [[Q]]"),
             Catch::Contains("a sum of dimensions in Outputs"));
  CHECK_THAT(with("[[[C]], [[M]], [[R]]", "[[[M]], [[R]]"),
             Catch::Contains("the dimension C of 3 is in only one data space (Inputs)"));
  CHECK_THAT(with("S: 5", "S: 70000"), Catch::Contains("a kernel of 70000, expected at most 65536"));
  CHECK_THAT(with("C: 3, M: 32", "C: 300000000000, M: 300000000000"), Catch::Contains("layer.yaml:"));
  CHECK_THAT(refusal("problem:\n  shape: mttkrp\n"), Catch::Contains("the shape \"mttkrp\" is not known"));
  CHECK_THAT(refusal("problem: 7\n"), Catch::Contains("expected a map"));
  CHECK_THAT(refusal(R"(problem:
  shape:
    dimensions: [C, K, R, S, T, P, Q, Z]
    data_spaces:
      - {name: Weights, projection: [C, K, R, S, T]}
      - {name: Inputs, projection: [[[C]], [[R], [P]], [[S], [Q]], [[T], [Z]]]}
      - {name: Outputs, projection: [K, P, Q, Z], read_write: true}
  instance: {C: 2, K: 2, R: 3, S: 3, T: 3, P: 4, Q: 4, Z: 4}
)"),
             Catch::Contains("a window in 3 dimensions, expected at most rows and columns"));
  CHECK_THAT(
      refusal(changed(kShape, "[[[N]], [[C]], [[R, Wdilation]", "[[[N]], [[C], [N], [R]], [[R, Wdilation]") +
              kInstance),
      Catch::Contains("appears twice in the projection of Inputs"));
}

}  // namespace
}  // namespace heddle::workload
