// Do whole networks read from ONNX have the multiply-accumulates and parameters of the literature?
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "tests/readers/onnx_test_model.h"
#include "workload/readers/npy.h"
#include "workload/readers/onnx_network.h"

using namespace heddle;
using namespace heddle::workload;

namespace {

const std::filesystem::path kRoot = HEDDLE_SOURCE_DIR;
const std::filesystem::path kOriginals = "/usr/share/libonnx-testdata/data/light";

struct Totals {
  std::int64_t macs = 0;
  std::int64_t parameters = 0;
};

std::map<std::string, Totals> read_totals(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::map<std::string, Totals> all;
  std::string line;
  std::getline(stream, line);  // the heading
  std::string name;
  Totals totals;
  while (stream >> name >> totals.macs >> totals.parameters) all[name] = totals;
  return all;
}

}  // namespace

TEST_CASE("the nine light networks have the totals that their script adds up by formula") {
  const auto totals = read_totals(kRoot / "tests/data/light/totals.txt");
  REQUIRE(totals.size() == 9);
  for (const auto& [name, expected] : totals) {
    const Network network = read_onnx_network(kRoot / "tests/data/light" / (name + ".onnx"));
    INFO(name);
    CHECK(network.macs() == expected.macs);
    CHECK(network.parameter_count() == expected.parameters);
    REQUIRE(network.outputs().size() == 1);
    CHECK(element_count(network.shape(network.outputs()[0])) == 1000);
    WARN(fmt::format("{}: {} layers, {} MACs, {} parameters", name, network.layers().size(), network.macs(),
                     network.parameter_count()));
  }
}

TEST_CASE("light networks whose totals are published have those") {
  // Parameters as the publications and model zoos give them; a BatchNorm counts scale and shift.
  const std::map<std::string, std::int64_t> published = {
      {"light_vgg19", 143'667'240},    {"light_resnet50", 25'557'032},     {"light_densenet121", 7'978'856},
      {"light_squeezenet", 1'235'496}, {"light_bvlc_alexnet", 60'965'224}, {"light_inception_v1", 6'998'552},
  };
  for (const auto& [name, parameters] : published) {
    INFO(name);
    CHECK(read_onnx_network(kRoot / "tests/data/light" / (name + ".onnx")).parameter_count() == parameters);
  }
}

TEST_CASE("the original light networks load where they are installed") {
  if (!std::filesystem::exists(kOriginals)) {
    WARN("no " << kOriginals << " on this system: only the re-created light networks were loaded");
    return;
  }
  int loaded = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kOriginals)) {
    if (entry.path().extension() != ".onnx") continue;
    const Network network = read_onnx_network(entry.path());
    CHECK(network.macs() > 0);
    CHECK(network.parameter_count() > 0);
    WARN(
        fmt::format("{}: {} MACs, {} parameters", network.name(), network.macs(), network.parameter_count()));
    ++loaded;
  }
  CHECK(loaded >= 9);
}

TEST_CASE("torchvision's exports have the totals of the literature, for any batch") {
  const std::map<std::string, Totals> published = {
      {"alexnet", {714'188'480, 61'100'840}},
      {"vgg16", {15'470'264'320, 138'357'544}},
      {"resnet50", {4'089'184'256, 25'557'032}},
      {"mobilenet_v2", {300'774'272, 3'504'872}},
  };
  for (const auto& [name, expected] : published) {
    const auto path = kRoot / "tests/data/torchvision" / (name + ".onnx");
    INFO(name);
    const Network one = read_onnx_network(path);
    CHECK(one.macs() == expected.macs);
    CHECK(one.parameter_count() == expected.parameters);
    const Network three = read_onnx_network(path, 3);
    CHECK(three.macs() == 3 * expected.macs);
    CHECK(three.parameter_count() == expected.parameters);
    CHECK(three.shape(three.outputs()[0]) == Shape{3, 1000});
  }
}

TEST_CASE("the digits networks classify the held-out images as well as their training said") {
  const FloatTensor images = read_npy(kRoot / "configs/networks/digits/test_images.npy");
  const FloatTensor labels = read_npy(kRoot / "configs/networks/digits/test_labels.npy");
  // conv1, conv2 on 8 x 8, conv3 on 4 x 4, fc; weights and biases
  const std::int64_t macs = (16 * 1 * 9 + 32 * 16 * 9) * 64 + 32 * 32 * 9 * 16 + 128 * 10;
  const std::int64_t parameters = (16 * 9 + 16) + (32 * 16 * 9 + 32) + (32 * 32 * 9 + 32) + (128 * 10 + 10);
  for (const char* name : {"digits", "digits-2-4", "digits-eie"}) {
    const Network network =
        read_onnx_network(kRoot / "configs/networks" / (std::string(name) + ".onnx"), 360);
    INFO(name);
    CHECK(network.macs() == 360 * macs);
    CHECK(network.parameter_count() == parameters);
    const FloatTensor scores = run_network(network, {images}).at(0);
    REQUIRE(scores.shape == Shape{360, 10});
    int right = 0;
    for (std::ptrdiff_t i = 0; i < 360; ++i) {
      const auto first = scores.values.begin() + i * 10;
      right += std::max_element(first, first + 10) - first ==
               static_cast<std::ptrdiff_t>(labels.values[static_cast<std::size_t>(i)]);
    }
    CHECK(right >= (std::string(name) == "digits-eie" ? 350 : 353));  // 97 % and 98 %
    WARN(fmt::format("{}: {} of 360 right", name, right));
  }
}

TEST_CASE("digits-2-4 keeps two of every four weights along the input channels, and digits does not") {
  const auto groups_over_two = [](const Network& network) {
    int over = 0;
    int groups = 0;
    for (const Layer& layer : network.layers()) {
      if (!layer.weights || layer.weights->shape[1] < 4) continue;
      const Shape& shape = layer.weights->shape;
      const std::int64_t inner = element_count(shape) / (shape[0] * shape[1]);
      for (std::int64_t m = 0; m < shape[0]; ++m) {
        for (std::int64_t c = 0; c < shape[1]; c += 4) {
          for (std::int64_t i = 0; i < inner; ++i) {
            int kept = 0;
            for (std::int64_t k = 0; k < 4; ++k) {
              kept +=
                  (*layer.weights->values)[static_cast<std::size_t>((m * shape[1] + c + k) * inner + i)] !=
                  0.0F;
            }
            over += kept > 2;
            ++groups;
          }
        }
      }
    }
    CHECK(groups == (32 * 16 * 9 + 32 * 32 * 9 + 128 * 10) / 4);
    return over;
  };
  CHECK(groups_over_two(read_onnx_network(kRoot / "configs/networks/digits-2-4.onnx")) == 0);
  CHECK(groups_over_two(read_onnx_network(kRoot / "configs/networks/digits.onnx")) > 0);
}
