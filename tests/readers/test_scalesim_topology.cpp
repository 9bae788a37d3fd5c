// Is a SCALE-Sim topology read as the layers that SCALE-Sim runs: the same outputs and the same work?
#include <catch2/catch.hpp>

#include "support/error.h"
#include "tests/scratch_folder.h"
#include "workload/readers/network_file.h"
#include "workload/readers/scalesim_topology.h"
#include "workload/synthetic.h"

namespace heddle::workload {
namespace {

const std::string kHeader =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n";

MacShape shape_of(const Network& network, std::size_t layer) {
  return mac_shape(network, network.layers().at(layer)).value();
}

std::string refusal(const std::string& text) {
  try {
    parse_scalesim_topology(text, "net.csv");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("scalesim topology - convolutions that do not feed each other") {
  const Network network = parse_scalesim_topology(kHeader +
                                                      "Conv1, 224, 224, 7, 7, 3, 64, 2,\n\n"
                                                      "\tConv2,56,56,3,3,64,64,1,#bottleneck\r\n"
                                                      "FC,1,1,1,1,512,1000,1\n",
                                                  "nets/resnet.csv");
  CHECK(network.name() == "resnet");
  REQUIRE(network.layers().size() == 3);
  CHECK(network.inputs().size() == 3);
  CHECK(network.outputs().size() == 3);
  CHECK(network.layers()[1].name == "Conv2");
  CHECK(network.values()[static_cast<std::size_t>(network.inputs()[2])].name == "FC.input");
  const MacShape conv = shape_of(network, 0);
  // (224 - 7) / 2 is not whole: SCALE-Sim rounds the outputs up, ceil(217 / 2) + 1.
  CHECK(conv.size[Dim::P] == 110);
  CHECK(conv.size[Dim::Q] == 110);
  CHECK(conv.input_h == 224);
  CHECK(conv.pad_top == 0);
  CHECK(conv.macs() == std::int64_t{110} * 110 * 7 * 7 * 3 * 64);
  CHECK(shape_of(network, 1).macs() == std::int64_t{54} * 54 * 9 * 64 * 64);
  CHECK(shape_of(network, 2).macs() == 512 * 1000);
  CHECK(network.macs() == conv.macs() + std::int64_t{54} * 54 * 9 * 64 * 64 + 512 * 1000);
}

TEST_CASE("scalesim topology - outputs are rounded up as SCALE-Sim does for every input and stride") {
  for (std::int64_t input = 3; input <= 12; ++input) {
    for (std::int64_t stride = 1; stride <= 5; ++stride) {
      INFO(input << " at stride " << stride);
      const std::string row = "a," + std::to_string(input) + ",9,3,2,1,1," + std::to_string(stride) + ",\n";
      const MacShape shape = shape_of(parse_scalesim_topology(kHeader + row, "a.csv"), 0);
      std::int64_t outputs = 0;  // windows that start where a whole one could not have ended before
      while (outputs * stride < input - 3 + stride) ++outputs;
      CHECK(shape.size[Dim::P] == outputs);
      CHECK(shape.size[Dim::Q] == (9 - 2 + stride + stride - 1) / stride);
    }
  }
}

TEST_CASE("scalesim topology - two strides and depthwise layers") {
  const Network network = parse_scalesim_topology(
      "Layer name, IFMAP height, IFMAP width, Filter height, Filter width, Channels, Num filter, Stride "
      "height, "
      "Stride width,\nconv, 9, 9, 3, 3, 4, 8, 2, 3,\nDP1, 9, 9, 3, 3, 4, 2, 1, 1,\n",
      "two.csv");
  CHECK(shape_of(network, 0).stride_h == 2);
  CHECK(shape_of(network, 0).stride_w == 3);
  CHECK(shape_of(network, 0).size[Dim::P] == 4);
  CHECK(shape_of(network, 0).size[Dim::Q] == 3);
  const MacShape depthwise = shape_of(network, 1);
  CHECK(depthwise.size[Dim::G] == 4);
  CHECK(depthwise.size[Dim::C] == 1);
  CHECK(depthwise.size[Dim::M] == 2);
  CHECK(depthwise.macs() == 4 * (7 * 7 * 3 * 3 * 2));  // four layers of one channel
}

TEST_CASE("scalesim topology - matrix products") {
  const tests::ScratchFolder folder;
  const auto file = folder.write("bert.csv", "Layer,M,N,K\nQKT,128,96,64\nQKT,128,64,96,\n");
  const Network network = read_network_file(file, std::nullopt);
  CHECK(network.layers()[0].name == "QKT");
  CHECK(network.layers()[1].name == "QKT_2");
  const MacShape shape = shape_of(network, 0);
  CHECK(shape.size[Dim::N] == 128);
  CHECK(shape.size[Dim::M] == 96);
  CHECK(shape.size[Dim::C] == 64);
  CHECK(network.macs() == 128 * 96 * 64 * 2);
}

TEST_CASE("scalesim topology - a sparsity column gives weights with n of every m kept") {
  const Network network = parse_scalesim_topology(
      "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides, "
      "Sparsity,\n"
      "conv, 5, 5, 3, 3, 10, 6, 1, 2:4,\ndense, 5, 5, 3, 3, 10, 6, 1, 4:4,\nabsent, 5, 5, 3, 3, 10, 6, 1,\n",
      "sparse.csv");
  CHECK(network.layers()[0].density.structured == StructuredSparsity{2, 4});
  CHECK_FALSE(network.layers()[1].density.structured.has_value());
  CHECK_FALSE(network.layers()[2].density.structured.has_value());

  const Layer& layer = network.layers()[0];
  const FloatTensor weights = parameter_values(layer, *layer.weights, Role::weights, 7);
  REQUIRE(weights.shape == Shape{6, 10, 3, 3});
  for (std::int64_t m = 0; m < 6; ++m) {
    for (std::int64_t tap = 0; tap < 9; ++tap) {
      for (std::int64_t group = 0; group < 10; group += 4) {
        int kept = 0;
        for (std::int64_t c = group; c < std::min<std::int64_t>(group + 4, 10); ++c)
          kept += weights.values[static_cast<std::size_t>((m * 10 + c) * 9 + tap)] != 0 ? 1 : 0;
        CHECK(kept == 2);  // the last group is two channels: both stay
      }
    }
  }
  const FloatTensor other = parameter_values(layer, *layer.weights, Role::weights, 8);
  CHECK(other.values != weights.values);

  const Network product =
      parse_scalesim_topology("Layer, M, N, K, Sparsity,\ng, 1, 5, 16, 1:4,\nh, 1, 5, 16, 1,\n", "g.csv");
  CHECK(product.layers()[0].density.structured == StructuredSparsity{1, 4});
  CHECK_FALSE(product.layers()[1].density.structured.has_value());
}

TEST_CASE("scalesim topology - every wrong row is named with its line and column") {
  CHECK_THAT(refusal(""), Catch::Contains("net.csv: is empty"));
  CHECK_THAT(refusal("a,b,c\n"), Catch::Contains("net.csv:1:1: not a header of SCALE-Sim"));
  CHECK_THAT(refusal(kHeader), Catch::Contains("no layers below the header"));
  const std::string wrong = refusal(
      kHeader + "a, 8, 8, 3, 3, x, 4, 1,\nb, 8, 8, 9, 3, 3, 4, 1,\nc, 8, 8,\nd, 0, 8, 3, 3, 3, 4, 1,\n");
  CHECK_THAT(wrong, Catch::Contains(
                        "net.csv:2:16: a.Channels: expected an integer from 1 to 1099511627776, got \"x\""));
  CHECK_THAT(wrong, Catch::Contains("net.csv:3:10: b.Filter Height: a filter of 9 on an input of 8"));
  CHECK_THAT(wrong, Catch::Contains("net.csv:4:1: c: 3 fields, expected 8"));
  CHECK_THAT(wrong, Catch::Contains("net.csv:5:4: d.IFMAP Height") && Catch::Contains("got \"0\""));
  CHECK_THAT(refusal(kHeader + "a, 8, 8, 3, 3, 3, 4, 1, 2:4,\n"), Catch::Contains("9 fields, expected 8"));
  CHECK_THAT(refusal("Layer, M, N, K, Batch,\na,1,2,3,4,\n"),
             Catch::Contains("net.csv:1:17: the column \"Batch\" is not supported"));
  for (const char* ratio : {"4:2", "2:", ":4", "0:4", "2:4:8", "half", "3:1000", "-1:4"}) {
    INFO(ratio);
    CHECK_THAT(refusal(std::string("Layer, M, N, K, Sparsity,\na,1,2,3,") + ratio + ",\n"),
               Catch::Contains("a.Sparsity: expected n:m such as 2:4"));
  }
  CHECK_THAT(refusal(kHeader + "a, 999999999999, 999999999999, 3, 3, 3, 4, 1,\n"),
             Catch::Contains("net.csv:2:1: a: "));
  CHECK_THAT(refusal(kHeader + "a, 80000, 8, 70000, 3, 3, 4, 1,\n"), Catch::Contains("a kernel of 70000"));
  std::string many = kHeader;
  for (int i = 0; i < 1000; ++i) many += "x\n";
  const std::string capped = refusal(many);
  CHECK(std::count(capped.begin(), capped.end(), '\n') < 200);
}

}  // namespace
}  // namespace heddle::workload
