// Do the shipped network files add up to the published totals? Each by its formula, and to the last digit.
#include <catch2/catch.hpp>

#include "workload/readers/yaml_network.h"

namespace heddle::workload {
namespace {

Network shipped(const std::string& name) {
  Network network = read_yaml_network(std::string(HEDDLE_SOURCE_DIR) + "/configs/networks/" + name + ".yaml");
  CHECK(network.name() == name);
  return network;
}

/// Sums over convolutions and linear layers, written down layer by layer.
struct Sum {
  std::int64_t macs = 0;
  std::int64_t parameters = 0;

  void conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t size, std::int64_t groups,
            bool bias) {
    macs += out * (in / groups) * kernel * kernel * size * size;
    parameters += out * (in / groups) * kernel * kernel + (bias ? out : 0);
  }
  void conv_bn(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t size,
               std::int64_t groups = 1) {
    conv(in, out, kernel, size, groups, false);
    parameters += 2 * out;
  }
  void linear(std::int64_t in, std::int64_t out) { conv(in, out, 1, 1, 1, true); }
};

TEST_CASE("totals of LeNet-300-100") {
  Sum sum;
  sum.linear(784, 300);
  sum.linear(300, 100);
  sum.linear(100, 10);
  const Network network = shipped("lenet-300-100");
  CHECK(network.macs() == sum.macs);
  CHECK(network.parameter_count() == sum.parameters);
  CHECK(network.macs() == 266200);
  CHECK(network.parameter_count() == 266610);
}

TEST_CASE("totals of LeNet-5") {
  Sum sum;
  sum.conv(1, 20, 5, 24, 1, true);
  sum.conv(20, 50, 5, 8, 1, true);
  sum.linear(50 * 4 * 4, 500);
  sum.linear(500, 10);
  const Network network = shipped("lenet-5");
  CHECK(network.macs() == sum.macs);
  CHECK(network.parameter_count() == sum.parameters);
  CHECK(network.macs() == 2293000);
  CHECK(network.parameter_count() == 431080);
}

TEST_CASE("totals of AlexNet") {
  Sum sum;
  sum.conv(3, 64, 11, 55, 1, true);
  sum.conv(64, 192, 5, 27, 1, true);
  sum.conv(192, 384, 3, 13, 1, true);
  sum.conv(384, 256, 3, 13, 1, true);
  sum.conv(256, 256, 3, 13, 1, true);
  sum.linear(256 * 6 * 6, 4096);
  sum.linear(4096, 4096);
  sum.linear(4096, 1000);
  const Network network = shipped("alexnet");
  CHECK(network.macs() == sum.macs);
  CHECK(network.parameter_count() == sum.parameters);
  CHECK(network.macs() == 714188480);
  CHECK(network.parameter_count() == 61100840);
}

TEST_CASE("totals of VGG-16") {
  Sum sum;
  std::int64_t channels = 3;
  std::int64_t size = 224;
  for (const auto& [count, width] :
       {std::pair{2, 64}, std::pair{2, 128}, std::pair{3, 256}, std::pair{3, 512}, std::pair{3, 512}}) {
    for (int i = 0; i < count; ++i) {
      sum.conv(channels, width, 3, size, 1, true);
      channels = width;
    }
    size /= 2;
  }
  sum.linear(512 * 7 * 7, 4096);
  sum.linear(4096, 4096);
  sum.linear(4096, 1000);
  const Network network = shipped("vgg16");
  CHECK(network.macs() == sum.macs);
  CHECK(network.parameter_count() == sum.parameters);
  CHECK(network.macs() == 15470264320);
  CHECK(network.parameter_count() == 138357544);
}

TEST_CASE("totals of ResNet-50") {
  Sum sum;
  sum.conv_bn(3, 64, 7, 112);
  std::int64_t in = 64;
  std::int64_t size = 56;  // of the block's input
  for (const auto& [blocks, width] :
       {std::pair{3, 64}, std::pair{4, 128}, std::pair{6, 256}, std::pair{3, 512}}) {
    for (int b = 0; b < blocks; ++b) {
      const std::int64_t out_size =
          b == 0 && width != 64 ? size / 2 : size;  // v1.5: the 3 x 3 has the stride
      sum.conv_bn(in, width, 1, size);
      sum.conv_bn(width, width, 3, out_size);
      sum.conv_bn(width, 4 * width, 1, out_size);
      if (b == 0) sum.conv_bn(in, 4 * width, 1, out_size);
      in = 4 * width;
      size = out_size;
    }
  }
  sum.linear(2048, 1000);
  const Network network = shipped("resnet50");
  CHECK(network.macs() == sum.macs);
  CHECK(network.parameter_count() == sum.parameters);
  CHECK(network.macs() == 4089184256);
  CHECK(network.parameter_count() == 25557032);
}

TEST_CASE("totals of MobileNetV2") {
  struct Stage {
    std::int64_t expansion, out, count, stride;
  };
  Sum sum;
  sum.conv_bn(3, 32, 3, 112);
  std::int64_t in = 32;
  std::int64_t size = 112;
  for (const Stage& stage : {Stage{1, 16, 1, 1}, Stage{6, 24, 2, 2}, Stage{6, 32, 3, 2}, Stage{6, 64, 4, 2},
                             Stage{6, 96, 3, 1}, Stage{6, 160, 3, 2}, Stage{6, 320, 1, 1}}) {
    for (int i = 0; i < stage.count; ++i) {
      const std::int64_t hidden = in * stage.expansion;
      if (stage.expansion != 1) sum.conv_bn(in, hidden, 1, size);
      if (i == 0) size /= stage.stride;
      sum.conv_bn(hidden, hidden, 3, size, hidden);
      sum.conv_bn(hidden, stage.out, 1, size);
      in = stage.out;
    }
  }
  sum.conv_bn(320, 1280, 1, 7);
  sum.linear(1280, 1000);
  const Network network = shipped("mobilenetv2");
  CHECK(network.macs() == sum.macs);
  CHECK(network.parameter_count() == sum.parameters);
  CHECK(network.macs() == 300774272);
  CHECK(network.parameter_count() == 3504872);
}

// A transformer block of width d with a feed-forward layer of f: four d x d and two d x f matrices, biases,
// two norms.
constexpr std::int64_t block_weights(std::int64_t d, std::int64_t f) { return 4 * d * d + 2 * d * f; }
constexpr std::int64_t block_parameters(std::int64_t d, std::int64_t f) {
  return block_weights(d, f) + 4 * d + f + d + 2 * 2 * d;
}
// Scores and weighted values: each token against `context` tokens, in all heads together.
constexpr std::int64_t attention(std::int64_t d, std::int64_t tokens, std::int64_t context) {
  return 2 * d * tokens * context;
}

TEST_CASE("totals of BERT-base with 128 tokens") {
  const std::int64_t d = 768, f = 3072, tokens = 128;
  const Network network = shipped("bert-base");
  CHECK(network.macs() == 12 * (tokens * block_weights(d, f) + attention(d, tokens, tokens)) + d * d);
  CHECK(network.parameter_count() == (30522 + 512 + 2) * d + 2 * d + 12 * block_parameters(d, f) + d * d + d);
  CHECK(network.macs() == 11174215680);
  CHECK(network.parameter_count() == 109482240);
}

TEST_CASE("totals of GPT-2 small, prefill of 128 tokens") {
  const std::int64_t d = 768, f = 3072, tokens = 128, vocabulary = 50257;
  CHECK(12 * block_weights(d, f) == 84934656);
  CHECK(vocabulary * d == 38597376);
  const Network network = shipped("gpt2-prefill");
  CHECK(network.macs() == tokens * (84934656 + 38597376) + 12 * attention(d, tokens, tokens));
  CHECK(network.parameter_count() == (vocabulary + 1024) * d + 12 * block_parameters(d, f) + 2 * d);
  CHECK(network.macs() == 16114089984);
  CHECK(network.parameter_count() == 124439808);
}

TEST_CASE("totals of GPT-2 small, decode of one token in a context of 1024") {
  const Network network = shipped("gpt2-decode");
  CHECK(network.macs() == 84934656 + 38597376 + 12 * attention(768, 1, 1024));
  CHECK(network.macs() == 142406400);
  CHECK(network.parameter_count() == 124439808);
  CHECK(network.inputs().size() == 2 + 12 * 2);  // token, position, and the caches of each block
}

TEST_CASE("totals of LLaMA 2 7B, decode of one token in a context of 1024") {
  const std::int64_t d = 4096, f = 11008, layers = 32, vocabulary = 32000, context = 1024;
  const std::int64_t linear = layers * (4 * d * d + 3 * d * f) + vocabulary * d;
  CHECK(linear == 6607077376);
  CHECK(layers * attention(d, 1, 1) == 262144);
  const Network network = shipped("llama2-7b-decode");
  CHECK(network.macs() == linear + layers * attention(d, 1, context));
  CHECK(network.parameter_count() == linear + vocabulary * d + (2 * layers + 1) * d);
  CHECK(network.macs() == 6607077376 + 262144 * 1024);
  CHECK(network.parameter_count() == 6738415616);
  CHECK(network.inputs().size() == 1 + 32 * 2);
}

}  // namespace
}  // namespace heddle::workload
